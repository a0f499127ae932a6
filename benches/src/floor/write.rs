//! From answers to rows, and the rows into the tables.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio_postgres::Transaction;
use tokio_postgres::types::Json;

use super::fetch::Fetched;
use super::rows::Rows;
use super::tables::*;
use super::wire::{Conversation, Engagement, Person, Utterance};
use crate::Result;

/// What is gathered before it is sent, in bytes.
const BATCH: usize = 4 * 1024 * 1024;
const CONNECTION_ID: i64 = 1;

pub struct Writer<'a> {
    transaction: &'a Transaction<'a>,
    calls: Rows,
    participants: Rows,
    transcripts: Rows,
    utterances: Rows,
    trackers: Rows,
    call_trackers: Rows,
    tracker_mentions: Rows,
    call_metrics: Rows,
    tracker_ids: HashMap<&'static str, HashMap<String, i64>>,
    now: DateTime<Utc>,
    last_call_id: i64,
}

impl<'a> Writer<'a> {
    pub async fn new(transaction: &'a Transaction<'a>, schema: &str) -> Result<Writer<'a>> {
        Ok(Writer {
            calls: Rows::of(&CALLS, transaction, schema).await?,
            participants: Rows::of(&PARTICIPANTS, transaction, schema).await?,
            transcripts: Rows::of(&TRANSCRIPTS, transaction, schema).await?,
            utterances: Rows::of(&UTTERANCES, transaction, schema).await?,
            trackers: Rows::of(&TRACKERS, transaction, schema).await?,
            call_trackers: Rows::of(&CALL_TRACKERS, transaction, schema).await?,
            tracker_mentions: Rows::of(&TRACKER_MENTIONS, transaction, schema).await?,
            call_metrics: Rows::of(&CALL_METRICS, transaction, schema).await?,
            transaction,
            tracker_ids: HashMap::new(),
            now: Utc::now(),
            last_call_id: 0,
        })
    }

    pub async fn write(&mut self, (call, detail): Fetched) -> Result<()> {
        self.last_call_id += 1;
        let call_id = self.last_call_id;
        self.add_call(call_id, &call, detail.as_ref())?;
        let mut people = invited(&call.participants);
        let state = match &detail {
            None => "not_recorded",
            Some(detail) if detail.recording.utterances.is_empty() => "empty",
            Some(_) => "ready",
        };
        self.transcripts.add(&[&call_id, &state])?;
        match &detail {
            Some(detail) => self.add_detail(call_id, detail, &mut people)?,
            None => {
                for tracker in &call.tracker_matches {
                    let tracker_id = self.tracker_id("tracker", &tracker.name)?;
                    self.call_trackers
                        .add(&[&call_id, &tracker_id, &tracker.num_matches])?;
                }
            }
        }
        for (place, person) in people.iter().enumerate() {
            let domain = person
                .email
                .as_deref()
                .and_then(|email| email.split('@').nth(1));
            self.participants.add(&[
                &call_id,
                &(place as i32 + 1),
                &person.name,
                &person.email,
                &domain,
                &person.title,
                &person.company,
                &person.side,
                &person.listed,
                &person.person_id,
                &person.user_id,
            ])?;
        }
        if self.all().iter().map(|rows| rows.size()).sum::<usize>() >= BATCH {
            self.send().await?;
        }
        Ok(())
    }

    pub async fn send(&mut self) -> Result<()> {
        let transaction = self.transaction;
        for rows in self.all() {
            rows.send(transaction).await?;
        }
        Ok(())
    }

    fn all(&mut self) -> [&mut Rows; 8] {
        [
            &mut self.calls,
            &mut self.participants,
            &mut self.transcripts,
            &mut self.utterances,
            &mut self.trackers,
            &mut self.call_trackers,
            &mut self.tracker_mentions,
            &mut self.call_metrics,
        ]
    }

    fn add_call(
        &mut self,
        call_id: i64,
        call: &Engagement,
        detail: Option<&Conversation>,
    ) -> Result<()> {
        let meeting = detail.map(|detail| &detail.meeting);
        let recording = detail.map(|detail| &detail.recording);
        let source_data = Json(SourceData {
            engagement: &call.rest,
            conversation: detail.map(|detail| &detail.rest),
        });
        self.calls.add(&[
            &call_id,
            &"chorus",
            &CONNECTION_ID,
            &call.engagement_id,
            &call.engagement_type,
            &call.subject,
            &DateTime::from_timestamp_micros((call.date_time * 1e6).round() as i64),
            &call.duration,
            &recording.and_then(|recording| recording.schedule_start_time),
            &recording.and_then(|recording| recording.schedule_end_time),
            &call.user_id,
            &call.user_email,
            &filled(&call.account_id),
            &filled(&call.account_name),
            &filled(&call.opportunity_id),
            &filled(&call.opportunity_name),
            &call.language,
            &call.url,
            &meeting.and_then(|meeting| meeting.meeting_url.as_deref()),
            &meeting.and_then(|meeting| meeting.ical_uid.as_deref()),
            &call.processing_state,
            &call.no_show,
            &detail.is_some_and(|detail| detail.private),
            &call.meeting_summary,
            &call.action_items,
            &call_id,
            &self.now,
            &self.now,
            &source_data,
        ])
    }

    fn add_detail(
        &mut self,
        call_id: i64,
        detail: &Conversation,
        people: &mut Vec<Voice>,
    ) -> Result<()> {
        let mut places = HashMap::with_capacity(detail.recording.utterances.len());
        for (place, said) in detail.recording.utterances.iter().enumerate() {
            let seq = place as i32 + 1;
            places.insert(said.index, seq);
            let participant_no = heard(people, said);
            let end_s = said.snippet_time + said.snippet_length;
            self.utterances.add(&[
                &call_id,
                &seq,
                &participant_no,
                &said.snippet_time,
                &end_s,
                &said.snippet,
            ])?;
        }
        for tracker in &detail.recording.trackers {
            let kind = match tracker.r#type.as_str() {
                "topics" | "autotopics" => "topic",
                _ => "tracker",
            };
            let tracker_id = self.tracker_id(kind, &tracker.name)?;
            self.call_trackers
                .add(&[&call_id, &tracker_id, &tracker.count])?;
            for (number, mention) in tracker.mentions.iter().enumerate() {
                self.tracker_mentions.add(&[
                    &call_id,
                    &tracker_id,
                    &(number as i32 + 1),
                    &places.get(&mention.utterance),
                    &mention.offset,
                ])?;
            }
        }
        for metric in &detail.metrics {
            self.call_metrics
                .add(&[&call_id, &metric.name, &metric.value])?;
        }
        Ok(())
    }

    fn tracker_id(&mut self, kind: &'static str, name: &str) -> Result<i64> {
        if let Some(id) = self.tracker_ids.get(kind).and_then(|ids| ids.get(name)) {
            return Ok(*id);
        }
        let id = self.tracker_ids.values().map(HashMap::len).sum::<usize>() as i64 + 1;
        self.tracker_ids
            .entry(kind)
            .or_default()
            .insert(name.to_owned(), id);
        self.trackers.add(&[&id, &CONNECTION_ID, &kind, &name])?;
        Ok(id)
    }
}

