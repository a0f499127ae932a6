//! Who took part, as rows: the attendee list, and every voice that was heard.

use crate::rows::{Rows, Target};
use chorus_client::ListedParticipant;
use customer_match::registrable_domain;
use serde::{Deserialize, Serialize};

pub static PARTICIPANTS: Target = Target {
    table: "participants",
    columns: &[
        "call_id",
        "participant_no",
        "name",
        "email",
        "email_domain",
        "title",
        "company",
        "side",
        "listed",
        "person_id",
        "user_id",
    ],
};

/// Own team, the other side, or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Internal,
    External,
    #[default]
    Unknown,
}

impl Side {
    /// As it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Side::Internal => "internal",
            Side::External => "external",
            Side::Unknown => "unknown",
        }
    }

    /// The three vocabularies of Chorus for one idea (wire reference, section 5).
    pub(crate) fn from_word(word: &str) -> Option<Side> {
        match word.trim().to_ascii_lowercase().as_str() {
            "rep" => Some(Side::Internal),
            "prospect" | "customer" | "cust" => Some(Side::External),
            _ => None,
        }
    }
}

/// One row of `chorus.participants`; its number is its place in the list, from 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Participant {
    pub name: Option<String>,
    pub email: Option<String>,
    pub title: Option<String>,
    pub company: Option<String>,
    pub side: Side,
    pub listed: bool,
    pub person_id: Option<i64>,
    pub user_id: Option<i64>,
}

/// What the call list says of one attendee. Kept with the call, so that rows are always made from list and detail
/// together and do not depend on what was stored before.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Listed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_id: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

impl From<ListedParticipant> for Listed {
    fn from(wire: ListedParticipant) -> Self {
        Listed {
            person_id: wire.person_id,
            user_id: wire.user_id,
            name: filled(wire.name),
            email: filled(wire.email),
            title: filled(wire.title),
            company: filled(wire.company_name),
            kind: filled(wire.participant_type),
        }
    }
}

/// Adds the rows of one call.
pub fn add_rows(rows: &mut Rows, call_id: i64, participants: &[Participant]) {
    for (place, participant) in participants.iter().enumerate() {
        let domain = participant.email.as_deref().and_then(registrable_domain);
        rows.row()
            .int8(call_id)
            .int4(place as i32 + 1)
            .text(participant.name.as_deref())
            .text(participant.email.as_deref())
            .text(domain.as_deref())
            .text(participant.title.as_deref())
            .text(participant.company.as_deref())
            .text(participant.side.name())
            .bool(participant.listed)
            .int8(participant.person_id)
            .int8(participant.user_id);
    }
}

/// What is not blank, trimmed.
pub(crate) fn filled(text: Option<String>) -> Option<String> {
    let text = text?;
    let trimmed = text.trim();
    if trimmed.is_empty() {
        None
    } else if trimmed.len() == text.len() {
        Some(text)
    } else {
        Some(trimmed.to_owned())
    }
}
