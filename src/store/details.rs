//! Details of calls: facts, people, trackers and what was said, many calls in one transaction.

use crate::error::Result;
use crate::sql;
use crate::store::copy::copy_all;
use crate::store::deletion::delete_from;
use crate::store::feed::{self, Event, Kind};
use crate::store::matching;
use crate::store::parties;
use crate::store::problems::{self, Problem};
use crate::store::removals;
use crate::store::search;
use crate::store::trackers::{self, TrackerNumbers};
use call_rows::{CallTracker, Detail, Listed, Rows, Text, TranscriptState};
use chrono::{DateTime, TimeDelta, Utc};
use meeting_match::Words;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;
use sync_plan::details;

/// A call whose detail is due.
#[derive(Debug, Clone, Deserialize)]
pub struct Due {
    pub call_id: i64,
    pub source_call_id: String,
    pub due_at: DateTime<Utc>,
    pub ended_at: DateTime<Utc>,
    pub state: String,
    pub attempts: i32,
    pub detail_fingerprint: Option<i64>,
    pub text_fingerprint: Option<i64>,
    pub utterance_count: i32,
    pub problem: Option<String>,
    pub private: bool,
    /// Found to be gone before; somebody asked for it all the same.
    pub removed: bool,
    #[serde(default)]
    pub listed: Vec<Listed>,
}

impl Due {
    pub fn has_text(&self) -> bool {
        self.utterance_count > 0
    }

    /// Whether reading just what was read before would change nothing. What was out of reach meanwhile is taken anew, and
    /// so is what failed last: its row says why, and must not go on saying so.
    pub fn is_settled(&self) -> bool {
        match self.state.as_str() {
            _ if self.removed => false,
            "processing" => !self.private,
            state => self.attempts == 0 && (self.private || matches!(state, "ready" | "empty")),
        }
    }
}

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

/// The next calls whose detail is due at `now`, oldest due first, after the one named last.
pub fn due(
    connection_id: i64,
    now: DateTime<Utc>,
    after: Option<(DateTime<Utc>, i64)>,
    at_most: i64,
) -> Result<Vec<Due>> {
    let (after_time, after_call) = match after {
        Some((time, call_id)) => (Some(time), call_id),
        None => (None, 0),
    };
    let due = sql::one_json(
        &format!(
            "SELECT jsonb_agg(d ORDER BY d.due_at, d.call_id)
               FROM (SELECT t.call_id, c.source_call_id, t.next_attempt_at AS due_at, t.state, t.attempts,
                            t.detail_fingerprint, t.text_fingerprint, t.utterance_count, t.problem,
                            c.private, c.removed_at IS NOT NULL AS removed,
                            coalesce(c.started_at + make_interval(secs => least(coalesce(c.duration_s, 0), 86400)), $2) AS ended_at,
                            coalesce(c.source_data #> '{{engagement,participants}}', '[]') AS listed
                       FROM chorus.transcripts t {OF_THE_CONNECTION}
                      WHERE t.next_attempt_at <= $2
                        AND (t.next_attempt_at, t.call_id) > (coalesce($3, '-infinity'), $4)
                      ORDER BY t.next_attempt_at, t.call_id
                      LIMIT $5) d"
        ),
        &[
            sql::int8(connection_id),
            sql::time(now),
            sql::time(after_time),
            sql::int8(after_call),
            sql::int8(at_most),
        ],
    )?;
    Ok(due.unwrap_or_default())
}

/// The call of each transcript, if it is of connection $1. OFFSET 0 has it looked up by its key and nothing else, in the
/// order in which transcripts are due; left to itself the planner reads all calls of the connection for each look.
const OF_THE_CONNECTION: &str = "JOIN LATERAL (
    SELECT k.source_call_id, k.started_at, k.duration_s, k.source_data, k.private, k.removed_at, k.connection_id, k.source
      FROM chorus.calls k WHERE k.call_id = t.call_id OFFSET 0) c ON c.connection_id = $1 AND c.source = 'chorus'";

/// How many calls are due.
pub fn count_due(connection_id: i64, now: DateTime<Utc>) -> Result<i64> {
    let count = sql::one(
        &format!(
            "SELECT count(*) FROM chorus.transcripts t {OF_THE_CONNECTION} WHERE t.next_attempt_at <= $2"
        ),
        &[sql::int8(connection_id), sql::time(now)],
    )?;
    Ok(count.unwrap_or(0))
}

/// When the next detail of a connection is due.
pub fn next_due(connection_id: i64) -> Result<Option<DateTime<Utc>>> {
    sql::one_json(
        &format!(
            "SELECT to_jsonb(t.next_attempt_at) FROM chorus.transcripts t {OF_THE_CONNECTION}
              WHERE t.next_attempt_at IS NOT NULL ORDER BY t.next_attempt_at, t.call_id LIMIT 1"
        ),
        &[sql::int8(connection_id)],
    )
}

/// How many transcripts Chorus has yet to finish.
pub fn count_waiting(connection_id: i64) -> Result<i64> {
    let count = sql::one(
        &format!(
            "SELECT count(*) FROM chorus.transcripts t {OF_THE_CONNECTION}
              WHERE t.next_attempt_at IS NOT NULL AND t.state IN ('pending', 'processing')"
        ),
        &[sql::int8(connection_id)],
    )?;
    Ok(count.unwrap_or(0))
}

