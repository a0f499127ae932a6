//! Calls that vanish from Chorus: removed when they are gone for certain, held back when it is the key that lost its
//! view, fetched again when they return.

use chorus_tests::fake_chorus::{Generate, Tenant};
use chorus_tests::{SOON, Workspace, expect_error, plan, wait_until};
use serde_json::{Value, json};

const LIST: &str = "/v3/engagements";
const DETAIL: &str = "/api/v1/conversations/{id}";

/// Thirty calls of the last two days, all of them in every incremental window.
fn recent(calls: usize) -> Workspace<'static> {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        days: 2,
        only_calls: true,
        ..plan(calls)
    }));
    workspace.sync();
    workspace.tenant.forget_requests();
    workspace
}

fn removed(workspace: &Workspace) -> i64 {
    workspace
        .database
        .value("SELECT count(*) FROM chorus.calls WHERE removed_at IS NOT NULL")
}

fn told(workspace: &Workspace) -> (Option<String>, Option<String>) {
    let row = workspace
        .database
        .connect()
        .query_one("SELECT problem, hint FROM chorus_status()", &[])
        .unwrap();
    (row.get(0), row.get(1))
}

#[test]
fn a_deleted_call_is_removed_with_all_that_was_said() {
    let workspace = recent(30);
    let gone = workspace.newest(4);
    let id = gone.engagement_id.as_str();
    let words = gone.utterances[0].text.clone();
    workspace.tenant.edit(|tenant| drop(tenant.remove_call(id)));
    let ran = workspace.sync();
    assert_eq!((ran.calls_removed, ran.problem), (1, None));
    let row: Value = workspace.database.value(&format!(
        "SELECT jsonb_build_array(c.removed_at IS NOT NULL, c.title, c.summary, c.action_items, c.source_data, t.state, t.utterance_count,
                                  (SELECT count(*) FROM chorus.utterances u WHERE u.call_id = c.call_id),
                                  (SELECT count(*) FROM chorus.meetings m WHERE m.main_call_id = c.call_id))
           FROM chorus.calls c JOIN chorus.transcripts t USING (call_id) WHERE c.source_call_id = '{id}'"
    ));
    assert_eq!(
        row,
        json!([true, gone.subject, null, [], {}, "unavailable", 0, 0, 0])
    );
    let left = workspace.database.row_versions();
    let said = left
        .iter()
        .filter(|row| row.contains(id) && row.contains(words.as_str()));
    assert_eq!(said.count(), 0);

    // And that is that: no further run asks for it.
    workspace.tenant.forget_requests();
    workspace.sync();
    assert_eq!(workspace.tenant.request_count(DETAIL), 0);
    assert_eq!(workspace.tenant.request_count(LIST), 1);
}

#[test]
fn a_removed_call_that_returns_is_fetched_again() {
    let workspace = recent(30);
    let id = workspace.newest(7).engagement_id;
    workspace.tenant.set_quirk("vanish", json!([&id]));
    assert_eq!(workspace.sync().calls_removed, 1);
    workspace.tenant.clear_quirks();
    let ran = workspace.sync();
    assert_eq!((ran.calls_added, ran.transcripts_added), (0, 1));
    workspace.assert_complete();
}

#[test]
fn an_unrecorded_call_that_is_gone_is_removed_without_asking_for_a_detail() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        days: 2,
        ..plan(60)
    }));
    workspace.sync();
    workspace.tenant.forget_requests();
    let unrecorded: String = workspace.database.value(
        "SELECT c.source_call_id FROM chorus.calls c JOIN chorus.transcripts t USING (call_id)
          WHERE t.state = 'not_recorded' LIMIT 1",
    );
    workspace
        .tenant
        .edit(|tenant| drop(tenant.remove_call(&unrecorded)));
    assert_eq!(workspace.sync().calls_removed, 1);
    assert_eq!(workspace.tenant.request_count(DETAIL), 0);
}

#[test]
fn a_call_that_turned_private_and_is_listed_no_more_keeps_no_words() {
    let workspace = recent(30);
    let id = workspace.newest(2).engagement_id;
    workspace
        .tenant
        .set_quirk("private-rows", json!({"ids": [&id], "how": "left-out"}));
    workspace.sync();
    let said: i64 = workspace.database.value(&format!(
        "SELECT count(*) FROM chorus.utterances JOIN chorus.calls c USING (call_id) WHERE c.source_call_id = '{id}'"
    ));
    assert_eq!(said, 0);
}

