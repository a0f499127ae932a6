//! From a row of the call list to rows of our tables, as long as nothing but the list is known of a call.

use crate::attendees::Attendees;
use crate::participants::{Listed, Participant, filled};
use crate::rows::{Rows, Target};
use crate::trackers::{CallTracker, from_list};
use chorus_client::{Engagement, html_to_text};
use chrono::{DateTime, Utc};
use meeting_match::email;
use serde::Serialize;
use serde_json::{Value, json};

pub static LISTED_CALLS: Target = Target {
    table: "calls",
    columns: &[
        "call_id",
        "source",
        "connection_id",
        "source_call_id",
        "call_type",
        "title",
        "started_at",
        "duration_s",
        "owner_user_id",
        "host_email",
        "account_id",
        "account_name",
        "opportunity_id",
        "opportunity_name",
        "language",
        "url",
        "processing_state",
        "no_show",
        "summary",
        "action_items",
        "meeting_id",
        "party_id",
        "listed_past",
        "first_seen_at",
        "updated_at",
        "source_data",
    ],
};

pub static LISTED_TRANSCRIPTS: Target = Target {
    table: "transcripts",
    columns: &["call_id", "state", "next_attempt_at", "list_fingerprint"],
};

/// Types of engagement that are no calls.
const NO_CALLS: [&str; 2] = ["email", "content_viewed"];
/// The type of a call that nothing recorded.
const UNRECORDED: &str = "unrecorded_meeting";

/// What the list says of a call. The members that are serialised are columns of `chorus.calls`.
#[derive(Debug, Clone, Serialize)]
pub struct ListedCall {
    pub source_call_id: String,
    pub call_type: String,
    pub title: Option<String>,
    pub started_at: DateTime<Utc>,
    pub duration_s: Option<f64>,
    pub owner_user_id: Option<i64>,
    pub host_email: Option<String>,
    pub account_id: Option<String>,
    pub account_name: Option<String>,
    pub opportunity_id: Option<String>,
    pub opportunity_name: Option<String>,
    pub language: Option<String>,
    pub url: Option<String>,
    pub processing_state: Option<String>,
    pub no_show: bool,
    pub summary: Option<String>,
    pub action_items: Vec<String>,
    /// The part of `source_data` that comes from the list.
    pub engagement: Value,
    #[serde(skip)]
    pub participants: Vec<Participant>,
    #[serde(skip)]
    pub trackers: Vec<CallTracker>,
    #[serde(skip)]
    pub fingerprint: i64,
}

/// What the list row says of a call; None if it is none. `workspace_domain` tells own people from others.
pub fn listed(row: Engagement, workspace_domain: Option<&str>) -> Option<ListedCall> {
    if NO_CALLS.contains(&row.engagement_type.as_str()) {
        return None;
    }
    let people: Vec<Listed> = row.participants.into_iter().map(Listed::from).collect();
    let mut attendees = Attendees::new(workspace_domain);
    for listed in &people {
        attendees.add_listed(listed);
    }
    let mut engagement = row.extra;
    if let Some(name) = filled(row.user_name) {
        engagement.insert("user_name".into(), Value::String(name));
    }
    engagement.insert("participants".into(), json!(people));
    Some(ListedCall {
        source_call_id: row.id,
        call_type: row.engagement_type,
        title: filled(row.subject),
        started_at: row.date_time,
        duration_s: row.duration_s,
        owner_user_id: row.user_id,
        host_email: row.user_email.as_deref().and_then(email),
        account_id: filled(row.account_id),
        account_name: filled(row.account_name),
        opportunity_id: filled(row.opportunity_id),
        opportunity_name: filled(row.opportunity_name),
        language: filled(row.language),
        url: filled(row.url),
        processing_state: filled(row.processing_state),
        no_show: row.no_show,
        summary: plain_text(row.summary_html.as_deref()),
        action_items: row.action_items,
        engagement: Value::Object(engagement),
        participants: attendees.finish(),
        trackers: from_list(&row.tracker_matches),
        fingerprint: row.fingerprint as i64,
    })
}

impl ListedCall {
    /// Whether there is a recording whose detail is worth reading.
    pub fn is_recorded(&self) -> bool {
        self.call_type != UNRECORDED && !self.no_show
    }

    /// Adds the row of a call that is new. `meeting_id` is its own: every call begins as a meeting of its own.
    /// `party_id` is the number of those who met, `listed_past` says how far the list had been read, if the call appears
    /// behind that.
    pub fn add_call(
        &self,
        rows: &mut Rows,
        call_id: i64,
        connection_id: i64,
        party_id: Option<i64>,
        listed_past: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) {
        rows.row()
            .int8(call_id)
            .text("chorus")
            .int8(connection_id)
            .text(self.source_call_id.as_str())
            .text(self.call_type.as_str())
            .text(self.title.as_deref())
            .time(self.started_at)
            .float8(self.duration_s)
            .int8(self.owner_user_id)
            .text(self.host_email.as_deref())
            .text(self.account_id.as_deref())
            .text(self.account_name.as_deref())
            .text(self.opportunity_id.as_deref())
            .text(self.opportunity_name.as_deref())
            .text(self.language.as_deref())
            .text(self.url.as_deref())
            .text(self.processing_state.as_deref())
            .bool(self.no_show)
            .text(self.summary.as_deref())
            .texts(&self.action_items)
            .int8(call_id)
            .int8(party_id)
            .time(listed_past)
            .time(now)
            .time(now)
            .json(&json!({ "engagement": self.engagement }));
    }

    /// Adds the transcript row of a call that is new: due at once, unless nothing was recorded.
    pub fn add_transcript(&self, rows: &mut Rows, call_id: i64, now: DateTime<Utc>) {
        let (state, due) = if self.is_recorded() {
            ("pending", Some(now))
        } else {
            ("not_recorded", None)
        };
        rows.row()
            .int8(call_id)
            .text(state)
            .time(due)
            .int8(self.fingerprint);
    }
}

/// Chorus writes summaries as HTML.
pub(crate) fn plain_text(html: Option<&str>) -> Option<String> {
    filled(html.map(html_to_text))
}
