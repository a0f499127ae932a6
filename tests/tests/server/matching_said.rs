//! What is said of meetings is true: why two calls are one or not, and that a dedup which did not end did not.

use crate::matching::place;
use chorus_tests::postgres::Client;
use chorus_tests::{Database, expect_error, session_with_notices, wait_until};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// One hour in two sources, and another hour.
pub fn three(session: &mut Client) {
    session
        .batch_execute(
            "INSERT INTO chorus.calls (call_id, source, source_call_id, title, started_at, duration_s)
             VALUES (1, 'gong', 'g1', 'Larkspur renewal', '2026-03-02 10:00Z', 1800),
                    (2, 'zoom', 'z1', 'Larkspur renewal', '2026-03-02 10:01Z', 1740),
                    (3, 'zoom', 'z2', 'Monro pricing',    '2026-03-03 15:00Z', 900)",
        )
        .unwrap();
    session.execute("SELECT chorus_dedup()", &[]).unwrap();
}

fn verdict(database: &Database, a: i64, b: i64) -> String {
    database.value(&format!(
        "SELECT a FROM chorus_explain_match({a}, {b}) WHERE feature = 'verdict'"
    ))
}

#[test]
fn the_verdict_is_what_came_of_it() {
    let database = place();
    let mut session = database.connect();
    three(&mut session);
    assert_eq!(verdict(&database, 1, 2), "same");
    assert_eq!(verdict(&database, 2, 3), "different");
    // 3 comes into the meeting of 2 by what was said of 1, though a source does not record a meeting twice.
    session.execute("SELECT chorus_merge(1, 3)", &[]).unwrap();
    assert_eq!(verdict(&database, 2, 3), "same");
    // Merged with one, separated from the other.
    session
        .execute("SELECT chorus_separate(2, 3)", &[])
        .unwrap();
    assert_eq!(verdict(&database, 2, 3), "different");
    assert_eq!(verdict(&database, 1, 3), "different");
    assert_eq!(verdict(&database, 1, 2), "same");
}

#[test]
fn any_time_that_can_be_stored_can_be_explained() {
    let database = place();
    let mut session = database.connect();
    session
        .batch_execute(
            "INSERT INTO chorus.calls (call_id, source, source_call_id, title, started_at, duration_s)
             VALUES (1, 'gong', '1', 'A', '294276-12-31Z', 1e300), (2, 'zoom', '2', 'A', 'infinity', 10),
                    (3, 'gong', '3', 'A', '-infinity', 1e300),     (4, 'zoom', '4', 'A', '4700-01-01Z BC', 10)",
        )
        .unwrap();
    session
        .batch_execute("SELECT chorus_dedup()")
        .and_then(|()| session.batch_execute(
            "SELECT FROM chorus.calls a JOIN chorus.calls b ON a.call_id < b.call_id, chorus_explain_match(a.call_id, b.call_id)",
        ))
        .unwrap();
}

#[test]
fn nothing_is_taken_up_twice_and_nobody_is_warned_of_what_they_did_not_write() {
    let database = place();
    let mut session = database.connect();
    session
        .batch_execute(
            "INSERT INTO chorus.calls (source, source_call_id, title, scheduled_start)
             VALUES ('gong', '1', 'Next year', '2200-01-01Z')",
        )
        .unwrap();
    for calls in [1, 0] {
        let taken: i64 = database.value("SELECT calls FROM chorus_dedup()");
        assert_eq!(taken, calls);
    }
    assert_eq!(
        database.value::<i64>("SELECT calls FROM chorus_dedup('2100-01-01')"),
        1
    );
    let (mut session, notices) = session_with_notices(&database);
    session.execute("SELECT chorus_dedup()", &[]).unwrap();
    let told = notices.lock().unwrap();
    let warned = told.iter().any(|notice| notice.1.code().code() == "01000");
    assert!(!warned, "{told:?}");
}

#[test]
fn a_dedup_that_was_cancelled_does_not_pass_for_one_that_ended() {
    let database = place();
    three(&mut database.connect());
    let mut in_the_way = database.connect();
    in_the_way
        .batch_execute("BEGIN; SELECT chorus_separate(1, 2)")
        .unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut session = database.connect();
            expect_error(session.batch_execute("SELECT chorus_dedup()"), "57014")
        });
        wait_until("a run that waits for its turn", LIMIT, || {
            database
                .value::<bool>(
                    "SELECT count(*) > 0 FROM pg_stat_activity, chorus.runs r
                      WHERE r.state = 'running' AND application_name = 'chorus_sync dedup' AND wait_event = 'advisory'
                        AND datname = current_database()",
                )
                .then_some(())
        });
        assert!(database.value::<bool>("SELECT chorus_cancel(max(run_id)) FROM chorus.runs"));
        let error = waiting.join().unwrap();
        assert!(
            error.message().ends_with("of chorus_dedup was cancelled"),
            "{error}"
        );
        assert!(error.hint().is_some());
    });
    in_the_way.batch_execute("COMMIT").unwrap();
    assert_eq!(verdict(&database, 1, 2), "different");
}

#[test]
fn looking_at_all_again_forgets_calls_that_went_unseen() {
    let database = place();
    let mut session = database.connect();
    three(&mut session);
    session.execute("TRUNCATE chorus.calls", &[]).unwrap();
    session
        .execute("SELECT chorus_dedup('-infinity')", &[])
        .unwrap();
    let left: i64 = database.value("SELECT (SELECT count(*) FROM chorus.match_facts) + (SELECT count(*) FROM chorus.match_counts) + (SELECT count(*) FROM chorus.match_scores)");
    assert_eq!(left, 0);
}
