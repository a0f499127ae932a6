//! What changes in Chorus after it was pulled changes in the tables, and nothing else does.

use chorus_tests::fake_chorus::{Call, Generate, Tenant};
use chorus_tests::{Workspace, plan};
use chrono::Utc;
use serde_json::json;

const DETAIL: &str = "/api/v1/conversations/{id}";
const HOUR_S: f64 = 3600.0;

#[test]
fn a_changed_row_is_updated_and_its_detail_read_again() {
    let workspace = Workspace::synced(20);
    let renamed = workspace.newest(0);
    workspace.edit_call(&renamed, |call| call.subject = "Renamed".into());
    let ran = workspace.sync();
    assert_eq!(
        (ran.calls_added, ran.calls_updated, ran.transcripts_added),
        (0, 1, 0)
    );
    assert_eq!(workspace.tenant.request_count(DETAIL), 1);
    workspace.assert_complete();
}

#[test]
fn an_account_that_is_matched_later_arrives() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        days: 2,
        ..plan(20)
    }));
    workspace
        .tenant
        .set_quirk("placeholder-account", json!(true));
    workspace.sync();
    let unmatched: i64 = workspace
        .database
        .value("SELECT count(*) FROM chorus.calls WHERE account_id IS NULL");
    assert!(unmatched > 0);
    workspace.tenant.clear_quirks();
    workspace.sync();
    workspace.assert_complete();
}

#[test]
fn a_call_that_appears_behind_the_newest_ones_arrives() {
    let workspace = Workspace::synced(20);
    let late = Call {
        engagement_id: "LATE0000000000000000000000000000".into(),
        date_time: Utc::now().timestamp() as f64 - 48.0 * HOUR_S,
        ..workspace.newest(3)
    };
    workspace.tenant.edit(|tenant| tenant.add_call(late));
    let ran = workspace.sync();
    assert_eq!((ran.calls_added, ran.transcripts_added), (1, 1));
    workspace.assert_complete();
}

#[test]
fn a_list_that_moves_while_it_is_read_is_complete_after_the_next_run() {
    for what in ["row-added", "row-removed", "seen-twice", "never-seen"] {
        let workspace = Workspace::of(Tenant::generate(&Generate {
            utterances_per_call: 3,
            ..plan(230)
        }));
        workspace.tenant.set_quirk("while-paging", json!(what));
        workspace.sync();
        workspace.tenant.clear_quirks();
        workspace.sync();
        let difference = workspace
            .expected()
            .difference(&workspace.database.stored());
        assert_eq!(difference, None, "{what}");
        workspace.database.assert_sound();
    }
}

#[test]
fn a_corrected_time_moves_the_call_and_doubles_nothing() {
    let workspace = Workspace::synced(20);
    let moved = workspace.newest(1);
    workspace.edit_call(&moved, |call| call.date_time -= 5.0 * HOUR_S);
    workspace.sync();
    workspace.assert_complete();
}
