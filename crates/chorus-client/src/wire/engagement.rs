//! One row of `GET /v3/engagements` (section 4.3 of the wire reference).
//!
//! Only the id and the time make a row; everything else may be missing.

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::BadRecord;
use crate::fingerprint;
use crate::lenient::{self, record};

/// A call, meeting, e-mail or other engagement as the list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Engagement {
    /// `engagement_id`, opaque; equals the id of the conversation.
    pub id: String,
    /// `meeting`, `dialer`, `email`, `content_viewed`, `unrecorded_meeting` or something new; lower case, `unknown` when missing.
    pub engagement_type: String,
    /// When it took place (scheduled or actual is not documented), to the microsecond.
    pub date_time: DateTime<Utc>,
    /// Seconds. Absent when missing, negative or absurd.
    pub duration_s: Option<f64>,
    /// The title.
    pub subject: Option<String>,
    /// The account's id in the CRM; absent when unmatched.
    pub account_id: Option<String>,
    /// Unmatched meetings carry the placeholder `<owner name> Meetings` here.
    pub account_name: Option<String>,
    pub opportunity_id: Option<String>,
    pub opportunity_name: Option<String>,
    /// Such as `en`.
    pub language: Option<String>,
    /// Nobody came. False when missing.
    pub no_show: bool,
    /// `done` or another state, lower case.
    pub processing_state: Option<String>,
    pub participants: Vec<ListedParticipant>,
    /// Only with [`crate::EngagementFilter::with_trackers`].
    pub tracker_matches: Vec<TrackerMatch>,
    /// The page of the call in the web app.
    pub url: Option<String>,
    /// The owner's user id.
    pub user_id: Option<i64>,
    /// The owner's name.
    pub user_name: Option<String>,
    /// The owner's address.
    pub user_email: Option<String>,
    /// `meeting_summary`, HTML; see [`crate::html_to_text`]. May come later than the row.
    pub summary_html: Option<String>,
    pub action_items: Vec<String>,
    /// Every member not named above, but for nulls.
    pub extra: Map<String, Value>,
    /// Fingerprint of the whole row: it differs when the row changed. Order of members, writing of numbers and nulls do not matter.
    pub fingerprint: u64,
}

record! {
    /// Somebody on the attendee list of a row.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct ListedParticipant {
        pub person_id: Option<i64> = "person_id",
        /// Absent outside the tenant.
        pub user_id: Option<i64> = "user_id",
        pub name: Option<String> = "name",
        /// As sent: neither trimmed nor lower-cased.
        pub email: Option<String> = "email",
        pub title: Option<String> = "title",
        pub company_name: Option<String> = "company_name",
        /// `rep` (own team), `prospect`, or something new.
        pub participant_type: Option<String> = "type",
    }
}

record! {
    /// A tracker that was heard in a call, as the list counts it.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct TrackerMatch {
        pub name: String = "name",
        /// `type`, such as `chorus`.
        pub kind_type: Option<String> = "type",
        /// `num_matches`; 0 when missing.
        pub count: i64 = "num_matches" | "count",
    }
}

record! {
    /// The row before it is known to be one.
    #[derive(Default)]
    pub struct Row {
        pub id: Option<String> = "engagement_id",
        pub engagement_type: Option<String> = "engagement_type",
        pub date_time: Option<DateTime<Utc>> = "date_time",
        pub duration: Option<f64> = "duration" in Seconds,
        pub subject: Option<String> = "subject",
        pub account_id: Option<String> = "account_id",
        pub account_name: Option<String> = "account_name",
        pub opportunity_id: Option<String> = "opportunity_id",
        pub opportunity_name: Option<String> = "opportunity_name",
        pub language: Option<String> = "language",
        pub no_show: bool = "no_show",
        pub processing_state: Option<String> = "processing_state",
        pub participants: Vec<ListedParticipant> = "participants",
        pub tracker_matches: Vec<TrackerMatch> = "tracker_matches",
        pub url: Option<String> = "url",
        pub user_id: Option<i64> = "user_id",
        pub user_name: Option<String> = "user_name",
        pub user_email: Option<String> = "user_email",
        pub summary: Option<String> = "meeting_summary",
        pub action_items: Vec<String> = "action_items",
        ;
        pub ..extra
    }
}

/// In bytes.
const LONGEST_ID: usize = 512;

impl Engagement {
    pub(crate) fn read(json: &RawValue) -> Result<Engagement, BadRecord> {
        let bad = |id: Option<String>, problem: &str| BadRecord {
            id,
            problem: problem.to_owned(),
        };
        let broken = |error: serde_json::Error| BadRecord {
            id: None,
            problem: error.to_string(),
        };
        let row = lenient::from_json::<Option<Row>>(json.get()).map_err(broken)?;
        let Some(row) = row else {
            return Err(bad(None, "the row is not an object"));
        };
        let Some(id) = row.id.filter(|id| !id.trim().is_empty()) else {
            return Err(bad(None, "the row has no engagement_id"));
        };
        // Ids are 32 characters. One beyond all measure is no id, and would not fit into an index.
        if id.len() > LONGEST_ID {
            return Err(bad(None, "the row's engagement_id is too long to be one"));
        }
        let Some(date_time) = row.date_time else {
            return Err(bad(Some(id), "the row has no usable date_time"));
        };
        Ok(Engagement {
            id,
            engagement_type: row
                .engagement_type
                .map_or_else(|| "unknown".to_owned(), |kind| kind.to_lowercase()),
            date_time,
            duration_s: row.duration,
            subject: row.subject,
            account_id: row.account_id,
            account_name: row.account_name,
            opportunity_id: row.opportunity_id,
            opportunity_name: row.opportunity_name,
            language: row.language,
            no_show: row.no_show,
            processing_state: row.processing_state.map(|state| state.to_lowercase()),
            participants: row.participants,
            tracker_matches: row.tracker_matches,
            url: row.url,
            user_id: row.user_id,
            user_name: row.user_name,
            user_email: row.user_email,
            summary_html: row.summary,
            action_items: row.action_items,
            extra: row.extra,
            fingerprint: fingerprint::of_json(json.get()).map_err(broken)?,
        })
    }
}
