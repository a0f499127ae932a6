//! The change feed: every change once, in an order in which a reader that remembers its last event misses none.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chorus_tests::fake_chorus::{Generate, Tenant};
use chorus_tests::postgres::Client;
use chorus_tests::postgres::fallible_iterator::FallibleIterator;
use chorus_tests::{Cluster, ClusterOptions, Database, Workspace, plan, wait_until};
use serde_json::{Value, json};

use crate::workplace::refused;

/// Other tests of the same server hold the feed back for as long as their transactions last.
const AT_LAST: Duration = Duration::from_secs(120);

/// One event as a reader gets it.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    event_id: i64,
    kind: String,
    call_id: Option<i64>,
    details: Value,
}

/// Somebody who remembers nothing but the last event.
struct Reader {
    session: Client,
    last: i64,
    at_once: i32,
}

impl Reader {
    fn of(database: &Database) -> Reader {
        Reader {
            session: database.connect(),
            last: 0,
            at_once: 1000,
        }
    }

    /// What is there for it now, in one go.
    fn poll(&mut self) -> Vec<Told> {
        let rows = self
            .session
            .query(
                "SELECT event_id, kind, call_id, details FROM chorus_events($1, $2)",
                &[&self.last, &self.at_once],
            )
            .unwrap();
        let told: Vec<Told> = rows
            .iter()
            .map(|row| Told {
                event_id: row.get(0),
                kind: row.get(1),
                call_id: row.get(2),
                details: row.get(3),
            })
            .collect();
        self.last = told.last().map_or(self.last, |told| told.event_id);
        told
    }

    /// Everything that is committed by now.
    fn all(&mut self) -> Vec<Told> {
        wait_until("nobody holds the feed back", AT_LAST, || {
            let row = self.session.query_one(
                "SELECT NOT EXISTS (SELECT FROM chorus.events WHERE written_by >= pg_snapshot_xmin(pg_current_snapshot()))",
                &[],
            );
            row.unwrap().get::<_, bool>(0).then_some(())
        });
        let mut all = Vec::new();
        loop {
            let told = self.poll();
            if told.is_empty() {
                return all;
            }
            all.extend(told);
        }
    }
}

/// What was told, as `kind` by call.
fn kinds(told: &[Told], call_id: i64) -> Vec<&str> {
    let of_call = told.iter().filter(|told| told.call_id == Some(call_id));
    of_call.map(|told| told.kind.as_str()).collect()
}

fn call_id(workspace: &Workspace, id: &str) -> i64 {
    workspace.database.value(&format!(
        "SELECT call_id FROM chorus.calls WHERE source_call_id = '{id}'"
    ))
}

const WRITE: &str = "INSERT INTO chorus.events (happened_at, kind) VALUES (now(), 'call.updated')";

fn own_server() -> Cluster {
    Cluster::start(ClusterOptions::default())
}

