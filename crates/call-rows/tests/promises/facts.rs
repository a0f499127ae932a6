//! The facts that a detail states, and what goes to `source_data`.

use crate::samples::{context, conversation, detail};
use call_rows::{DetailedCall, Text};
use serde_json::{Value, json};

const SAMPLE: &str = include_str!("../../../chorus-client/src/wire/samples/recording.json");

fn sample() -> Value {
    serde_json::from_str::<Value>(SAMPLE).unwrap()["data"]["attributes"].clone()
}

fn rest(call: &DetailedCall) -> Value {
    serde_json::from_str(call.conversation.get()).unwrap()
}

#[test]
fn the_sample_of_the_reference_gives_every_fact() {
    let call = detail(&sample()).call;
    let mut facts = json!(call);
    facts.as_object_mut().unwrap().remove("conversation");
    assert_eq!(
        facts,
        json!({
            "call_id": 7, "title": "Larkspur / quarterly review", "duration_s": 2715.42,
            "scheduled_start": "2025-06-02T15:00:00Z", "scheduled_end": "2025-06-02T15:45:00Z",
            "owner_user_id": 301, "host_email": "rae@seller.example",
            "account_id": "0014X00002AbCdEQAV", "account_name": "Larkspur Foods",
            "opportunity_id": "0064X00001XyZabQAF", "opportunity_name": "Larkspur renewal", "language": "en",
            "meeting_url": "https://seller.zoom.us/j/95944577110?pwd=x", "ical_uid": "7kq2demo@google.com",
            "processing_state": "done", "no_show": false, "private": false,
            "summary": "Reviewed the rollout.\nAsked for SSO.", "action_items": ["Send the SSO guide"],
        })
    );
}

#[test]
fn what_else_chorus_sent_is_kept_by_its_names() {
    let rest = rest(&detail(&sample()).call);
    assert_eq!(
        rest["account"],
        json!({"id": 8464, "type": "Customer", "zi_company_id": null})
    );
    assert_eq!(
        rest["meeting"],
        json!({"id": "4471023", "calendar_id": "primary"})
    );
    assert_eq!(rest["owner"], json!({"name": "Rae Rep", "person_id": 5001}));
    assert_eq!(rest["deal"]["initial_amount"], -1.0);
    assert_eq!(rest["deal"]["size"], 0);
    assert_eq!(rest["custom_questions"], json!([null, {"q": 1}]));
    assert_eq!(rest["recording"]["start_time"], "2025-06-02T15:01:04Z");
    assert_eq!(rest["recording"]["autojoin"], true);
    let voice = &rest["recording"]["clusters"][0];
    assert_eq!(
        (&voice["ranges"], &voice["talk_time_s"]),
        (&json!(1), &json!(3.0))
    );
    assert_eq!(voice["match_method"], "video");
}

#[test]
fn no_text_picture_thumbnail_or_playback_state_is_kept_twice() {
    let mut attributes = sample();
    attributes["meta"] = json!({"viewed": true});
    for name in ["picture", "pictures", "thumbnail", "thumbnails"] {
        attributes[name] = json!("https://media.example/secret.png");
    }
    attributes["participants"][0]["picture"] = json!("https://media.example/secret.png");
    let kept = detail(&attributes).call.conversation;
    for word in [
        "secret.png",
        "thumbnail",
        "picture",
        "viewed",
        "utterances",
        "We need SSO this quarter",
        "pwd=x",
    ] {
        assert!(!kept.get().contains(word), "{word} in {kept}");
    }
}

#[test]
fn nothing_that_was_said_is_kept_of_a_private_call() {
    let mut attributes = sample();
    attributes["private"] = json!(true);
    for (name, value) in [
        ("summary", json!("<p>secret</p>")),
        ("summary_error", json!("secret")),
        ("generated_subject", json!("secret")),
        ("action_items", json!(["secret"])),
        ("recap", json!(["secret"])),
        ("custom_summaries", json!([{"text": "secret"}])),
        ("custom_questions", json!([{"a": "secret"}])),
        ("tracker_match", json!("secret")),
        ("disposition", json!({"connected": "secret"})),
        ("something_new", json!("secret")),
    ] {
        attributes[name] = value;
    }
    let recording = &mut attributes["recording"];
    recording["something_new"] = json!("secret");
    recording["clusters"][0]["speaker_name"] = json!("secret");
    recording["utterances"][0]["snippet"] = json!("secret");
    recording["trackers"][0]["name"] = json!("secret");
    let detail = detail(&attributes);
    let facts = serde_json::to_string(&detail.call).unwrap();
    assert!(!facts.contains("secret"), "{facts}");
    assert!(detail.call.private);
    assert_eq!(
        (&detail.call.summary, &detail.call.action_items),
        (&None, &None)
    );
    assert_eq!(detail.trackers, []);
    assert!(matches!(detail.text, Text::None { .. }));
    assert_eq!(
        detail.call.ical_uid.as_deref(),
        Some("7kq2demo@google.com"),
        "what finds the same meeting stays"
    );
}

#[test]
fn what_the_detail_does_not_say_leaves_what_the_list_said() {
    let call = detail(&json!({"status": "processing", "deal": {}, "account": null, "action_items": [], "summary": "<br/>",
        "meeting": null, "owner": {}, "recording": {}})).call;
    let facts = json!(call);
    for name in [
        "title",
        "duration_s",
        "owner_user_id",
        "host_email",
        "account_id",
        "account_name",
        "opportunity_id",
        "opportunity_name",
        "language",
        "summary",
        "action_items",
        "meeting_url",
        "ical_uid",
        "scheduled_start",
    ] {
        assert_eq!(facts[name], Value::Null, "{name}");
    }
    assert_eq!(rest(&call), json!({}));
}

#[test]
fn an_account_that_chorus_only_made_up_has_no_crm_id() {
    for ext_id in [Value::Null, json!(""), json!(" ")] {
        let call =
            detail(&json!({"account": {"id": 99, "name": "Rae Rep Meetings", "ext_id": ext_id}}))
                .call;
        assert_eq!(
            (call.account_id.as_deref(), call.account_name.as_deref()),
            (None, Some("Rae Rep Meetings"))
        );
        assert_eq!(rest(&call)["account"]["id"], 99);
    }
}

#[test]
fn a_status_is_kept_unless_it_says_nothing() {
    let state = |status: Value| detail(&json!({"status": status})).call.processing_state;
    assert_eq!(state(json!("Marinating")).as_deref(), Some("marinating"));
    assert_eq!(state(json!("unknown")), None);
    assert_eq!(state(Value::Null), None);
    assert!(detail(&json!({"status": "no show"})).call.no_show);
    assert!(!detail(&json!({"status": "done"})).call.no_show);
}

#[test]
fn the_size_counts_all_that_is_held() {
    let small = detail(&json!({})).size();
    let rest = detail(&json!({"custom_questions": ["x".repeat(1 << 20)]})).size();
    let said =
        detail(&json!({"recording": {"utterances": [{"snippet": "x".repeat(1 << 20)}]}})).size();
    assert!(
        small < 10_000 && rest > 1 << 20 && said > 1 << 20,
        "{small} {rest} {said}"
    );
}

#[test]
fn the_fingerprint_is_the_one_of_the_detail() {
    let made = conversation(&sample());
    let fingerprint = made.fingerprint as i64;
    assert_eq!(call_rows::detail(made, &context()).fingerprint, fingerprint);
}
