//! Whoever wants a statement, a worker or the server to stop gets it at once, however silent Chorus is.

use std::time::{Duration, Instant};

use chorus_tests::{Cluster, ClusterOptions, Running, Workspace, expect_error, wait_until};

/// Where a run can hang: at the key, at the list, at a detail.
const ROUTES: [&str; 3] = [
    "/api/v1/users/me",
    "/v3/engagements",
    "/api/v1/conversations/{id}",
];
/// Where a check of a key can hang.
const CHECKED: [&str; 2] = ["/api/v1/users/me", "/v3/engagements"];

/// The promise is 0.3 s; tests share a small machine.
const AT_ONCE: Duration = Duration::from_secs(1);

/// `act` has `effect` at once. Prints how soon.
#[track_caller]
fn at_once(what: &str, act: impl FnOnce(), mut effect: impl FnMut() -> bool) {
    let began = Instant::now();
    act();
    wait_until(what, Duration::from_secs(30), || effect().then_some(()));
    let took = began.elapsed();
    println!("control: {what}: {} ms", took.as_millis());
    assert!(took < AT_ONCE, "{what} took {took:?}");
}

fn signal(place: &Workspace, function: &str, pid: i32) {
    assert!(
        place
            .database
            .value::<bool>(&format!("SELECT {function}({pid})"))
    );
}

#[test]
fn cancelling_the_statement_that_started_a_run_cancels_the_run() {
    let place = Workspace::small();
    for route in ROUTES {
        let sync = place.run_until_hanging("SELECT * FROM chorus_sync()", route);
        let mut look = place.database.connect();
        at_once(
            &format!("cancel of a sync that hangs on {route}"),
            || sync.cancel(),
            || {
                let sql = "SELECT state = 'cancelled' AND chorus.run_worker(run_id) IS NULL
                             FROM chorus.runs ORDER BY run_id DESC LIMIT 1";
                sync.is_over() && look.query_one(sql, &[]).unwrap().get(0)
            },
        );
        expect_error(sync.end(), "57014");
        place.wait_for_no_worker();
    }
}

#[test]
fn a_statement_timeout_ends_a_hanging_sync_and_its_run() {
    let place = Workspace::small();
    place.hang("/v3/engagements");
    let mut session = place.database.connect();
    session
        .batch_execute("SET statement_timeout = '500ms'")
        .unwrap();
    let began = Instant::now();
    let error = session
        .simple_query("SELECT * FROM chorus_sync()")
        .map(drop);
    let took = began.elapsed();
    let refusal = expect_error(error, "57014");
    assert!(
        refusal.message().contains("statement timeout"),
        "{refusal:?}"
    );
    println!(
        "control: statement_timeout of 500 ms: {} ms",
        took.as_millis()
    );
    assert!(took < Duration::from_millis(500) + AT_ONCE, "{took:?}");
    place.wait_for_state(place.last_run(), "cancelled");
}

#[test]
fn chorus_cancel_and_pg_cancel_backend_end_a_hanging_run() {
    let place = Workspace::small();
    for route in ROUTES {
        for by_number in [true, false] {
            let sync = place.run_until_hanging("SELECT state FROM chorus_sync()", route);
            let (run_id, workers) = (place.last_run(), place.workers());
            let how = if by_number {
                "chorus_cancel"
            } else {
                "pg_cancel_backend of the worker"
            };
            at_once(
                &format!("{how} on {route}"),
                || {
                    if by_number {
                        signal(&place, "chorus_cancel", run_id as i32);
                    } else {
                        signal(&place, "pg_cancel_backend", workers[0]);
                    }
                },
                || sync.is_over(),
            );
            // The caller did not cancel: for it, this is a result and not an error.
            assert_eq!(sync.end().unwrap(), [["cancelled"]]);
            assert_eq!(place.state_of(run_id), "cancelled");
        }
    }
}

#[test]
fn a_terminated_worker_is_reported_as_interrupted_and_the_next_run_goes_on() {
    let place = Workspace::small();
    for route in ROUTES {
        let sync = place.run_until_hanging("SELECT state FROM chorus_sync()", route);
        let worker = place.workers()[0];
        at_once(
            &format!("pg_terminate_backend of a worker that hangs on {route}"),
            || signal(&place, "pg_terminate_backend", worker),
            || sync.is_over(),
        );
        assert_eq!(sync.end().unwrap(), [["interrupted"]]);
    }
    let interrupted = place.last_run();
    place.tenant.clear_quirks();
    let state: String = place.database.value("SELECT state FROM chorus_sync()");
    assert_eq!(state, "succeeded");
    assert_eq!(place.state_of(interrupted), "interrupted");
    let calls: i64 = place.database.value("SELECT count(*) FROM chorus.calls");
    assert_eq!(calls, 12);
}

#[test]
fn a_caller_that_is_terminated_leaves_the_run_going() {
    let place = Workspace::small();
    let sync = place.run_until_hanging("SELECT * FROM chorus_sync()", "/v3/engagements");
    let run_id = place.last_run();
    at_once(
        "pg_terminate_backend of a waiting caller",
        || signal(&place, "pg_terminate_backend", sync.pid),
        || sync.is_over(),
    );
    assert!(sync.end().is_err());
    assert_eq!(place.state_of(run_id), "running");
    place.tenant.clear_quirks();
    place.wait_for_state(run_id, "succeeded");
}

