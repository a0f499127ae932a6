//! Who works for the seller, and how their calls were scored.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A member of the tenant: one row of `/v3/users`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    pub id: i64,
    pub person_id: i64,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub title: String,
    /// `USER`, `MANAGER` or `ADMIN`.
    pub role: String,
    pub manager_id: Option<i64>,
    pub primary_team: i64,
    pub team_ids: Vec<i64>,
    pub active: bool,
    pub created_on: DateTime<Utc>,
}

impl User {
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Team {
    pub id: i64,
    pub name: String,
    pub manager_id: Option<i64>,
    pub user_ids: Vec<i64>,
    pub parent_team: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scorecard {
    pub id: i64,
    pub engagement_id: String,
    pub initiative_id: i64,
    /// The template's name.
    pub initiative: String,
    pub recipient_id: i64,
    pub reviewer_id: i64,
    pub submitted: DateTime<Utc>,
    pub seen: bool,
    pub scores: Vec<Score>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    pub question_id: i64,
    pub question: String,
    /// 1 to 5.
    pub score: i64,
    pub comment: String,
    /// Seconds into the call.
    pub comment_time: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Playlist {
    pub id: i64,
    pub name: String,
    pub owner_id: i64,
    pub size: i64,
    pub private: bool,
    pub created_at: DateTime<Utc>,
    pub modified_at: Option<DateTime<Utc>>,
}

/// A clip shared outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    pub id: i64,
    pub engagement_id: String,
    pub subject: String,
    pub user_id: i64,
    /// Seconds from the start of the recording.
    pub start_s: f64,
    /// Seconds.
    pub duration_s: f64,
    pub words: String,
    pub shared_on: DateTime<Utc>,
}
