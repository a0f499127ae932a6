//! The built-in schedule when something goes wrong: failures, dead workers, a server that was down.

use chorus_tests::{IN_TIME, Running, Workspace, wait_until};
use serde_json::json;

use crate::launcher::{preloaded, wait_until_nothing_is_connected};

const DETAIL: &str = "/api/v1/conversations/{id}";

#[test]
fn failures_are_tried_again_later_and_later_and_one_success_ends_that() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.connect_and_run("1 second");
    let key = place.tenant.api_key().to_owned();
    place.tenant.set_api_key("rotated");
    place.wait_for_ended("schedule", "failed", 3);
    let problem: String = place
        .database
        .value("SELECT problem FROM chorus_status() WHERE hint <> ''");
    assert!(problem.starts_with("Invalid credentials"), "{problem}");
    // After the nth failure n seconds, give or take an eighth.
    let pauses: Vec<f64> = place.database.value(
        "SELECT array_agg(extract(epoch FROM pause)::float8) FROM (
             SELECT lead(queued_at) OVER (ORDER BY run_id) - finished_at AS pause, state FROM chorus.runs ORDER BY run_id) r
          WHERE state = 'failed' AND pause IS NOT NULL",
    );
    for (n, pause) in pauses.iter().enumerate() {
        assert!(*pause >= 0.87 * (n + 1) as f64, "{pauses:?}");
    }
    place.tenant.set_api_key(&key);
    let so_far = place.ended("schedule", "succeeded");
    place.wait_for_ended("schedule", "succeeded", so_far + 2);
    assert!(
        place
            .database
            .value::<bool>("SELECT problem IS NULL FROM chorus_status()")
    );
}

#[test]
fn a_run_whose_worker_is_killed_is_followed_by_another_after_ten_seconds() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.hang(DETAIL);
    place
        .database
        .sql(&place.connect_with("schedule => '1 day'"));
    place.wait_for_hanging(DETAIL);
    let first = place.last_run();
    let worker = place.workers()[0];
    place
        .database
        .sql(&format!("SELECT pg_terminate_backend({worker})"));
    place.tenant.clear_quirks();
    place.wait_for_state(first, "interrupted");
    let next = wait_until("another run", IN_TIME, || {
        Some(place.last_run()).filter(|run| *run > first)
    });
    place.wait_for_state(next, "succeeded");
    let pause: f64 = place.database.value(&format!(
        "SELECT extract(epoch FROM b.queued_at - a.finished_at)::float8 FROM chorus.runs a, chorus.runs b
          WHERE a.run_id = {first} AND b.run_id = {next}"
    ));
    assert!(pause >= 10.0, "{pause}");
    assert!(
        place
            .database
            .value::<bool>("SELECT transcripts_waiting = 0 FROM chorus_status()")
    );
}

#[test]
fn a_run_that_a_crash_of_the_server_ended_is_followed_by_another() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.hang(DETAIL);
    place
        .database
        .sql(&place.connect_with("schedule => '1 day'"));
    place.wait_for_hanging(DETAIL);
    let first = place.last_run();
    cluster.kill9();
    place.tenant.clear_quirks();
    cluster.start_again();
    place.wait_for_state(first, "interrupted");
    place.wait_for_ended("schedule", "succeeded", 1);
    assert_eq!(place.runs(), 2);
}

#[test]
fn a_server_that_starts_its_processes_anew_after_a_crash_goes_on_with_the_schedule() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.hang(DETAIL);
    place
        .database
        .sql(&place.connect_with("schedule => '1 day'"));
    place.wait_for_hanging(DETAIL);
    let worker = place.workers()[0].to_string();
    let killed = std::process::Command::new("kill")
        .args(["-9", &worker])
        .status();
    assert!(killed.unwrap().success());
    place.tenant.clear_quirks();
    wait_until("the server is back", IN_TIME, || {
        let mut session = cluster
            .try_connect(place.database.name(), "postgres")
            .ok()?;
        let sql = "SELECT true FROM chorus.runs WHERE trigger = 'schedule' AND state = 'succeeded'";
        session.query_opt(sql, &[]).ok()?.map(drop)
    });
    assert_eq!(place.ended("connect", "interrupted"), 1);
    assert_eq!(place.runs(), 2);
}

#[test]
fn settings_of_a_database_do_not_turn_against_our_workers() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.connect_and_run("1 second");
    let mut session = place.database.connect();
    let name = place.database.name();
    session.batch_execute("CREATE ROLE somebody").unwrap();
    for setting in [
        "role = 'somebody'",
        "session_authorization = 'somebody'",
        "default_transaction_read_only = on",
        "default_transaction_isolation = 'serializable'",
        "statement_timeout = '1ms'",
        "idle_in_transaction_session_timeout = '1ms'",
        "search_path = 'pg_temp'",
        "session_replication_role = 'replica'",
    ] {
        session
            .batch_execute(&format!("ALTER DATABASE {name} SET {setting}"))
            .unwrap();
    }
    // One may have begun before.
    let ended = "SELECT count(*) FROM chorus.runs WHERE state = 'succeeded'";
    let so_far: i64 = session.query_one(ended, &[]).unwrap().get(0);
    wait_until("runs under these settings", IN_TIME, || {
        let now: i64 = session.query_one(ended, &[]).unwrap().get(0);
        (now >= so_far + 3).then_some(())
    });
    // So that what cleans up can connect.
    session
        .batch_execute(&format!("ALTER DATABASE {name} RESET ALL"))
        .unwrap();
}

