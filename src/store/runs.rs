//! The record of runs. Whether a run is alive is told by its lock, never by its row.

use crate::error::{Error, Result};
use crate::sql;
use crate::store::connections;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// What is counted in a run; columns of `chorus.runs`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Counters {
    pub calls_listed: i64,
    pub calls_added: i64,
    pub calls_updated: i64,
    pub calls_removed: i64,
    pub transcripts_added: i64,
    pub transcripts_pending: i64,
    pub utterances_added: i64,
    pub requests: i64,
    pub details_due: i64,
    pub details_read: i64,
    pub calls_matched: i64,
    pub meetings_matched: i64,
    pub meetings_merged: i64,
    pub meetings_separated: i64,
    pub pairs_scored: i64,
    pub matching_s: f64,
}

/// Why there is a run, and with that what it does; column `trigger` of `chorus.runs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The schedule: a whole run.
    Schedule,
    /// `chorus_sync`: a whole run.
    Manual,
    /// The first scheduled run after connecting: a whole run.
    Connect,
    /// Details and transcripts that are due between two listings, and nothing else.
    Retry,
    /// `chorus_dedup`: no connection's run. It recognises meetings, and reads no Chorus.
    Dedup,
}

/// The connection of runs that are no connection's.
pub const NO_CONNECTION: i64 = 0;

impl Trigger {
    const ALL: [Trigger; 5] = [
        Trigger::Schedule,
        Trigger::Manual,
        Trigger::Connect,
        Trigger::Retry,
        Trigger::Dedup,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Trigger::Schedule => "schedule",
            Trigger::Manual => "manual",
            Trigger::Connect => "connect",
            Trigger::Retry => "retry",
            Trigger::Dedup => "dedup",
        }
    }

    pub fn from_text(text: &str) -> Option<Trigger> {
        Self::ALL
            .into_iter()
            .find(|trigger| trigger.as_str() == text)
    }
}

/// A run as others see it.
#[derive(Debug, Clone, Deserialize)]
pub struct Seen {
    pub run_id: i64,
    pub state: String,
    pub worker: Option<i32>,
    pub progress: Option<String>,
    pub window_from: DateTime<Utc>,
    pub elapsed_us: Option<i64>,
    pub sqlstate: Option<String>,
    pub problem: Option<String>,
    pub hint: Option<String>,
    #[serde(flatten)]
    pub counters: Counters,
}

impl Seen {
    pub fn has_ended(&self) -> bool {
        !matches!(self.state.as_str(), "queued" | "running")
    }
}

const SEEN: &str = "to_jsonb(r) || jsonb_build_object(
    'worker', chorus.run_worker(r.run_id), 'progress', chorus.run_progress(r),
    'elapsed_us', (extract(epoch FROM coalesce(r.finished_at, chorus.clock()) - r.started_at) * 1000000)::bigint)";

/// A run as it is committed at this moment.
pub fn latest(run_id: i64) -> Result<Option<Seen>> {
    sql::latest_json(
        &format!("SELECT {SEEN} FROM chorus.runs r WHERE r.run_id = $1"),
        &[sql::int8(run_id)],
    )
}

/// The runs of a connection that have not ended by their rows, in the order in which they will run.
pub fn latest_unfinished(connection_id: i64) -> Result<Vec<Seen>> {
    let runs = sql::latest_json(
        &format!(
            "SELECT jsonb_agg({SEEN} ORDER BY r.run_id) FROM chorus.runs r
              WHERE r.connection_id = $1 AND r.state IN ('queued', 'running')"
        ),
        &[sql::int8(connection_id)],
    )?;
    Ok(runs.unwrap_or_default())
}

