//! What the call list does not tell: late arrivals, edits that only details show, and when each is found.

use chorus_tests::fake_chorus::{Call, Generate, Tenant};
use chorus_tests::{Workspace, expect_error, plan};
use chrono::Utc;
use serde_json::{Value, json};

const LIST: &str = "/v3/engagements";
const DETAIL: &str = "/api/v1/conversations/{id}";
const HOUR_S: f64 = 3600.0;
const DAY_S: f64 = 24.0 * HOUR_S;

/// Adds a call that took place so long ago and appears only now.
fn arrives_late(workspace: &Workspace, id: &str, ago_s: f64) {
    let late = Call {
        engagement_id: format!("{id:0<32}"),
        date_time: (Utc::now().timestamp() as f64 - ago_s).floor(),
        ..workspace.newest(3)
    };
    workspace.tenant.edit(|tenant| tenant.add_call(late));
}

fn late_arrivals(workspace: &Workspace) -> Value {
    workspace.database.value(
        "SELECT coalesce(jsonb_agg(jsonb_build_array(source_call_id, round(extract(epoch FROM behind) / 86400), covered)
                                   ORDER BY started_at DESC), '[]') FROM chorus.late_arrivals",
    )
}

fn overlap_days(workspace: &Workspace) -> f64 {
    workspace
        .database
        .value("SELECT overlap_s / 86400 FROM chorus.connections")
}

#[test]
fn a_call_that_a_high_water_mark_would_have_lost_is_listed_as_late() {
    let workspace = Workspace::synced(20);
    assert_eq!(late_arrivals(&workspace), json!([]));
    arrives_late(&workspace, "LATE", 2.0 * DAY_S);
    // And one that is simply new.
    let new = Call {
        engagement_id: "NEW00000000000000000000000000000".into(),
        date_time: Utc::now().timestamp() as f64 - 1.0,
        ..workspace.newest(0)
    };
    workspace.tenant.edit(|tenant| tenant.add_call(new));
    workspace.sync();
    assert_eq!(
        late_arrivals(&workspace),
        json!([["LATE0000000000000000000000000000", 2, true]])
    );
    assert_eq!(overlap_days(&workspace), 3.0);
    workspace.assert_complete();
}

#[test]
fn a_call_that_comes_later_than_the_overlap_is_found_within_a_day_and_makes_it_grow() {
    let workspace = Workspace::synced(20);
    arrives_late(&workspace, "VERYLATE", 8.0 * DAY_S);
    workspace.sync();
    assert_eq!(late_arrivals(&workspace), json!([]));
    workspace.set_clock("1 day");
    workspace.sync();
    let late = json!([["VERYLATE000000000000000000000000", 8, true]]);
    assert_eq!(late_arrivals(&workspace), late);
    let overlap = overlap_days(&workspace);
    assert!((9.9..10.1).contains(&overlap), "{overlap}");
    // From now on such a call is found by the next run.
    arrives_late(&workspace, "ASLATE", 8.5 * DAY_S);
    assert_eq!(workspace.sync().calls_added, 1);
    workspace.assert_complete();
}

#[test]
fn calls_from_before_the_first_window_are_not_late() {
    let workspace = Workspace::synced(20);
    arrives_late(&workspace, "OLD", 40.0 * DAY_S);
    workspace.database.sql("SELECT chorus_sync('60 days')");
    let calls: i64 = workspace
        .database
        .value("SELECT count(*) FROM chorus.calls");
    assert_eq!(calls, 21);
    assert_eq!(late_arrivals(&workspace), json!([]));
}

#[test]
fn once_a_day_the_whole_lookback_is_listed() {
    let workspace = Workspace::synced(20);
    let window_days = || -> f64 {
        workspace.sync();
        workspace.database.value(
            "SELECT extract(epoch FROM window_to - window_from)::float8 / 86400 FROM chorus.runs ORDER BY run_id DESC LIMIT 1",
        )
    };
    assert_eq!(window_days().round(), 3.0);
    workspace.set_clock("25 hours");
    assert_eq!(window_days().round(), 30.0);
    assert_eq!(window_days().round(), 3.0);
    workspace.set_clock("49 hours");
    assert_eq!(window_days().round(), 30.0);
}

