//! Whatever Chorus sends: no panic, rows that fit their tables, and always the same ones.

use crate::copy_format::{column, decoded, float8, int4, int8, jsonb, text};
use crate::samples::{context_with_list, conversation, engagement, lines, people_in};
use call_rows::{
    Detail, DetailContext, LISTED_CALLS, LISTED_TRANSCRIPTS, PARTICIPANTS, Rows, Text,
    TranscriptState,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Few values, so that people, names and indexes meet.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (-2..6_i64).prop_map(|number| json!(number)),
        4 => prop::sample::select(vec!["Kim", "kim ", "Rae", "rep", "customer", "partner", "a@x.example", " A@X.example", "r@seller.example", "topics", "<b>x</b>", "", " "])
            .prop_map(|text| json!(text)),
        1 => any::<bool>().prop_map(|truth| json!(truth)),
        1 => Just(Value::Null),
        1 => any::<f64>().prop_map(|number| json!(number)),
        1 => any::<i64>().prop_map(|number| json!(number)),
        1 => "\\PC{0,12}".prop_map(|text| json!(text)),
        1 => Just(json!(["x", 1])),
        1 => Just(json!({"x": "\u{0}"})),
    ]
}

fn object(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::collection::vec(
        (prop::sample::select(names), any_value()),
        0..names.len() + 2,
    )
    .prop_map(|members| {
        Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<Map<_, _>>(),
        )
    })
}

fn list(names: &'static [&'static str], most: usize) -> impl Strategy<Value = Value> {
    prop::collection::vec(
        prop_oneof![9 => object(names).boxed(), 1 => any_value().boxed()],
        0..most,
    )
    .prop_map(Value::Array)
}

fn any_people() -> impl Strategy<Value = Value> {
    list(
        &[
            "person_id",
            "user_id",
            "name",
            "email",
            "title",
            "company_name",
            "type",
            "is_my_team",
        ],
        6,
    )
}

prop_compose! {
    fn any_attributes()(
        mut attributes in object(&["name", "private", "language", "summary", "recap", "action_items", "custom_questions", "meta",
            "account", "deal", "owner", "meeting", "disposition", "_created_at", "something_new"]),
        status in prop::sample::select(vec!["done", "done", "done", "processing", "no show", "unknown", "new"]),
        participants in any_people(),
        utterances in list(&["index", "snippet", "snippet", "snippet_time", "snippet_length", "participant", "speaker_id",
            "speaker_name", "speaker_type", "expired"], 12),
        mentions in list(&["utterance", "offset"], 5),
        mut trackers in list(&["id", "name", "name", "type", "count"], 5),
        clusters in list(&["id", "participant", "speaker_name", "display_name", "type", "ranges"], 3),
        metrics in list(&["name", "name", "value", "value"], 4),
    ) -> Value {
        for tracker in trackers.as_array_mut().into_iter().flatten().filter(|tracker| tracker.is_object()) {
            tracker["mentions"] = mentions.clone();
        }
        attributes["status"] = json!(status);
        attributes["participants"] = participants;
        attributes["metrics"] = metrics;
        attributes["recording"] = json!({"utterances": utterances, "trackers": trackers, "clusters": clusters});
        attributes
    }
}

prop_compose! {
    fn any_row()(
        mut row in object(&["engagement_type", "duration", "subject", "account_id", "account_name", "opportunity_id", "language",
            "no_show", "processing_state", "url", "user_id", "user_email", "meeting_summary", "action_items", "something_new"]),
        participants in any_people(),
        matches in list(&["name", "num_matches", "type"], 5),
        date_time in prop_oneof![Just(json!(5)), (0..7_000_000_000_i64).prop_map(|seconds| json!(seconds))],
    ) -> Value {
        row["participants"] = participants;
        row["tracker_matches"] = matches;
        row["date_time"] = date_time;
        row
    }
}

/// What a detail would write, as bytes.
fn written(detail: &Detail) -> Vec<u8> {
    let mut bytes = format!(
        "{} {:?} {:?} {:?}",
        serde_json::to_string(&detail.call).unwrap(),
        detail.state,
        detail.problem,
        detail.trackers
    )
    .into_bytes();
    bytes.extend_from_slice(detail.metrics.body());
    match &detail.text {
        Text::Write {
            utterances,
            participants,
            fingerprint,
            words,
            sketch,
        } => {
            bytes.extend_from_slice(utterances.body());
            bytes.extend_from_slice(participants.body());
            bytes.extend_from_slice(format!("{fingerprint} {words}").as_bytes());
            bytes.extend_from_slice(&sketch.to_bytes());
        }
        Text::Same { participants } | Text::None { participants } => {
            bytes.extend_from_slice(participants.body())
        }
        Text::Keep => {}
    }
    bytes
}