#[test]
fn every_change_of_a_call_is_told() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        days: 2,
        only_calls: true,
        ..plan(30)
    }));
    let mut reader = Reader::of(&workspace.database);
    workspace.sync();
    let told = reader.all();
    let calls: Vec<i64> = workspace
        .database
        .value("SELECT array_agg(call_id) FROM chorus.calls");
    assert_eq!(calls.len(), 30);
    for call_id in calls {
        assert_eq!(
            kinds(&told, call_id),
            ["call.added", "call.updated", "transcript.ready"]
        );
    }
    let ready = told.iter().find(|told| told.kind == "transcript.ready");
    assert_eq!(ready.unwrap().details["replaced"], json!(false));

    workspace.sync();
    assert_eq!(reader.all(), [], "nothing happened");

    let (edited, spoken, gone) = (
        workspace.newest(3),
        workspace.newest(5),
        workspace.newest(7),
    );
    workspace.edit_call(&edited, |call| call.subject = "Another title".into());
    workspace.edit_call(&spoken, |call| {
        call.subject = "Said again".into();
        call.utterances[0].text = "Other words".into();
    });
    workspace
        .tenant
        .set_quirk("vanish", json!([&gone.engagement_id]));
    workspace.sync();
    let told = reader.all();
    let of = |call: &chorus_tests::fake_chorus::Call| {
        kinds(&told, call_id(&workspace, &call.engagement_id))
    };
    // Once when the list shows it, once when the detail does.
    assert_eq!(of(&edited), ["call.updated", "call.updated"]);
    assert_eq!(
        of(&spoken),
        ["call.updated", "call.updated", "transcript.ready"]
    );
    assert_eq!(of(&gone), ["transcript.removed", "call.removed"]);
    let again = told.iter().find(|told| told.kind == "transcript.ready");
    assert_eq!(again.unwrap().details["replaced"], json!(true));

    workspace.tenant.clear_quirks();
    workspace.tenant.set_quirk(
        "private-rows",
        json!({"ids": [&edited.engagement_id], "how": "listed"}),
    );
    workspace.edit_call(&edited, |call| call.subject = "Turned private".into());
    workspace.sync();
    let told = reader.all();
    assert_eq!(
        kinds(&told, call_id(&workspace, &gone.engagement_id)),
        ["call.added", "call.updated", "transcript.ready"]
    );
    let returned = told.iter().find(|told| told.kind == "call.added");
    assert_eq!(returned.unwrap().details, json!({"returned": true}));
    assert_eq!(
        kinds(&told, call_id(&workspace, &edited.engagement_id)),
        ["call.updated", "call.updated", "transcript.removed"]
    );
}

#[test]
fn a_call_that_comes_on_two_pages_is_added_once() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        only_calls: true,
        utterances_per_call: 2,
        ..plan(150)
    }));
    workspace
        .tenant
        .set_quirk("while-paging", json!("seen-twice"));
    workspace.sync();
    let told = Reader::of(&workspace.database).all();
    let added: Vec<_> = told
        .iter()
        .filter(|told| told.kind == "call.added")
        .collect();
    let calls: BTreeSet<_> = added.iter().map(|told| told.call_id).collect();
    assert_eq!((added.len(), calls.len()), (150, 150));
}

#[test]
fn what_commits_late_is_not_passed_over() {
    let cluster = own_server();
    let database = cluster.database().with_extension();
    let (mut first, mut second) = (database.connect(), database.connect());
    let mut reader = Reader::of(&database);
    first.batch_execute(&format!("BEGIN; {WRITE}")).unwrap();
    second
        .batch_execute(&format!("BEGIN; {WRITE}; {WRITE}; COMMIT"))
        .unwrap();
    assert_eq!(reader.poll(), [], "the earlier one is not committed yet");
    first.batch_execute("COMMIT").unwrap();
    let told = reader.poll();
    let order: Vec<i64> = told.iter().map(|told| told.event_id).collect();
    assert_eq!(order, [1, 2, 3]);

    // The one with the lower number may also be the later transaction.
    first
        .batch_execute("BEGIN; SELECT pg_current_xact_id()")
        .unwrap();
    second.batch_execute(WRITE).unwrap();
    assert_eq!(reader.poll(), []);
    first.batch_execute(&format!("{WRITE}; COMMIT")).unwrap();
    reader.at_once = 1;
    let order = [reader.poll(), reader.poll(), reader.poll()]
        .concat()
        .iter()
        .map(|told| told.event_id)
        .collect::<Vec<_>>();
    assert_eq!(order, [5, 4]);
}

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

