//! Transcripts that lag, are made again, expire or turn private.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use chorus_tests::fake_chorus::{Call, Generate, Tenant};
use chorus_tests::{Workspace, plan};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

const DETAIL: &str = "/api/v1/conversations/{id}";

#[test]
fn a_transcript_is_replaced_in_one_moment() {
    let workspace = Workspace::synced(10);
    let call = workspace.newest(0);
    let say = |word: &str| {
        let word = word.to_owned();
        move |call: &mut Call| {
            let said = call.utterances[0].clone();
            call.subject = format!("All {word}");
            call.utterances = (0..4000).map(|_| said.clone()).collect();
            for (index, said) in call.utterances.iter_mut().enumerate() {
                said.index = index as i64;
                said.start_s = index as f64;
                said.text = word.clone();
            }
        }
    };
    workspace.edit_call(&call, say("before"));
    workspace.sync();

    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut session = workspace.database.connect();
            let mut seen = Vec::new();
            // One more look follows the end of the run.
            loop {
                let last = done.load(Ordering::SeqCst);
                let row = session
                    .query_one(
                        "SELECT string_agg(DISTINCT u.text, ' '), count(*), min(c.title), min(t.utterance_count)::bigint
                           FROM chorus.calls c JOIN chorus.utterances u USING (call_id) JOIN chorus.transcripts t USING (call_id)
                          WHERE c.source_call_id = $1",
                        &[&call.engagement_id],
                    )
                    .unwrap();
                let (said, lines, counted): (String, i64, i64) = (row.get(0), row.get(1), row.get(3));
                assert!(said == "before" || said == "after", "a mix: {said}");
                assert_eq!((lines, counted), (4000, 4000), "not all of {said}");
                if seen.last() != Some(&said) {
                    seen.push(said);
                }
                if last {
                    return seen;
                }
            }
        });
        workspace.edit_call(&call, say("after"));
        let ran = workspace.sync();
        assert_eq!(ran.utterances_added, 4000);
        done.store(true, Ordering::SeqCst);
        assert_eq!(reader.join().unwrap(), ["before", "after"]);
    });
    workspace.assert_complete();
}

#[test]
fn a_call_that_was_being_processed_arrives_when_it_is_done() {
    let workspace = Workspace::generated(20);
    workspace
        .tenant
        .set_quirk("processing", json!({"newest": 4}));
    let ran = workspace.sync();
    let waiting: i64 = workspace
        .database
        .value("SELECT count(*) FROM chorus.transcripts WHERE state = 'processing' AND next_attempt_at IS NOT NULL");
    assert!(waiting > 0);
    assert_eq!(ran.transcripts_pending, waiting);
    workspace.tenant.clear_quirks();
    let ran = workspace.sync();
    assert_eq!(
        (ran.transcripts_added, ran.transcripts_pending),
        (waiting, 0)
    );
    workspace.assert_complete();
}

#[test]
fn what_the_list_calls_done_too_early_is_asked_for_again_with_growing_delays() {
    for answer in ["200", "404"] {
        let workspace = Workspace::of(Tenant::generate(&Generate {
            only_calls: true,
            ..plan(6)
        }));
        workspace.tenant.set_quirk(
            "processing",
            json!({"newest": 1, "reads": 3, "answer": answer}),
        );
        workspace.sync();
        let asked = || workspace.tenant.request_count(DETAIL);
        assert_eq!(asked(), 6);
        // Delays are one, two and four minutes, an eighth more or less.
        for (clock, requests) in [
            ("0 s", 6),
            ("40 s", 6),
            ("80 s", 7),
            ("90 s", 7),
            ("5 min", 8),
            ("6 min", 8),
        ] {
            workspace.set_clock(clock);
            let ran = workspace.sync();
            assert_eq!(asked(), requests, "at {clock}");
            assert_eq!(ran.transcripts_pending, 1, "at {clock}");
        }
        workspace.set_clock("15 min");
        let ran = workspace.sync();
        assert_eq!((ran.transcripts_added, ran.transcripts_pending), (1, 0));
        workspace.assert_complete();
    }
}