#[test]
fn details_are_read_again_at_the_ages_that_are_set_and_edits_found() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        calls: 8,
        days: 1,
        only_calls: true,
        until: Utc::now() - chrono::TimeDelta::hours(2),
        ..plan(8)
    }));
    workspace.set("detail_rereads", "3 days, 7 days");
    workspace.sync();
    workspace.tenant.set_quirk("edited", json!(true));
    let details = |clock: &str| {
        workspace.set_clock(clock);
        workspace.tenant.forget_requests();
        workspace.sync();
        workspace.tenant.request_count(DETAIL)
    };
    assert_eq!(details("1 day"), 0);
    assert_eq!(details("3 days 1 hour"), 8);
    let renamed: i64 = workspace
        .database
        .value("SELECT calls_updated FROM chorus.runs ORDER BY run_id DESC LIMIT 1");
    assert_eq!(renamed, 8);
    assert_eq!(details("5 days"), 0);
    assert_eq!(details("8 days"), 8);
    assert_eq!(details("29 days"), 0);
}

#[test]
fn a_reread_that_finds_nothing_new_writes_no_text() {
    let workspace = Workspace::synced(8);
    let before: Vec<String> = workspace.database.row_versions();
    workspace.set_clock("31 days");
    workspace.sync();
    assert!(workspace.tenant.request_count(DETAIL) >= 8);
    let utterances = |rows: &[String]| -> Vec<String> {
        rows.iter()
            .filter(|row| row.contains("\"start_s\""))
            .cloned()
            .collect()
    };
    assert_eq!(
        utterances(&before),
        utterances(&workspace.database.row_versions())
    );
    let updated: i64 = workspace
        .database
        .value("SELECT sum(calls_updated)::bigint FROM chorus.runs");
    assert_eq!(updated, 0);
}

#[test]
fn rereads_that_cannot_be_meant_are_refused() {
    let workspace = Workspace::synced(1);
    for wrong in [
        "yesterday",
        "1 second",
        "-1 day",
        "1 day; 2 days",
        "900 days",
    ] {
        let set = workspace.database.connect().batch_execute(&format!(
            "LOAD 'chorus_sync'; SET chorus_sync.detail_rereads = '{wrong}'"
        ));
        expect_error(set, "22023");
    }
    workspace.set("detail_rereads", "");
}

#[test]
fn a_call_out_of_reach_is_asked_for_again_with_the_daily_listing() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        only_calls: true,
        until: Utc::now() - chrono::TimeDelta::days(16),
        days: 3,
        ..plan(6)
    }));
    workspace.set("detail_rereads", "");
    let hidden = workspace.newest(2).engagement_id;
    workspace.tenant.set_quirk("not-found", json!([&hidden]));
    workspace.sync();
    let state = || -> String {
        workspace.database.value(&format!(
            "SELECT t.state FROM chorus.transcripts t JOIN chorus.calls c USING (call_id) WHERE c.source_call_id = '{hidden}'"
        ))
    };
    assert_eq!(state(), "unavailable");
    workspace.tenant.clear_quirks();
    workspace.sync();
    assert_eq!(state(), "unavailable");
    workspace.set_clock("1 day");
    workspace.sync();
    workspace.assert_complete();
}

