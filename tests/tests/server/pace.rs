//! Being slowed down by Chorus: obeyed, told, remembered, and never a failure.

use std::time::{Duration, Instant};

use chorus_tests::fake_chorus::{Generate, Tenant};
use chorus_tests::{
    Cluster, ClusterOptions, SOON, Workspace, expect_error, plan, session_with_notices, wait_until,
};
use serde_json::json;

const LIST: &str = "/v3/engagements";
const DETAIL: &str = "/api/v1/conversations/{id}";
/// For runs that a limit makes slow.
const LATER: Duration = Duration::from_secs(180);

/// Waits until the connection's row says that nothing may be sent, and returns for how many seconds.
fn wait_for_wait(database: &chorus_tests::Database) -> f64 {
    let mut session = database.connect();
    wait_until("the wait is on record", SOON, || {
        let left = session.query_one(
            "SELECT extract(epoch FROM waits_until - chorus.clock())::float8 FROM chorus.connections",
            &[],
        );
        left.unwrap().get(0)
    })
}

/// Phase, seconds left, and problem, as `chorus_status()` has them.
fn status(database: &chorus_tests::Database) -> (Option<String>, Option<f64>, Option<String>) {
    let row = database.connect().query_one(
        "SELECT phase, extract(epoch FROM eta)::float8, problem FROM chorus_status()",
        &[],
    );
    let row = row.unwrap();
    (row.get(0), row.get(1), row.get(2))
}

#[test]
fn a_run_that_nothing_slows_down_learns_no_pace() {
    let workspace = Workspace::synced(12);
    let known: bool = workspace.database.value(
        "SELECT waits_until IS NOT NULL OR pace_per_minute IS NOT NULL OR pace_steady_s IS NOT NULL FROM chorus.connections",
    );
    assert!(!known);
}

#[test]
fn a_limit_in_every_wording_slows_a_run_down_and_fails_nothing() {
    std::thread::scope(|scope| {
        for status in [429, 503] {
            for wording in ["seconds", "date", "none"] {
                scope.spawn(move || {
                    let workspace = Workspace::of(Tenant::generate(&plan(30)));
                    workspace.tenant.set_quirk(
                        "rate-limit",
                        json!({"per_minute": 10, "window_ms": 3000, "retry_after": wording, "status": status}),
                    );
                    let ran = workspace.sync();
                    let calls = workspace.tenant.request_count(DETAIL);
                    assert!(ran.requests as u64 > calls, "{status} {wording}: {ran:?}");
                    assert_eq!(workspace.problems(), 0, "{status} {wording}");
                    workspace.assert_complete();
                    assert!(workspace.database.value::<bool>(
                        "SELECT pace_per_minute > 0 AND problem IS NULL FROM chorus.connections"
                    ));
                });
            }
        }
    });
}

#[test]
fn an_absurd_wait_counts_as_an_hour() {
    for status in [429, 503] {
        let place = Workspace::small();
        place.tenant.set_quirk(
            "rate-limit",
            json!({"per_minute": 0, "retry_after": "absurd", "status": status}),
        );
        place.database.sql("SELECT chorus_sync(wait => false)");
        let left_s = wait_for_wait(&place.database);
        assert!((3000.0..=3600.0).contains(&left_s), "{left_s}");
        let run_id = place.last_run();
        assert_eq!(place.state_of(run_id), "running");
        place
            .database
            .sql(&format!("SELECT chorus_cancel({run_id})"));
        place.wait_for_state(run_id, "cancelled");
    }
}

#[test]
fn what_was_learnt_outlives_the_server_and_the_next_run_sends_no_burst() {
    let cluster = Cluster::start(ClusterOptions::default());
    let tenant = Tenant::generate(&Generate {
        only_calls: true,
        ..plan(30)
    });
    let workspace = Workspace::on(&cluster, tenant);
    let limit = json!({"per_minute": 10, "window_ms": 3000, "retry_after": "seconds"});
    workspace.tenant.set_quirk("rate-limit", limit);
    workspace.sync();
    let kept = "SELECT pace_per_minute FROM chorus.connections";
    let pace: f64 = workspace.database.value(kept);
    assert!(cluster.stop_fast().success());
    cluster.start_again();
    assert_eq!(workspace.database.value::<f64>(kept), pace);

    // Nothing but what was learnt slows this run down.
    workspace.tenant.clear_quirks();
    workspace.tenant.forget_requests();
    for place in 0..15 {
        workspace.edit_call(&workspace.newest(place), |call| call.subject += " (edited)");
    }
    workspace.database.sql("SELECT chorus_sync('30 days')");
    let requests = workspace.tenant.requests();
    assert!(requests.len() > 15);
    let took = requests.last().unwrap().at - requests[0].at;
    let at_that_pace = 60.0 * (requests.len() - 1) as f64 / pace;
    // It may have tried a little more than it knew.
    assert!(
        took.as_seconds_f64() > 0.5 * at_that_pace,
        "{took} {at_that_pace}"
    );
}

