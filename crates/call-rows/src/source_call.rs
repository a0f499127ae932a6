//! A call as another source has it, and the rows that it becomes.

use crate::attendees::Person;
use crate::participants::{Participant, filled};
use crate::rows::{Rows, Target};
use crate::voices::Voices;
use crate::written::lines;
use chrono::{DateTime, Utc};
use meeting_match::email;
use serde::Serialize;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

pub static SOURCE_CALLS: Target = Target {
    table: "calls",
    columns: &[
        "call_id",
        "source",
        "source_call_id",
        "call_type",
        "title",
        "started_at",
        "duration_s",
        "scheduled_start",
        "scheduled_end",
        "owner_user_id",
        "host_email",
        "account_id",
        "account_name",
        "opportunity_id",
        "opportunity_name",
        "language",
        "url",
        "meeting_url",
        "ical_uid",
        "processing_state",
        "no_show",
        "private",
        "summary",
        "action_items",
        "is_main_call",
        "first_seen_at",
        "updated_at",
        "source_data",
    ],
};

pub static SOURCE_TRANSCRIPTS: Target = Target {
    table: "transcripts",
    columns: &[
        "call_id",
        "state",
        "fetched_at",
        "utterance_count",
        "word_count",
        "list_fingerprint",
        "text_fingerprint",
    ],
};

/// What a row of a relation says; names are those of `chorus.calls`, units too.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SourceCall {
    pub source_call_id: String,
    pub call_type: Option<String>,
    pub title: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
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
    pub url: Option<String>,
    pub meeting_url: Option<String>,
    pub ical_uid: Option<String>,
    pub processing_state: Option<String>,
    pub no_show: bool,
    pub private: bool,
    pub summary: Option<String>,
    pub action_items: Vec<String>,
    pub source_data: Option<Value>,
    #[serde(skip)]
    pub emails: Vec<String>,
    #[serde(skip)]
    pub names: Vec<String>,
    #[serde(skip)]
    pub transcript: Option<String>,
}

/// One utterance; its number is its place in the list, from 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Spoken {
    pub participant_no: i32,
    pub start_s: f64,
    pub end_s: f64,
    pub text: String,
}

impl SourceCall {
    /// In bytes: an entry of the unique index must fit in a third of a page.
    pub const LONGEST_ID: usize = 1000;

    /// Whether a call can be told from others by this id.
    pub fn may_have_id(source_call_id: &str) -> bool {
        !source_call_id.trim().is_empty() && source_call_id.len() <= Self::LONGEST_ID
    }

    /// What is stored of it: trimmed, addresses normalised, and nothing that was said in a private call.
    pub fn tidy(mut self) -> Self {
        for text in [
            &mut self.call_type,
            &mut self.title,
            &mut self.account_id,
            &mut self.account_name,
            &mut self.opportunity_id,
            &mut self.opportunity_name,
            &mut self.language,
            &mut self.url,
            &mut self.meeting_url,
            &mut self.ical_uid,
            &mut self.processing_state,
            &mut self.summary,
        ] {
            *text = filled(text.take());
        }
        self.host_email = self.host_email.as_deref().and_then(email);
        self.duration_s = self.duration_s.filter(|length| length.is_finite());
        if self.private {
            self.summary = None;
            self.action_items.clear();
            self.transcript = None;
        }
        self
    }

