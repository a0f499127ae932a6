//! The state of a transcript, and what happens to the text that is stored.

use crate::copy_format::{column, float8, text};
use crate::samples::{context, conversation, detail, lines, people};
use call_rows::{Detail, DetailContext, Text, TranscriptState as State};
use serde_json::{Value, json};

fn spoken() -> Value {
    json!([{"index": 0, "participant": 1, "snippet": "We need SSO"}, {"index": 1, "participant": 2, "snippet": "this quarter."}])
}

fn call(status: &str, utterances: Value) -> Value {
    json!({"status": status, "recording": {"utterances": utterances}})
}

/// All of it expired, as retention leaves it.
fn expired() -> Value {
    json!([{"index": 0, "snippet": "", "expired": true}, {"index": 1, "snippet": "", "expired": true}])
}

fn read(attributes: &Value, stored: Option<i64>) -> Detail {
    let context = DetailContext {
        has_text: stored.is_some(),
        text_fingerprint: stored,
        ..context()
    };
    call_rows::detail(conversation(attributes), &context)
}

fn kind(detail: &Detail) -> &'static str {
    match detail.text {
        Text::Write { .. } => "write",
        Text::Same { .. } => "same",
        Text::Keep => "keep",
        Text::None { .. } => "none",
    }
}

fn fingerprint(detail: &Detail) -> i64 {
    match detail.text {
        Text::Write { fingerprint, .. } => fingerprint,
        _ => panic!("nothing is written"),
    }
}

#[test]
fn the_state_follows_status_and_text() {
    let blank = json!([{"index": 0, "snippet": "  "}]);
    let none = json!([]);
    for (status, utterances, state) in [
        ("done", spoken(), State::Ready),
        ("Done", spoken(), State::Ready),
        ("done", none.clone(), State::Empty),
        ("done", blank.clone(), State::Empty),
        ("done", expired(), State::Empty),
        ("scheduled", none.clone(), State::Processing),
        ("live", spoken(), State::Processing),
        ("processing", none.clone(), State::Processing),
        ("processing", spoken(), State::Processing),
        ("processing", expired(), State::Processing),
        ("no show", none.clone(), State::NotRecorded),
        ("no_show", spoken(), State::NotRecorded),
        ("unknown", spoken(), State::Ready),
        ("unknown", none.clone(), State::Processing),
        ("unknown", expired(), State::Empty),
        ("marinating", spoken(), State::Ready),
        ("marinating", blank, State::Processing),
        ("marinating", none, State::Processing),
    ] {
        let attributes = call(status, utterances);
        assert_eq!(detail(&attributes).state, state, "{attributes}");
    }
    let without_status = json!({"recording": {"utterances": spoken()}});
    assert_eq!(detail(&without_status).state, State::Ready);
    assert_eq!(detail(&json!({})).state, State::Processing);
}

#[test]
fn a_private_call_is_unavailable_whatever_its_status() {
    for status in ["done", "processing", "no show", "unknown"] {
        let mut attributes = call(status, spoken());
        attributes["private"] = json!(true);
        for stored in [None, Some(1)] {
            let detail = read(&attributes, stored);
            assert_eq!((detail.state, kind(&detail)), (State::Unavailable, "none"));
            assert!(detail.problem.unwrap().contains("private"));
        }
    }
}

#[test]
fn text_is_written_once_and_then_the_same() {
    let first = read(&call("done", spoken()), None);
    assert_eq!(kind(&first), "write");
    assert_eq!(lines(&first).len(), 2);
    let again = read(&call("done", spoken()), Some(fingerprint(&first)));
    assert_eq!(kind(&again), "same");
    assert_eq!(people(&again), people(&first));
    assert_eq!(again.state, State::Ready);
}

#[test]
fn a_fingerprint_without_text_is_not_believed() {
    let first = read(&call("done", spoken()), None);
    let context = DetailContext {
        text_fingerprint: Some(fingerprint(&first)),
        ..context()
    };
    let again = call_rows::detail(conversation(&call("done", spoken())), &context);
    assert_eq!(kind(&again), "write");
}

#[test]
fn every_change_of_what_is_stored_of_an_utterance_is_written() {
    let stored = fingerprint(&read(&call("done", spoken()), None));
    for (member, value) in [
        ("snippet", json!("We need SSO.")),
        ("participant", json!(2)),
        ("snippet_time", json!(0.5)),
        ("snippet_length", json!(0.5)),
        ("index", json!(2)),
    ] {
        let mut utterances = spoken();
        utterances[0][member] = value;
        assert_eq!(
            kind(&read(&call("done", utterances), Some(stored))),
            "write",
            "{member}"
        );
    }
    let mut utterances = spoken();
    utterances[0]["index"] = json!(-5);
    utterances[0]["id"] = json!("another");
    assert_eq!(kind(&read(&call("done", utterances), Some(stored))), "same");
}

#[test]
fn another_name_of_a_voice_changes_the_people_and_not_the_text() {
    let stored = fingerprint(&read(&call("done", spoken()), None));
    let mut utterances = spoken();
    utterances[1]["speaker_name"] = json!("Kim Lee");
    let renamed = read(&call("done", utterances), Some(stored));
    assert_eq!(kind(&renamed), "same");
    assert_eq!(people(&renamed)[1].name.as_deref(), Some("Kim Lee"));
}

