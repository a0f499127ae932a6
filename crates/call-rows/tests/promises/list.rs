//! Rows of the call list.

use crate::copy_format::{bool, column, float8, int8, jsonb, text, texts, time_us};
use crate::samples::{engagement, listed};
use call_rows::{LISTED_CALLS, LISTED_TRANSCRIPTS, ListedCall, Rows};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

fn now() -> DateTime<Utc> {
    "2025-06-03T00:00:00Z".parse().unwrap()
}

fn call_row(call: &ListedCall) -> Rows {
    let mut rows = Rows::new(&LISTED_CALLS);
    call.add_call(&mut rows, 7, 3, Some(5), None, now());
    rows
}

fn transcript(call: &ListedCall) -> (String, Option<i64>) {
    let mut rows = Rows::new(&LISTED_TRANSCRIPTS);
    call.add_transcript(&mut rows, 7, now());
    assert_eq!(
        column(&rows, "list_fingerprint", int8),
        [Some(call.fingerprint)]
    );
    let state = column(&rows, "state", text).remove(0).unwrap();
    (state, column(&rows, "next_attempt_at", time_us)[0])
}

#[test]
fn mails_and_content_are_no_calls() {
    for kind in ["email", "content_viewed", "EMAIL"] {
        assert!(
            listed(&json!({"engagement_type": kind})).is_none(),
            "{kind}"
        );
    }
    for kind in ["meeting", "dialer", "unrecorded_meeting", "hologram"] {
        let call = listed(&json!({"engagement_type": kind})).unwrap();
        assert_eq!(call.call_type, kind);
    }
    assert_eq!(listed(&json!({})).unwrap().call_type, "unknown");
}

#[test]
fn the_detail_of_a_recorded_call_is_due_at_once_and_of_others_never() {
    let due = now().timestamp_micros() - 946_684_800_000_000;
    for (row, expected) in [
        (
            json!({"engagement_type": "meeting"}),
            ("pending".to_owned(), Some(due)),
        ),
        (
            json!({"engagement_type": "hologram", "processing_state": "marinating"}),
            ("pending".to_owned(), Some(due)),
        ),
        (
            json!({"engagement_type": "dialer", "no_show": true}),
            ("not_recorded".to_owned(), None),
        ),
        (
            json!({"engagement_type": "unrecorded_meeting"}),
            ("not_recorded".to_owned(), None),
        ),
    ] {
        assert_eq!(transcript(&listed(&row).unwrap()), expected, "{row}");
    }
}

#[test]
fn a_row_fills_every_column_that_the_list_knows() {
    let call = listed(&json!({
        "engagement_id": "A3F0", "engagement_type": "meeting", "date_time": 1748876464.25, "duration": 2715.42, "subject": " Review ",
        "account_id": "0014X00002AbCdEQAV", "account_name": "Larkspur Foods", "opportunity_id": "0064X", "opportunity_name": "Renewal",
        "language": "en", "no_show": false, "processing_state": "Done", "url": "https://chorus.ai/meeting/A3F0",
        "user_id": 301, "user_name": "Rae Rep", "user_email": "Rae@Seller.example", "compliance": "compliant", "initiator": null,
        "meeting_summary": "Reviewed the rollout.<br>Asked for SSO &amp; audit logs.", "action_items": ["Send the SSO guide", "", null]})).unwrap();
    let rows = call_row(&call);
    let words = |name| column(&rows, name, text).remove(0);
    for (name, value) in [
        ("source", "chorus"),
        ("source_call_id", "A3F0"),
        ("call_type", "meeting"),
        ("title", "Review"),
        ("host_email", "rae@seller.example"),
        ("account_id", "0014X00002AbCdEQAV"),
        ("account_name", "Larkspur Foods"),
        ("opportunity_id", "0064X"),
        ("opportunity_name", "Renewal"),
        ("language", "en"),
        ("url", "https://chorus.ai/meeting/A3F0"),
        ("processing_state", "done"),
        (
            "summary",
            "Reviewed the rollout.\nAsked for SSO & audit logs.",
        ),
    ] {
        assert_eq!(words(name).as_deref(), Some(value), "{name}");
    }
    for (name, value) in [
        ("call_id", 7),
        ("connection_id", 3),
        ("owner_user_id", 301),
        ("meeting_id", 7),
    ] {
        assert_eq!(column(&rows, name, int8), [Some(value)], "{name}");
    }
    assert_eq!(column(&rows, "duration_s", float8), [Some(2715.42)]);
    assert_eq!(column(&rows, "no_show", bool), [Some(false)]);
    assert_eq!(
        column(&rows, "started_at", time_us),
        [Some(802_191_664_250_000)]
    );
    assert_eq!(
        column(&rows, "first_seen_at", time_us),
        column(&rows, "updated_at", time_us)
    );
    assert_eq!(
        column(&rows, "action_items", texts),
        [Some(vec!["Send the SSO guide".to_owned()])]
    );
    let rest = column(&rows, "source_data", jsonb).remove(0).unwrap();
    assert_eq!(
        rest,
        json!({"engagement": {"compliance": "compliant", "user_name": "Rae Rep", "participants": []}})
    );
}