#[test]
fn cancelling_a_statement_that_joined_a_run_only_stops_waiting() {
    let place = Workspace::small();
    let first =
        place.run_until_hanging("SELECT run_id, state FROM chorus_sync()", "/v3/engagements");
    let run_id = place.last_run();
    let mut session = place.database.connect();
    session
        .batch_execute("SET statement_timeout = '300ms'")
        .unwrap();
    expect_error(
        session
            .simple_query("SELECT * FROM chorus_sync()")
            .map(drop),
        "57014",
    );
    assert_eq!(place.state_of(run_id), "running");
    place.tenant.clear_quirks();
    assert_eq!(
        first.end().unwrap(),
        [[run_id.to_string(), "succeeded".into()]]
    );
}

#[test]
fn a_hanging_run_holds_no_transaction_no_snapshot_and_no_lock_but_its_own() {
    let place = Workspace::small();
    for route in ROUTES {
        place.hang(route);
        place.tenant.forget_requests();
        place.database.sql("SELECT chorus_sync(wait => false)");
        place.wait_for_hanging(route);
        let run_id = place.last_run();
        let worker = place.workers()[0];
        let mut look = place.database.connect();
        wait_until("the worker is idle", AT_ONCE, || {
            let sql = "SELECT state = 'idle' AND xact_start IS NULL AND backend_xmin IS NULL AND backend_xid IS NULL
                         FROM pg_stat_activity WHERE pid = $1";
            look.query_one(sql, &[&worker])
                .unwrap()
                .get::<_, bool>(0)
                .then_some(())
        });
        let locks = look
            .query(
                "SELECT locktype, classid::bigint, objid::bigint FROM pg_locks WHERE pid = $1",
                &[&worker],
            )
            .unwrap();
        let locks: Vec<(String, i64, i64)> = locks
            .iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect();
        let extension: i64 = place
            .database
            .value("SELECT oid::bigint FROM pg_extension WHERE extname = 'chorus_sync'");
        assert_eq!(locks, [("advisory".into(), extension, run_id)]);
        signal(&place, "chorus_cancel", run_id as i32);
        place.wait_for_no_worker();
    }
}

#[test]
fn checking_a_key_can_be_cancelled_timed_out_and_terminated() {
    let place = Workspace::unconnected();
    let test = format!(
        "SELECT * FROM chorus_test_connection('{}', 'demo-key')",
        place.tenant.base_url()
    );
    for statement in [place.connect(), test] {
        let name = statement.split(['(', ' ']).nth(3).unwrap().to_owned();
        for route in CHECKED {
            let check = place.run_until_hanging(&statement, route);
            at_once(
                &format!("cancel of {name} that hangs on {route}"),
                || check.cancel(),
                || check.is_over(),
            );
            expect_error(check.end(), "57014");

            let check = place.run_until_hanging(&statement, route);
            at_once(
                &format!("pg_terminate_backend of {name} that hangs on {route}"),
                || signal(&place, "pg_terminate_backend", check.pid),
                || check.is_over(),
            );
            // The client may see the closed connection before it has read why.
            let ended = check.end().expect_err("it was terminated");
            assert!(
                ended.is_closed() || ended.code().is_some_and(|code| code.code() == "57P01"),
                "{ended:?}"
            );
            assert!(
                !place
                    .database
                    .cluster()
                    .log()
                    .contains("terminated by signal"),
                "no process of the server crashed"
            );

            let mut session = place.database.connect();
            session
                .batch_execute("SET statement_timeout = '300ms'")
                .unwrap();
            let began = Instant::now();
            expect_error(session.simple_query(&statement).map(drop), "57014");
            let took = began.elapsed();
            println!("control: statement_timeout of 300 ms in {name}: {took:?}");
            assert!(took < Duration::from_millis(300) + AT_ONCE, "{took:?}");
            // The session is as good as before.
            session.batch_execute("SELECT 1").unwrap();
        }
    }
    let stored: i64 = place
        .database
        .value("SELECT count(*) FROM chorus.connections");
    assert_eq!(stored, 0);
}

#[test]
fn a_hanging_tenant_does_not_delay_a_fast_shutdown() {
    let cluster = Cluster::start(ClusterOptions::default());
    let place = Workspace::unconnected_on(&cluster);
    place.database.sql(&place.connect());
    for route in ROUTES {
        let sync = place.run_until_hanging("SELECT * FROM chorus_sync()", route);
        let run_id = place.last_run();
        let began = Instant::now();
        assert!(cluster.stop_fast().success());
        let took = began.elapsed();
        println!("control: fast shutdown with a run that hangs on {route}: {took:?}");
        assert!(took < AT_ONCE, "{took:?}");
        assert!(sync.end().is_err());
        cluster.start_again();
        let problem: String = place.database.value("SELECT problem FROM chorus_status()");
        assert_eq!(problem, format!("run {run_id} was interrupted"));
    }
    stops_fast_while_a_key_is_checked(&place);
    place.tenant.clear_quirks();
    let state: String = place.database.value("SELECT state FROM chorus_sync()");
    assert_eq!(state, "succeeded");
}

fn stops_fast_while_a_key_is_checked(place: &Workspace) {
    let check: Running = place.run_until_hanging(&place.connect(), "/api/v1/users/me");
    let began = Instant::now();
    assert!(place.database.cluster().stop_fast().success());
    println!(
        "control: fast shutdown with a hanging chorus_connect: {:?}",
        began.elapsed()
    );
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert!(check.end().is_err());
    place.database.cluster().start_again();
}
