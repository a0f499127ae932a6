//! Voices: every utterance has a participant, on the attendee list or not.

use crate::samples::{
    context_with_list, conversation, detail, done, lines, names, people, sides, speakers,
};
use serde_json::{Value, json};

/// Utterances in this order, each with the members given.
fn said(members: &[Value]) -> Value {
    let lines = members.iter().enumerate().map(|(n, members)| {
        let mut line = members.clone();
        line["index"] = json!(n);
        line["snippet"] = json!(format!("line {n}"));
        line
    });
    lines.collect()
}

#[test]
fn a_number_finds_its_attendee_whatever_name_is_said_with_it() {
    let detail = detail(&done(
        json!([{"person_id": 1, "name": "Rae"}, {"person_id": 2, "name": "Kim"}]),
        said(&[
            json!({"participant": 2, "speaker_name": "Rae"}),
            json!({"speaker_id": 1}),
        ]),
    ));
    assert_eq!(speakers(&detail), [2, 1]);
    assert_eq!(names(&people(&detail)), [Some("Rae"), Some("Kim")]);
}

#[test]
fn a_voice_that_is_not_listed_gets_one_row_behind_the_attendees() {
    let detail = detail(&done(
        json!([{"person_id": 1, "name": "Rae"}]),
        said(&[
            json!({"participant": 99, "speaker_name": "Somebody Else", "speaker_type": "customer"}),
            json!({"participant": 1}),
            json!({"participant": 99}),
        ]),
    ));
    assert_eq!(speakers(&detail), [2, 1, 2]);
    let people = people(&detail);
    assert_eq!(people[1].name.as_deref(), Some("Somebody Else"));
    assert_eq!((people[0].listed, people[1].listed), (true, false));
    assert_eq!(
        (people[1].person_id, people[1].email.as_deref()),
        (Some(99), None)
    );
    assert_eq!(sides(&people), ["unknown", "external"]);
}

#[test]
fn all_voices_without_number_and_name_share_one_row_without_a_name() {
    let detail = detail(&done(
        json!([{"name": null, "email": "kim@larkspur.example"}]),
        said(&[
            json!({}),
            json!({"speaker_name": "  "}),
            json!({"participant": 4}),
            json!({"participant": 5}),
            json!({}),
        ]),
    ));
    assert_eq!(speakers(&detail), [2, 2, 3, 4, 2]);
    assert_eq!(names(&people(&detail)), [None, None, None, None]);
}

#[test]
fn namesakes_are_told_apart_by_their_numbers() {
    let detail = detail(&done(
        json!([{"person_id": 1, "name": "Kim Lee"}, {"person_id": 2, "name": "Kim Lee"}]),
        said(&[
            json!({"participant": 2, "speaker_name": "Kim Lee"}),
            json!({"participant": 1, "speaker_name": "Kim Lee"}),
            json!({"participant": 3, "speaker_name": "Kim Lee"}),
        ]),
    ));
    assert_eq!(speakers(&detail), [2, 1, 3]);
}

#[test]
fn a_name_alone_finds_the_first_of_that_name_in_any_case() {
    let detail = detail(&done(
        json!([{"person_id": 1, "name": "Ann"}, {"person_id": 2, "name": "ÉMILE Zola"}, {"name": "Émile Zola"}]),
        said(&[
            json!({"speaker_name": " émile zola "}),
            json!({"speaker_name": "ann"}),
        ]),
    ));
    assert_eq!(speakers(&detail), [2, 1]);
}

#[test]
fn an_attendee_without_number_has_the_one_that_comes_with_the_name() {
    let detail = detail(&done(
        json!([{"name": "Kim", "email": "kim@larkspur.example"}, {"name": "Kim", "email": "kim@other.example"}]),
        said(&[
            json!({"participant": 8, "speaker_name": "kim"}),
            json!({"participant": 8}),
            json!({"participant": 9, "speaker_name": "Kim"}),
            json!({"participant": 10, "speaker_name": "Kim"}),
            json!({"participant": 8, "speaker_name": "Kim"}),
        ]),
    ));
    assert_eq!(speakers(&detail), [1, 1, 2, 3, 1]);
    let numbers: Vec<_> = people(&detail)
        .iter()
        .map(|person| person.person_id)
        .collect();
    assert_eq!(numbers, [Some(8), Some(9), Some(10)]);
}

#[test]
fn a_name_that_is_only_spoken_belongs_to_the_attendee_from_then_on() {
    let detail = detail(&done(
        json!([{"person_id": 1}]),
        said(&[
            json!({"participant": 1, "speaker_name": "Rae"}),
            json!({"speaker_name": "RAE"}),
        ]),
    ));
    assert_eq!(speakers(&detail), [1, 1]);
    assert_eq!(names(&people(&detail)), [Some("Rae")]);
}

#[test]
fn the_voice_of_a_cluster_names_whom_the_utterances_do_not() {
    let mut attributes = done(
        json!([{"person_id": 1, "name": "Rae"}]),
        said(&[
            json!({"participant": 1}),
            json!({"participant": 2}),
            json!({"participant": 3}),
            json!({"participant": 4, "speaker_name": " "}),
        ]),
    );
    attributes["recording"]["clusters"] = json!([
        {"id": 1, "participant": 1, "speaker_name": "R. Rep"},
        {"id": 2, "participant": 2, "speaker_name": "+1 555 0100", "display_name": "Kim Lee"},
        {"id": 3, "participant": 3, "speaker_name": "Ann", "display_name": " "},
        {"id": 4, "participant": 4, "speaker_name": "Bob"}, {"id": 5, "speaker_name": "nobody's"},
    ]);
    assert_eq!(
        names(&people(&detail(&attributes))),
        [Some("Rae"), Some("Kim Lee"), Some("Ann"), Some("Bob")]
    );
}

#[test]
fn the_first_utterance_that_names_a_side_decides() {
    let detail = detail(&done(
        json!([]),
        said(&[
            json!({"participant": 1, "speaker_type": "visitor"}),
            json!({"participant": 1, "speaker_type": "rep"}),
            json!({"participant": 1, "speaker_type": "customer"}),
        ]),
    ));
    assert_eq!(sides(&people(&detail)), ["internal"]);
}

#[test]
fn people_of_the_list_are_heard_too() {
    let attributes = done(json!([]), said(&[json!({"participant": 5})]));
    let context = context_with_list(
        json!([{"person_id": 4, "name": "Ann"}, {"person_id": 5, "name": "Kim"}]),
    );
    let detail = call_rows::detail(conversation(&attributes), &context);
    assert_eq!(speakers(&detail), [2]);
}

#[test]
fn utterances_are_in_order_and_count_from_one_whatever_their_indexes() {
    let detail = detail(&done(
        json!([{"person_id": 1}]),
        json!([
            {"index": 40, "participant": 1, "snippet": "d", "snippet_time": 9.5, "snippet_length": 0},
            {"index": -3, "participant": 1, "snippet": "a", "snippet_time": 1, "snippet_length": 2.25},
            {"index": 7, "participant": 1, "snippet": "c", "snippet_time": 5},
            {"index": 7, "participant": 1, "snippet": "b", "snippet_time": 4},
            {"index": 41, "participant": 1, "snippet": ""},
        ]),
    ));
    let lines = lines(&detail);
    let texts: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["a", "b", "c", "d", ""]);
    let seqs: Vec<_> = lines.iter().map(|line| line.seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5]);
    assert_eq!((lines[0].start_s, lines[0].end_s), (1.0, 3.25));
    assert_eq!((lines[3].start_s, lines[3].end_s), (9.5, 9.5));
}