#[test]
fn the_placeholder_of_an_unmatched_account_has_a_name_and_no_id() {
    for id in [json!(""), json!("  "), Value::Null] {
        let call = listed(&json!({"account_id": id, "account_name": "Rae Rep Meetings"})).unwrap();
        assert_eq!(
            (call.account_id.as_deref(), call.account_name.as_deref()),
            (None, Some("Rae Rep Meetings"))
        );
    }
}

#[test]
fn a_row_of_nothing_but_id_and_time_is_a_row() {
    let call = listed(&json!({})).unwrap();
    let rows = call_row(&call);
    for name in [
        "title",
        "host_email",
        "account_id",
        "opportunity_id",
        "language",
        "url",
        "processing_state",
        "summary",
    ] {
        assert_eq!(column(&rows, name, text), [None], "{name}");
    }
    assert_eq!(column(&rows, "duration_s", float8), [None]);
    assert_eq!(column(&rows, "owner_user_id", int8), [None]);
    assert_eq!(column(&rows, "action_items", texts), [Some(Vec::new())]);
}

#[test]
fn times_before_2000_and_far_ahead_are_times() {
    for (date_time, micros) in [
        (json!(0), -946_684_800_000_000),
        (json!("2199-12-31T23:59:59.5Z"), 6_311_433_599_500_000),
    ] {
        let rows = call_row(&listed(&json!({"date_time": date_time})).unwrap());
        assert_eq!(column(&rows, "started_at", time_us), [Some(micros)]);
    }
}

#[test]
fn what_the_list_said_of_people_is_kept_for_the_detail() {
    let people = json!([{"person_id": 1, "user_id": 301, "name": "Rae", "email": "Rae@seller.example", "title": "CSM",
        "company_name": "Seller", "type": "rep"}, {"person_id": 2, "name": " ", "picture": "https://x"}]);
    let call = listed(&json!({"participants": people})).unwrap();
    assert_eq!(
        call.engagement["participants"],
        json!([{"person_id": 1, "user_id": 301, "name": "Rae", "email": "Rae@seller.example", "title": "CSM",
            "company": "Seller", "type": "rep"}, {"person_id": 2}])
    );
    let back: Vec<call_rows::Listed> =
        serde_json::from_value(call.engagement["participants"].clone()).unwrap();
    assert_eq!(json!(back), call.engagement["participants"]);
}

#[test]
fn a_changed_row_has_another_fingerprint() {
    let row = json!({"subject": "a", "participants": [{"person_id": 1}]});
    let mut changed = row.clone();
    changed["participants"][0]["name"] = json!("Kim");
    let fingerprint = |row: &Value| listed(row).unwrap().fingerprint;
    assert_ne!(fingerprint(&row), fingerprint(&changed));
    assert_eq!(fingerprint(&row), fingerprint(&row));
    assert_eq!(engagement(&row).fingerprint as i64, fingerprint(&row));
}

#[test]
fn a_summary_without_words_is_none() {
    for summary in [json!(""), json!("<br>"), json!(" <p> </p> "), Value::Null] {
        assert_eq!(
            listed(&json!({"meeting_summary": summary}))
                .unwrap()
                .summary,
            None
        );
    }
}