#[test]
fn a_run_that_is_killed_while_it_waits_leaves_the_wait_to_the_next_one() {
    let cluster = Cluster::start(ClusterOptions::default());
    let place = Workspace::unconnected_on(&cluster);
    place.database.sql(&place.connect());
    place.tenant.set_quirk(
        "fail",
        json!({"route": LIST, "status": 429, "retry_after": "600"}),
    );
    place.database.sql("SELECT chorus_sync(wait => false)");
    wait_for_wait(&place.database);
    cluster.kill9();
    cluster.start_again();

    place.tenant.clear_quirks();
    place.tenant.forget_requests();
    place.database.sql("SELECT chorus_sync(wait => false)");
    let run_id = place.last_run();
    wait_until("the next run says that it waits", SOON, || {
        let (_, _, problem) = status(&place.database);
        problem.filter(|problem| problem.starts_with("Chorus asks to slow down"))
    });
    assert!(place.tenant.requests().is_empty());
    place
        .database
        .sql(&format!("SELECT chorus_cancel({run_id})"));
    place.wait_for_state(run_id, "cancelled");

    // When the time has come, it is over. Three requests in ten minutes are a slow pace to begin with.
    place
        .database
        .sql("UPDATE chorus.connections SET pace_per_minute = NULL, pace_steady_s = NULL");
    place.database.sql(&format!(
        "ALTER DATABASE {} SET chorus_sync.clock_offset = '11 minutes'",
        place.database.name()
    ));
    place.database.sql("SELECT chorus_sync()");
    assert_eq!(place.state_of(place.last_run()), "succeeded");
}

#[test]
fn a_wait_that_was_told_by_a_clock_set_back_since_is_over() {
    let place = Workspace::small();
    place
        .database
        .sql("UPDATE chorus.connections SET waits_until = chorus.clock() + interval '20 hours'");
    place
        .database
        .sql("SET statement_timeout = '5min'; SELECT chorus_sync()");
    assert_eq!(place.state_of(place.last_run()), "succeeded");
}

#[test]
fn a_stored_key_is_not_checked_before_its_time_and_another_key_starts_afresh() {
    let place = Workspace::small();
    place.database.sql(
        "UPDATE chorus.connections
            SET waits_until = chorus.clock() + interval '1 hour', pace_per_minute = 5, pace_steady_s = 60",
    );
    place.tenant.forget_requests();
    let (mut session, notices) = session_with_notices(&place.database);
    session
        .batch_execute("SET statement_timeout = '2s'")
        .unwrap();
    let url = place.tenant.base_url();
    let again = format!("SELECT chorus_connect('{url}', lookback_days => 20, schedule => NULL)");
    for same_key in [&again, &place.connect()] {
        expect_error(session.batch_execute(same_key), "57014");
    }
    assert!(place.tenant.requests().is_empty());
    let notices = notices.lock().unwrap();
    assert!(
        notices
            .iter()
            .any(|(_, notice)| notice.message().starts_with("Chorus asks to slow down")),
        "{notices:?}"
    );

    place.tenant.set_api_key("another");
    place.database.sql(&format!(
        "SELECT chorus_connect('{url}', 'another', schedule => NULL)"
    ));
    let forgotten: bool = place.database.value(
        "SELECT num_nulls(waits_until, pace_per_minute, pace_steady_s) = 3 FROM chorus.connections",
    );
    assert!(forgotten);
}

#[test]
fn who_connects_while_chorus_asks_to_slow_down_is_told_so_and_waits() {
    let place = Workspace::unconnected();
    place.tenant.set_quirk(
        "fail",
        json!({"route": LIST, "status": 503, "retry_after": "3", "times": 1}),
    );
    let (mut session, notices) = session_with_notices(&place.database);
    session.batch_execute(&place.connect()).unwrap();
    let told = notices.lock().unwrap().iter().any(|(_, notice)| {
        notice
            .message()
            .starts_with("Chorus asks to slow down: the check goes on in")
    });
    assert!(told);
}