#[test]
fn a_reader_among_many_writers_gets_each_event_exactly_once() {
    const WRITERS: u64 = 6;
    const ROUNDS: u64 = 60;
    let cluster = own_server();
    let database = cluster.database().with_extension();
    let writing = AtomicBool::new(true);
    let mut received = Vec::new();
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut reader = Reader::of(&database);
            reader.at_once = 3;
            let mut received = Vec::new();
            loop {
                let last_look = !writing.load(Ordering::Acquire);
                let told = reader.poll();
                if told.is_empty() && last_look {
                    return received;
                }
                received.extend(told);
            }
        });
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let mut session = database.connect();
                scope.spawn(move || {
                    let mut dice = Dice(writer + 1);
                    for _ in 0..ROUNDS {
                        session.batch_execute("BEGIN").unwrap();
                        for _ in 0..=dice.roll(4) {
                            session.batch_execute(WRITE).unwrap();
                            std::thread::sleep(Duration::from_micros(dice.roll(3000)));
                        }
                        let end = ["ROLLBACK", "COMMIT", "COMMIT", "COMMIT"];
                        session.batch_execute(end[dice.roll(4) as usize]).unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        writing.store(false, Ordering::Release);
        received = reading.join().unwrap();
    });
    let received: Vec<i64> = received.iter().map(|told| told.event_id).collect();
    let committed: Vec<i64> = database
        .value("SELECT array_agg(event_id ORDER BY written_by, event_id) FROM chorus.events");
    assert_eq!(received, committed);
    assert!(
        !committed.is_sorted(),
        "the writers never overtook each other"
    );
}

#[test]
fn listeners_are_woken_once_by_each_transaction() {
    let workspace = Workspace::generated(40);
    let mut listener = workspace.database.connect();
    listener.batch_execute("LISTEN chorus_events").unwrap();
    workspace.sync();
    let transactions: i64 = workspace
        .database
        .value("SELECT count(DISTINCT written_by) FROM chorus.events");
    assert!(transactions > 1);
    let mut told = |patience| -> i64 {
        let mut told = listener.notifications();
        told.timeout_iter(patience).count().unwrap() as i64
    };
    assert_eq!(told(Duration::from_secs(2)), transactions);
    workspace.sync();
    assert_eq!(
        told(Duration::from_millis(200)),
        0,
        "a run without news wakes nobody"
    );
}

#[test]
fn old_events_are_forgotten_and_their_reader_goes_on() {
    let workspace = Workspace::generated(20);
    let mut reader = Reader::of(&workspace.database);
    workspace.sync();
    assert!(reader.all().len() > 20);
    workspace.set("event_retention", "1h");
    workspace.set_clock("50 min");
    workspace.sync();
    let kept = "SELECT count(*) FROM chorus.events";
    assert!(workspace.database.value::<i64>(kept) > 20);
    workspace.set_clock("2 hours");
    let edited = workspace.newest(2);
    workspace.edit_call(&edited, |call| call.subject = "News".into());
    workspace.sync();
    let told = reader.all();
    assert!(!told.is_empty());
    assert_eq!(workspace.database.value::<i64>(kept), told.len() as i64);
}

#[test]
fn the_feed_tells_the_present_meeting_and_main_call() {
    let workspace = Workspace::synced(6);
    workspace.database.sql(
        "UPDATE chorus.calls SET meeting_id = 1, is_main_call = call_id = 1 WHERE call_id IN (1, 2)",
    );
    Reader::of(&workspace.database).all();
    let main: Vec<bool> = workspace.database.value(
        "SELECT array_agg(is_main_call ORDER BY call_id) FROM chorus_events(0)
          WHERE kind = 'transcript.ready' AND meeting_id = 1",
    );
    assert_eq!(main, [true, false]);
}

#[test]
fn a_purge_tells_of_every_call_that_leaves() {
    let workspace = Workspace::synced(6);
    let mut reader = Reader::of(&workspace.database);
    let before = reader.all().len();
    workspace
        .database
        .sql("SELECT chorus_disconnect(purge => true)");
    let told = reader.all();
    for call_id in 1..=6 {
        assert_eq!(
            kinds(&told, call_id),
            ["transcript.removed", "call.removed"]
        );
    }
    // A feed that forgot would lose its readers' place.
    let mut from_the_top = Reader::of(&workspace.database);
    assert_eq!(from_the_top.all().len(), before + told.len());
}

