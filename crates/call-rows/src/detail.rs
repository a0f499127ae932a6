//! From a call's detail, together with what the list said of it, to rows of our tables.

use crate::attendees::Attendees;
use crate::facts::{DetailedCall, facts, is_no_show};
use crate::participants::{Listed, PARTICIPANTS, add_rows};
use crate::rows::{Rows, Target, indexable};
use crate::trackers::{CallTracker, from_detail};
use chorus_client::{Conversation, Recording, Utterance};
use meeting_match::Words;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use xxhash_rust::xxh3::xxh3_64;

pub static UTTERANCES: Target = Target {
    table: "utterances",
    columns: &[
        "call_id",
        "seq",
        "participant_no",
        "start_s",
        "end_s",
        "text",
    ],
};

pub static CALL_METRICS: Target = Target {
    table: "call_metrics",
    columns: &["call_id", "name", "value"],
};

/// How far a transcript is, as `chorus.transcripts.state` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TranscriptState {
    Processing,
    Ready,
    Empty,
    NotRecorded,
    Unavailable,
    Failed,
}

/// What must be known of a call before its detail can become rows.
#[derive(Debug, Clone)]
pub struct DetailContext {
    pub call_id: i64,
    /// The attendees as the list gave them.
    pub listed: Vec<Listed>,
    /// Registrable domain of the workspace.
    pub workspace_domain: Option<String>,
    /// Whether utterances are stored.
    pub has_text: bool,
    /// `text_fingerprint` of what is stored.
    pub text_fingerprint: Option<i64>,
}

/// What was said, if it is to be written.
#[derive(Debug)]
pub enum Text {
    /// These utterances, in place of any that are stored. Participants go with them, as they are numbered anew.
    Write {
        utterances: Rows,
        participants: Rows,
        fingerprint: i64,
        words: i64,
        /// By which other recordings of the meeting are found.
        sketch: Words,
    },
    /// Just as stored; only the participants may say more than before.
    Same { participants: Rows },
    /// What is stored is better than what came: Chorus let its text expire, or is processing the call again.
    Keep,
    /// Nothing may be stored: none was said, or it turned private.
    None { participants: Rows },
}

/// One call as it is to be written.
#[derive(Debug)]
pub struct Detail {
    pub call: DetailedCall,
    pub state: TranscriptState,
    pub problem: Option<&'static str>,
    pub text: Text,
    pub trackers: Vec<CallTracker>,
    pub metrics: Rows,
    pub fingerprint: i64,
}

impl Detail {
    /// Size in memory, in bytes, roughly.
    pub fn size(&self) -> usize {
        let text = match &self.text {
            Text::Write {
                utterances,
                participants,
                ..
            } => utterances.size() + participants.size(),
            Text::Same { participants } | Text::None { participants } => participants.size(),
            Text::Keep => 0,
        };
        text + self.call.conversation.get().len() + 4096
    }
}

