//! Who waits for whom, what holds in the end, and what is told of meetings that stay the same but for their main call.

use crate::matching::place;
use crate::matching_said::three;
use chorus_tests::postgres::Client;
use chorus_tests::{Database, Workspace, expect_error};
use std::time::{Duration, Instant};

fn dedup(session: &mut Client) {
    session.execute("SELECT chorus_dedup()", &[]).unwrap();
}

/// What was told of meetings after this event.
fn told(session: &mut Client, after: i64) -> Vec<(String, i64, String)> {
    let rows = session
        .query(
            "SELECT kind, meeting_id, details::text FROM chorus.events WHERE event_id > $1 AND kind LIKE 'meeting.%' ORDER BY event_id",
            &[&after],
        )
        .unwrap();
    rows.iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect()
}

fn last_event(database: &Database) -> i64 {
    database.value("SELECT coalesce(max(event_id), 0) FROM chorus.events")
}

#[test]
fn whoever_waits_too_long_for_an_open_decision_is_told_whose_it_is() {
    let database = place();
    three(&mut database.connect());
    let mut open = database.connect();
    open.batch_execute("BEGIN; SELECT chorus_merge(1, 3)")
        .unwrap();
    let pid: i32 = open
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0);
    let expected =
        format!("process {pid} keeps a transaction open in which it has written meetings");
    let mut other = database.connect();
    let refused = expect_error(
        other.batch_execute("SET lock_timeout = 100; SELECT chorus_separate(1, 2)"),
        "55P03",
    );
    assert_eq!(refused.message(), expected);
    // A worker waits for as long as its runs may.
    let mut other = database.connect();
    let refused = expect_error(other.batch_execute("SELECT chorus_dedup()"), "55P03");
    assert_eq!(refused.message(), expected);
    let hint = refused.hint().unwrap();
    assert!(
        hint.contains(&format!("pg_terminate_backend({pid})")),
        "{hint}"
    );
    open.batch_execute("COMMIT").unwrap();
    dedup(&mut other);
}

#[test]
fn a_run_whose_recognition_is_held_up_says_so_and_the_next_makes_up_for_it() {
    let place = Workspace::generated(6);
    let database = &place.database;
    three(&mut database.connect());
    let mut open = database.connect();
    open.batch_execute("BEGIN; SELECT chorus_separate(1, 2)")
        .unwrap();
    place.sync();
    let problem: String =
        database.value("SELECT problem FROM chorus.problems WHERE route = 'matching'");
    assert!(problem.contains("keeps a transaction open"), "{problem}");
    assert!(database.value::<bool>("SELECT EXISTS (SELECT FROM chorus.match_due)"));
    open.batch_execute("COMMIT").unwrap();
    place.sync();
    let left: i64 = database.value(
        "SELECT (SELECT count(*) FROM chorus.match_due) + (SELECT count(*) FROM chorus.problems WHERE route = 'matching')",
    );
    assert_eq!(left, 0);
}

#[test]
fn who_dedups_in_the_transaction_of_a_decision_is_told_to_commit() {
    let database = place();
    let mut session = database.connect();
    three(&mut session);
    let began = Instant::now();
    let refused = expect_error(
        session.batch_execute("BEGIN; SELECT chorus_merge(1, 3); SELECT chorus_dedup()"),
        "40P01",
    );
    assert!(began.elapsed() < Duration::from_secs(20));
    assert!(refused.hint().unwrap().starts_with("COMMIT first"));
}

#[test]
fn a_pair_that_is_kept_apart_is_possible_at_most_whoever_decided_it() {
    let database = place();
    let mut session = database.connect();
    three(&mut session);
    let verdict = || -> String {
        database.value(
            "SELECT format('%s %s', verdict, evidence ->> 'decision') FROM chorus.match_scores WHERE call_a = 1 AND call_b = 3",
        )
    };
    session.execute("SELECT chorus_merge(1, 3)", &[]).unwrap();
    assert_eq!(verdict(), "same same");
    session
        .execute("SELECT chorus_separate(2, 3)", &[])
        .unwrap();
    assert_eq!(verdict(), "possible same");
    session
        .execute("SELECT chorus_dedup('-infinity')", &[])
        .unwrap();
    assert_eq!(verdict(), "possible same");
    session.execute("SELECT chorus_merge(2, 3)", &[]).unwrap();
    assert_eq!(verdict(), "same same");
}