/// Makes the row of a run that has not begun.
pub fn queue(
    run_id: i64,
    connection_id: i64,
    trigger: Trigger,
    window: (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<()> {
    sql::execute(
        "INSERT INTO chorus.runs (run_id, connection_id, trigger, state, window_from, window_to, queued_at)
         VALUES ($1, $2, $3, 'queued', $4, $5, $6)",
        &[
            sql::int8(run_id),
            sql::int8(connection_id),
            sql::text(trigger.as_str()),
            sql::time(window.0),
            sql::time(window.1),
            sql::time(now),
        ],
    )?;
    Ok(())
}

/// Begins a queued run; the window ends now. False if it is not queued any more, or never was committed.
pub fn begin(run_id: i64, now: DateTime<Utc>) -> Result<bool> {
    let begun = sql::execute(
        "UPDATE chorus.runs SET state = 'running', started_at = $2, window_to = $2 WHERE run_id = $1 AND state = 'queued'",
        &[sql::int8(run_id), sql::time(now)],
    )?;
    Ok(begun > 0)
}

/// Marks what a crash or a termination left behind, and says how many. A queued run gets a minute for its worker to
/// start, if it was queued since this server was.
pub fn mark_dead(connection_id: i64, now: DateTime<Utc>) -> Result<u64> {
    sql::execute(
        "UPDATE chorus.runs r
            SET state = 'interrupted', finished_at = $2,
                problem = 'the worker of this run ended before it was done',
                hint = 'The next run goes on from where it stopped.'
          WHERE r.connection_id = $1 AND chorus.run_worker(r.run_id) IS NULL
            AND (r.state = 'running'
                 OR (r.state = 'queued'
                     AND r.queued_at NOT BETWEEN greatest($2 - interval '1 minute', $2 - (clock_timestamp() - pg_postmaster_start_time()))
                                             AND $2 + interval '1 minute'))",
        &[sql::int8(connection_id), sql::time(now)],
    )
}

pub fn set_phase(run_id: i64, phase: &str, counters: &Counters, now: DateTime<Utc>) -> Result<()> {
    sql::execute(
        "UPDATE chorus.runs SET phase = $2, phase_began = $3 WHERE run_id = $1",
        &[sql::int8(run_id), sql::text(phase), sql::time(now)],
    )?;
    count(run_id, counters)
}

pub fn count(run_id: i64, counters: &Counters) -> Result<()> {
    sql::execute(
        "UPDATE chorus.runs r
            SET progressed_at = chorus.clock(), waits_until = NULL, calls_listed = n.calls_listed, calls_added = n.calls_added, calls_updated = n.calls_updated,
                calls_removed = n.calls_removed, transcripts_added = n.transcripts_added,
                transcripts_pending = n.transcripts_pending, utterances_added = n.utterances_added,
                requests = n.requests, details_due = n.details_due, details_read = n.details_read,
                calls_matched = n.calls_matched, meetings_matched = n.meetings_matched, meetings_merged = n.meetings_merged,
                meetings_separated = n.meetings_separated, pairs_scored = n.pairs_scored, matching_s = n.matching_s
           FROM json_to_record($2::json) AS n(
                calls_listed bigint, calls_added bigint, calls_updated bigint, calls_removed bigint,
                transcripts_added bigint, transcripts_pending bigint, utterances_added bigint, requests bigint,
                details_due bigint, details_read bigint, calls_matched bigint, meetings_matched bigint,
                meetings_merged bigint, meetings_separated bigint, pairs_scored bigint, matching_s double precision)
          WHERE r.run_id = $1",
        &[sql::int8(run_id), sql::json(counters)],
    )?;
    Ok(())
}

/// The hint of a failure that has no better one.
const GOES_ON: &str =
    "The next run goes on from where this one stopped; the server's log may say more.";

/// Deletes the row of a run whose connection was purged since. Waits for a purge that is under way, as it waits for us.
pub fn forget_if_purged(run_id: i64, connection_id: i64) -> Result<bool> {
    let connection = sql::one::<i64>(
        "SELECT connection_id FROM chorus.connections WHERE connection_id = $1 FOR NO KEY UPDATE",
        &[sql::int8(connection_id)],
    )?;
    if connection.is_none() {
        sql::execute(
            "DELETE FROM chorus.runs WHERE run_id = $1",
            &[sql::int8(run_id)],
        )?;
    }
    Ok(connection.is_none())
}

/// Chorus asked to slow down; the next step of the run takes it back.
pub fn wait_until(run_id: i64, until: DateTime<Utc>) -> Result<()> {
    sql::execute(
        "UPDATE chorus.runs SET waits_until = $2 WHERE run_id = $1",
        &[sql::int8(run_id), sql::time(until)],
    )?;
    Ok(())
}

/// How it ended, and what that means for the connection. A run that only read details says nothing about the listing.
pub fn finish(
    run_id: i64,
    connection_id: i64,
    trigger: Trigger,
    counters: &Counters,
    failure: Option<&Error>,
    now: DateTime<Utc>,
) -> Result<()> {
    let state = match failure {
        None => "succeeded",
        Some(error) if error.is_cancel() => "cancelled",
        Some(_) => "failed",
    };
    let (problem, hint) = match failure {
        None if matches!(trigger, Trigger::Retry | Trigger::Dedup) => (None, None),
        None => connections::held_back(connection_id)?,
        Some(error) if error.is_cancel() => (
            Some("cancelled; what was committed stays".to_owned()),
            error.hint.clone(),
        ),
        // PostgreSQL's own errors have no hint.
        Some(error) => (
            Some(error.message.clone()),
            error.hint.clone().or_else(|| Some(GOES_ON.to_owned())),
        ),
    };
    let (problem, hint) = (problem.as_deref(), hint.as_deref());
    count(run_id, counters)?;
    sql::execute(
        "UPDATE chorus.runs SET state = $2, finished_at = $3, phase = NULL, sqlstate = $4, problem = $5, hint = $6 WHERE run_id = $1",
        &[
            sql::int8(run_id),
            sql::text(state),
            sql::time(now),
            sql::text(failure.map(|error| error.sqlstate.as_str())),
            sql::text(problem),
            sql::text(hint),
        ],
    )?;
    let tells = match state {
        "succeeded" => trigger != Trigger::Retry,
        _ => state == "failed",
    };
    if tells {
        sql::execute(
            "UPDATE chorus.connections k
                SET last_success_at = CASE WHEN $2 = 'succeeded' THEN $3 ELSE k.last_success_at END, problem = $4, hint = $5
              WHERE k.connection_id = $1",
            &[
                sql::int8(connection_id),
                sql::text(state),
                sql::time(now),
                sql::text(problem),
                sql::text(hint),
            ],
        )?;
    }
    Ok(())
}

/// Deletes the record of old runs of a connection, some at a time: those in which nothing changed after a day, others
/// after `retention`. What the next runs go by stays: walks that were not ended, and the last run that read everything.
pub fn forget_old(
    connection_id: i64,
    run_id: i64,
    retention: TimeDelta,
    now: DateTime<Utc>,
) -> Result<()> {
    sql::execute(
        "DELETE FROM chorus.runs WHERE run_id IN (
             SELECT r.run_id FROM chorus.runs r
              WHERE r.connection_id = $1 AND r.run_id < $2 AND r.list_cursor IS NULL
                AND r.finished_at < CASE WHEN r.state = 'succeeded' AND r.problem IS NULL AND r.calls_added = 0
                                           AND r.calls_updated = 0 AND r.calls_removed = 0 AND r.transcripts_added = 0
                                           AND r.meetings_merged = 0 AND r.meetings_separated = 0
                                         THEN greatest($3, $4 - interval '1 day') ELSE $3 END
                AND r.run_id <> coalesce((SELECT max(g.run_id) FROM chorus.runs g
                                           WHERE g.connection_id = $1 AND g.state = 'succeeded' AND g.trigger <> 'retry'), 0)
              ORDER BY r.run_id LIMIT 1000)",
        &[
            sql::int8(connection_id),
            sql::int8(run_id),
            sql::time(now - retention),
            sql::time(now),
        ],
    )?;
    Ok(())
}
