//! Waiting for a run by number, cancelling it, and runs whose extension or database goes away.

use std::time::{Duration, Instant};

use chorus_tests::{Running, SOON, Workspace, expect_error, session_with_notices, wait_until};
use chrono::{DateTime, Utc};

const DETAIL: &str = "/api/v1/conversations/{id}";

/// Queues a run and waits until the tenant keeps it waiting.
fn hanging_run(place: &Workspace, route: &str) -> i64 {
    place.hang(route);
    place.tenant.forget_requests();
    place.database.sql("SELECT chorus_sync(wait => false)");
    place.wait_for_hanging(route);
    place.last_run()
}

#[test]
fn chorus_wait_returns_at_the_end_of_the_run() {
    let place = Workspace::small();
    let run_id = hanging_run(&place, DETAIL);
    let waiter = Running::start(
        place.database.connect(),
        &format!("CALL chorus_wait({run_id})"),
    );
    let mut look = place.database.connect();
    let pid = waiter.pid;
    wait_until("it waits", SOON, || {
        let sql = format!(
            "SELECT true FROM pg_stat_activity WHERE pid = {pid} AND wait_event = 'PgSleep'"
        );
        look.query_opt(&sql, &[]).unwrap().map(drop)
    });
    assert!(!waiter.is_over());
    place.tenant.clear_quirks();
    waiter.end().unwrap();
    assert_eq!(place.state_of(run_id), "succeeded");
    // And at once for a run that has ended.
    place.database.sql(&format!("CALL chorus_wait({run_id})"));
}

#[test]
fn chorus_wait_does_not_hold_back_vacuum() {
    let place = Workspace::small();
    let run_id = hanging_run(&place, DETAIL);
    let waiter = Running::start(
        place.database.connect(),
        &format!("CALL chorus_wait({run_id})"),
    );
    let mut look = place.database.connect();
    // A snapshot ends with its transaction. (Its xmin would tell of other databases as well.)
    let mut began = || -> Option<DateTime<Utc>> {
        look.query_one(
            "SELECT xact_start FROM pg_stat_activity WHERE pid = $1",
            &[&waiter.pid],
        )
        .unwrap()
        .get(0)
    };
    for _ in 0..2 {
        let before = wait_until("a transaction", SOON, &mut began);
        wait_until("the next transaction", SOON, || {
            began().filter(|now| *now > before)
        });
    }
    waiter.cancel();
    expect_error(waiter.end(), "57014");
    // Who waits by number did not start the run.
    assert_eq!(place.state_of(run_id), "running");
}

#[test]
fn chorus_wait_raises_the_error_of_a_failed_run_and_refuses_an_unknown_one() {
    let place = Workspace::small();
    place.tenant.set_api_key("rotated");
    place.database.sql("SELECT chorus_sync(wait => false)");
    let run_id = place.last_run();
    let mut session = place.database.connect();
    let failed = session.batch_execute(&format!("CALL chorus_wait({run_id})"));
    let failure = expect_error(failed, "28000");
    assert!(
        failure.message().starts_with("Invalid credentials"),
        "{failure:?}"
    );
    assert!(failure.hint().unwrap().contains("chorus_connect"));
    let unknown = expect_error(session.batch_execute("CALL chorus_wait(4711)"), "42704");
    assert!(unknown.hint().is_some());
}

#[test]
fn chorus_wait_warns_of_a_run_whose_worker_is_gone() {
    let place = Workspace::small();
    hanging_run(&place, DETAIL);
    let worker = place.workers()[0];
    place
        .database
        .sql(&format!("SELECT pg_terminate_backend({worker})"));
    let run_id = place.last_run();
    let (mut session, notices) = session_with_notices(&place.database);
    session
        .batch_execute(&format!("CALL chorus_wait({run_id})"))
        .unwrap();
    let told = notices.lock().unwrap();
    let (_, last) = told.last().unwrap();
    assert_eq!(last.severity(), "WARNING");
    assert!(last.message().contains("interrupted"), "{last:?}");
}

#[test]
fn chorus_cancel_says_whether_there_was_something_to_cancel() {
    let place = Workspace::small();
    let run_id = hanging_run(&place, "/v3/engagements");
    let cancel = format!("SELECT chorus_cancel({run_id})");
    assert!(place.database.value::<bool>(&cancel));
    place.wait_for_state(run_id, "cancelled");
    place.wait_for_no_worker();
    assert!(!place.database.value::<bool>(&cancel));
    assert!(
        place
            .database
            .value::<bool>("SELECT chorus_cancel(NULL) IS NULL")
    );
    let unknown = place
        .database
        .connect()
        .batch_execute("SELECT chorus_cancel(4711)");
    assert!(expect_error(unknown, "42704").hint().is_some());
}

