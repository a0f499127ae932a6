//! The facts of a call that its detail states, and what else it says, for `source_data`.

use crate::listed::plain_text;
use crate::participants::filled;
use chorus_client::{Cluster, Conversation, Deal, Owner, Recording};
use chrono::{DateTime, Utc};
use meeting_match::email;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

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

/// Chorus writes it with a blank.
pub(crate) fn is_no_show(status: &str) -> bool {
    matches!(status, "no show" | "no_show")
}

pub(crate) fn facts(conversation: Conversation, call_id: i64) -> DetailedCall {
    let private = conversation.private;
    let account = conversation.account.unwrap_or_default();
    let deal = conversation.deal.unwrap_or_default();
    let owner = conversation.owner.unwrap_or_default();
    let meeting = conversation.meeting.unwrap_or_default();
    let recording = &conversation.recording;

    // Members that we do not know may hold what was said, in other words.
    let mut rest = if private {
        Map::new()
    } else {
        conversation.extra
    };
    let mut keep = |name: &str, value: Value| {
        if !is_empty(&value) {
            rest.insert(name.to_owned(), value);
        }
    };
    keep("created_at", json!(conversation.created_at));
    keep("source", json!(conversation.source));
    keep("company_name", json!(conversation.company_name));
    keep("user_company_name", json!(conversation.user_company_name));
    keep(
        "account",
        json!({ "id": account.id, "type": account.account_type, "zi_company_id": account.zi_company_id }),
    );
    keep(
        "meeting",
        json!({ "id": meeting.id, "calendar_id": meeting.calendar_id }),
    );
    keep("owner", rest_of_owner(&owner));
    keep("deal", rest_of_deal(&deal));
    keep("recording", rest_of_recording(recording, private));
    if !private {
        keep("generated_subject", json!(conversation.generated_subject));
        keep("summary_error", json!(conversation.summary_error));
        keep("disposition", conversation.disposition.unwrap_or_default());
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
        no_show: is_no_show(&conversation.status),
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

/// Nothing worth a member of its own.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.values().all(Value::is_null),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn rest_of_owner(owner: &Owner) -> Value {
    json!({ "name": owner.name, "person_id": owner.person_id })
}

fn rest_of_deal(deal: &Deal) -> Value {
    let mut rest = deal.extra.clone();
    for (name, value) in [
        ("close_date", json!(deal.close_date)),
        ("current_stage", json!(deal.current_stage)),
        ("initial_amount", json!(deal.initial_amount)),
    ] {
        if !value.is_null() {
            rest.insert(name.into(), value);
        }
    }
    Value::Object(rest)
}

fn rest_of_recording(recording: &Recording, private: bool) -> Value {
    let mut rest = if private {
        Map::new()
    } else {
        recording.extra.clone()
    };
    if let Some(start) = recording.start_time {
        rest.insert("start_time".into(), json!(start));
    }
    if !private && !recording.clusters.is_empty() {
        rest.insert("clusters".into(), clusters(&recording.clusters));
    }
    Value::Object(rest)
}

/// Who Chorus takes each voice for, and how long it was heard. The single stretches are left out: they are most of the
/// bytes of a detail, and the utterances say when who spoke.
fn clusters(voices: &[Cluster]) -> Value {
    let one = |voice: &Cluster| {
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
