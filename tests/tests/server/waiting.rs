//! When a run starts, who waits for it, and what a caller's own transaction does to it.

use std::time::{Duration, Instant};

use chorus_tests::{
    Running, SOON, Workspace, expect_error, rows, session_with_notices, wait_until,
};

const SYNC: &str = "SELECT * FROM chorus_sync()";

fn count(place: &Workspace, table: &str) -> i64 {
    place
        .database
        .value(&format!("SELECT count(*) FROM chorus.{table}"))
}

#[test]
fn waiting_where_the_worker_could_not_see_the_connection_is_refused() {
    let place = Workspace::unconnected();
    for between in ["", "RELEASE s"] {
        let mut session = place.database.connect();
        session.batch_execute("BEGIN; SAVEPOINT s").unwrap();
        session.simple_query(&place.connect()).unwrap();
        session.batch_execute(between).unwrap();
        let refusal = expect_error(session.simple_query(SYNC).map(drop), "55000");
        assert!(
            refusal.hint().unwrap().contains("wait => false"),
            "{refusal:?}"
        );
    }
    // In the transaction that changed it, too; afterwards it works.
    place.database.sql(&place.connect());
    let mut session = place.database.connect();
    session.batch_execute("BEGIN").unwrap();
    session.simple_query(&place.connect_with("10")).unwrap();
    expect_error(session.simple_query(SYNC).map(drop), "55000");
    session.batch_execute("ROLLBACK").unwrap();
    session.simple_query(SYNC).unwrap();
    assert_eq!(count(&place, "calls"), 12);
}

#[test]
fn waiting_in_the_transaction_that_made_the_extension_is_refused_and_queueing_works() {
    let place = Workspace::unconnected();
    place.database.sql("DROP EXTENSION chorus_sync CASCADE");
    let mut session = place.database.connect();
    session
        .batch_execute("BEGIN; CREATE EXTENSION chorus_sync")
        .unwrap();
    session.simple_query(&place.connect()).unwrap();
    session.batch_execute("SAVEPOINT s").unwrap();
    expect_error(session.simple_query(SYNC).map(drop), "55000");
    session
        .batch_execute("ROLLBACK TO s; SELECT chorus_sync(wait => false); COMMIT")
        .unwrap();
    place.wait_for_state(place.last_run(), "succeeded");
    assert_eq!(count(&place, "calls"), 12);
}

#[test]
fn a_queued_run_starts_with_the_commit_and_not_before() {
    let place = Workspace::unconnected();
    let mut session = place.database.connect();
    session.batch_execute("BEGIN").unwrap();
    session.simple_query(&place.connect()).unwrap();
    place.tenant.forget_requests();
    let queued = session
        .simple_query("SELECT run_id, state FROM chorus_sync(wait => false)")
        .unwrap();
    let queued = rows(&queued);
    assert_eq!(queued[0][1], "queued");
    assert_eq!((count(&place, "runs"), place.workers().len()), (0, 0));
    assert!(place.tenant.requests().is_empty());
    session.batch_execute("COMMIT").unwrap();
    place.wait_for_state(queued[0][0].parse().unwrap(), "succeeded");
}

#[test]
fn a_rollback_leaves_no_run_and_no_worker() {
    let place = Workspace::small();
    place.tenant.forget_requests();
    let queue = "SELECT chorus_sync(wait => false)";
    for rolled_back in [
        format!("BEGIN; {queue}; ROLLBACK"),
        format!("BEGIN; SAVEPOINT s; {queue}; ROLLBACK TO s; COMMIT"),
        format!(
            "DO $$ BEGIN PERFORM ({queue}); RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN END $$"
        ),
    ] {
        place.database.sql(&rolled_back);
        place.wait_for_no_worker();
        assert_eq!(count(&place, "runs"), 0, "{rolled_back}");
    }
    assert!(place.tenant.requests().is_empty());
    // A savepoint that is rolled back does not take the run of another one with it.
    place.database.sql(&format!(
        "BEGIN; {queue}; SAVEPOINT s; {queue}; ROLLBACK TO s; COMMIT"
    ));
    place.wait_for_state(place.last_run(), "succeeded");
}

#[test]
fn queueing_twice_in_a_transaction_is_one_run() {
    let place = Workspace::small();
    let mut session = place.database.connect();
    let twice = "BEGIN; SELECT run_id FROM chorus_sync(wait => false); SELECT run_id FROM chorus_sync(wait => false); COMMIT";
    let answers = rows(&session.simple_query(twice).unwrap());
    assert_eq!(answers[0], answers[1]);
    place.wait_for_state(answers[0][0].parse().unwrap(), "succeeded");
    assert_eq!(count(&place, "runs"), 1);
}

#[test]
fn a_transaction_that_queued_a_run_cannot_be_prepared() {
    let place = Workspace::small();
    let mut session = place.database.connect();
    session
        .batch_execute("BEGIN; SELECT chorus_sync(wait => false)")
        .unwrap();
    let refusal = expect_error(
        session.batch_execute("PREPARE TRANSACTION 'queued'"),
        "0A000",
    );
    assert!(refusal.hint().is_some());
    assert_eq!(count(&place, "runs"), 0);
}