/// Makes the rows of one call.
pub fn detail(conversation: Conversation, context: &DetailContext) -> Detail {
    let (state, problem) = state(&conversation);
    let recording = &conversation.recording;
    let mut attendees = Attendees::new(context.workspace_domain.as_deref());
    for wire in &conversation.participants {
        attendees.add_detailed(wire);
    }
    for listed in &context.listed {
        attendees.add_listed(listed);
    }
    let mut attendees = attendees.voices();
    let names = cluster_names(recording);
    let mut utterances = Rows::new(&UTTERANCES);
    let mut words = 0;
    if state == TranscriptState::Ready {
        for (place, utterance) in recording.utterances.iter().enumerate() {
            let name = utterance
                .speaker_name
                .as_deref()
                .filter(|name| !name.trim().is_empty())
                .or_else(|| utterance.person_id.and_then(|id| names.get(&id).copied()));
            let participant_no =
                attendees.heard(utterance.person_id, name, utterance.speaker_type.as_deref());
            words += utterance.text.split_whitespace().count() as i64;
            add_utterance(
                &mut utterances,
                context.call_id,
                place,
                participant_no,
                utterance,
            );
        }
    }
    let mut participants = Rows::new(&PARTICIPANTS);
    add_rows(&mut participants, context.call_id, &attendees.finish());

    let expired = recording
        .utterances
        .iter()
        .any(|said| said.expired && said.text.is_empty());
    let fingerprint = xxh3_64(utterances.body()) as i64;
    let text = match state {
        TranscriptState::Ready if expired && context.has_text => Text::Keep,
        TranscriptState::Ready
            if context.has_text && context.text_fingerprint == Some(fingerprint) =>
        {
            Text::Same { participants }
        }
        TranscriptState::Ready => Text::Write {
            utterances,
            participants,
            fingerprint,
            words,
            sketch: Words::of(recording.utterances.iter().map(|said| said.text.as_str())),
        },
        TranscriptState::Processing if context.has_text => Text::Keep,
        TranscriptState::Empty if context.has_text && expired => Text::Keep,
        _ => Text::None { participants },
    };
    // Places are those of the utterances that are stored. While Chorus processes a call again they are not: what is kept
    // is the text from before.
    let places = match (state, &text) {
        (TranscriptState::Ready, _) | (TranscriptState::Empty, Text::Keep) => places(recording),
        _ => HashMap::new(),
    };
    let trackers = if conversation.private {
        Vec::new()
    } else {
        from_detail(&recording.trackers, &places)
    };
    Detail {
        trackers,
        metrics: metrics(&conversation.metrics, context.call_id),
        fingerprint: conversation.fingerprint as i64,
        call: facts(conversation, context.call_id),
        state,
        problem: problem.filter(|_| !matches!(text, Text::Keep)),
        text,
    }
}

/// One row per name, the last one sent.
fn metrics(sent: &[(String, f64)], call_id: i64) -> Rows {
    let named: BTreeMap<String, f64> = sent
        .iter()
        .filter(|(_, value)| value.is_finite())
        .map(|(name, value)| (indexable(name), *value))
        .filter(|(name, _)| !name.is_empty())
        .collect();
    let mut rows = Rows::new(&CALL_METRICS);
    for (name, value) in &named {
        rows.row().int8(call_id).text(name.as_str()).float8(*value);
    }
    rows
}

/// Section 11 of the wire reference: only `done` without utterances means that there is nothing.
fn state(conversation: &Conversation) -> (TranscriptState, Option<&'static str>) {
    let utterances = &conversation.recording.utterances;
    let said = utterances.iter().any(|said| !said.text.trim().is_empty());
    let expired = utterances.iter().any(|said| said.expired);
    match conversation.status.as_str() {
        _ if conversation.private => (
            TranscriptState::Unavailable,
            Some("private in Chorus: what was said is not kept"),
        ),
        status if is_no_show(status) => (TranscriptState::NotRecorded, None),
        "scheduled" | "live" | "processing" => (TranscriptState::Processing, None),
        _ if said => (TranscriptState::Ready, None),
        _ if expired => (
            TranscriptState::Empty,
            Some("expired in Chorus before it was read"),
        ),
        "done" => (TranscriptState::Empty, None),
        _ => (TranscriptState::Processing, None),
    }
}

fn add_utterance(
    rows: &mut Rows,
    call_id: i64,
    place: usize,
    participant_no: i32,
    said: &Utterance,
) {
    // The wire gives finite numbers only; a table that sums them must not depend on it.
    let seconds = |value: f64| if value.is_finite() { value } else { 0.0 };
    let start_s = seconds(said.start_s);
    rows.row()
        .int8(call_id)
        .int4(place as i32 + 1)
        .int4(participant_no)
        .float8(start_s)
        .float8(start_s + seconds(said.length_s))
        .text(said.text.as_str());
}

/// The place of each utterance by the index that Chorus gives it; the first one where an index repeats.
fn places(recording: &Recording) -> HashMap<i64, i32> {
    let mut places = HashMap::with_capacity(recording.utterances.len());
    for (place, utterance) in recording.utterances.iter().enumerate() {
        places.entry(utterance.index).or_insert(place as i32 + 1);
    }
    places
}

/// Names of voices by person, for utterances that do not name their speaker.
fn cluster_names(recording: &Recording) -> HashMap<i64, &str> {
    recording
        .clusters
        .iter()
        .filter_map(|voice| {
            let name = [&voice.display_name, &voice.speaker_name]
                .into_iter()
                .filter_map(|name| name.as_deref())
                .find(|name| !name.trim().is_empty())?;
            Some((voice.person_id?, name))
        })
        .collect()
}