    /// Equal for equal rows, and hardly ever for others.
    pub fn fingerprint(&self) -> i64 {
        let mut hash = Xxh3::new();
        for text in [
            Some(&self.source_call_id),
            self.call_type.as_ref(),
            self.title.as_ref(),
            self.host_email.as_ref(),
            self.account_id.as_ref(),
            self.account_name.as_ref(),
            self.opportunity_id.as_ref(),
            self.opportunity_name.as_ref(),
            self.language.as_ref(),
            self.url.as_ref(),
            self.meeting_url.as_ref(),
            self.ical_uid.as_ref(),
            self.processing_state.as_ref(),
            self.summary.as_ref(),
            self.transcript.as_ref(),
            self.source_data.as_ref().map(Value::to_string).as_ref(),
        ] {
            hash_text(&mut hash, text);
        }
        for list in [&self.action_items, &self.emails, &self.names] {
            hash.update(&(list.len() as u64).to_le_bytes());
            list.iter()
                .for_each(|text| hash_text(&mut hash, Some(text)));
        }
        for time in [self.started_at, self.scheduled_start, self.scheduled_end] {
            let micros = time.map_or(i64::MIN, |time| time.timestamp_micros());
            hash.update(&micros.to_le_bytes());
        }
        let length = self.duration_s.unwrap_or(f64::NAN);
        hash.update(&length.to_bits().to_le_bytes());
        hash.update(&self.owner_user_id.unwrap_or(i64::MIN).to_le_bytes());
        hash.update(&[u8::from(self.no_show), u8::from(self.private)]);
        hash.digest() as i64
    }

    /// Of the transcript alone; None: there is none.
    pub fn text_fingerprint(&self) -> Option<i64> {
        let transcript = self.transcript.as_ref()?;
        Some(xxh3_64(transcript.as_bytes()) as i64)
    }

    /// Who took part, and what was said. Addresses and names of equal number belong together, in their order; every
    /// voice is one of these people or gets a row of its own.
    pub fn people_and_words(&self) -> (Vec<Participant>, Vec<Spoken>) {
        let people = self.attendees();
        let known: HashSet<String> = people
            .iter()
            .filter_map(|person| Some(person.name.as_ref()?.to_lowercase()))
            .collect();
        let people = people.into_iter().map(Person::new).collect();
        let mut voices = Voices::new(None, people, HashMap::new());
        let transcript = self.transcript.as_deref().unwrap_or_default();
        let said = lines(transcript, self.duration_s, |name| {
            known.contains(&name.to_lowercase())
        });
        let spoken = said
            .into_iter()
            .map(|line| Spoken {
                participant_no: voices.heard(None, line.speaker, None),
                start_s: line.start_s,
                end_s: line.end_s,
                text: line.text.to_owned(),
            })
            .collect();
        (voices.finish(), spoken)
    }

    fn attendees(&self) -> Vec<Participant> {
        let name = |text: &String| filled(Some(text.clone()));
        let listed = |email, name| Participant {
            name,
            email,
            listed: true,
            ..Participant::default()
        };
        let mut people: Vec<Participant> = if self.emails.len() == self.names.len() {
            let pairs = self.emails.iter().zip(&self.names);
            pairs
                .map(|(address, text)| listed(email(address), name(text)))
                .collect()
        } else {
            let addresses = self
                .emails
                .iter()
                .map(|address| listed(email(address), None));
            let names = self.names.iter().map(|text| listed(None, name(text)));
            addresses.chain(names).collect()
        };
        let mut met = HashSet::new();
        people.retain(|person| match (&person.email, &person.name) {
            (Some(email), _) => met.insert(email.clone()),
            (None, name) => name.is_some(),
        });
        people
    }

    pub fn add_call(&self, rows: &mut Rows, call_id: i64, source: &str, now: DateTime<Utc>) {
        static NOTHING: std::sync::LazyLock<Value> =
            std::sync::LazyLock::new(|| Value::Object(Default::default()));
        rows.row()
            .int8(call_id)
            .text(source)
            .text(self.source_call_id.as_str())
            .text(self.call_type.as_deref())
            .text(self.title.as_deref())
            .time(self.started_at)
            .float8(self.duration_s)
            .time(self.scheduled_start)
            .time(self.scheduled_end)
            .int8(self.owner_user_id)
            .text(self.host_email.as_deref())
            .text(self.account_id.as_deref())
            .text(self.account_name.as_deref())
            .text(self.opportunity_id.as_deref())
            .text(self.opportunity_name.as_deref())
            .text(self.language.as_deref())
            .text(self.url.as_deref())
            .text(self.meeting_url.as_deref())
            .text(self.ical_uid.as_deref())
            .text(self.processing_state.as_deref())
            .bool(self.no_show)
            .bool(self.private)
            .text(self.summary.as_deref())
            .texts(&self.action_items)
            .bool(false)
            .time(now)
            .time(now)
            .json(self.source_data.as_ref().unwrap_or(&NOTHING));
    }
}