/// What has no column of its own.
#[derive(Debug, Serialize)]
struct SourceData<'a> {
    engagement: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<&'a Map<String, Value>>,
}

/// Somebody who was invited or heard.
struct Voice {
    name: Option<String>,
    email: Option<String>,
    title: Option<String>,
    company: Option<String>,
    side: &'static str,
    listed: bool,
    person_id: Option<i64>,
    /// Chorus has some people twice, with one address.
    other_id: Option<i64>,
    user_id: Option<i64>,
}

impl Voice {
    fn is(&self, person_id: i64) -> bool {
        [self.person_id, self.other_id].contains(&Some(person_id))
    }
}

impl From<&Person> for Voice {
    fn from(person: &Person) -> Voice {
        Voice {
            name: person.name.clone(),
            email: person.email.as_deref().map(str::to_lowercase),
            title: person.title.clone(),
            company: person.company_name.clone(),
            side: side(person.r#type.as_deref()),
            listed: true,
            person_id: person.person_id,
            other_id: None,
            user_id: person.user_id,
        }
    }
}

/// One for each person on the attendee list.
fn invited(participants: &[Person]) -> Vec<Voice> {
    let mut people: Vec<Voice> = Vec::with_capacity(participants.len());
    for person in participants.iter().map(Voice::from) {
        let same = |known: &&mut Voice| known.email.is_some() && known.email == person.email;
        match people.iter_mut().find(same) {
            Some(known) => {
                known.other_id = person.person_id;
                known.name = known.name.take().or(person.name);
                known.title = known.title.take().or(person.title);
                known.company = known.company.take().or(person.company);
            }
            None => people.push(person),
        }
    }
    people
}

/// The number of the speaker, who is added if not yet among the people.
fn heard(people: &mut Vec<Voice>, said: &Utterance) -> i32 {
    let known = people.iter().position(|person| person.is(said.participant));
    let place = known.unwrap_or_else(|| {
        people.push(Voice {
            name: said.speaker_name.clone(),
            email: None,
            title: None,
            company: None,
            side: side(said.speaker_type.as_deref()),
            listed: false,
            person_id: Some(said.participant),
            other_id: None,
            user_id: None,
        });
        people.len() - 1
    });
    place as i32 + 1
}

fn side(word: Option<&str>) -> &'static str {
    match word {
        Some("rep") => "internal",
        Some("prospect" | "customer") => "external",
        _ => "unknown",
    }
}

fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}
