//! A run may end anywhere, in any way: the next one goes on from there, and loses and doubles nothing.

use std::process::Command;
use std::time::Duration;

use chorus_tests::fake_chorus::{Generate, SeenRequest, Tenant};
use chorus_tests::{Cluster, ClusterOptions, Workspace, plan, wait_until};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(60);
const LIST: &str = "/v3/engagements";
const DETAIL: &str = "/api/v1/conversations/{id}";

/// Where a run is stopped: once `reached` holds for its row, every request of `route` hangs.
struct Place {
    route: &'static str,
    reached: &'static str,
}

const PLACES: [Place; 6] = [
    Place {
        route: "/api/v1/users/me",
        reached: "phase = 'checking key'",
    },
    Place {
        route: "/api/v1/teams",
        reached: "phase = 'users and teams'",
    },
    Place {
        route: LIST,
        reached: "calls_listed >= 100",
    },
    Place {
        route: LIST,
        reached: "calls_listed >= 300",
    },
    Place {
        route: DETAIL,
        reached: "details_read >= 20",
    },
    Place {
        route: "/api/v1/scorecards",
        reached: "phase = 'scorecards'",
    },
];

fn tenant() -> Tenant {
    Tenant::generate(&Generate {
        utterances_per_call: 3,
        scorecard_share: 0.3,
        ..plan(520)
    })
}

/// Starts a run and holds it at this place.
fn held_at(workspace: &Workspace, place: &Place) -> i64 {
    // Slow enough that there is a moment between two pages, and between two details, to hang the next one in.
    let slow_ms = if place.route == LIST { 150 } else { 15 };
    workspace.tenant.clear_quirks();
    let quirk = match place.route {
        LIST | DETAIL => "slow",
        _ => "hang",
    };
    workspace
        .tenant
        .set_quirk(quirk, json!({"route": place.route, "ms": slow_ms}));
    let run_id = workspace.sync_in_background();
    let mut session = workspace.database.connect();
    wait_until(place.reached, SOON, || {
        let reached = format!(
            "SELECT {} FROM chorus.runs WHERE run_id = {run_id}",
            place.reached
        );
        let row = session.query_one(&reached, &[]).unwrap();
        row.get::<_, Option<bool>>(0).filter(|reached| *reached)
    });
    workspace
        .tenant
        .set_quirk("hang", json!({"route": place.route}));
    wait_until("a request hangs", SOON, || {
        (workspace.tenant.requests_in_flight() > 0).then_some(())
    });
    assert_eq!(state_of(workspace, run_id), "running", "{}", place.reached);
    run_id
}

fn state_of(workspace: &Workspace, run_id: i64) -> String {
    workspace.database.value(&format!(
        "SELECT state FROM chorus.runs WHERE run_id = {run_id}"
    ))
}

/// Where the run stopped in the list.
fn cursor_of(workspace: &Workspace, run_id: i64) -> Option<String> {
    workspace.database.value(&format!(
        "SELECT list_cursor FROM chorus.runs WHERE run_id = {run_id}"
    ))
}

/// The pages that runs asked for; connecting asks for one, too, but without trackers.
fn pages_asked(workspace: &Workspace) -> Vec<SeenRequest> {
    let mut pages = workspace.tenant.requests();
    pages.retain(|request| request.path == LIST && request.query.contains("with_trackers"));
    pages
}

fn parameter(request: &SeenRequest, name: &str) -> Option<String> {
    let value = request
        .query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(
        value
            .replace("%20", " ")
            .replace('+', " ")
            .replace("%3A", ":"),
    )
}

/// SIGKILL for the worker, after which the server restarts by itself.
fn kill_worker(workspace: &Workspace, run_id: i64) {
    let cluster = workspace.database.cluster();
    let starts = || cluster.log().matches("ready to accept connections").count();
    let before = starts();
    let worker: i32 = workspace
        .database
        .value(&format!("SELECT chorus.run_worker({run_id})"));
    let killed = Command::new("kill")
        .args(["-9", &worker.to_string()])
        .status();
    assert!(killed.unwrap().success());
    wait_until("the server has recovered", SOON, || {
        (starts() > before).then_some(())
    });
}

/// The same at every place, on a server of its own.
fn survives_everywhere(stop: impl Fn(&Workspace, i64), state: &str) {
    let cluster = Cluster::start(ClusterOptions::default());
    for place in PLACES {
        let workspace = Workspace::on(&cluster, tenant());
        let run_id = held_at(&workspace, &place);
        stop(&workspace, run_id);
        workspace.tenant.clear_quirks();
        workspace.sync();
        assert_eq!(state_of(&workspace, run_id), state, "{}", place.reached);
        let difference = workspace
            .expected()
            .difference(&workspace.database.stored());
        assert_eq!(difference, None, "after an end at {}", place.reached);
        workspace.database.assert_sound();
        assert_eq!(workspace.problems(), 0, "{}", place.reached);
        let again = workspace.sync();
        assert_eq!(
            (
                again.calls_added,
                again.calls_updated,
                again.transcripts_added
            ),
            (0, 0, 0)
        );
    }
}