/// Adds the utterances of a call; returns how many words they have.
pub fn add_spoken(rows: &mut Rows, call_id: i64, spoken: &[Spoken]) -> i64 {
    let mut words = 0;
    for (place, utterance) in spoken.iter().enumerate() {
        words += utterance.text.split_whitespace().count() as i64;
        rows.row()
            .int8(call_id)
            .int4(place as i32 + 1)
            .int4(utterance.participant_no)
            .float8(utterance.start_s)
            .float8(utterance.end_s)
            .text(utterance.text.as_str());
    }
    words
}

fn hash_text(hash: &mut Xxh3, text: Option<&String>) {
    let length = text.map_or(u64::MAX, |text| text.len() as u64);
    hash.update(&length.to_le_bytes());
    hash.update(text.map_or(&[][..], |text| text.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Side;

    fn call() -> SourceCall {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        SourceCall {
            source_call_id: "g1".into(),
            title: Some("  Renewal ".into()),
            host_email: Some("KIM@own.example".into()),
            duration_s: Some(60.0),
            emails: texts(&[
                "Kim@Own.example",
                "ann@larkspur.example",
                "kim@own.example",
                "12",
            ]),
            names: texts(&["Kim Lee", "", "Kim again", "Dial-in"]),
            transcript: Some("[00:10] kim lee: hello\n[00:20] Bo Diaz: good day to you".into()),
            ..SourceCall::default()
        }
    }

    #[test]
    fn people_are_those_listed_and_those_heard() {
        let (people, spoken) = call().tidy().people_and_words();
        let seen: Vec<_> = people
            .iter()
            .map(|person| {
                (
                    person.name.as_deref(),
                    person.email.as_deref(),
                    person.listed,
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                (Some("Kim Lee"), Some("kim@own.example"), true),
                (None, Some("ann@larkspur.example"), true),
                (Some("Dial-in"), None, true),
                (Some("Bo Diaz"), None, false),
            ]
        );
        assert!(people.iter().all(|person| person.side == Side::Unknown));
        let voices: Vec<_> = spoken
            .iter()
            .map(|line| (line.participant_no, line.end_s))
            .collect();
        assert_eq!(voices, [(1, 20.0), (4, 60.0)]);
    }

    #[test]
    fn a_fingerprint_sees_every_change() {
        let before = call().tidy();
        assert_eq!(before.fingerprint(), call().tidy().fingerprint());
        let changes: [fn(&mut SourceCall); 8] = [
            |call| call.title = None,
            |call| call.started_at = Some(DateTime::UNIX_EPOCH),
            |call| call.scheduled_start = Some(DateTime::UNIX_EPOCH),
            |call| call.duration_s = None,
            |call| call.no_show = true,
            |call| call.names.swap(0, 1),
            |call| call.transcript = Some("x".into()),
            |call| call.source_data = Some(serde_json::json!({"a": 1})),
        ];
        for change in changes {
            let mut after = before.clone();
            change(&mut after);
            assert_ne!(before.fingerprint(), after.fingerprint(), "{after:?}");
        }
    }

    #[test]
    fn nothing_that_was_said_in_a_private_call_is_kept() {
        let private = SourceCall {
            private: true,
            summary: Some("secret".into()),
            ..call()
        };
        let private = private.tidy();
        assert_eq!(
            (private.summary.as_deref(), private.transcript.as_deref()),
            (None, None)
        );
        assert!(private.people_and_words().1.is_empty());
    }
}
