//! The answers of Chorus, as far as the loader reads them. No tolerance: what is not as expected ends the load.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

#[derive(Deserialize)]
pub struct Page {
    pub continuation_key: Option<String>,
    pub engagements: Vec<Engagement>,
}

#[derive(Deserialize)]
pub struct Engagement {
    pub engagement_id: String,
    pub engagement_type: String,
    /// Epoch seconds.
    pub date_time: f64,
    pub duration: f64,
    pub subject: String,
    pub account_id: Option<String>,
    pub account_name: Option<String>,
    pub opportunity_id: Option<String>,
    pub opportunity_name: Option<String>,
    pub language: Option<String>,
    pub no_show: bool,
    pub processing_state: Option<String>,
    pub participants: Vec<Person>,
    pub tracker_matches: Vec<TrackerMatch>,
    pub url: Option<String>,
    pub user_id: Option<i64>,
    pub user_email: Option<String>,
    pub meeting_summary: Option<String>,
    pub action_items: Vec<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Engagement {
    pub fn is_recorded(&self) -> bool {
        self.engagement_type != "unrecorded_meeting" && !self.no_show
    }
}

#[derive(Deserialize)]
pub struct Person {
    pub person_id: Option<i64>,
    pub user_id: Option<i64>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub title: Option<String>,
    pub company_name: Option<String>,
    pub r#type: Option<String>,
}

#[derive(Deserialize)]
pub struct TrackerMatch {
    pub name: String,
    pub num_matches: i64,
}

#[derive(Deserialize)]
pub struct Document {
    pub data: Data,
}

#[derive(Deserialize)]
pub struct Data {
    pub attributes: Conversation,
}

#[derive(Deserialize)]
pub struct Conversation {
    pub private: bool,
    pub meeting: Meeting,
    pub metrics: Vec<Metric>,
    pub recording: Recording,
    /// The list has said who took part.
    #[serde(rename = "participants")]
    _participants: IgnoredAny,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Deserialize)]
pub struct Meeting {
    pub meeting_url: Option<String>,
    pub ical_uid: Option<String>,
}

#[derive(Deserialize)]
pub struct Metric {
    pub name: String,
    pub value: f64,
}

#[derive(Deserialize)]
pub struct Recording {
    pub schedule_start_time: Option<DateTime<Utc>>,
    pub schedule_end_time: Option<DateTime<Utc>>,
    pub utterances: Vec<Utterance>,
    pub trackers: Vec<Tracker>,
}

#[derive(Deserialize)]
pub struct Utterance {
    pub index: i64,
    pub snippet: String,
    pub snippet_time: f64,
    pub snippet_length: f64,
    pub participant: i64,
    pub speaker_name: Option<String>,
    pub speaker_type: Option<String>,
}

#[derive(Deserialize)]
pub struct Tracker {
    pub name: String,
    pub r#type: String,
    pub count: i64,
    pub mentions: Vec<Mention>,
}

#[derive(Deserialize)]
pub struct Mention {
    pub utterance: i64,
    pub offset: i64,
}
