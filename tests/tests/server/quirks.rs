//! Whatever the tenant does that Chorus is known to do, a run succeeds and all that was served is in the tables, once:
//! lists, rows, and how answers travel.

use chorus_tests::fake_chorus::{Generate, Tenant};
use chorus_tests::{Contents, Workspace, plan, truth};
use serde_json::json;

use crate::quirk_case::{all_hold, calls, case, each};

/// Rows of a page of the call list.
const PAGE: usize = 100;

/// Three pages of the list with short transcripts.
fn long_list() -> Generate {
    Generate {
        utterances_per_call: 3,
        ..plan(230)
    }
}

#[test]
fn the_list_is_read_to_its_end_however_it_ends() {
    let ends = [
        json!("T1"),
        json!("T2"),
        json!("T3"),
        json!("T4"),
        json!("T5"),
        json!({"end": "T5", "key": true}),
        json!("T6"),
        json!({"end": "T6", "which": "earlier"}),
        json!({"end": "T7", "repeats": 3}),
    ];
    all_hold(&long_list(), ends.map(|end| case("end-of-list", end)));
}

#[test]
fn pages_join_without_gap_or_overlap() {
    let cases = [
        case("exact-pages", json!(true)).serves(|tenant| {
            let kept = tenant.newest_first().len() / PAGE * PAGE;
            tenant.calls = tenant.newest_first()[..kept].to_vec();
        }),
        case("equal-times", json!(2)).serves(|tenant| {
            let sorted = tenant.newest_first();
            each(tenant, |rank, call| {
                let border = (rank + 2) / PAGE * PAGE;
                if border > 0 && rank + 2 - border < 4 {
                    call.date_time = sorted[border - 1].date_time;
                }
            });
        }),
        case("bounds-exclusive", json!(true)),
        case("blank-key", json!("first-page")),
        case("key-without-filters", json!("remembered")),
    ];
    all_hold(&long_list(), cases);
}

#[test]
fn numbers_and_words_may_take_any_form() {
    let cases = [
        case("number-formats", json!(true)).serves(|tenant| {
            each(tenant, |rank, call| {
                let second = call.date_time.floor();
                (call.date_time, call.duration) = match rank % 3 {
                    0 => (second, call.duration.round()),
                    // The detail knows the length that the list lacks.
                    1 => (second, call.duration),
                    _ => (second + 0.254_817, call.duration),
                };
            });
        }),
        case("time-formats", json!(true)),
    ];
    all_hold(&calls(40), cases);
}

#[test]
fn a_call_of_an_unknown_type_is_kept_and_read_like_any_other() {
    let workspace = Workspace::of(Tenant::generate(&calls(20)));
    workspace.tenant.set_quirk("new-words", json!(true));
    workspace.sync();
    let (mut expected, mut stored) = (workspace.expected(), workspace.database.stored());
    expected.change("calls", |row| row["type"] = json!("hologram"));
    expected.assert_stored(&stored);
    stored.retain("calls", |row| row["type"] != "hologram");
    assert!(stored.rows("calls").is_empty());
}

#[test]
fn members_may_be_null_missing_or_new() {
    // Of a row's members only its address in the web app is not in the detail as well.
    let without_url = |contents: &mut Contents| {
        contents.leave_out("calls", "url");
        contents.leave_out("calls", "compliance");
    };
    let ways = [json!(true), json!("null"), json!("missing"), json!("extra")];
    all_hold(
        &calls(40),
        ways.map(|way| case("members", way).stores(without_url)),
    );
}

#[test]
fn a_row_that_cannot_be_read_is_noted_and_keeps_no_other_from_arriving() {
    let without_bad = |tenant: &mut Tenant| {
        let good = tenant.newest_first().into_iter().enumerate();
        tenant.calls = good
            .filter(|(rank, _)| rank % 10 != 0)
            .map(|(_, call)| call)
            .collect();
    };
    // Rows without an id share one problem.
    let ways = [("id", 1), ("date", 13), ("not-an-object", 1)];
    let cases = ways.map(|(what, problems)| {
        case("bad-row", json!({"every": 10, "what": what}))
            .serves(without_bad)
            .with_problems(problems)
    });
    all_hold(&calls(130), cases);
}

#[test]
fn attendees_of_list_and_detail_become_one_list() {
    let ways = [
        json!(true),
        json!("none"),
        json!("no-email"),
        json!("twice"),
        json!("other-case"),
        json!("no-user-id"),
        json!("insiders"),
    ];
    all_hold(&calls(30), ways.map(|way| case("odd-participants", way)));
}