#[test]
fn what_chorus_no_longer_has_is_kept() {
    for attributes in [
        call("done", expired()),
        call("unknown", expired()),
        call(
            "done",
            json!([{"index": 0, "snippet": "left"}, {"index": 1, "snippet": "", "expired": true}]),
        ),
        call("processing", json!([])),
        call("processing", spoken()),
        call("live", json!([])),
        call("unknown", json!([])),
    ] {
        let detail = read(&attributes, Some(1));
        assert_eq!(
            (kind(&detail), detail.problem),
            ("keep", None),
            "{attributes}"
        );
    }
}

#[test]
fn text_that_expired_before_it_was_read_is_said_to_be_so() {
    let gone = read(&call("done", expired()), None);
    assert_eq!((gone.state, kind(&gone)), (State::Empty, "none"));
    assert_eq!(gone.problem, Some("expired in Chorus before it was read"));

    let left =
        json!([{"index": 0, "snippet": "left"}, {"index": 1, "snippet": "", "expired": true}]);
    let part = read(&call("done", left), None);
    assert_eq!((part.state, kind(&part)), (State::Ready, "write"));
}

#[test]
fn expired_text_that_is_still_sent_is_text() {
    let sent = json!([{"index": 0, "snippet": "still here", "expired": true}]);
    let first = read(&call("done", sent.clone()), None);
    assert_eq!(kind(&first), "write");
    assert_eq!(kind(&read(&call("done", sent), Some(1))), "write");
}

#[test]
fn text_goes_when_chorus_says_that_nothing_was_said() {
    for attributes in [call("done", json!([])), call("no show", json!([]))] {
        assert_eq!(kind(&read(&attributes, Some(1))), "none", "{attributes}");
    }
}

#[test]
fn nothing_of_an_unfinished_call_is_written() {
    assert_eq!(kind(&read(&call("processing", spoken()), None)), "none");
}

#[test]
fn words_are_counted_as_blanks_separate_them() {
    let utterances = json!([{"index": 0, "snippet": " one  two\nthree "}, {"index": 1, "snippet": ""}, {"index": 2, "snippet": "four"}]);
    let Text::Write { words, .. } = detail(&call("done", utterances)).text else {
        panic!()
    };
    assert_eq!(words, 4);
}

#[test]
fn hard_characters_of_the_wire_reach_no_row() {
    let body = br#"{"data":{"id":"A","attributes":{"status":"done","name":"a\u0000b","metrics":[{"name":"m\u0000","value":1}],
        "custom_questions":["q\u0000\ud800"],"recording":{"utterances":[{"snippet":"x\u0000y\ud800 \ud83d\ude00 \u202e","participant":1}],
        "trackers":[{"name":"t\u0000"}]}}}}"#;
    let read = call_rows::detail(
        chorus_client::decode::conversation(body).unwrap(),
        &context(),
    );
    assert_eq!(lines(&read)[0].text, "xy\u{fffd} \u{1F600} \u{202e}");
    assert_eq!(column(&read.metrics, "name", text), [Some("m".to_owned())]);
    assert_eq!(read.trackers[0].name, "t");
    let facts = serde_json::to_string(&read.call).unwrap();
    assert!(
        !facts.contains("\\u0000") && !facts.contains('\0'),
        "{facts}"
    );
    assert_eq!(read.call.title.as_deref(), Some("ab"));
}

#[test]
fn absurd_numbers_are_no_offsets_and_no_measures() {
    let body = br#"{"data":{"id":"A","attributes":{"status":"done",
        "metrics":[{"name":"a","value":NaN},{"name":"b","value":1e999},{"name":"c","value":"inf"},{"name":"d","value":-1.5},
                   {"name":"d","value":2},{"name":" d ","value":3},{"name":" ","value":1}],
        "recording":{"duration":1e300,"utterances":[{"snippet":"x","snippet_time":Infinity,"snippet_length":-1e308},
            {"snippet":"y","snippet_time":"NaN","snippet_length":1e17}]}}}}"#;
    let read = call_rows::detail(
        chorus_client::decode::conversation(body).unwrap(),
        &context(),
    );
    assert_eq!(column(&read.metrics, "name", text), [Some("d".to_owned())]);
    assert_eq!(column(&read.metrics, "value", float8), [Some(3.0)]);
    assert!(
        lines(&read)
            .iter()
            .all(|line| (line.start_s, line.end_s) == (0.0, 0.0))
    );
    assert_eq!(read.call.duration_s, None);
}

#[test]
fn numbers_that_are_none_do_not_reach_the_table_by_another_way_either() {
    let mut made = conversation(&call("done", spoken()));
    made.metrics = vec![("a".to_owned(), f64::NAN), ("b".to_owned(), 1.0)];
    made.recording.utterances[0].start_s = f64::NAN;
    made.recording.utterances[1].length_s = f64::INFINITY;
    let read = call_rows::detail(made, &context());
    assert_eq!(column(&read.metrics, "value", float8), [Some(1.0)]);
    assert!(lines(&read).iter().all(|line| line.end_s.is_finite()));
}