#[test]
fn a_run_that_waits_behind_another_can_be_cancelled() {
    let place = Workspace::small();
    let first = hanging_run(&place, "/v3/engagements");
    let wider = Running::start(
        place.database.connect(),
        "SELECT state FROM chorus_sync(lookback => '90 days')",
    );
    wait_until("it is queued", SOON, || {
        (place.last_run() > first).then_some(())
    });
    let second = place.last_run();
    wait_until("it has a worker", SOON, || {
        (place.workers().len() == 2).then_some(())
    });
    assert!(
        place
            .database
            .value::<bool>(&format!("SELECT chorus_cancel({second})"))
    );
    assert_eq!(wider.end().unwrap(), [["cancelled"]]);
    place.tenant.clear_quirks();
    place.wait_for_state(first, "succeeded");
}

#[test]
fn what_was_committed_before_a_cancel_stays_and_the_next_run_goes_on() {
    let place = Workspace::small();
    let run_id = hanging_run(&place, DETAIL);
    place
        .database
        .sql(&format!("SELECT chorus_cancel({run_id})"));
    place.wait_for_state(run_id, "cancelled");
    let calls = "SELECT count(*) FROM chorus.calls";
    assert_eq!(place.database.value::<i64>(calls), 12);
    place.tenant.clear_quirks();
    let added: i64 = place
        .database
        .value("SELECT calls_added FROM chorus_sync()");
    assert_eq!((added, place.database.value::<i64>(calls)), (0, 12));
    assert!(
        place
            .database
            .value::<bool>("SELECT transcripts_waiting = 0 FROM chorus_status()")
    );
}

#[test]
fn the_extension_can_be_dropped_while_a_run_is_under_way() {
    let place = Workspace::small();
    for route in ["/api/v1/users/me", "/v3/engagements", DETAIL] {
        hanging_run(&place, route);
        let began = Instant::now();
        place.database.sql("DROP EXTENSION chorus_sync CASCADE");
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "{:?}",
            began.elapsed()
        );
        place.tenant.clear_quirks();
        place.wait_for_no_worker();
        place.database.sql("CREATE EXTENSION chorus_sync");
        place.database.sql(&place.connect());
    }
    place.database.sql("SELECT chorus_sync()");
    assert!(
        !place
            .database
            .cluster()
            .log()
            .contains("was terminated by signal")
    );
}

#[test]
fn dropping_the_extension_under_a_waiting_caller_is_no_silent_deadlock() {
    let place = Workspace::small();
    let caller = place.run_until_hanging("SELECT chorus_sync()", "/v3/engagements");
    // The drop waits for the caller, whose run will wait for the drop.
    let drop = Running::start(place.database.connect(), "DROP EXTENSION chorus_sync");
    let mut look = place.database.connect();
    wait_until("the drop waits", SOON, || {
        let sql = "SELECT true FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'";
        look.query_opt(sql, &[&drop.pid]).unwrap().map(|_| ())
    });
    let began = Instant::now();
    place.tenant.clear_quirks();
    expect_error(caller.end(), "40P01");
    drop.end().unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    place.wait_for_no_worker();
}

#[test]
fn the_extension_can_be_dropped_and_made_again_while_a_run_starts() {
    let place = Workspace::small();
    for _ in 0..5 {
        place.database.sql("SELECT chorus_sync(wait => false)");
        place
            .database
            .sql("BEGIN; DROP EXTENSION chorus_sync; CREATE EXTENSION chorus_sync; COMMIT");
        place.wait_for_no_worker();
        let rows: i64 = place.database.value(
            "SELECT (SELECT count(*) FROM chorus.runs) + (SELECT count(*) FROM chorus.calls)",
        );
        assert_eq!(
            rows, 0,
            "a worker of the old extension wrote into the new one"
        );
        place.database.sql(&place.connect());
    }
    place.database.sql("SELECT chorus_sync()");
}

#[test]
fn a_database_can_be_dropped_and_copied_right_after_a_run() {
    let cluster = chorus_tests::Cluster::shared();
    for round in 0..5 {
        let place = Workspace::small();
        let name = place.database.name();
        place.database.sql("SELECT chorus_sync()");
        let mut maintenance = cluster.connect_to("postgres");
        let copy = format!("CREATE DATABASE {name}_copy TEMPLATE {name}");
        maintenance
            .batch_execute(&copy)
            .unwrap_or_else(|e| panic!("round {round}: {e:?}"));
        maintenance
            .batch_execute(&format!("DROP DATABASE {name}_copy"))
            .unwrap();
        place.database.sql("SELECT chorus_sync()");
        maintenance
            .batch_execute(&format!("DROP DATABASE {name}"))
            .unwrap();
    }
}