#[test]
fn callers_at_the_same_time_share_one_run() {
    let place = Workspace::small();
    place.hang("/v3/engagements");
    let start = || {
        Running::start(
            place.database.connect(),
            "SELECT run_id, state FROM chorus_sync()",
        )
    };
    let callers: Vec<Running> = (0..4).map(|_| start()).collect();
    place.wait_for_hanging("/v3/engagements");
    // A lookback that the run covers joins it, too, and so does one that does not wait.
    let covered = Running::start(
        place.database.connect(),
        "SELECT run_id, state FROM chorus_sync(lookback => '10 days')",
    );
    let queued: i64 = place
        .database
        .value("SELECT run_id FROM chorus_sync(wait => false)");
    let mut look = place.database.connect();
    wait_until("all wait for the run", SOON, || {
        let waiting = "SELECT count(*) = 5 FROM pg_stat_activity
                        WHERE datname = current_database() AND wait_event = 'Extension' AND backend_type = 'client backend'";
        look.query_one(waiting, &[])
            .unwrap()
            .get::<_, bool>(0)
            .then_some(())
    });
    place.tenant.clear_quirks();
    for caller in callers.into_iter().chain([covered]) {
        let answer = caller.end().unwrap();
        assert_eq!(answer, [[queued.to_string(), "succeeded".into()]]);
    }
    assert_eq!(count(&place, "runs"), 1);
}

#[test]
fn a_wider_run_follows_the_one_under_way_and_is_waited_for() {
    let place = Workspace::small();
    let first = place.run_until_hanging("SELECT run_id FROM chorus_sync()", "/v3/engagements");
    let narrow = place.last_run();
    let wide = "SELECT run_id, state FROM chorus_sync(lookback => '90 days')";
    let second = Running::start(place.database.connect(), wide);
    wait_until("the wider run is queued", SOON, || {
        (count(&place, "runs") == 2).then_some(())
    });
    // It is joined by those whom the narrow one does not serve.
    let third = Running::start(place.database.connect(), wide);
    assert_eq!(place.state_of(narrow), "running");
    assert_eq!(place.state_of(place.last_run()), "queued");
    place.tenant.clear_quirks();
    let answer = second.end().unwrap();
    assert_eq!(answer, [[place.last_run().to_string(), "succeeded".into()]]);
    assert_eq!(third.end().unwrap(), answer);
    assert_eq!(first.end().unwrap(), [[narrow.to_string()]]);
    assert!(place.database.value::<bool>(
        "SELECT b.started_at >= a.finished_at AND b.window_from < a.window_from - interval '50 days'
           FROM chorus.runs a JOIN chorus.runs b ON b.run_id > a.run_id"
    ));
}

#[test]
fn the_result_does_not_depend_on_the_snapshot_of_the_caller() {
    let place = Workspace::unconnected();
    let mut sessions: Vec<_> = ["REPEATABLE READ", "SERIALIZABLE"]
        .map(|level| {
            let mut session = place.database.connect();
            session
                .batch_execute(&format!(
                    "BEGIN ISOLATION LEVEL {level}; SELECT count(*) FROM chorus.calls"
                ))
                .unwrap();
            session
        })
        .into();
    place.database.sql(&place.connect());
    let state_and_calls = "SELECT state, calls_listed FROM chorus_sync(lookback => '30 days')";
    for session in &mut sessions {
        for _ in 0..2 {
            let answer = session.simple_query(state_and_calls).unwrap();
            assert_eq!(rows(&answer), [["succeeded", "12"]]);
        }
        let seen = session
            .simple_query("SELECT count(*) FROM chorus.calls; COMMIT")
            .unwrap();
        assert_eq!(rows(&seen), [["0"]]);
    }
}

#[test]
fn a_caller_that_holds_a_lock_the_run_needs_is_told_so_and_the_run_goes_on_without_it() {
    let place = Workspace::small();
    for (table, explicit) in [("calls", true), ("runs", true), ("connections", false)] {
        let mut session = place.database.connect();
        session
            .batch_execute(&if explicit {
                format!("BEGIN; LOCK TABLE chorus.{table}")
            } else {
                "BEGIN; SELECT * FROM chorus.connections FOR UPDATE".to_owned()
            })
            .unwrap();
        let began = Instant::now();
        let refusal = expect_error(session.simple_query(SYNC).map(drop), "40P01");
        println!(
            "waiting: own lock on {table} noticed after {:?}",
            began.elapsed()
        );
        assert!(began.elapsed() < Duration::from_secs(5));
        assert!(refusal.hint().is_some());
        session.batch_execute("ROLLBACK").unwrap();
        let mut look = place.database.connect();
        wait_until("the run goes on", SOON, || {
            let row = look.query_opt(
                "SELECT state FROM chorus.runs ORDER BY run_id DESC LIMIT 1",
                &[],
            );
            (row.unwrap()?.get::<_, String>(0) == "succeeded").then_some(())
        });
    }
}

#[test]
fn progress_comes_at_most_once_a_second() {
    let place = Workspace::small();
    let slow = serde_json::json!({"route": "/api/v1/conversations/{id}", "ms": 3000});
    place.tenant.set_quirk("slow", slow);
    let (mut session, notices) = session_with_notices(&place.database);
    session.simple_query(SYNC).unwrap();
    let told: Vec<Instant> = notices.lock().unwrap().iter().map(|(at, _)| *at).collect();
    assert!(
        !told.is_empty(),
        "a run of three seconds says how far it is"
    );
    for pair in told.windows(2) {
        assert!(pair[1] - pair[0] > Duration::from_millis(900), "{told:?}");
    }
}

#[test]
fn a_lookback_under_an_hour_cannot_be_meant() {
    let place = Workspace::small();
    let mut session = place.database.connect();
    for lookback in ["59 minutes", "0", "-30 days"] {
        let sync = format!("SELECT * FROM chorus_sync(lookback => '{lookback}')");
        let refusal = expect_error(session.simple_query(&sync).map(drop), "22023");
        assert!(refusal.hint().unwrap().contains("'30 days'"), "{refusal:?}");
    }
    session
        .simple_query("SELECT * FROM chorus_sync(lookback => '1 hour')")
        .unwrap();
    assert_eq!(count(&place, "runs"), 1);
}
