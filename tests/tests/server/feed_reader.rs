//! A reader of the change feed that remembers its last event gets each once, whoever writes at the same time, and wherever
//! the feed goes on.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chorus_tests::fake_chorus::{Generate, Tenant};
use chorus_tests::{Cluster, ClusterOptions, Workspace, plan, refused, wait_until};

use crate::feed::{AT_LAST, Reader, WRITE};

fn own_server() -> Cluster {
    Cluster::start(ClusterOptions::default())
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
fn a_reader_goes_on_after_a_restore_on_another_server() {
    let place = own_server();
    let workspace = Workspace::on(&place, Tenant::generate(&plan(12)));
    let mut reader = Reader::of(&workspace.database);
    workspace.sync();
    reader.all();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("dump");
    workspace.database.dump("plain", &file);

    // Transactions of a fresh server have lower numbers than those that wrote the feed.
    let elsewhere = own_server();
    let restored = elsewhere.database();
    restored.run_file(&file);
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