#[test]
fn a_reader_goes_on_after_a_restore_on_another_server() {
    let place = own_server();
    let workspace = Workspace::on(&place, Tenant::generate(&plan(12)));
    let mut reader = Reader::of(&workspace.database);
    workspace.sync();
    reader.all();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("dump");
    let dumped = place
        .bin("pg_dump")
        .arg("--file")
        .arg(&file)
        .arg(workspace.database.name())
        .status();
    assert!(dumped.unwrap().success());

    // Transactions of a fresh server have lower numbers than those that wrote the feed.
    let elsewhere = own_server();
    let restored = elsewhere.database();
    let mut psql = elsewhere.bin("psql");
    psql.args([
        "-X",
        "-q",
        "-o",
        "/dev/null",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        restored.name(),
        "-f",
    ]);
    assert!(psql.arg(&file).status().unwrap().success());
    let last = reader.last;
    let mut reader = Reader::of(&restored);
    reader.last = last;
    assert_eq!(reader.all(), []);
    restored.sql(&format!("BEGIN; {WRITE}; {WRITE}; COMMIT; {WRITE}"));
    let told: Vec<i64> = reader.all().iter().map(|told| told.event_id).collect();
    assert_eq!(told, [last + 1, last + 2, last + 3]);

    // Somebody who read on after the backup was made must hear of it.
    let ahead = refused(
        &mut restored.connect(),
        &format!("SELECT * FROM chorus_events({})", last + 4),
        "22023",
    );
    assert!(ahead.message().contains("was never written here"));
}

#[test]
fn what_a_reader_was_given_survives_a_crash() {
    let cluster = Cluster::start(ClusterOptions {
        conf: &[("wal_writer_delay", "10s"), ("synchronous_commit", "off")],
        fsync: false,
    });
    let database = cluster.database().with_extension();
    let mut reader = Reader::of(&database);
    for round in 1..=3 {
        database.sql(WRITE);
        let told = reader.poll();
        assert_eq!(told.len(), 1, "round {round}");
        let number = reader.last;
        cluster.kill9();
        cluster.start_again();
        reader = Reader::of(&database);
        reader.last = number;
        let kept: bool = database.value(&format!(
            "SELECT EXISTS (SELECT FROM chorus.events WHERE event_id = {number})"
        ));
        assert!(kept, "round {round}");
    }
}

#[test]
fn a_reader_elsewhere_gets_each_event_once_though_the_server_is_killed_in_between() {
    let cluster = own_server();
    let tenant = Tenant::generate(&Generate {
        only_calls: true,
        ..plan(250)
    });
    let workspace = Workspace::on(&cluster, tenant);
    let mut received = Vec::new();
    let mut last = 0;
    let mut read_on = |last: &mut i64| {
        let mut reader = Reader::of(&workspace.database);
        reader.last = *last;
        let told = reader.all();
        *last = reader.last;
        received.extend(told);
        received.len()
    };
    for _ in 0..3 {
        let before = read_on(&mut last);
        workspace.sync_in_background();
        wait_until("there is news", AT_LAST, || {
            let ended: bool = workspace
                .database
                .value("SELECT coalesce(bool_and(state NOT IN ('queued', 'running')), false) FROM chorus.runs");
            (read_on(&mut last) > before || ended).then_some(())
        });
        cluster.kill9();
        cluster.start_again();
    }
    workspace.sync();
    read_on(&mut last);
    let written: Vec<i64> = workspace
        .database
        .value("SELECT array_agg(event_id ORDER BY written_by, event_id) FROM chorus.events");
    let numbers: Vec<i64> = received.iter().map(|told| told.event_id).collect();
    assert_eq!(numbers, written);
    for kind in ["call.added", "transcript.ready"] {
        let of_kind = received.iter().filter(|told| told.kind == kind);
        let calls: Vec<_> = of_kind.map(|told| told.call_id).collect();
        let distinct: BTreeSet<_> = calls.iter().collect();
        assert_eq!((calls.len(), distinct.len()), (250, 250), "{kind}");
    }
    workspace.assert_complete();
}

