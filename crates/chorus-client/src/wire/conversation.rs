//! `GET /api/v1/conversations/{id}`: one call with its transcript (section 5.1 of the wire reference).

use chrono::{DateTime, Utc};
use serde::de::Deserializer;
use serde_json::{Map, Value};

use crate::fingerprint::{self, Fingerprint, Hasher};
use crate::lenient::{Lenient, record};
use crate::wire::recording::Recording;

/// One recorded call. Lists are empty and texts absent when missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    /// Equals the engagement id.
    pub id: String,
    /// `scheduled`, `live`, `processing`, `done`, `no show`, `unknown`, or something new; lower case.
    pub status: String,
    /// The title.
    pub name: Option<String>,
    /// A title made by Chorus.
    pub generated_subject: Option<String>,
    pub language: Option<String>,
    /// Where the recording came from; the vocabulary is not published.
    pub source: Option<String>,
    /// The customer's company.
    pub company_name: Option<String>,
    /// The tenant's company.
    pub user_company_name: Option<String>,
    /// What was said must not be kept.
    pub private: bool,
    pub account: Option<Account>,
    pub deal: Option<Deal>,
    pub owner: Option<Owner>,
    pub participants: Vec<ConversationParticipant>,
    pub meeting: Option<MeetingKeys>,
    /// Name and value; units are not published.
    pub metrics: Vec<(String, f64)>,
    /// HTML; see [`crate::html_to_text`].
    pub summary_html: Option<String>,
    /// Set when making the summary failed.
    pub summary_error: Option<String>,
    pub action_items: Vec<String>,
    pub recap: Vec<String>,
    /// What the dialer noted, as sent.
    pub disposition: Option<Value>,
    /// `_created_at`.
    pub created_at: Option<DateTime<Utc>>,
    /// `_modified_at`. Not part of the fingerprint.
    pub modified_at: Option<DateTime<Utc>>,
    pub recording: Recording,
    /// Every member of the attributes not named above, but for nulls and `meta` (the token user's playback state).
    pub extra: Map<String, Value>,
    /// Fingerprint of all of the above but the id and `modified_at`: it differs when what we keep differs.
    pub fingerprint: u64,
}

record! {
    /// The account that Chorus associates with the call.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Account {
        /// Chorus' own id.
        pub id: Option<i64> = "id",
        pub name: Option<String> = "name",
        /// The id in the CRM.
        pub ext_id: Option<String> = "ext_id",
        /// `type`.
        pub account_type: Option<String> = "type",
        pub zi_company_id: Option<String> = "zi_company_id",
    }
}

record! {
    /// The opportunity. May be empty.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Deal {
        /// The id in the CRM.
        pub id: Option<String> = "id",
        pub name: Option<String> = "name",
        pub close_date: Option<DateTime<Utc>> = "close_date",
        pub current_stage: Option<String> = "current_stage",
        /// -1 stands for none.
        pub initial_amount: Option<f64> = "initial_amount",
        ;
        /// Every other member, but for nulls.
        pub ..extra
    }
}

record! {
    /// The user the call belongs to.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Owner {
        pub user_id: Option<i64> = "user_id",
        pub person_id: Option<i64> = "person_id",
        pub name: Option<String> = "name",
        pub email: Option<String> = "email",
    }
}

record! {
    /// Somebody on the attendee list of a call.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct ConversationParticipant {
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
        pub is_my_team: Option<bool> = "is_my_team",
        pub zi_person_id: Option<i64> = "zi_person_id",
    }
}

record! {
    /// Keys by which other recorders know the same meeting.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct MeetingKeys {
        pub id: Option<String> = "id",
        pub calendar_id: Option<String> = "calendar_id",
        pub ical_uid: Option<String> = "ical_uid",
        /// May hold a password in its query.
        pub meeting_url: Option<String> = "meeting_url",
    }
}

record! {
    /// An element of `metrics`.
    #[derive(Default)]
    pub struct Metric {
        pub name: String = "name",
        pub value: Option<f64> = "value",
    }
}

impl Lenient for (String, f64) {
    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Self>, D::Error> {
        let metric = Metric::read(json)?.filter(|metric| !metric.name.is_empty());
        Ok(metric.and_then(|metric| Some((metric.name, metric.value?))))
    }
}

record! {
    /// `data.attributes`.
    #[derive(Default)]
    pub struct Attributes {
        pub status: Option<String> = "status",
        pub name: Option<String> = "name",
        pub generated_subject: Option<String> = "generated_subject",
        pub language: Option<String> = "language",
        pub source: Option<String> = "source",
        pub company_name: Option<String> = "company_name",
        pub user_company_name: Option<String> = "user_company_name",
        pub private: bool = "private",
        pub account: Option<Account> = "account",
        pub deal: Option<Deal> = "deal",
        pub owner: Option<Owner> = "owner",
        pub participants: Vec<ConversationParticipant> = "participants",
        pub meeting: Option<MeetingKeys> = "meeting",
        pub metrics: Vec<(String, f64)> = "metrics",
        pub summary: Option<String> = "summary",
        pub summary_error: Option<String> = "summary_error",
        pub action_items: Vec<String> = "action_items",
        pub recap: Vec<String> = "recap",
        pub disposition: Option<Value> = "disposition",
        pub created_at: Option<DateTime<Utc>> = "_created_at",
        pub modified_at: Modified = "_modified_at",
        pub recording: Recording = "recording",
        ;
        pub ..extra drop "meta"
    }
}

/// The change marker, which is no content: it stays out of the fingerprint.
#[derive(Default)]
pub struct Modified(Option<DateTime<Utc>>);

impl crate::lenient::Member for Modified {
    fn member<'de, D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        Ok(Modified(DateTime::read(json)?))
    }
}

impl Fingerprint for Modified {
    fn absorb(&self, _: &mut Hasher) {}
}

impl Conversation {
    pub(crate) fn new(id: String, mut attributes: Attributes) -> Conversation {
        attributes.recording.put_in_order();
        let fingerprint = fingerprint::of(&attributes);
        Conversation {
            id,
            status: attributes
                .status
                .map_or_else(|| "unknown".to_owned(), |status| status.to_lowercase()),
            name: attributes.name,
            generated_subject: attributes.generated_subject,
            language: attributes.language,
            source: attributes.source,
            company_name: attributes.company_name,
            user_company_name: attributes.user_company_name,
            private: attributes.private,
            account: attributes.account,
            deal: attributes.deal.filter(|deal| *deal != Deal::default()),
            owner: attributes.owner,
            participants: attributes.participants,
            meeting: attributes.meeting,
            metrics: attributes.metrics,
            summary_html: attributes.summary,
            summary_error: attributes.summary_error,
            action_items: attributes.action_items,
            recap: attributes.recap,
            disposition: attributes.disposition,
            created_at: attributes.created_at,
            modified_at: attributes.modified_at.0,
            recording: attributes.recording,
            extra: attributes.extra,
            fingerprint,
        }
    }
}