#[test]
fn a_cancelled_run_is_not_started_again_before_its_time() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.hang(DETAIL);
    place
        .database
        .sql(&place.connect_with("schedule => '1 day'"));
    place.wait_for_hanging(DETAIL);
    let run = place.last_run();
    place.database.sql(&format!("SELECT chorus_cancel({run})"));
    place.wait_for_state(run, "cancelled");
    wait_until_nothing_is_connected(&cluster);
    let tomorrow: bool = place
        .database
        .value("SELECT next_run_at > now() + interval '23 hours' FROM chorus.connections");
    assert!(tomorrow);
    assert_eq!(place.runs(), 1);
}

#[test]
fn no_two_runs_of_a_connection_overlap_whoever_starts_them() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.tenant.set_quirk("slow", json!({"ms": 20}));
    place.connect_and_run("1 second");
    for _ in 0..4 {
        let callers = [
            "SELECT chorus_sync()",
            "SELECT chorus_sync('40 days')",
            "SELECT chorus_sync(wait => false)",
        ]
        .map(|call| Running::start(place.database.connect(), call));
        for caller in callers {
            caller.end().unwrap();
        }
    }
    place.wait_for_ended("schedule", "succeeded", 2);
    let overlaps: i64 = place.database.value(
        "SELECT count(*) FROM chorus.runs a JOIN chorus.runs b
             ON a.run_id < b.run_id AND b.started_at < a.finished_at AND a.started_at < b.finished_at",
    );
    assert_eq!(overlaps, 0);
}

#[test]
fn a_run_that_was_queued_when_the_server_stopped_does_not_delay_the_next() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.connect_and_run("1 hour");
    // As a stop between the commit and the start of the worker leaves it.
    place.database.sql(
        "INSERT INTO chorus.runs (connection_id, trigger, state, window_from, window_to, queued_at)
         SELECT connection_id, 'schedule', 'queued', now() - interval '3 days', now(), clock_timestamp() FROM chorus.connections",
    );
    let left = place.last_run();
    cluster.stop_immediate();
    cluster.start_again();
    // Well within the minute that a worker has to start in.
    place.wait_for_state(left, "interrupted");
}

#[test]
fn runs_that_were_missed_while_the_server_was_down_are_made_up_once() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.connect_and_run("1 hour");
    cluster.stop_fast();
    // Five runs were due meanwhile.
    cluster.configure(&[("chorus_sync.clock_offset", "5 hours 10 min")]);
    cluster.start_again();
    place.wait_for_ended("schedule", "succeeded", 1);
    wait_until_nothing_is_connected(&cluster);
    assert_eq!(place.runs(), 2);
    let in_an_hour: bool = place.database.value(
        "SELECT k.next_run_at = r.started_at + interval '1 hour'
           FROM chorus.connections k, chorus.runs r WHERE r.trigger = 'schedule'",
    );
    assert!(in_an_hour);
}

#[test]
fn transcripts_that_lag_are_asked_for_between_two_listings() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place
        .tenant
        .set_quirk("processing", json!({"newest": 1, "utterances": "none"}));
    place.connect_and_run("1 day");
    wait_until_nothing_is_connected(&cluster);
    let waiting: i64 = place
        .database
        .value("SELECT count(*) FROM chorus.transcripts WHERE state = 'processing'");
    assert_eq!(waiting, 1);
    let next = "SELECT next_run_at::text FROM chorus.connections";
    let before: String = place.database.value(next);
    place.tenant.clear_quirks();
    place.tenant.forget_requests();
    // The next attempt is due a minute later; altering the database has the launcher look again.
    place.database.sql(&format!(
        "ALTER DATABASE {} SET chorus_sync.clock_offset = '90 s'",
        place.database.name()
    ));
    place.wait_for_ended("retry", "succeeded", 1);
    let ready: i64 = place
        .database
        .value("SELECT count(*) FROM chorus.transcripts WHERE state = 'processing'");
    assert_eq!(ready, 0);
    assert_eq!(place.tenant.request_count("/v3/engagements"), 0);
    assert_eq!(place.database.value::<String>(next), before);
}

#[test]
fn a_caller_does_not_join_a_run_that_lists_nothing() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place
        .tenant
        .set_quirk("processing", json!({"newest": 1, "utterances": "none"}));
    place.connect_and_run("1 day");
    wait_until_nothing_is_connected(&cluster);
    place.tenant.clear_quirks();
    place.hang(DETAIL);
    place.tenant.forget_requests();
    place.database.sql(&format!(
        "ALTER DATABASE {} SET chorus_sync.clock_offset = '90 s'",
        place.database.name()
    ));
    place.wait_for_hanging(DETAIL);
    let retry = place.last_run();
    assert_eq!(place.of_run::<String>(retry, "trigger"), "retry");
    let caller = Running::start(
        place.database.connect(),
        "SELECT calls_listed > 0 FROM chorus_sync()",
    );
    wait_until("a run of its own", IN_TIME, || {
        (place.workers().len() == 2).then_some(())
    });
    place.tenant.clear_quirks();
    assert_eq!(caller.end().unwrap(), [["t"]]);
    place.wait_for_state(retry, "succeeded");
}
