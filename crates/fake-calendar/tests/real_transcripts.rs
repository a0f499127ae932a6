//! Real meetings, of which three recognizers wrote down the same calls, find each other by what was said and nothing else.
//!
//! The transcripts lie beside the project (`../shared/meetings/meetings.jsonl.gz`); without them this promises nothing and
//! says so. `cargo test --release -p fake-calendar --test real_transcripts -- --nocapture` shows the figures.

use fake_calendar::scores;
use meeting_match::{Decisions, Fact, Rarity, Recording, Words, match_all};
use std::collections::HashMap;
use std::io::Read;

#[derive(serde::Deserialize)]
struct Transcript {
    meeting: String,
    recognizer: String,
    duration_s: f64,
    utterances: Vec<Utterance>,
}

#[derive(serde::Deserialize)]
struct Utterance {
    text: String,
}

fn transcripts() -> Option<Vec<Transcript>> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/meetings/meetings.jsonl.gz"
    );
    let Ok(file) = std::fs::File::open(path) else {
        println!("skipped: {path} is not there");
        return None;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    Some(
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

/// Every meeting in one of so many hours, as three sources recorded it that know nothing but when and what was said.
fn recorded(transcripts: &[Transcript], hours: usize, slip_hours: f64) -> (Vec<Fact>, Vec<usize>) {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut recorded: Vec<(Fact, usize)> = Vec::new();
    for (place, transcript) in transcripts.iter().enumerate() {
        let next = numbers.len();
        let meeting = *numbers.entry(&transcript.meeting).or_insert(next);
        let source = match transcript.recognizer.as_str() {
            "amazon" => 1,
            "speechmatics" => 2,
            // Other meetings are known to one source only, each to another.
            _ if transcript.meeting.starts_with("qmsum") => place as u32 % 3,
            _ => 0,
        };
        let slipped_s = if source == 1 {
            slip_hours * 3600.0
        } else {
            0.0
        };
        let recording = Recording {
            id: place as i64,
            started_s: Some(
                1_717_430_400.0
                    + (meeting % hours) as f64 * 3600.0
                    + (place * 37 % 90) as f64
                    + slipped_s,
            ),
            duration_s: Some(transcript.duration_s),
            words: Words::of(
                transcript
                    .utterances
                    .iter()
                    .map(|utterance| utterance.text.as_str()),
            ),
            ..Recording::default()
        };
        recorded.push((Fact::of(&recording, source), meeting));
    }
    recorded.sort_by_key(|(fact, _)| (fact.source, fact.id));
    recorded.into_iter().unzip()
}

fn figures(
    what: &str,
    transcripts: &[Transcript],
    hours: usize,
    slip_hours: f64,
) -> fake_calendar::Scores {
    let (facts, truth) = recorded(transcripts, hours, slip_hours);
    let matched = match_all(&facts, &Rarity::of(&facts), &Decisions::default(), 1);
    let scores = scores(&truth, &matched.meeting);
    println!(
        "{what}: {} recordings, {} pairs compared, precision {:.4}, recall {:.4}, F1 {:.4}",
        facts.len(),
        matched.pairs_scored,
        scores.precision,
        scores.recall,
        scores.f1
    );
    scores
}

#[test]
fn recognizers_of_one_call_are_known_by_what_was_said() {
    let Some(transcripts) = transcripts() else {
        return;
    };
    for (what, hours, slip_hours) in [
        ("192 meetings in eight hours", 8, 0.0),
        ("192 meetings in one hour", 1, 0.0),
        ("one source five hours off", 8, 5.0),
    ] {
        let scores = figures(what, &transcripts, hours, slip_hours);
        assert!(
            scores.precision >= 0.995 && scores.recall >= 0.97,
            "{what}: {scores:?}"
        );
    }
}