#[test]
fn a_no_show_that_was_recorded_after_all_gets_its_transcript() {
    let workspace = Workspace::generated(20);
    let recorded = workspace.newest(0);
    workspace.edit_call(&recorded, |call| {
        call.engagement_type = "meeting".into();
        call.no_show = true;
        call.utterances.clear();
        call.trackers.clear();
        call.metrics.clear();
    });
    workspace.sync();
    workspace.assert_complete();
    workspace.edit_call(&recorded, |call| {
        *call = Call {
            engagement_type: "meeting".into(),
            ..recorded.clone()
        }
    });
    workspace.sync();
    workspace.assert_complete();
}

#[test]
fn text_that_expired_in_chorus_stays_here() {
    let workspace = Workspace::synced(12);
    let before = workspace.expected();
    let kept = workspace.newest(0);
    workspace.tenant.set_quirk("expired", json!(true));
    workspace.edit_call(&kept, |call| call.subject = "Expired".into());
    let ran = workspace.sync();
    assert_eq!(ran.calls_updated, 1);
    assert_eq!(workspace.tenant.request_count(DETAIL), 1);
    let stored = workspace.database.stored();
    assert_eq!(
        stored.rows("utterances").len(),
        before.rows("utterances").len()
    );
    workspace.assert_complete();
}

#[test]
fn what_was_said_in_a_call_goes_when_it_turns_private() {
    let workspace = Workspace::synced(12);
    let hidden = workspace.newest(0);
    let id = &hidden.engagement_id;
    workspace
        .tenant
        .set_quirk("private-rows", json!({"ids": [id], "how": "listed"}));
    workspace.edit_call(&hidden, |call| call.subject = "Turned private".into());
    workspace.sync();
    let row: serde_json::Value = workspace.database.value(&format!(
        "SELECT jsonb_build_array(c.private, t.state, t.utterance_count, c.summary, c.action_items,
                                  (SELECT count(*) FROM chorus.utterances u WHERE u.call_id = c.call_id))
           FROM chorus.calls c JOIN chorus.transcripts t USING (call_id) WHERE c.source_call_id = '{id}'"
    ));
    assert_eq!(row, json!([true, "unavailable", 0, null, [], 0]));
    let words = &hidden.utterances[0].text;
    assert!(words.len() > 10);
    let left = workspace.database.row_versions();
    let said: Vec<_> = left
        .iter()
        .filter(|row| row.contains(id.as_str()) && row.contains(words.as_str()))
        .collect();
    assert!(said.is_empty(), "{said:?}");
}

#[test]
fn a_call_that_is_listed_and_not_found_waits_and_keeps_no_other_from_arriving() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        only_calls: true,
        ..plan(12)
    }));
    let missing = workspace.newest(0).engagement_id;
    workspace.tenant.set_quirk("not-found", json!([&missing]));
    let ran = workspace.sync();
    assert_eq!(ran.transcripts_pending, 1);
    let state: String = workspace.database.value(&format!(
        "SELECT t.state FROM chorus.transcripts t JOIN chorus.calls c USING (call_id) WHERE c.source_call_id = '{missing}'"
    ));
    assert_eq!(state, "processing");
    let (mut expected, mut stored) = (workspace.expected(), workspace.database.stored());
    for contents in [&mut expected, &mut stored] {
        for table in [
            "calls",
            "participants",
            "transcripts",
            "utterances",
            "call_trackers",
            "tracker_mentions",
            "call_metrics",
            "trackers",
            "view meetings",
            "view transcript_lines",
            "view topics",
            "chorus_transcript()",
        ] {
            contents.retain(table, |row| {
                table != "trackers" && row["call"] != json!(missing)
            });
        }
    }
    expected.assert_stored(&stored);
    workspace.database.assert_sound();

    workspace.tenant.clear_quirks();
    workspace.set_clock("2 min");
    workspace.sync();
    workspace.assert_complete();
}

