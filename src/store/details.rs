//! Details of calls: facts, people, trackers and what was said, many calls in one transaction.

mod queue;
mod updates;

use self::updates::{TranscriptRow, update_facts, update_transcripts};
use crate::error::Result;
use crate::store::copy::copy_all;
use crate::store::deletion::delete_from;
use crate::store::feed::{self, Event, Kind};
use crate::store::matching;
use crate::store::parties;
use crate::store::problems::{self, Problem};
use crate::store::removals;
use crate::store::search;
use crate::store::trackers::{self, TrackerNumbers};
use call_rows::{CallTracker, Detail, Rows, Text, TranscriptState};
use chrono::{DateTime, TimeDelta, Utc};
use meeting_match::Words;
use serde_json::json;
use std::collections::HashSet;
use sync_plan::details;

pub use self::queue::{Due, count_due, count_waiting, due, next_due};

/// What decides about calls beside what Chorus answered.
#[derive(Debug, Default)]
pub struct Rules {
    /// `chorus_sync.transcript_retry_days`
    pub keep_asking: TimeDelta,
    /// `chorus_sync.detail_rereads`
    pub rereads: Vec<TimeDelta>,
    /// Calls that the list does not have any more: what cannot be read of them is gone.
    pub unlisted: HashSet<i64>,
}

/// What asking for a detail came to.
#[derive(Debug)]
pub enum Outcome {
    /// Its content is what is stored already.
    Unchanged,
    Read(Box<Detail>),
    /// Chorus is not done with it.
    NotYet(String),
    /// It is not there for us: private, deleted or out of reach.
    Missing,
    /// It cannot be read.
    Unreadable(Problem),
}

/// What a batch changed.
#[derive(Debug, Default, Clone, Copy)]
pub struct DetailsWritten {
    pub calls_updated: i64,
    pub calls_removed: i64,
    pub transcripts_added: i64,
    pub utterances_added: i64,
}

/// What a batch is gathered in before it is written.
#[derive(Default)]
struct Batch {
    connection_id: i64,
    events: Vec<Event>,
    facts: Vec<call_rows::DetailedCall>,
    transcripts: Vec<TranscriptRow>,
    problems: Vec<Problem>,
    read: Vec<String>,
    people_of: Vec<i64>,
    participants: Vec<Rows>,
    heard: Vec<(i64, Vec<CallTracker>)>,
    /// Calls with rows from an earlier detail that have to go first.
    replaced: Vec<i64>,
    silenced: Vec<i64>,
    /// Calls with new words.
    spoken: Vec<i64>,
    removed: Vec<i64>,
    metrics: Vec<Rows>,
    utterances: Vec<Rows>,
    sketches: Vec<(i64, Words)>,
    written: DetailsWritten,
}

/// Writes what asking for a batch of details came to.
pub fn write(
    connection_id: i64,
    outcomes: Vec<(Due, Outcome)>,
    numbers: &mut TrackerNumbers,
    rules: &Rules,
    now: DateTime<Utc>,
    run_began: DateTime<Utc>,
) -> Result<DetailsWritten> {
    let mut batch = Batch {
        connection_id,
        ..Batch::default()
    };
    // A person may have accepted the removal of a call after it was asked for: what was said in it stays deleted.
    let removed: HashSet<i64> = removals::removed_of(outcomes.iter().map(|(due, _)| due.call_id))?;
    for (due, outcome) in outcomes {
        if !due.removed && removed.contains(&due.call_id) {
            continue;
        }
        batch.add(due, outcome, rules, now);
    }
    batch.write(numbers, now, run_began)
}

impl Batch {
    fn add(&mut self, due: Due, outcome: Outcome, rules: &Rules, now: DateTime<Utc>) {
        let ask_again = |row: &mut TranscriptRow, why: &str| {
            again(row, &due, why, rules.keep_asking, now);
        };
        let mut row = TranscriptRow {
            call_id: due.call_id,
            state: None,
            attempts: due.attempts,
            next_attempt_at: None,
            fetched_at: None,
            detail_fingerprint: due.detail_fingerprint,
            sets_text: false,
            text_fingerprint: None,
            utterance_count: 0,
            word_count: 0,
            problem: None,
        };
        match outcome {
            Outcome::Unchanged => {
                self.read.push(due.source_call_id.clone());
                if due.state == "processing" {
                    ask_again(&mut row, "Chorus is still processing it");
                } else {
                    row.problem = due.problem.clone();
                }
            }
            Outcome::Read(detail) => {
                self.read.push(due.source_call_id.clone());
                self.take(&due, *detail, &mut row, rules.keep_asking, now);
            }
            Outcome::NotYet(why) => ask_again(&mut row, &why),
            Outcome::Missing if due.removed || rules.unlisted.contains(&due.call_id) => {
                self.removed.push(due.call_id);
                return;
            }
            // Nothing was recorded, so nothing is missing.
            Outcome::Missing if due.state == "not_recorded" => {}
            Outcome::Missing if now - due.ended_at < rules.keep_asking => {
                ask_again(
                    &mut row,
                    "not found: not ready yet, private, deleted or out of reach",
                );
            }
            Outcome::Missing => {
                row.attempts = due.attempts.saturating_add(1);
                if !due.has_text() {
                    row.state = Some(TranscriptState::Unavailable);
                }
                row.problem = Some("not found: private, deleted or out of reach".to_owned());
            }
            Outcome::Unreadable(problem) => {
                ask_again(&mut row, &problem.problem);
                self.problems.push(problem);
            }
        }
        if row.next_attempt_at.is_none() {
            row.next_attempt_at = details::reread_at(now, due.ended_at, &rules.rereads);
        }
        self.transcripts.push(row);
    }