#[test]
fn chorus_retry_asks_again_whatever_the_state() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        only_calls: true,
        until: Utc::now() - chrono::TimeDelta::days(16),
        days: 3,
        ..plan(6)
    }));
    let lost = workspace.newest(2).engagement_id;
    workspace.tenant.set_quirk("processing", json!([&lost]));
    workspace.sync();
    let (call_id, state): (i64, String) = {
        let row = workspace.database.connect().query_one(
            &format!("SELECT c.call_id, t.state FROM chorus.transcripts t JOIN chorus.calls c USING (call_id) WHERE c.source_call_id = '{lost}'"),
            &[],
        );
        let row = row.unwrap();
        (row.get(0), row.get(1))
    };
    assert_eq!(state, "failed");
    workspace.tenant.clear_quirks();
    workspace.tenant.forget_requests();
    workspace
        .database
        .sql(&format!("SELECT chorus_retry({call_id})"));
    workspace.sync();
    assert_eq!(workspace.tenant.request_count(DETAIL), 1);
    workspace.assert_complete();

    let mut session = workspace.database.connect();
    for unknown in ["4711", "NULL"] {
        let refused = session.batch_execute(&format!("SELECT chorus_retry({unknown})"));
        assert!(expect_error(refused, "42704").hint().is_some());
    }
    session
        .batch_execute("INSERT INTO chorus.calls (source, source_call_id) VALUES ('gong', 'g1')")
        .unwrap();
    let other = session
        .batch_execute("SELECT chorus_retry(call_id) FROM chorus.calls WHERE source = 'gong'");
    assert!(expect_error(other, "22023").hint().is_some());
}

#[test]
fn a_run_without_news_asks_little_and_writes_its_own_record_only() {
    let workspace = Workspace::synced(60);
    let written = || -> Value {
        workspace.database.value(
            "SELECT coalesce(jsonb_object_agg(relname, n_tup_ins + n_tup_upd + n_tup_del), '{}')
               FROM pg_stat_user_tables WHERE schemaname = 'chorus' AND relname NOT IN ('runs', 'connections')",
        )
    };
    // Statistics of a worker arrive when it ends, at the latest.
    workspace.sync();
    let before = written();
    assert_ne!(before["calls"], json!(0), "autovacuum would never see it");
    workspace.tenant.forget_requests();
    workspace.sync();
    assert_eq!(written(), before);
    let requests = workspace.tenant.requests().len();
    assert_eq!(
        requests, 5,
        "users/me, users, teams, a page of calls and one of scorecards"
    );
    assert_eq!(workspace.tenant.request_count(LIST), 1);
}

#[test]
fn the_record_of_runs_stays_small() {
    let workspace = Workspace::synced(6);
    let runs = || -> i64 { workspace.database.value("SELECT count(*) FROM chorus.runs") };
    for _ in 0..3 {
        workspace.sync();
    }
    assert_eq!(runs(), 4);
    // A day later, runs in which nothing happened are gone; the first one, which brought the calls, stays a month.
    workspace.set_clock("25 hours");
    workspace.sync();
    assert_eq!(runs(), 2, "the first and the present one");
    workspace.set_clock("32 days");
    workspace.sync();
    let kept: Vec<i64> = workspace
        .database
        .value("SELECT array_agg(run_id ORDER BY run_id) FROM chorus.runs");
    assert!(!kept.contains(&1), "{kept:?}");
}

#[test]
fn a_clock_that_was_wrong_for_a_moment_does_not_end_the_daily_listing() {
    let workspace = Workspace::synced(6);
    workspace.set_clock("400 days");
    workspace.sync();
    workspace.set_clock("0");
    workspace.sync();
    workspace.set_clock("2 days");
    arrives_late(&workspace, "LATE", 20.0 * DAY_S);
    assert_eq!(workspace.sync().calls_added, 1);
}

#[test]
fn where_every_run_lists_the_whole_what_is_out_of_reach_is_still_asked_for_once_a_day() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        only_calls: true,
        until: Utc::now() - chrono::TimeDelta::days(16),
        days: 3,
        ..plan(6)
    }));
    workspace.set("detail_rereads", "");
    let hidden = workspace.newest(2).engagement_id;
    workspace.tenant.set_quirk("not-found", json!([&hidden]));
    workspace.set("overlap", "31d");
    workspace.sync();
    workspace.tenant.forget_requests();
    for _ in 0..2 {
        assert_eq!(workspace.sync().calls_listed, 6);
    }
    assert_eq!(workspace.tenant.request_count(DETAIL), 0);
    workspace.set_clock("24 hours");
    workspace.sync();
    workspace.sync();
    assert_eq!(workspace.tenant.request_count(DETAIL), 1);
}
