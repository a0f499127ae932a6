//! From a call's detail, together with what the list said of it, to rows of our tables.

use crate::listed::plain_text;
use crate::participants::{Attendees, Listed, PARTICIPANTS, add_rows, filled};
use crate::rows::{Rows, Target};
use crate::trackers::{CallTracker, from_detail};
use chorus_client::{Conversation, Recording, Utterance};
use chrono::{DateTime, Utc};
use meeting_match::email;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
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

/// What the detail says of a call. Members are columns of `chorus.calls`; None leaves what the list said.
#[derive(Debug, Clone, Serialize)]
pub struct DetailedCall {
    pub call_id: i64,
    pub title: Option<String>,
    pub duration_s: Option<f64>,
    pub scheduled_start: Option<DateTime<Utc>>,
    pub scheduled_end: Option<DateTime<Utc>>,
    pub owner_user_id: Option<i64>,
    pub host_email: Option<String>,
    pub account_id: Option<String>,
    pub account_name: Option<String>,
    pub opportunity_id: Option<String>,
    pub opportunity_name: Option<String>,
    pub language: Option<String>,
    pub meeting_url: Option<String>,
    pub ical_uid: Option<String>,
    pub processing_state: Option<String>,
    pub no_show: bool,
    pub private: bool,
    pub summary: Option<String>,
    pub action_items: Option<Vec<String>>,
    /// The part of `source_data` that comes from the detail.
    pub conversation: Box<RawValue>,
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
        text + 4096
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
    let names = cluster_names(recording);
    let mut utterances = Rows::new(&UTTERANCES);
    let mut words = 0;
    if state == TranscriptState::Ready {
        for (place, utterance) in recording.utterances.iter().enumerate() {
            let name = utterance
                .speaker_name
                .as_deref()
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
        },
        TranscriptState::Processing if context.has_text => Text::Keep,
        TranscriptState::Empty if context.has_text && expired => Text::Keep,
        _ => Text::None { participants },
    };
    let mut metrics = Rows::new(&CALL_METRICS);
    let mut named: HashMap<&str, f64> = HashMap::new();
    for (name, value) in &conversation.metrics {
        named.insert(name, *value);
    }
    let mut named: Vec<_> = named.into_iter().collect();
    named.sort_by_key(|(name, _)| *name);
    for (name, value) in named {
        metrics.row().int8(context.call_id).text(name).float8(value);
    }
    Detail {
        trackers: from_detail(&recording.trackers, &places(recording)),
        fingerprint: conversation.fingerprint as i64,
        call: facts(conversation, context.call_id),
        state,
        problem,
        text,
        metrics,
    }
}

/// Section 11 of the wire reference: only `done` without utterances means that there is nothing.
fn state(conversation: &Conversation) -> (TranscriptState, Option<&'static str>) {
    let said = conversation
        .recording
        .utterances
        .iter()
        .any(|said| !said.text.trim().is_empty() || said.expired);
    match conversation.status.as_str() {
        _ if conversation.private => (
            TranscriptState::Unavailable,
            Some("private in Chorus: what was said is not kept"),
        ),
        "no show" | "no_show" => (TranscriptState::NotRecorded, None),
        "scheduled" | "live" | "processing" => (TranscriptState::Processing, None),
        _ if said => (TranscriptState::Ready, None),
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
    rows.row()
        .int8(call_id)
        .int4(place as i32 + 1)
        .int4(participant_no)
        .float8(said.start_s)
        .float8(said.start_s + said.length_s)
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
            let name = voice
                .display_name
                .as_deref()
                .or(voice.speaker_name.as_deref())?;
            Some((voice.person_id?, name))
        })
        .collect()
}

