//! The change feed tells of every change.

use std::collections::BTreeSet;
use std::time::Duration;

use chorus_tests::fake_chorus::{Generate, Tenant};
use chorus_tests::postgres::Client;
use chorus_tests::postgres::fallible_iterator::FallibleIterator;
use chorus_tests::{Cluster, Database, Workspace, plan, refused, wait_until};
use serde_json::{Value, json};

/// Other tests of the same server hold the feed back for as long as their transactions last.
pub const AT_LAST: Duration = Duration::from_secs(120);

/// One event as a reader gets it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub event_id: i64,
    pub kind: String,
    pub call_id: Option<i64>,
    details: Value,
}

/// Somebody who remembers nothing but the last event.
pub struct Reader {
    session: Client,
    pub last: i64,
    pub at_once: i32,
}

impl Reader {
    pub fn of(database: &Database) -> Reader {
        Reader {
            session: database.connect(),
            last: 0,
            at_once: 1000,
        }
    }

    /// What is there for it now, in one go.
    pub fn poll(&mut self) -> Vec<Told> {
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
    pub fn all(&mut self) -> Vec<Told> {
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

pub const WRITE: &str =
    "INSERT INTO chorus.events (happened_at, kind) VALUES (now(), 'call.updated')";

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
fn readers_read_the_feed_and_nobody_else() {
    let database = Cluster::shared().database().with_extension();
    let role = database.role("feed", "");
    database.sql(&format!(
        "GRANT CONNECT ON DATABASE {} TO {role}; {WRITE}",
        database.name()
    ));
    let mut session = role.session();
    let read = "SELECT count(*) FROM chorus_events()";
    chorus_tests::expect_error(session.query_one(read, &[]), "42501");
    database.sql(&format!("GRANT chorus_reader TO {role}"));
    wait_until("the reader sees the event", AT_LAST, || {
        let row = session.query_one(read, &[]).unwrap();
        (row.get::<_, i64>(0) == 1).then_some(())
    });
    chorus_tests::expect_error(session.batch_execute(WRITE), "42501");
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