#[test]
fn a_killed_worker_is_followed_by_a_run_that_completes_the_tables() {
    survives_everywhere(kill_worker, "interrupted");
}

#[test]
fn a_killed_server_loses_and_doubles_nothing() {
    survives_everywhere(
        |workspace, _| {
            workspace.database.cluster().kill9();
            workspace.database.cluster().start_again();
        },
        "interrupted",
    );
}

#[test]
fn a_stopped_server_loses_and_doubles_nothing() {
    survives_everywhere(
        |workspace, _| {
            assert!(workspace.database.cluster().stop_fast().success());
            workspace.database.cluster().start_again();
        },
        "interrupted",
    );
}

#[test]
fn a_cancelled_run_is_completed_by_the_next() {
    survives_everywhere(
        |workspace, run_id| {
            let cancelled: bool = workspace
                .database
                .value(&format!("SELECT chorus_cancel({run_id})"));
            assert!(cancelled);
            wait_until("the run is cancelled", SOON, || {
                (state_of(workspace, run_id) == "cancelled").then_some(())
            });
        },
        "cancelled",
    );
}

#[test]
fn a_resumed_walk_keeps_its_filters_and_is_followed_by_one_from_the_top() {
    let cluster = Cluster::start(ClusterOptions::default());
    let workspace = Workspace::on(&cluster, tenant());
    let run_id = held_at(&workspace, &PLACES[3]);
    let asked = pages_asked(&workspace);
    let (from, to) = (
        parameter(&asked[0], "min_date"),
        parameter(&asked[0], "max_date"),
    );
    assert!(from.is_some() && to.is_some(), "{:?}", asked[0]);
    // What another session commits to disk takes the worker's commits along.
    workspace.database.sql("CREATE TABLE to_disk ()");
    kill_worker(&workspace, run_id);
    let cursor = cursor_of(&workspace, run_id);
    assert!(cursor.is_some());

    workspace.tenant.clear_quirks();
    workspace.tenant.forget_requests();
    // A call that took place meanwhile lies above where the walk goes on.
    workspace.tenant.edit(|tenant| {
        let newest = tenant.newest_first()[0].clone();
        tenant.add_call(chorus_tests::fake_chorus::Call {
            engagement_id: "MEANWHILE00000000000000000000000".into(),
            date_time: newest.date_time + 1800.0,
            ..(*newest).clone()
        });
    });
    workspace.sync();

    let pages = pages_asked(&workspace);
    let fresh = pages
        .iter()
        .position(|page| parameter(page, "continuation_key").is_none());
    let fresh = fresh.expect("a walk from the top");
    assert!(fresh > 0, "the walk that was left was not resumed");
    assert_eq!(parameter(&pages[0], "continuation_key"), cursor);
    for page in &pages[..fresh] {
        assert_eq!(
            (parameter(page, "min_date"), parameter(page, "max_date")),
            (from.clone(), to.clone())
        );
    }
    assert!(
        parameter(&pages[fresh], "max_date") > to,
        "{:?}",
        pages[fresh]
    );
    assert_eq!(cursor_of(&workspace, run_id), None);
    workspace.assert_complete();
}

#[test]
fn a_run_that_fails_on_a_page_keeps_what_it_got_and_the_next_goes_on_there() {
    let workspace = Workspace::of(tenant());
    workspace.tenant.set_quirk(
        "fail",
        json!({"route": LIST, "status": 401, "from_page": 3}),
    );
    let error = workspace.try_sync().expect_err("page 3 is not to be had");
    assert_eq!(
        error.code().map(|code| code.code()),
        Some("28000"),
        "{error:?}"
    );
    let kept: Value = workspace.database.value(
        "SELECT jsonb_build_array(state, calls_listed, list_cursor IS NOT NULL) FROM chorus.runs",
    );
    assert_eq!(kept, json!(["failed", 200, true]));
    assert!(
        workspace
            .database
            .value::<i64>("SELECT count(*) FROM chorus.calls")
            > 100
    );

    workspace.tenant.clear_quirks();
    workspace.tenant.forget_requests();
    workspace.sync();
    assert!(parameter(&pages_asked(&workspace)[0], "continuation_key").is_some());
    workspace.assert_complete();
}

#[test]
fn an_outage_at_the_moment_of_resuming_gives_up_no_part_of_the_window() {
    for status in [400, 500] {
        let workspace = Workspace::of(tenant());
        workspace.database.sql("SELECT chorus_sync('1 day')");
        workspace.tenant.set_quirk(
            "fail",
            json!({"route": LIST, "status": 401, "from_page": 3}),
        );
        workspace
            .database
            .connect()
            .batch_execute("SELECT chorus_sync('40 days')")
            .expect_err("page 3 is not to be had");
        workspace.tenant.clear_quirks();
        workspace
            .tenant
            .set_quirk("fail", json!({"route": LIST, "status": status, "times": 3}));
        // Whether this run gets through or not, the one after it has all of the forty days.
        let _ = workspace.try_sync();
        workspace.sync();
        workspace.assert_complete();
    }
}