/// The constraints of the tables, checked on the bytes.
fn check(detail: &Detail) -> Result<usize, TestCaseError> {
    let lines = lines(detail);
    let (participants, has_text) = match &detail.text {
        Text::Write { participants, .. } => (Some(participants), true),
        Text::Same { participants } => (Some(participants), true),
        Text::None { participants } => (Some(participants), false),
        Text::Keep => (None, false),
    };
    if let Some(participants) = participants {
        let people = people_in(participants);
        for line in &lines {
            prop_assert!((1..=people.len() as i32).contains(&line.participant_no));
        }
        prop_assert!(
            people
                .iter()
                .all(|person| ["internal", "external", "unknown"].contains(&person.side.as_str()))
        );
        let emails: Vec<_> = people
            .iter()
            .filter_map(|person| person.email.as_ref())
            .collect();
        prop_assert_eq!(emails.iter().collect::<BTreeSet<_>>().len(), emails.len());
        let numbers: Vec<_> = people
            .iter()
            .filter_map(|person| person.person_id)
            .collect();
        prop_assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
    }
    for (place, line) in lines.iter().enumerate() {
        prop_assert_eq!(line.seq, place as i32 + 1);
        prop_assert!(line.start_s.is_finite() && line.end_s >= line.start_s);
    }
    prop_assert_eq!(
        has_text,
        detail.state == TranscriptState::Ready && participants.is_some()
    );
    let mut names = BTreeSet::new();
    for tracker in &detail.trackers {
        prop_assert!(["topic", "tracker"].contains(&tracker.kind) && !tracker.name.is_empty());
        prop_assert!(names.insert((tracker.kind, tracker.name.as_str())));
        if matches!(detail.text, Text::Write { .. } | Text::None { .. }) {
            let seqs = tracker.mentions.iter().filter_map(|(seq, _)| *seq);
            prop_assert!(
                seqs.into_iter()
                    .all(|seq| (1..=lines.len() as i32).contains(&seq))
            );
        }
    }
    let metrics = column(&detail.metrics, "name", text);
    prop_assert_eq!(metrics.iter().collect::<BTreeSet<_>>().len(), metrics.len());
    prop_assert!(
        column(&detail.metrics, "value", float8)
            .iter()
            .all(|value| value.is_some_and(f64::is_finite))
    );
    Ok(lines.len())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_detail_makes_rows_that_fit_and_always_the_same(attributes in any_attributes(), list in any_people(), has_text: bool) {
        let context = DetailContext { has_text, text_fingerprint: has_text.then_some(1), ..context_with_list(list) };
        let first = call_rows::detail(conversation(&attributes), &context);
        check(&first)?;
        let again = call_rows::detail(conversation(&attributes), &context);
        prop_assert_eq!(written(&first), written(&again));

        if let Text::Write { fingerprint, participants, .. } = &first.text {
            let stored = DetailContext { has_text: true, text_fingerprint: Some(*fingerprint), ..context };
            let second = call_rows::detail(conversation(&attributes), &stored);
            check(&second)?;
            match &second.text {
                Text::Same { participants: same } => prop_assert_eq!(same.body(), participants.body()),
                Text::Keep => prop_assert!(attributes.to_string().contains("expired")),
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }

    #[test]
    fn any_row_of_the_list_makes_rows_that_fit_and_always_the_same(row in any_row(), own in prop::option::of("[a-z.]{0,9}")) {
        let made = || call_rows::listed(engagement(&row), own.as_deref());
        let Some(call) = made() else {
            let kind = row["engagement_type"].as_str().unwrap_or_default();
            prop_assert!(["email", "content_viewed"].contains(&kind));
            return Ok(());
        };
        let rows = |call: &call_rows::ListedCall| {
            let mut calls = Rows::new(&LISTED_CALLS);
            let mut transcripts = Rows::new(&LISTED_TRANSCRIPTS);
            let mut participants = Rows::new(&PARTICIPANTS);
            call.add_call(&mut calls, 1, 2, Some(3), None, call.started_at);
            call.add_transcript(&mut transcripts, 1, call.started_at);
            call_rows::add_participants(&mut participants, 1, &call.participants);
            (calls, transcripts, participants)
        };
        let (calls, transcripts, participants) = rows(&call);
        prop_assert_eq!((decoded(&calls).len(), decoded(&transcripts).len()), (1, 1));
        for name in ["call_id", "started_at", "meeting_id", "first_seen_at"] {
            prop_assert!(column(&calls, name, int8)[0].is_some());
        }
        prop_assert!(column(&calls, "source_data", jsonb)[0].as_ref().is_some_and(|rest| rest["engagement"]["participants"].is_array()));
        prop_assert_eq!(column(&participants, "participant_no", int4).len(), people_in(&participants).len());
        let (calls_again, transcripts_again, participants_again) = rows(&made().unwrap());
        prop_assert_eq!(calls.body(), calls_again.body());
        prop_assert_eq!(transcripts.body(), transcripts_again.body());
        prop_assert_eq!(participants.body(), participants_again.body());
    }
}