#[test]
fn summaries_are_kept_from_wherever_they_come() {
    let ways = ["null", "empty", "missing", "no-items", "empty-items"];
    let cases = ways.map(|way| case("summaries", json!(way)));
    let html = case("summaries", json!("html")).serves(|tenant| {
        each(tenant, |_, call| {
            let text = "Rollout &amp; SSO First line. Second <line> 'quoted'. - one";
            call.summary.get_or_insert_with(|| text.into());
        })
    });
    all_hold(&calls(30), cases.into_iter().chain([html]));
}

#[test]
fn meetings_to_come_wait_until_their_time_has_come() {
    all_hold(&plan(30), [case("future-rows", json!(3))]);
}

#[test]
fn bodies_and_faults_that_pass_change_nothing() {
    let once = |route: &str| json!({"route": route, "status": 500, "times": 1});
    let cases = [
        case("gzip", json!(true)),
        case("chunked", json!(1000)),
        case("drip", json!({"bytes": 16384, "ms": 1})),
        case("latency", json!({"min_ms": 1, "max_ms": 30})),
        case("big", json!({"route": "/v3/engagements", "mb": 3})),
        case(
            "truncate",
            json!({"route": "/v3/engagements", "at": 500, "times": 1}),
        ),
        case(
            "truncate",
            json!({"route": "/api/v1/conversations/{id}", "at": 500, "times": 2}),
        ),
        case("reset", json!({"route": "/v3/engagements", "times": 1})),
        case(
            "truncate",
            json!({"route": "/v3/engagements", "at": 500, "times": 1, "length": false}),
        ),
        case(
            "errors-in-200",
            json!({"route": "/v3/engagements", "status": "500", "times": 1}),
        ),
        case(
            "errors-in-200",
            json!({"route": "/api/v1/conversations/{id}", "status": "500", "times": 1}),
        ),
        case("fail", once("/api/v1/users/me")),
        case("fail", once("/v3/users")),
        case("fail", once("/api/v1/conversations/{id}")),
        case("fail", once("/api/v1/scorecards")),
        case(
            "fail",
            json!({"route": "/v3/engagements", "status": 503, "times": 1, "page": 2, "retry_after": "1"}),
        ),
        case(
            "fail",
            json!({"route": "/v3/engagements", "status": 502, "times": 1, "page": 2, "body": "html"}),
        ),
    ];
    let two_pages = Generate {
        utterances_per_call: 4,
        ..plan(110)
    };
    all_hold(&two_pages, cases);
}

#[test]
fn a_row_that_can_be_read_again_arrives_and_its_problem_goes() {
    for what in ["id", "date", "not-an-object"] {
        let workspace = Workspace::of(Tenant::generate(&Generate {
            days: 2,
            ..calls(20)
        }));
        workspace
            .tenant
            .set_quirk("bad-row", json!({"newest": 2, "what": what}));
        workspace.sync();
        assert!(workspace.problems() > 0, "{what}");
        workspace.tenant.clear_quirks();
        // Where a row without an id lies nobody knows: its problem goes when the whole lookback was read without it.
        workspace
            .database
            .sql("SELECT chorus_sync(lookback => '30 days')");
        workspace.assert_complete();
        assert_eq!(workspace.problems(), 0, "{what}");
    }
}

#[test]
fn rows_from_outside_the_window_are_not_taken() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        days: 60,
        utterances_per_call: 3,
        ..plan(300)
    }));
    workspace.tenant.set_quirk("outside-window", json!(3));
    workspace.sync();
    let since = workspace
        .database
        .value("SELECT window_from FROM chorus.runs");
    let expected = workspace
        .tenant
        .read(|tenant| truth::expected(tenant, since));
    assert!(expected.rows("calls").len() < 200);
    expected.assert_stored(&workspace.database.stored());
}

#[test]
fn a_meeting_to_come_arrives_when_its_time_has_come() {
    let workspace = Workspace::of(Tenant::generate(&calls(10)));
    workspace.tenant.set_quirk("future-rows", json!(3));
    workspace.sync();
    let stored = || {
        workspace
            .database
            .value::<i64>("SELECT count(*) FROM chorus.calls WHERE source_call_id LIKE 'FUTURE%'")
    };
    assert_eq!(stored(), 0);
    workspace.set_clock("36 hours");
    workspace.sync();
    assert_eq!(stored(), 1);
}
