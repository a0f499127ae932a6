//! Scorecards: how a reviewer rated a call (section 7 of the wire reference).

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use crate::BadRecord;
use crate::lenient::record;
use crate::wire::document::resource_row;

record! {
    /// One review of one call.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Scorecard {
        /// `data.id`; a row without it is a [`BadRecord`].
        pub id: String = "data.id",
        /// `engagement`: the engagement that was reviewed.
        pub engagement_id: Option<String> = "engagement",
        /// The template.
        pub initiative: Option<Initiative> = "initiative",
        /// Who was reviewed.
        pub recipient: Option<ScorecardPerson> = "recipient",
        pub reviewer: Option<ScorecardPerson> = "reviewer",
        pub scores: Vec<Score> = "scores",
        pub seen: bool = "seen",
        /// When it was submitted.
        pub submitted: Option<DateTime<Utc>> = "submitted",
        pub url: Option<String> = "url",
        ;
        /// Every other member, but for nulls.
        pub ..extra
    }
}

record! {
    /// What a scorecard is made from.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Initiative {
        pub id: Option<i64> = "id",
        pub name: Option<String> = "name",
        pub description: Option<String> = "description",
        pub url: Option<String> = "url",
    }
}

record! {
    /// A user of the tenant.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct ScorecardPerson {
        pub user_id: Option<i64> = "user_id",
        pub person_id: Option<i64> = "person_id",
        pub name: Option<String> = "name",
    }
}

record! {
    /// The answer to one question. The scale of scores is not documented.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Score {
        pub score: Option<f64> = "score",
        pub question: Question = "question",
        pub comment: Comment = "comment",
    }
}

record! {
    /// What was asked.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Question {
        pub id: Option<i64> = "id",
        pub text: Option<String> = "text",
    }
}

record! {
    /// What the reviewer remarked.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Comment {
        pub text: Option<String> = "text",
        /// Seconds into the call.
        pub time_s: Option<f64> = "time" in Seconds,
    }
}

impl Scorecard {
    pub(crate) fn read(json: &RawValue) -> Result<Scorecard, BadRecord> {
        resource_row(json, |id, scorecard: Scorecard| Scorecard {
            id,
            ..scorecard
        })
    }
}