    fn take(
        &mut self,
        due: &Due,
        detail: Detail,
        row: &mut TranscriptRow,
        keep_asking: TimeDelta,
        now: DateTime<Utc>,
    ) {
        if due.removed && !detail.call.private {
            let returned = Event::of_returned(self.connection_id, due.call_id);
            self.events.push(returned);
        } else if !due.removed && due.detail_fingerprint != Some(detail.fingerprint) {
            self.tell(due, Kind::CallUpdated, json!({}));
        }
        row.detail_fingerprint = Some(detail.fingerprint);
        row.problem = detail.problem.map(str::to_owned);
        row.attempts = 0;
        if detail.state == TranscriptState::Processing {
            again(row, due, "Chorus is still processing it", keep_asking, now);
        } else if detail.state == TranscriptState::Ready || !matches!(detail.text, Text::Keep) {
            row.state = Some(detail.state);
        }
        match detail.text {
            Text::Write {
                utterances,
                participants,
                fingerprint,
                words,
                sketch,
            } => {
                row.sets_text = true;
                row.fetched_at = Some(now);
                row.text_fingerprint = Some(fingerprint);
                row.utterance_count = utterances.len() as i64;
                row.word_count = words;
                let details = json!({"utterances": utterances.len(), "words": words, "replaced": due.has_text()});
                self.tell(due, Kind::TranscriptReady, details);
                self.written.transcripts_added += 1;
                self.written.utterances_added += utterances.len() as i64;
                self.spoken.push(due.call_id);
                self.utterances.push(utterances);
                self.sketches.push((due.call_id, sketch));
                self.participants.push(participants);
                self.people_of.push(due.call_id);
                if due.has_text() {
                    self.silenced.push(due.call_id);
                }
            }
            Text::Same { participants } => {
                self.participants.push(participants);
                self.people_of.push(due.call_id);
            }
            Text::None { participants } => {
                row.sets_text = true;
                self.participants.push(participants);
                self.people_of.push(due.call_id);
                if due.has_text() {
                    self.tell(due, Kind::TranscriptRemoved, json!({}));
                    self.silenced.push(due.call_id);
                }
            }
            Text::Keep => {}
        }
        if due.detail_fingerprint.is_some() {
            self.replaced.push(due.call_id);
        }
        self.metrics.push(detail.metrics);
        self.heard.push((due.call_id, detail.trackers));
        self.facts.push(detail.call);
    }

    fn tell(&mut self, due: &Due, kind: Kind, details: serde_json::Value) {
        let event = Event::of_call(kind, self.connection_id, due.call_id);
        self.events.push(event.with(details));
    }

    fn write(
        self,
        numbers: &mut TrackerNumbers,
        now: DateTime<Utc>,
        run_began: DateTime<Utc>,
    ) -> Result<DetailsWritten> {
        let connection_id = self.connection_id;
        let mut written = self.written;
        written.calls_updated = update_facts(&self.facts, now, run_began)?;
        delete_from("participants", &self.people_of)?;
        copy_all(&self.participants);
        parties::settle(self.facts.iter().map(|facts| facts.call_id).collect())?;
        let with_trackers: Vec<i64> = self.heard.iter().map(|(call_id, _)| *call_id).collect();
        trackers::delete(&with_trackers)?;
        numbers.write(
            connection_id,
            self.heard.iter().map(|(id, heard)| (*id, heard.as_slice())),
        )?;
        delete_from("call_metrics", &self.replaced)?;
        copy_all(&self.metrics);
        delete_from("utterances", &self.silenced)?;
        copy_all(&self.utterances);
        update_transcripts(&self.transcripts)?;
        search::forget(&self.silenced)?;
        search::mark(&self.spoken)?;
        search::follow(&self.replaced)?;
        matching::due::mark(with_trackers)?;
        matching::due::mark_words(
            self.sketches
                .iter()
                .map(|(call_id, words)| (*call_id, words)),
        );
        feed::record(&self.events, now)?;
        written.calls_removed = removals::remove(&self.removed, now)?;
        problems::record(connection_id, &self.problems, now)?;
        problems::solved(connection_id, CONVERSATION, self.read)?;
        Ok(written)
    }
}

/// The route that details come from, as `chorus.problems` names it.
pub const CONVERSATION: &str = "/api/v1/conversations/{id}";

/// Asks again later, or gives up when the meeting is too long ago.
fn again(
    row: &mut TranscriptRow,
    due: &Due,
    why: &str,
    keep_asking: TimeDelta,
    now: DateTime<Utc>,
) {
    row.attempts = due.attempts.saturating_add(1);
    row.problem = Some(why.to_owned());
    row.next_attempt_at =
        details::ask_again_at(now, due.ended_at, due.attempts, keep_asking, due.call_id);
    if !due.has_text() {
        row.state = match row.next_attempt_at {
            Some(_) => Some(TranscriptState::Processing),
            // It had been finished before; that one look more has failed changes nothing.
            None if matches!(due.state.as_str(), "empty" | "unavailable" | "not_recorded") => None,
            None => Some(TranscriptState::Failed),
        };
    }
}