#[test]
fn the_feed_can_be_read_on_a_standby() {
    let primary = own_server();
    let database = primary.database().with_extension();
    database.sql(WRITE);
    let standby = primary.basebackup_standby();
    let mut open = database.connect();
    open.batch_execute(&format!("BEGIN; {WRITE}")).unwrap();
    database.sql(WRITE);
    let mut session = standby.connect_to(database.name());
    wait_until("the later event has arrived", AT_LAST, || {
        let row = session.query_one("SELECT count(*) FROM chorus.events", &[]);
        (row.unwrap().get::<_, i64>(0) == 2).then_some(())
    });
    let mut told = |after: i64| -> Vec<i64> {
        let rows = session.query("SELECT event_id FROM chorus_events($1)", &[&after]);
        rows.unwrap().iter().map(|row| row.get(0)).collect()
    };
    assert_eq!(told(0), [1], "the earlier one is not committed yet");
    open.batch_execute("COMMIT").unwrap();
    wait_until("all have arrived", AT_LAST, || {
        (told(1) == [2, 3]).then_some(())
    });
    // A standby that lags behind what its reader knows has nothing to tell, which is no fault.
    assert!(told(1000).is_empty());
}

#[test]
fn readers_read_the_feed_and_nobody_else() {
    let database = Cluster::shared().database().with_extension();
    let role = format!("{}_feed", database.name());
    database.sql(&format!(
        "CREATE ROLE {role} LOGIN; GRANT CONNECT ON DATABASE {} TO {role}; {WRITE}",
        database.name()
    ));
    let mut session = database.connect_as(&role);
    let read = "SELECT count(*) FROM chorus_events()";
    chorus_tests::expect_error(session.query_one(read, &[]), "42501");
    database.sql(&format!("GRANT chorus_reader TO {role}"));
    wait_until("the reader sees the event", AT_LAST, || {
        let row = session.query_one(read, &[]).unwrap();
        (row.get::<_, i64>(0) == 1).then_some(())
    });
    chorus_tests::expect_error(session.batch_execute(WRITE), "42501");
    drop(session);
    database.sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn a_number_of_events_that_cannot_be_meant_is_refused() {
    let database = Cluster::shared().database().with_extension();
    let mut session = database.connect();
    for wrong in ["0", "-1", "10001"] {
        refused(
            &mut session,
            &format!("SELECT * FROM chorus_events(0, {wrong})"),
            "22023",
        );
    }
    session
        .batch_execute("SELECT * FROM chorus_events(NULL, NULL)")
        .unwrap();
}

/// The SQL of a section of the README, in order.
fn examples(section: &str) -> Vec<String> {
    let readme = include_str!("../../../README.md");
    let section = readme.split(&format!("\n## {section}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```sql\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_backend_of_the_readme_scores_every_transcript() {
    let workspace = Workspace::generated(40);
    let [tables, step] = &examples("The change feed")[..] else {
        panic!("the README has another example");
    };
    workspace.database.sql(tables);
    let run_id = workspace.sync_in_background();
    let mut backend = workspace.database.connect();
    let (jobs, ready, ended) = (
        "SELECT count(*) FROM scoring_jobs WHERE NOT done",
        "SELECT count(*) FROM chorus.transcripts WHERE state = 'ready'",
        format!("SELECT state = 'succeeded' FROM chorus.runs WHERE run_id = {run_id}"),
    );
    wait_until("all are to be scored", AT_LAST, || {
        while backend.query_opt(step, &[]).unwrap().is_some() {}
        let ended = workspace.database.value::<Option<bool>>(&ended)?;
        let (jobs, ready): (i64, i64) = (
            workspace.database.value(jobs),
            workspace.database.value(ready),
        );
        (ended && jobs == ready).then_some(())
    });
    // Read to the end, it is not done again, until somebody says something else.
    workspace
        .database
        .sql("UPDATE scoring_jobs SET done = true");
    assert!(backend.query_opt(step, &[]).unwrap().is_none());
    let spoken = workspace.newest(5);
    workspace.edit_call(&spoken, |call| {
        call.subject = "Said again".into();
        call.utterances[0].text = "Other words".into();
    });
    workspace.sync();
    wait_until("one is to be scored again", AT_LAST, || {
        while backend.query_opt(step, &[]).unwrap().is_some() {}
        (workspace.database.value::<i64>(jobs) == 1).then_some(())
    });
}
