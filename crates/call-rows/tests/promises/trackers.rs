//! Topics and trackers: counts, kinds, and where they came up.

use crate::samples::{context, conversation, detail, listed};
use call_rows::{CallTracker, DetailContext, Text};
use serde_json::{Value, json};

fn with_trackers(status: &str, trackers: Value) -> Value {
    json!({"status": status, "recording": {
        "utterances": [
            {"index": 0, "snippet": "a", "snippet_time": 1}, {"index": 5, "snippet": "b", "snippet_time": 2},
            {"index": 5, "snippet": "c", "snippet_time": 3}, {"index": 9, "snippet": "d", "snippet_time": 4}],
        "trackers": trackers}})
}

fn one(tracker: Value) -> CallTracker {
    detail(&with_trackers("done", json!([tracker])))
        .trackers
        .remove(0)
}

#[test]
fn topics_are_topics_and_everything_else_is_a_tracker() {
    for kind in ["topics", "autotopics", "topic", "Topics"] {
        assert_eq!(
            one(json!({"name": "SSO", "type": kind})).kind,
            "topic",
            "{kind}"
        );
    }
    for kind in [
        json!("competitors"),
        json!("text"),
        json!("something new"),
        Value::Null,
    ] {
        assert_eq!(
            one(json!({"name": "SSO", "type": kind})).kind,
            "tracker",
            "{kind}"
        );
    }
}

#[test]
fn the_list_does_not_say_which_of_both_it_is() {
    let call =
        listed(&json!({"tracker_matches": [{"name": "SSO", "num_matches": 3, "type": "chorus"}]}))
            .unwrap();
    let tracker = &call.trackers[0];
    assert_eq!(
        (tracker.kind, tracker.name.as_str(), tracker.count),
        ("listed", "SSO", 3)
    );
    assert_eq!(
        (tracker.chorus_type.as_deref(), tracker.chorus_id.as_deref()),
        (Some("chorus"), None)
    );
}

#[test]
fn names_stay_as_they_are_but_for_surrounding_blanks() {
    let name = "Next steps / \"to do's\" 🎯";
    let call =
        listed(&json!({"tracker_matches": [{"name": format!("  {name} ")}, {"name": " "}, {}]}))
            .unwrap();
    let names: Vec<_> = call
        .trackers
        .iter()
        .map(|tracker| tracker.name.as_str())
        .collect();
    assert_eq!(names, [name]);
}

#[test]
fn what_comes_twice_is_added_up() {
    let call = listed(&json!({"tracker_matches": [
        {"name": "SSO", "num_matches": 3}, {"name": "Price"}, {"name": " SSO", "num_matches": 4}, {"name": "sso", "num_matches": 1}]})).unwrap();
    let counts: Vec<_> = call
        .trackers
        .iter()
        .map(|tracker| (tracker.name.as_str(), tracker.count))
        .collect();
    assert_eq!(counts, [("SSO", 7), ("Price", 0), ("sso", 1)]);

    let heard = detail(&with_trackers(
        "done",
        json!([
        {"name": "SSO", "type": "text", "count": i64::MAX, "mentions": [{"utterance": 0}]},
        {"name": "SSO", "type": "topics", "count": 1},
        {"name": "SSO", "type": "competitors", "count": 2, "mentions": [{"utterance": 9}]}]),
    ));
    let [tracker, topic] = heard.trackers.as_slice() else {
        panic!("{:?}", heard.trackers)
    };
    assert_eq!((tracker.kind, tracker.count), ("tracker", i64::MAX));
    assert_eq!(tracker.mentions, [(Some(1), None), (Some(4), None)]);
    assert_eq!((topic.kind, topic.count), ("topic", 1));
}

#[test]
fn a_mention_names_the_seq_of_its_utterance() {
    let mentions = json!([
        {"utterance": 0, "offset": 2}, {"utterance": 5, "offset": null}, {"utterance": 9, "offset": -1},
        {"utterance": 3, "offset": 4}, {"offset": 5}, {"utterance": -9_000_000_000_i64}]);
    let tracker = one(json!({"id": "sso", "name": "SSO", "count": 99, "mentions": mentions}));
    assert_eq!(tracker.chorus_id.as_deref(), Some("sso"));
    assert_eq!(tracker.count, 99, "as Chorus counts");
    assert_eq!(
        tracker.mentions,
        [
            (Some(1), Some(2)),
            (Some(2), None),
            (Some(4), Some(-1)),
            (None, Some(4)),
            (None, Some(5)),
            (None, None)
        ]
    );
}

#[test]
fn without_stored_utterances_a_mention_names_none() {
    let tracker = json!([{"name": "SSO", "count": 1, "mentions": [{"utterance": 0, "offset": 2}]}]);
    for has_text in [false, true] {
        let context = DetailContext {
            has_text,
            ..context()
        };
        let read = call_rows::detail(
            conversation(&with_trackers("processing", tracker.clone())),
            &context,
        );
        assert_eq!(read.trackers[0].mentions, [(None, Some(2))]);
    }
}

#[test]
fn mentions_in_expired_text_still_name_what_is_kept_of_it() {
    let mut attributes = with_trackers(
        "done",
        json!([{"name": "SSO", "mentions": [{"utterance": 9}]}]),
    );
    for said in attributes["recording"]["utterances"]
        .as_array_mut()
        .unwrap()
    {
        said["snippet"] = json!("");
        said["expired"] = json!(true);
    }
    let context = DetailContext {
        has_text: true,
        ..context()
    };
    let read = call_rows::detail(conversation(&attributes), &context);
    assert!(matches!(read.text, Text::Keep));
    assert_eq!(read.trackers[0].mentions, [(Some(4), None)]);
}

#[test]
fn a_private_call_says_nothing_of_its_topics() {
    let mut attributes = with_trackers(
        "done",
        json!([{"name": "Layoffs", "type": "topics", "count": 3}]),
    );
    attributes["private"] = json!(true);
    assert_eq!(detail(&attributes).trackers, []);
}

#[test]
fn a_name_always_fits_an_index() {
    let name = "é".repeat(5000);
    let tracker = one(json!({"name": name}));
    assert_eq!(tracker.name.len(), 2000);
    assert!(name.starts_with(&tracker.name));
    let call = listed(&json!({"tracker_matches": [{"name": name, "num_matches": 1}, {"name": format!("{name}!"), "num_matches": 1}]})).unwrap();
    assert_eq!((call.trackers.len(), call.trackers[0].count), (1, 2));
}