#[test]
fn text_that_had_expired_before_the_first_sync_leaves_no_empty_lines() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        only_calls: true,
        ..plan(6)
    }));
    workspace.tenant.set_quirk("expired", json!(true));
    workspace.sync();
    let states: Vec<String> = workspace.database.value(
        "SELECT array_agg(DISTINCT state || ' ' || utterance_count) FROM chorus.transcripts",
    );
    assert_eq!(states, ["empty 0"]);
    workspace.database.assert_sound();
}

#[test]
fn many_unreadable_calls_keep_no_other_from_arriving() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        only_calls: true,
        ..plan(60)
    }));
    let bad: Vec<String> = (0..20).map(|n| workspace.newest(n).engagement_id).collect();
    for id in &bad {
        workspace.tenant.set_quirk(
            "fail",
            json!({"route": format!("/api/v1/conversations/{id}"), "status": 500}),
        );
    }
    workspace.sync();
    let ready: i64 = workspace
        .database
        .value("SELECT count(*) FROM chorus.transcripts WHERE state = 'ready'");
    assert_eq!(ready, 40);
}

/// State, attempts and problem of a call's transcript.
fn how_far(workspace: &Workspace, id: &str) -> Value {
    workspace.database.value(&format!(
        "SELECT jsonb_build_array(t.state, t.attempts, t.problem) FROM chorus.transcripts t JOIN chorus.calls c USING (call_id)
          WHERE c.source_call_id = '{id}'"
    ))
}

fn retry(workspace: &Workspace, id: &str) {
    workspace.database.sql(&format!(
        "SELECT chorus_retry(call_id) FROM chorus.calls WHERE source_call_id = '{id}'"
    ));
    workspace.sync();
}

#[test]
fn why_a_read_failed_is_forgotten_when_the_next_one_succeeds() {
    let workspace = Workspace::synced(6);
    let id = workspace.newest(2).engagement_id;
    workspace.tenant.set_quirk("not-found", json!([&id]));
    retry(&workspace, &id);
    let missing = how_far(&workspace, &id);
    assert_eq!((&missing[0], &missing[1]), (&json!("ready"), &json!(1)));
    assert!(missing[2].as_str().unwrap().starts_with("not found"));
    workspace.tenant.clear_quirks();
    retry(&workspace, &id);
    assert_eq!(how_far(&workspace, &id), json!(["ready", 0, null]));
}

#[test]
fn one_failed_look_does_not_undo_that_a_call_was_found_empty() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        only_calls: true,
        until: Utc::now() - TimeDelta::days(20),
        days: 3,
        ..plan(6)
    }));
    let id = workspace.newest(2).engagement_id;
    workspace.tenant.set_quirk("no-transcript", json!([&id]));
    workspace.sync();
    assert_eq!(how_far(&workspace, &id), json!(["empty", 0, null]));
    workspace
        .tenant
        .set_quirk("fail", json!({"route": DETAIL, "status": 500, "times": 3}));
    retry(&workspace, &id);
    let failed = how_far(&workspace, &id);
    assert_eq!((&failed[0], &failed[1]), (&json!("empty"), &json!(1)));
    retry(&workspace, &id);
    assert_eq!(how_far(&workspace, &id), json!(["empty", 0, null]));
}

#[test]
fn a_call_that_turns_out_to_be_a_no_show_is_not_waited_for() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        only_calls: true,
        days: 2,
        ..plan(6)
    }));
    let call = workspace.newest(2);
    let id = call.engagement_id.as_str();
    workspace
        .tenant
        .set_quirk("processing", json!({"ids": [id], "utterances": "none"}));
    workspace.sync();
    assert_eq!(how_far(&workspace, id)[0], json!("processing"));
    workspace.tenant.clear_quirks();
    workspace.edit_call(&call, |call| {
        call.no_show = true;
        call.processing_state = "no show".into();
        call.utterances.clear();
    });
    workspace.sync();
    let now = how_far(&workspace, id);
    assert_eq!((&now[0], &now[2]), (&json!("not_recorded"), &json!(null)));
    let waiting: i64 = workspace
        .database
        .value("SELECT transcripts_waiting FROM chorus_status()");
    assert_eq!(waiting, 0);
}