#[test]
fn a_call_that_moved_out_of_the_window_is_found_by_its_id() {
    let workspace = recent(30);
    let moved = workspace.newest(3);
    workspace.edit_call(&moved, |call| call.date_time -= 10.0 * 86_400.0);
    let ran = workspace.sync();
    assert_eq!((ran.calls_removed, ran.calls_updated), (0, 1));
    workspace.assert_complete();
}

#[test]
fn a_row_that_cannot_be_read_is_still_listed() {
    let workspace = recent(30);
    let bad = workspace.newest(3).engagement_id;
    workspace
        .tenant
        .set_quirk("bad-row", json!({"ids": [&bad], "what": "date"}));
    assert_eq!(workspace.sync().calls_removed, 0);
    assert_eq!(removed(&workspace), 0);
    workspace.tenant.clear_quirks();
    workspace.sync();
    workspace.assert_complete();
}

#[test]
fn what_a_key_that_lost_its_view_does_not_see_is_held_back() {
    let workspace = recent(40);
    workspace.tenant.set_quirk("vanish", json!({"share": 0.5}));
    for _ in 0..2 {
        let ran = workspace.sync();
        assert_eq!(ran.calls_removed, 0);
        let problem = ran.problem.expect("a problem");
        assert!(problem.contains("not listed any more"), "{problem}");
    }
    let (problem, hint) = told(&workspace);
    assert!(problem.unwrap().contains("lost its view"));
    assert!(hint.unwrap().contains("chorus_accept_removals"));
    assert_eq!(removed(&workspace), 0);
    let visible: i64 = workspace
        .database
        .value("SELECT count(*) FROM chorus.meetings");
    assert_eq!(visible, 40);
    // The guard looks at listings before any detail is read.
    assert_eq!(workspace.tenant.request_count(DETAIL), 0);

    // The key is mended: everything is as it was.
    workspace.tenant.clear_quirks();
    assert_eq!(workspace.sync().problem, None);
    assert_eq!(told(&workspace), (None, None));
    workspace.assert_complete();
}

#[test]
fn removals_that_a_person_accepts_are_made_at_once() {
    let workspace = recent(40);
    let calls: i64 = workspace
        .database
        .value("SELECT count(*) FROM chorus.calls");
    assert_eq!(calls, 40);
    workspace.tenant.set_quirk("vanish", json!(true));
    workspace.sync();
    assert_eq!(removed(&workspace), 0);
    let accepted: i64 = workspace.database.value("SELECT chorus_accept_removals()");
    assert_eq!((accepted, removed(&workspace)), (40, 40));
    assert_eq!(told(&workspace), (None, None));
    let again: i64 = workspace.database.value("SELECT chorus_accept_removals()");
    assert_eq!(again, 0);
    // What returns is fetched again.
    workspace.tenant.clear_quirks();
    workspace.sync();
    workspace.assert_complete();
    let unknown = workspace
        .database
        .connect()
        .batch_execute("SELECT chorus_accept_removals('nowhere')");
    assert!(expect_error(unknown, "42704").hint().is_some());
}

#[test]
fn the_only_call_of_a_narrow_window_is_judged_by_the_daily_listing() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        days: 20,
        only_calls: true,
        ..plan(30)
    }));
    workspace.sync();
    let recent: Vec<String> = workspace.database.value(
        "SELECT array_agg(source_call_id) FROM chorus.calls WHERE started_at > now() - interval '3 days'",
    );
    assert!(recent.len() <= 3 || recent.len() * 10 <= 300, "{recent:?}");
    // All of the overlap: nobody can tell a lost view from a clean-up.
    let few = &recent[..recent.len().min(3)];
    workspace.tenant.edit(|tenant| {
        for id in &recent {
            if few.contains(id) {
                tenant.remove_call(id);
            }
        }
    });
    workspace.sync();
    workspace.set_clock("1 day");
    workspace.sync();
    assert_eq!(removed(&workspace), few.len() as i64);
    assert_eq!(told(&workspace), (None, None));
}

#[test]
fn a_gap_in_the_list_removes_nothing() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        days: 2,
        only_calls: true,
        utterances_per_call: 3,
        ..plan(150)
    }));
    workspace.sync();
    workspace.tenant.set_quirk("bad-page", json!({"page": 2}));
    drop(workspace.try_sync());
    assert_eq!(removed(&workspace), 0);
    workspace.tenant.clear_quirks();
    workspace.sync();
    workspace.assert_complete();
}

fn held(workspace: &Workspace) -> i64 {
    workspace
        .database
        .value("SELECT count(*) FROM chorus.calls WHERE missing_since IS NOT NULL")
}

