//! One engagement as it truly is: what the tenant would say of it were there no quirks.
//!
//! Every member is public, so that a test can compare what a client stored with what was served,
//! by content. Times that the wire gives as epoch seconds stay epoch seconds here.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A call, meeting or other touch: one row of `/v3/engagements`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Call {
    /// 32 upper-case hex digits; also the id of the conversation.
    pub engagement_id: String,
    /// `meeting`, `dialer`, `email`, `content_viewed`, `unrecorded_meeting` or whatever a test puts here.
    pub engagement_type: String,
    /// Actual start, epoch seconds with a fraction.
    pub date_time: f64,
    /// Seconds; 0 for no-shows and e-mails.
    pub duration: f64,
    /// The title.
    pub subject: String,
    /// 18-character Salesforce id, empty when unmatched.
    pub account_id: String,
    /// The customer, or "<owner> Meetings" when unmatched.
    pub account_name: String,
    pub opportunity_id: Option<String>,
    pub opportunity_name: Option<String>,
    /// Owner, a [`User`](crate::User) id.
    pub user_id: i64,
    pub participants: Vec<Participant>,
    /// In the order in which they were said.
    pub utterances: Vec<Utterance>,
    pub trackers: Vec<Tracker>,
    pub metrics: Vec<Metric>,
    /// HTML, as Chorus sends it.
    pub summary: Option<String>,
    pub action_items: Vec<String>,
    pub language: String,
    pub compliance: Option<String>,
    pub no_show: bool,
    /// Left out of every answer, like a recording that its owner made private.
    pub private: bool,
    /// `done`, `processing`, `scheduled`, `no show`: the state in the list and in the detail.
    pub processing_state: String,
    /// Dialer calls only.
    pub disposition: Disposition,
    /// The conference tool.
    pub source: String,
    pub meeting_id: String,
    pub meeting_url: Option<String>,
    pub calendar_id: Option<String>,
    pub ical_uid: Option<String>,
    pub scheduled_start: DateTime<Utc>,
    pub scheduled_end: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    /// `_modified_at`, the only change marker on calls.
    pub modified_at: DateTime<Utc>,
    /// Set for e-mails.
    pub email: Option<Email>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Participant {
    pub person_id: i64,
    /// None for people outside the tenant.
    pub user_id: Option<i64>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub title: Option<String>,
    pub company_name: Option<String>,
    /// Of the seller's own team.
    pub is_rep: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Utterance {
    pub index: i64,
    /// Who speaks, a `person_id`.
    pub person_id: i64,
    /// Seconds from the start of the recording.
    pub start_s: f64,
    /// Seconds.
    pub length_s: f64,
    pub text: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tracker {
    pub id: String,
    pub name: String,
    /// The wire's `type` in a detail: `topics`, `autotopics`, `text`, `competitors`. The list says `chorus` of all.
    #[serde(rename = "type")]
    pub kind: String,
    pub count: i64,
    pub mentions: Vec<Mention>,
}

/// Where a tracker was heard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// Index of the utterance.
    pub utterance: i64,
    /// Word within it, counted from 0.
    pub offset: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    pub name: String,
    pub value: f64,
}

/// What a dialer call ended in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Disposition {
    pub connected: bool,
    pub gatekeeper: bool,
    pub tree: bool,
    pub voicemail: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Email {
    pub thread: String,
    pub body: String,
}

impl Call {
    /// Meetings and dialer calls have a transcript, other engagements have none.
    pub fn is_recorded(&self) -> bool {
        !self.no_show && matches!(self.engagement_type.as_str(), "meeting" | "dialer")
    }

    pub fn is_email(&self) -> bool {
        self.engagement_type == "email"
    }

    /// The participant with this `person_id`.
    pub fn person(&self, person_id: i64) -> Option<&Participant> {
        self.participants
            .iter()
            .find(|participant| participant.person_id == person_id)
    }

    /// `https://chorus.ai/meeting/<id>`
    pub fn url(&self) -> String {
        format!("https://chorus.ai/meeting/{}", self.engagement_id)
    }
}

impl Default for Call {
    /// An hour-long meeting of nobody at the epoch: a base for struct update syntax.
    fn default() -> Self {
        Call {
            engagement_id: String::new(),
            engagement_type: "meeting".into(),
            date_time: 0.0,
            duration: 3600.0,
            subject: "Unscheduled Meeting".into(),
            account_id: String::new(),
            account_name: String::new(),
            opportunity_id: None,
            opportunity_name: None,
            user_id: 0,
            participants: Vec::new(),
            utterances: Vec::new(),
            trackers: Vec::new(),
            metrics: Vec::new(),
            summary: None,
            action_items: Vec::new(),
            language: "en".into(),
            compliance: None,
            no_show: false,
            private: false,
            processing_state: "done".into(),
            disposition: Disposition::default(),
            source: "zoom".into(),
            meeting_id: "0".into(),
            meeting_url: None,
            calendar_id: None,
            ical_uid: None,
            scheduled_start: DateTime::UNIX_EPOCH,
            scheduled_end: DateTime::UNIX_EPOCH,
            created_at: DateTime::UNIX_EPOCH,
            modified_at: DateTime::UNIX_EPOCH,
            email: None,
        }
    }
}
