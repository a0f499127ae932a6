//! Calls of other sources, their people and their words, written in bulk.

use crate::error::Result;
use crate::sql;
use crate::store::calls::new_call_ids;
use crate::store::copy::copy_into;
use crate::store::deletion::delete_from;
use crate::store::feed::{self, Event, Kind};
use crate::store::matching::due::{mark, mark_words};
use crate::store::own_domains::OwnDomains;
use crate::store::parties;
use crate::store::search;
use call_rows::{
    PARTICIPANTS, Rows, SOURCE_CALLS, SOURCE_TRANSCRIPTS, SourceCall, UTTERANCES, add_participants,
    add_spoken,
};
use chrono::{DateTime, Utc};
use meeting_match::Words;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Calls and bytes that are written at once.
const FULL: usize = 5_000;
const FULL_BYTES: usize = 8 << 20;

/// A call that is new or not as it is stored.
pub struct Change {
    /// None: it is new.
    pub call_id: Option<i64>,
    /// It was removed before.
    pub returned: bool,
    pub fingerprint: i64,
    pub call: SourceCall,
}

pub struct Writer {
    source: String,
    now: DateTime<Utc>,
    domains: OwnDomains,
    waiting: Vec<Change>,
    bytes: usize,
    written: usize,
}

impl Writer {
    pub fn new(source: &str, now: DateTime<Utc>) -> Result<Writer> {
        Ok(Writer {
            source: source.to_owned(),
            now,
            domains: OwnDomains::read()?,
            waiting: Vec::new(),
            bytes: 0,
            written: 0,
        })
    }

    pub fn add(&mut self, change: Change) {
        let texts = [&change.call.transcript, &change.call.summary];
        let large = texts.into_iter().flatten().map(String::len);
        self.bytes += large.sum::<usize>();
        self.waiting.push(change);
    }

    /// How many calls were given to it.
    pub fn changes(&self) -> usize {
        self.written + self.waiting.len()
    }

    pub fn write_if_full(&mut self) -> Result<()> {
        if self.waiting.len() >= FULL || self.bytes >= FULL_BYTES {
            self.write()?;
        }
        Ok(())
    }

    pub fn write(&mut self) -> Result<()> {
        let changes = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        self.written += changes.len();
        if changes.is_empty() {
            return Ok(());
        }
        let (new, old): (Vec<_>, Vec<_>) = changes
            .into_iter()
            .partition(|change| change.call_id.is_none());
        let mut numbered = Vec::new();
        let mut said = HashMap::new();
        if !new.is_empty() {
            let call_ids = new_call_ids(new.len())?;
            let mut calls = Rows::new(&SOURCE_CALLS);
            for (change, &call_id) in new.iter().zip(&call_ids) {
                change
                    .call
                    .add_call(&mut calls, call_id, &self.source, self.now);
            }
            copy_into(&calls);
            numbered.extend(call_ids.into_iter().zip(new));
        }
        if !old.is_empty() {
            let old: Vec<_> = old
                .into_iter()
                .filter_map(|change| Some((change.call_id?, change)))
                .collect();
            self.update(&old)?;
            let call_ids: Vec<i64> = old.iter().map(|(call_id, _)| *call_id).collect();
            said = said_in(&call_ids)?;
            for table in ["participants", "utterances", "transcripts"] {
                delete_from(table, &call_ids)?;
            }
            numbered.extend(old);
        }
        self.write_people_and_words(&numbered, &said)?;
        parties::settle(numbered.iter().map(|(call_id, _)| *call_id).collect())?;
        mark(numbered.iter().map(|(call_id, _)| *call_id).collect())
    }