/// Sixty calls of four weeks, half of which the key does not see since a moment ago.
fn half_out_of_sight() -> Workspace<'static> {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        days: 28,
        only_calls: true,
        utterances_per_call: 3,
        ..plan(60)
    }));
    workspace.sync();
    workspace.tenant.set_quirk("vanish", json!({"share": 0.5}));
    workspace.set_clock("25 hours");
    workspace.sync();
    assert_eq!(held(&workspace), 30);
    workspace
}

#[test]
fn what_is_held_back_waits_for_a_person_however_old_it_grows() {
    let workspace = half_out_of_sight();
    // Day by day fewer of them lie in the lookback, until they would be few enough to be believed.
    for days in [10, 21, 24, 27, 40] {
        workspace.set_clock(&format!("{days} days"));
        workspace.sync();
        assert_eq!((removed(&workspace), held(&workspace)), (0, 30), "{days}");
    }
    // Nor does a listing by hand decide that sees only some of them.
    workspace.set_clock("27 days");
    workspace.database.sql("SELECT chorus_sync('30 days')");
    assert_eq!((removed(&workspace), held(&workspace)), (0, 30));
    workspace.database.sql("SELECT chorus_accept_removals()");
    workspace.set_clock("42 days");
    workspace.sync();
    assert_eq!((removed(&workspace), told(&workspace)), (30, (None, None)));
}

#[test]
fn what_was_held_back_is_found_though_it_grew_older_than_the_lookback() {
    let workspace = half_out_of_sight();
    workspace.set_clock("20 days");
    workspace.tenant.clear_quirks();
    workspace.sync();
    assert_eq!((removed(&workspace), held(&workspace)), (0, 0));
    assert_eq!(told(&workspace), (None, None));
    workspace.assert_complete();
}

#[test]
fn calls_known_to_be_private_say_nothing_about_the_key() {
    let workspace = recent(30);
    let ids: Vec<String> = (0..5)
        .map(|n| workspace.newest(n * 3).engagement_id)
        .collect();
    workspace.tenant.set_quirk("vanish", json!(ids));
    workspace.database.sql(&format!(
        "UPDATE chorus.calls SET private = true WHERE source_call_id IN ('{}')",
        ids.join("', '")
    ));
    workspace.set_clock("25 hours");
    assert_eq!(workspace.sync().calls_removed, 5);
    assert_eq!((held(&workspace), told(&workspace)), (0, (None, None)));
}

#[test]
fn a_removal_that_is_accepted_while_a_run_reads_the_same_calls_stays() {
    let workspace = recent(20);
    workspace.tenant.set_quirk("vanish", json!(true));
    workspace.sync();
    assert_eq!(held(&workspace), 20);
    // Their details are read again, and the answers are under way when a person decides. What they say is the old words
    // under new names.
    workspace.tenant.clear_quirks();
    workspace.tenant.set_quirk("edited", json!(true));
    workspace
        .tenant
        .set_quirk("fail", json!({"route": LIST, "status": 500}));
    workspace
        .tenant
        .set_quirk("hang", json!({"route": DETAIL, "seconds": 600}));
    workspace
        .database
        .sql("SELECT chorus_retry(call_id) FROM chorus.calls");
    workspace.tenant.forget_requests();
    let run_id = workspace.sync_in_background();
    wait_until("details are asked for", SOON, || {
        (workspace.tenant.request_count(DETAIL) > 0 && workspace.tenant.requests_in_flight() > 0)
            .then_some(())
    });
    let accepted: i64 = workspace.database.value("SELECT chorus_accept_removals()");
    assert_eq!(accepted, 20);
    workspace.tenant.clear_quirk("hang");
    wait_until("the run ends", SOON, || {
        let state: String = workspace.database.value(&format!(
            "SELECT state FROM chorus.runs WHERE run_id = {run_id}"
        ));
        (state == "failed").then_some(())
    });
    let kept: i64 = workspace.database.value(
        "SELECT count(*) FROM chorus.calls c JOIN chorus.transcripts t USING (call_id)
          WHERE c.removed_at IS NULL OR t.state <> 'unavailable' OR t.detail_fingerprint IS NOT NULL",
    );
    assert_eq!(kept, 0);
    // They are there, so the next listing brings them back with all their words.
    workspace.tenant.clear_quirk("fail");
    workspace.sync();
    let said: bool = workspace.database.value(
        "SELECT bool_and(c.removed_at IS NULL AND t.state = 'ready' AND EXISTS (
                    SELECT 1 FROM chorus.utterances u WHERE u.call_id = c.call_id))
           FROM chorus.calls c JOIN chorus.transcripts t USING (call_id)",
    );
    assert!(said);
}