#[test]
fn the_time_left_is_known_from_the_first_moment_where_the_pace_is() {
    let place = Workspace::small();
    place
        .database
        .sql("UPDATE chorus.connections SET pace_per_minute = 120, pace_steady_s = 3600");
    let run = place.run_until_hanging("SELECT chorus_sync()", DETAIL);
    let left_s = wait_until("the time left is known", SOON, || {
        let (phase, left_s, _) = status(&place.database);
        left_s.filter(|_| phase.as_deref() == Some("transcripts"))
    });
    // Twelve calls at two a second.
    assert_eq!(left_s, 6.0);
    place.tenant.clear_quirks();
    run.end().unwrap();

    // A cap by hand is a pace too.
    let place = Workspace::small();
    place.database.sql(&format!(
        "ALTER DATABASE {} SET chorus_sync.max_requests_per_minute = 240",
        place.database.name()
    ));
    let run = place.run_until_hanging("SELECT chorus_sync()", DETAIL);
    let left_s = wait_until("the time left is known", SOON, || {
        let (phase, left_s, _) = status(&place.database);
        left_s.filter(|_| phase.as_deref() == Some("transcripts"))
    });
    assert_eq!(left_s, 3.0);
    place.tenant.clear_quirks();
    run.end().unwrap();
}

#[test]
fn the_time_left_holds_the_rest_of_a_wait() {
    let place = Workspace::small();
    place.tenant.set_quirk(
        "fail",
        json!({"route": DETAIL, "status": 429, "retry_after": "900", "after": 4}),
    );
    place.database.sql("SELECT chorus_sync(wait => false)");
    let run_id = place.last_run();
    let left_s = wait_until("the time left is known", SOON, || {
        let (_, left_s, problem) = status(&place.database);
        left_s.filter(|_| problem.is_some())
    });
    assert!((800.0..=1500.0).contains(&left_s), "{left_s}");
    place
        .database
        .sql(&format!("SELECT chorus_cancel({run_id})"));
    place.wait_for_state(run_id, "cancelled");
}

#[test]
fn the_time_left_of_a_listing_goes_by_the_pages_that_remain() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        utterances_per_call: 1,
        ..plan(600)
    }));
    workspace.tenant.set_quirk(
        "fail",
        json!({"route": LIST, "status": 429, "retry_after": "600", "from_page": 4}),
    );
    let run_id = workspace.sync_in_background();
    let (phase, left_s) = wait_until("the time left is known", SOON, || {
        let (phase, left_s, problem) = status(&workspace.database);
        problem?;
        Some((phase?, left_s?))
    });
    assert_eq!(phase, "calls");
    // Some pages at a pace of five to sixty a minute, after the wait.
    assert!((500.0..=800.0).contains(&left_s), "{left_s}");
    workspace
        .database
        .sql(&format!("SELECT chorus_cancel({run_id})"));
    wait_until("it is cancelled", SOON, || {
        workspace
            .database
            .value::<bool>("SELECT bool_and(state = 'cancelled') FROM chorus.runs")
            .then_some(())
    });
}

#[test]
fn the_time_left_comes_true_under_a_limit() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        only_calls: true,
        ..plan(60)
    }));
    let limit = json!({"per_minute": 10, "window_ms": 3000, "retry_after": "seconds"});
    workspace.tenant.set_quirk("rate-limit", limit);
    let run_id = workspace.sync_in_background();
    let (told, left_s) = wait_until("a quarter is read", LATER, || {
        let read: bool = workspace.database.value(&format!(
            "SELECT details_read >= 15 FROM chorus.runs WHERE run_id = {run_id}"
        ));
        let (_, left_s, _) = read.then(|| status(&workspace.database))?;
        Some((Instant::now(), left_s?))
    });
    wait_until("the transcripts are read", LATER, || {
        workspace
            .database
            .value::<bool>(&format!(
                "SELECT details_read = details_due FROM chorus.runs WHERE run_id = {run_id}"
            ))
            .then_some(())
    });
    let took_s = told.elapsed().as_secs_f64();
    assert!(
        (took_s / 3.0..=took_s * 3.0).contains(&left_s),
        "told {left_s} s, took {took_s} s"
    );
}