#[test]
fn another_main_call_is_told_and_the_same_one_is_not() {
    let database = place();
    let mut session = database.connect();
    three(&mut session);
    let before = last_event(&database);
    session
        .execute(
            "UPDATE chorus.calls SET duration_s = 1790 WHERE call_id = 2",
            &[],
        )
        .unwrap();
    dedup(&mut session);
    assert_eq!(told(&mut session, before), []);
    session
        .execute(
            "UPDATE chorus.calls SET duration_s = 1810 WHERE call_id = 2",
            &[],
        )
        .unwrap();
    dedup(&mut session);
    let updated = |main: i64| {
        let details = format!("{{\"main_call_id\": {main}}}");
        ("meeting.updated".to_owned(), 1, details)
    };
    assert_eq!(told(&mut session, before), [updated(2)]);
    let before = last_event(&database);
    session
        .batch_execute("DELETE FROM chorus.calls WHERE call_id = 2")
        .unwrap();
    assert_eq!(told(&mut session, before), [updated(1)]);
}

#[test]
fn a_reader_who_saw_a_transcript_before_its_meeting_is_told_of_the_meeting() {
    let database = place();
    let mut session = database.connect();
    session
        .batch_execute(
            "INSERT INTO chorus.calls (call_id, source, source_call_id, title, started_at) VALUES (7, 'gong', '7', 'A', '2026-03-02Z');
             UPDATE chorus.transcripts SET state = 'ready', utterance_count = 9 WHERE call_id = 7",
        )
        .unwrap();
    let before = last_event(&database);
    dedup(&mut session);
    let details = "{\"main_call_id\": 7}".to_owned();
    assert_eq!(
        told(&mut session, before),
        [("meeting.updated".to_owned(), 7, details)]
    );
}

#[test]
fn two_tenants_that_recorded_a_meeting_are_two_sources_of_it() {
    let database = place();
    let mut session = database.connect();
    // As a restore brings them: nobody but the extension writes calls of Chorus.
    session
        .batch_execute(
            "SET check_function_bodies = off;
             INSERT INTO chorus.calls (call_id, source, connection_id, source_call_id, title, started_at, duration_s, first_seen_at, updated_at)
             VALUES (1, 'chorus', 1, 'a', 'Larkspur renewal', '2026-03-02 10:00Z', 1800, now(), now()),
                    (2, 'chorus', 2, 'a', 'Larkspur renewal', '2026-03-02 10:01Z', 1740, now(), now()),
                    (3, 'chorus', 2, 'b', 'Larkspur renewal', '2026-03-02 10:31Z', 1740, now(), now());
             INSERT INTO chorus.match_due (call_id) VALUES (1), (2), (3)",
        )
        .unwrap();
    dedup(&mut session);
    let meetings: Vec<i64> =
        database.value("SELECT array_agg(meeting_id ORDER BY call_id) FROM chorus.calls");
    assert_eq!(meetings, [1, 1, 3]);
    let weight: f64 =
        database.value("SELECT weight FROM chorus_explain_match(1, 2) WHERE feature = 'source'");
    assert_eq!(weight, 0.0);
}

#[test]
fn calls_that_somebody_deletes_leave_nothing_that_others_are_taken_for() {
    for leave in [
        "DELETE FROM chorus.calls WHERE call_id IN (1, 2)",
        "DELETE FROM chorus.calls",
        "TRUNCATE chorus.calls",
    ] {
        let database = place();
        let mut session = database.connect();
        three(&mut session);
        session.batch_execute(leave).unwrap();
        session
            .batch_execute(
                "INSERT INTO chorus.calls (call_id, source, source_call_id, title, started_at, duration_s)
                 VALUES (8, 'zoom', 'z9', 'Larkspur renewal', '2026-03-02 10:00Z', 1800)",
            )
            .unwrap();
        dedup(&mut session);
        let meeting: i64 = database.value(
            "SELECT meeting_id FROM chorus.meetings WHERE main_call_id = 8 AND call_count = 1",
        );
        assert_eq!(meeting, 8, "{leave}");
        let stale: i64 = database.value(
            "SELECT (SELECT count(*) FROM chorus.match_facts f WHERE NOT EXISTS (SELECT FROM chorus.calls c WHERE c.call_id = f.call_id))
                  + (SELECT count(*) FROM chorus.match_scores)",
        );
        assert_eq!(stale, 0, "{leave}");
    }
}