    /// `said_before` has the fingerprint of each text that these take the place of.
    fn write_people_and_words(
        &mut self,
        changes: &[(i64, Change)],
        said_before: &HashMap<i64, Option<i64>>,
    ) -> Result<()> {
        let mut participants = Rows::new(&PARTICIPANTS);
        let mut transcripts = Rows::new(&SOURCE_TRANSCRIPTS);
        let mut utterances = Rows::new(&UTTERANCES);
        let (mut events, mut with_words) = (Vec::new(), Vec::new());
        let mut sketches = Vec::new();
        for (call_id, change) in changes {
            let call_id = *call_id;
            let (mut people, spoken) = change.call.people_and_words();
            for person in &mut people {
                let side = person
                    .email
                    .as_deref()
                    .and_then(|email| self.domains.of(email).1);
                person.side = side.unwrap_or_default();
            }
            add_participants(&mut participants, call_id, &people);
            let words = add_spoken(&mut utterances, call_id, &spoken);
            if !spoken.is_empty() {
                with_words.push(call_id);
            }
            if words > 0 || said_before.contains_key(&call_id) {
                let said = spoken.iter().map(|utterance| utterance.text.as_str());
                sketches.push((call_id, Words::of(said)));
            }
            let (state, fetched_at) = match &change.call.transcript {
                None => ("not_recorded", None),
                Some(_) if spoken.is_empty() => ("empty", Some(self.now)),
                Some(_) => ("ready", Some(self.now)),
            };
            transcripts
                .row()
                .int8(call_id)
                .text(state)
                .time(fetched_at)
                .int4(spoken.len() as i32)
                .int8(words)
                .int8(change.fingerprint)
                .int8(change.call.text_fingerprint());
            events.push(match (change.call_id, change.returned) {
                (None, _) => Event::of_call(Kind::CallAdded, None, call_id),
                (_, true) => Event::of_returned(None, call_id),
                _ => Event::of_call(Kind::CallUpdated, None, call_id),
            });
            match (said_before.get(&call_id), state) {
                (Some(before), "ready") if *before == change.call.text_fingerprint() => {}
                (_, "ready") => events.push(Event::of_call(Kind::TranscriptReady, None, call_id)),
                (Some(_), _) => events.push(Event::of_call(Kind::TranscriptRemoved, None, call_id)),
                (None, _) => {}
            }
        }
        copy_into(&participants);
        copy_into(&utterances);
        copy_into(&transcripts);
        let of_known = changes
            .iter()
            .filter(|(_, change)| change.call_id.is_some());
        search::forget(&of_known.map(|(call_id, _)| *call_id).collect::<Vec<_>>())?;
        search::mark(&with_words)?;
        mark_words(sketches.iter().map(|(call_id, words)| (*call_id, words)));
        feed::record(&events, self.now)
    }

    fn update(&self, changes: &[(i64, Change)]) -> Result<()> {
        let rows: Vec<Value> = changes
            .iter()
            .map(|(call_id, change)| {
                let mut row = json!(change.call);
                row["call_id"] = json!(call_id);
                row
            })
            .collect();
        sql::execute(
            "UPDATE chorus.calls c
                SET call_type = n.call_type, title = n.title, started_at = n.started_at, duration_s = n.duration_s,
                    scheduled_start = n.scheduled_start, scheduled_end = n.scheduled_end,
                    owner_user_id = n.owner_user_id, host_email = n.host_email, account_id = n.account_id,
                    account_name = n.account_name, opportunity_id = n.opportunity_id,
                    opportunity_name = n.opportunity_name, language = n.language, url = n.url,
                    meeting_url = n.meeting_url, ical_uid = n.ical_uid, processing_state = n.processing_state,
                    no_show = n.no_show, private = n.private, summary = n.summary, action_items = n.action_items,
                    source_data = coalesce(n.source_data, '{}'), removed_at = NULL, updated_at = $2
               FROM json_to_recordset($1::json) AS n(
                    call_id bigint, call_type text, title text, started_at timestamptz, duration_s double precision,
                    scheduled_start timestamptz, scheduled_end timestamptz, owner_user_id bigint, host_email text,
                    account_id text, account_name text, opportunity_id text, opportunity_name text, language text,
                    url text, meeting_url text, ical_uid text, processing_state text, no_show boolean,
                    private boolean, summary text, action_items text[], source_data jsonb)
              WHERE c.call_id = n.call_id",
            &[sql::json(&rows), sql::time(self.now)],
        )?;
        Ok(())
    }
}

/// Which of these calls have words, and the fingerprint of their text.
fn said_in(call_ids: &[i64]) -> Result<HashMap<i64, Option<i64>>> {
    let said: Option<Vec<(i64, Option<i64>)>> = sql::one_json(
        "SELECT jsonb_agg(jsonb_build_array(t.call_id, t.text_fingerprint)) FROM chorus.transcripts t
          WHERE t.call_id = ANY ($1) AND t.utterance_count > 0",
        &[sql::int8s(call_ids.to_vec())],
    )?;
    Ok(said.unwrap_or_default().into_iter().collect())
}
