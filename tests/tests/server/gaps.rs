//! A page of the call list that stays unreadable costs what is in it and nothing else, and only as long as it stays so.

use chorus_tests::fake_chorus::{Generate, Tenant};
use chorus_tests::{Workspace, expect_error, plan};
use serde_json::json;

fn tenant() -> Tenant {
    Tenant::generate(&Generate {
        only_calls: true,
        ..plan(250)
    })
}

fn problems(workspace: &Workspace) -> Vec<String> {
    workspace
        .database
        .connect()
        .query("SELECT problem FROM chorus.problems ORDER BY 1", &[])
        .expect("problems")
        .iter()
        .map(|row| row.get(0))
        .collect()
}

#[test]
fn a_page_that_stays_unreadable_costs_one_call_and_the_next_run_gets_it() {
    for how in ["json", "missing-array"] {
        let workspace = Workspace::of(tenant());
        workspace
            .tenant
            .set_quirk("bad-page", json!({"page": 2, "how": how}));
        let error = expect_error(workspace.try_sync(), "08P01");
        assert!(
            error
                .message()
                .starts_with("Unexpected answer from Chorus: calls could not be listed from"),
            "{how}: {error}"
        );
        assert!(error.hint().is_some_and(|hint| !hint.is_empty()));
        let stored: i64 = workspace
            .database
            .value("SELECT count(*) FROM chorus.calls");
        let heard: i64 = workspace
            .database
            .value("SELECT count(*) FROM chorus.transcripts WHERE state = 'ready'");
        assert_eq!((stored, heard), (249, 249), "{how}");
        let noted = problems(&workspace);
        assert_eq!(noted.len(), 1, "{how}: {noted:?}");
        assert!(noted[0].starts_with("calls could not be listed from"));

        // As long as it stays, so does the problem, once.
        expect_error(workspace.try_sync(), "08P01");
        assert_eq!(problems(&workspace).len(), 1, "{how}");

        workspace.tenant.clear_quirks();
        let ran = workspace.sync();
        assert_eq!((ran.calls_added, ran.transcripts_added), (1, 1), "{how}");
        assert_eq!(problems(&workspace), [""; 0], "{how}");
        workspace.assert_complete();
    }
}

#[test]
fn a_fault_that_goes_away_while_it_is_searched_leaves_no_gap() {
    let workspace = Workspace::of(tenant());
    // More often than one request is tried, and then no more.
    workspace.tenant.set_quirk(
        "missing-array",
        json!({"route": "/v3/engagements", "times": 2}),
    );
    workspace.sync();
    assert_eq!(problems(&workspace), [""; 0]);
    workspace.assert_complete();
}

#[test]
fn a_list_that_cannot_be_read_at_all_fails_the_run_and_records_no_gap() {
    let workspace = Workspace::of(tenant());
    workspace
        .tenant
        .set_quirk("missing-array", json!({"route": "/v3/engagements"}));
    let error = expect_error(workspace.try_sync(), "08P01");
    assert!(!error.message().contains("could not be listed"), "{error}");
    assert_eq!(problems(&workspace), [""; 0]);
    workspace.tenant.clear_quirks();
    workspace.sync();
    workspace.assert_complete();
}

#[test]
fn a_gap_that_the_overlap_does_not_reach_is_tried_again_by_the_next_run_too() {
    let workspace = Workspace::of(tenant());
    workspace.sync();
    workspace.tenant.set_quirk("bad-page", json!({"page": 3}));
    workspace.set_clock("25 hours");
    for _ in 0..2 {
        expect_error(workspace.try_sync(), "08P01");
        assert_eq!(problems(&workspace).len(), 1);
    }
    // A listing by hand that does not reach the gap does not mend it.
    workspace.database.sql("SELECT chorus_sync('2 days')");
    assert_eq!(problems(&workspace).len(), 1);
    workspace.tenant.clear_quirks();
    workspace.sync();
    assert_eq!(problems(&workspace).len(), 0);
    workspace.assert_complete();
}