/// The columns of `chorus.transcripts` that a read sets.
#[derive(Serialize)]
struct TranscriptRow {
    call_id: i64,
    state: Option<TranscriptState>,
    attempts: i32,
    next_attempt_at: Option<DateTime<Utc>>,
    /// Set when text was written.
    fetched_at: Option<DateTime<Utc>>,
    detail_fingerprint: Option<i64>,
    /// Whether the three columns below follow what was read, or stay.
    sets_text: bool,
    text_fingerprint: Option<i64>,
    utterance_count: i64,
    word_count: i64,
    problem: Option<String>,
}

/// What a batch is gathered in before it is written.
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
        events: Vec::new(),
        facts: Vec::new(),
        transcripts: Vec::new(),
        problems: Vec::new(),
        read: Vec::new(),
        people_of: Vec::new(),
        participants: Vec::new(),
        heard: Vec::new(),
        replaced: Vec::new(),
        silenced: Vec::new(),
        spoken: Vec::new(),
        removed: Vec::new(),
        metrics: Vec::new(),
        utterances: Vec::new(),
        sketches: Vec::new(),
        written: DetailsWritten::default(),
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

/// Returns how many calls changed that this run neither added nor counted before.
fn update_facts(
    facts: &[call_rows::DetailedCall],
    now: DateTime<Utc>,
    run_began: DateTime<Utc>,
) -> Result<i64> {
    if facts.is_empty() {
        return Ok(0);
    }
    let updated = sql::one(
        "WITH sent AS (
             SELECT c.call_id, c.updated_at AS updated_before, t.detail_fingerprint IS NOT NULL AS read_before,
                    coalesce(n.title, c.title) AS title,
                    coalesce(nullif(c.duration_s, 0), n.duration_s, c.duration_s) AS duration_s,
                    n.scheduled_start, n.scheduled_end,
                    coalesce(n.owner_user_id, c.owner_user_id) AS owner_user_id,
                    coalesce(n.host_email, c.host_email) AS host_email,
                    coalesce(n.account_id, c.account_id) AS account_id,
                    coalesce(n.account_name, c.account_name) AS account_name,
                    coalesce(n.opportunity_id, c.opportunity_id) AS opportunity_id,
                    coalesce(n.opportunity_name, c.opportunity_name) AS opportunity_name,
                    coalesce(n.language, c.language) AS language, n.meeting_url, n.ical_uid,
                    coalesce(n.processing_state, c.processing_state) AS processing_state,
                    c.no_show OR n.no_show AS no_show, n.private,
                    CASE WHEN n.private THEN NULL ELSE coalesce(n.summary, c.summary) END AS summary,
                    CASE WHEN n.private THEN '{}' ELSE coalesce(n.action_items, c.action_items) END AS action_items,
                    c.source_data || jsonb_build_object('conversation', n.conversation) AS source_data
               FROM json_to_recordset($1::json) AS n(
                    call_id bigint, title text, duration_s double precision, scheduled_start timestamptz,
                    scheduled_end timestamptz, owner_user_id bigint, host_email text, account_id text,
                    account_name text, opportunity_id text, opportunity_name text, language text, meeting_url text,
                    ical_uid text, processing_state text, no_show boolean, private boolean, summary text,
                    action_items text[], conversation jsonb)
                    JOIN chorus.calls c USING (call_id) JOIN chorus.transcripts t USING (call_id)
         ), written AS (
             UPDATE chorus.calls c
                SET title = s.title, duration_s = s.duration_s, scheduled_start = s.scheduled_start,
                    scheduled_end = s.scheduled_end, owner_user_id = s.owner_user_id, host_email = s.host_email,
                    account_id = s.account_id, account_name = s.account_name, opportunity_id = s.opportunity_id,
                    opportunity_name = s.opportunity_name, language = s.language, meeting_url = s.meeting_url,
                    ical_uid = s.ical_uid, processing_state = s.processing_state, no_show = s.no_show,
                    private = s.private, summary = s.summary, action_items = s.action_items,
                    source_data = s.source_data, updated_at = $2,
                    removed_at = CASE WHEN s.private THEN c.removed_at END
               FROM sent s
              WHERE c.call_id = s.call_id
             RETURNING s.read_before AND s.updated_before < $3 AS counts
         )
         SELECT count(*) FILTER (WHERE counts) FROM written",
        &[sql::json(&facts), sql::time(now), sql::time(run_began)],
    )?;
    Ok(updated.unwrap_or(0))
}

fn update_transcripts(rows: &[TranscriptRow]) -> Result<()> {
    sql::execute(
        "UPDATE chorus.transcripts t
            SET state = coalesce(n.state, t.state),
                attempts = n.attempts,
                next_attempt_at = n.next_attempt_at,
                fetched_at = coalesce(n.fetched_at, t.fetched_at),
                lag = coalesce(t.lag, n.fetched_at - (c.started_at + make_interval(secs => least(coalesce(c.duration_s, 0), 86400)))),
                detail_fingerprint = n.detail_fingerprint,
                text_fingerprint = CASE WHEN n.sets_text THEN n.text_fingerprint ELSE t.text_fingerprint END,
                utterance_count  = CASE WHEN n.sets_text THEN n.utterance_count  ELSE t.utterance_count  END,
                word_count       = CASE WHEN n.sets_text THEN n.word_count       ELSE t.word_count       END,
                problem = n.problem
           FROM json_to_recordset($1::json) AS n(
                call_id bigint, state text, attempts integer, next_attempt_at timestamptz, fetched_at timestamptz,
                detail_fingerprint bigint, sets_text boolean, text_fingerprint bigint, utterance_count integer,
                word_count bigint, problem text)
                JOIN chorus.calls c USING (call_id)
          WHERE t.call_id = n.call_id",
        &[sql::json(&rows)],
    )?;
    Ok(())
}