fn facts(conversation: Conversation, call_id: i64) -> DetailedCall {
    let private = conversation.private;
    let account = conversation.account.unwrap_or_default();
    let deal = conversation.deal.unwrap_or_default();
    let owner = conversation.owner.unwrap_or_default();
    let meeting = conversation.meeting.unwrap_or_default();
    let recording = conversation.recording;

    let mut rest = conversation.extra;
    let mut keep = |name: &str, value: Value| {
        let empty = match &value {
            Value::Null => true,
            Value::Array(values) => values.is_empty(),
            Value::Object(members) => members.values().all(Value::is_null),
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        if !empty {
            rest.insert(name.to_owned(), value);
        }
    };
    keep("created_at", json!(conversation.created_at));
    keep("source", json!(conversation.source));
    keep("company_name", json!(conversation.company_name));
    keep("user_company_name", json!(conversation.user_company_name));
    keep("generated_subject", json!(conversation.generated_subject));
    keep("summary_error", json!(conversation.summary_error));
    keep("disposition", conversation.disposition.unwrap_or_default());
    keep(
        "account",
        json!({ "id": account.id, "type": account.account_type, "zi_company_id": account.zi_company_id }),
    );
    keep(
        "meeting",
        json!({ "id": meeting.id, "calendar_id": meeting.calendar_id }),
    );
    let mut deal_rest = deal.extra;
    for (name, value) in [
        ("close_date", json!(deal.close_date)),
        ("current_stage", json!(deal.current_stage)),
        ("initial_amount", json!(deal.initial_amount)),
    ] {
        if !value.is_null() {
            deal_rest.insert(name.into(), value);
        }
    }
    keep("deal", Value::Object(deal_rest));
    let mut recording_rest = recording.extra;
    if let Some(start) = recording.start_time {
        recording_rest.insert("start_time".into(), json!(start));
    }
    if !private && !recording.clusters.is_empty() {
        recording_rest.insert("clusters".into(), clusters(&recording.clusters));
    }
    keep("recording", Value::Object(recording_rest));
    if !private {
        keep("recap", json!(conversation.recap));
    }

    DetailedCall {
        call_id,
        title: filled(conversation.name),
        duration_s: recording.duration_s,
        scheduled_start: recording.schedule_start_time,
        scheduled_end: recording.schedule_end_time,
        owner_user_id: owner.user_id,
        host_email: owner.email.as_deref().and_then(email),
        account_id: filled(account.ext_id),
        account_name: filled(account.name),
        opportunity_id: filled(deal.id),
        opportunity_name: filled(deal.name),
        language: filled(conversation.language),
        meeting_url: filled(meeting.meeting_url),
        ical_uid: filled(meeting.ical_uid),
        no_show: matches!(conversation.status.as_str(), "no show" | "no_show"),
        processing_state: Some(conversation.status).filter(|status| status != "unknown"),
        private,
        summary: if private {
            None
        } else {
            plain_text(conversation.summary_html.as_deref())
        },
        action_items: Some(conversation.action_items).filter(|items| !private && !items.is_empty()),
        conversation: without_pictures(rest),
    }
}

/// Who Chorus takes each voice for, and how long it was heard. The single stretches are left out: they are most of the
/// bytes of a detail, and the utterances say when who spoke.
fn clusters(voices: &[chorus_client::Cluster]) -> Value {
    let one = |voice: &chorus_client::Cluster| {
        json!({
            "id": voice.id, "participant": voice.person_id, "user_id": voice.user_id,
            "speaker_name": voice.speaker_name, "type": voice.cluster_type,
            "match_method": voice.match_method, "ranges": voice.ranges.len(),
            "talk_time_s": voice.ranges.iter().map(|range| range.talk_time_s).sum::<f64>(),
        })
    };
    Value::Array(voices.iter().map(one).collect())
}

/// Links to pictures expire and are media, which stay in Chorus.
fn without_pictures(mut members: Map<String, Value>) -> Box<RawValue> {
    for name in ["picture", "pictures", "thumbnail", "thumbnails", "meta"] {
        members.remove(name);
    }
    serde_json::value::to_raw_value(&members).unwrap_or_default()
}
