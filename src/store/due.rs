//! When the connections of this database are due: `next_run_at`, and details that wait between two listings.
//!
//! The decisions are `sync_plan::schedule`'s; here is the history that they rest on, which is the rows of
//! `chorus.runs`. A run is written down before it begins and its end afterwards, so a missing end is the record of a
//! crash, and survives one.

use super::connections::Connection;
use super::details;
use super::runs::{self, Trigger};
use crate::error::{Error, Result};
use crate::launcher::{Service, service};
use crate::{schedule, settings, sql};
use chrono::{DateTime, Utc};
use pgrx::pg_sys;
use serde::Deserialize;
use sync_plan::schedule as plan;

/// A connection whose runs start by themselves.
#[derive(Debug, Deserialize)]
pub struct Scheduled {
    #[serde(flatten)]
    pub of: Connection,
    pub schedule: String,
    pub next_run_at: Option<DateTime<Utc>>,
}

/// All of them, by number.
pub fn scheduled() -> Result<Vec<i64>> {
    let ids = sql::one::<Vec<i64>>(
        "SELECT array_agg(connection_id ORDER BY next_run_at NULLS FIRST) FROM chorus.connections
          WHERE state = 'active' AND schedule IS NOT NULL",
        &[],
    )?;
    Ok(ids.unwrap_or_default())
}

/// One of them, for the rest of this transaction. None: it is none any more, or somebody is changing it.
pub fn locked(connection_id: i64) -> Result<Option<Scheduled>> {
    sql::one_json(
        "SELECT to_jsonb(k) FROM chorus.connections k
          WHERE k.connection_id = $1 AND k.state = 'active' AND k.schedule IS NOT NULL
            FOR NO KEY UPDATE SKIP LOCKED",
        &[sql::int8(connection_id)],
    )
}

fn read(connection_id: i64) -> Result<Option<Scheduled>> {
    sql::one_json(
        "SELECT to_jsonb(k) FROM chorus.connections k
          WHERE k.connection_id = $1 AND k.state = 'active' AND k.schedule IS NOT NULL",
        &[sql::int8(connection_id)],
    )
}

/// After chorus_connect: at once.
pub fn plan_now(connection_id: i64) -> Result<Option<DateTime<Utc>>> {
    let next = match (service()?, read(connection_id)?) {
        (Service::Scheduled, Some(_)) => Some(settings::now()),
        _ => None,
    };
    store(connection_id, next)
}

/// After chorus_schedule: as the new schedule says, counted from the last run. One that is overdue by an interval runs
/// at once; cron waits for its next match.
pub fn plan_anew(connection_id: i64) -> Result<Option<DateTime<Utc>>> {
    let next = match (service()?, read(connection_id)?) {
        (Service::Scheduled, Some(connection)) => {
            let now = settings::now();
            let began = history(connection_id, true)?.map_or(DateTime::UNIX_EPOCH, |run| run.began);
            schedule::read(&connection.schedule)?.next(began, now)
        }
        _ => None,
    };
    store(connection_id, next)
}

/// When it is due, as it was planned; but no later than it can have been planned by a clock that was not set back since.
pub fn planned(connection: &Scheduled, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    let Some(next) = connection.next_run_at.filter(|next| *next > now) else {
        return Ok(connection.next_run_at);
    };
    let connection_id = connection.of.connection_id;
    let last = history(connection_id, true)?;
    match schedule::read(&connection.schedule)?.latest(last.as_ref(), now) {
        Some(latest) if next > latest => plan_from_history(connection, now),
        _ => Ok(Some(next)),
    }
}

/// From what is known of the last runs; at once if there was none since the connection was made.
pub fn plan_from_history(
    connection: &Scheduled,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let connection_id = connection.of.connection_id;
    let next = match history(connection_id, true)? {
        Some(last) => schedule::read(&connection.schedule)?.next_after(&last, chance()),
        None => Some(now),
    };
    store(connection_id, next)
}

/// While a run is under way the next one is where it would be if this one took no time.
pub fn plan_while_running(connection: &Scheduled, now: DateTime<Utc>) -> Result<()> {
    let next = schedule::read(&connection.schedule)?.next(now, now);
    store(connection.of.connection_id, next).map(drop)
}

/// At the end of a run, in its transaction.
pub fn plan_after_run(connection_id: i64, trigger: Trigger, now: DateTime<Utc>) -> Result<()> {
    let connection = match service()? {
        Service::Scheduled => read(connection_id)?,
        _ => None,
    };
    match connection {
        // Reading details does not move the next listing.
        Some(connection) if trigger == Trigger::Retry && connection.next_run_at.is_some() => {}
        Some(connection) => drop(plan_from_history(&connection, now)?),
        None => drop(store(connection_id, None)?),
    }
    Ok(())
}

/// Nothing runs by itself in this database.
pub fn plan_nothing() -> Result<()> {
    sql::execute(
        "UPDATE chorus.connections SET next_run_at = NULL WHERE next_run_at IS NOT NULL",
        &[],
    )?;
    Ok(())
}

fn store(connection_id: i64, next: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>> {
    sql::execute(
        "UPDATE chorus.connections SET next_run_at = $2 WHERE connection_id = $1 AND next_run_at IS DISTINCT FROM $2",
        &[sql::int8(connection_id), sql::time(next)],
    )?;
    Ok(next)
}

/// What a person sees in chorus_status() until a run ends well.
pub fn note_problem(connection_id: i64, problem: &Error) -> Result<()> {
    sql::execute(
        "UPDATE chorus.connections SET problem = $2, hint = $3
          WHERE connection_id = $1 AND problem IS DISTINCT FROM $2",
        &[
            sql::int8(connection_id),
            sql::text(problem.message.as_str()),
            sql::text(problem.hint.as_deref()),
        ],
    )?;
    Ok(())
}

/// When this database is to be looked at next. Connections with a run under way do not count: its end looks again.
pub fn of_this_database(now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    if service()? != Service::Scheduled {
        return Ok(None);
    }
    let mut next: Option<DateTime<Utc>> = None;
    for connection_id in scheduled()? {
        let unfinished = runs::latest_unfinished(connection_id)?;
        if unfinished.iter().any(|run| run.worker.is_some()) {
            continue;
        }
        let Some(connection) = read(connection_id)? else {
            continue;
        };
        // Without a time it was not planned yet.
        let listing = Some(connection.next_run_at.unwrap_or(now));
        let retry = next_retry(connection_id)?;
        next = next.into_iter().chain(listing).chain(retry).min();
    }
    Ok(next)
}

/// When details that wait are read, if no listing comes first.
pub fn next_retry(connection_id: i64) -> Result<Option<DateTime<Utc>>> {
    let Some(due) = details::next_due(connection_id)? else {
        return Ok(None);
    };
    let Some(last) = history(connection_id, false)? else {
        return Ok(None);
    };
    Ok(plan::next_retry(due, &last, chance()))
}

/// Whether the first whole run after chorus_connect has been.
pub fn has_run_since_connecting(connection_id: i64) -> Result<bool> {
    Ok(history(connection_id, true)?.is_some())
}

/// The last run since the connection was made, and what went wrong since one ended well. `whole` leaves out those that
/// only read details.
fn history(connection_id: i64, whole: bool) -> Result<Option<plan::History>> {
    #[derive(Deserialize)]
    struct Ended {
        began: DateTime<Utc>,
        ended: DateTime<Utc>,
        state: String,
        key_refused: bool,
        failures: u32,
        interruptions: u32,
    }
    let last: Option<Ended> = sql::one_json(
        "WITH ended AS NOT MATERIALIZED (
             SELECT r.* FROM chorus.runs r
              WHERE r.connection_id = $1 AND r.state NOT IN ('queued', 'running') AND (r.trigger <> 'retry' OR NOT $2)
                AND r.queued_at >= (SELECT k.connected_at FROM chorus.connections k WHERE k.connection_id = $1)),
         bad AS (
             SELECT e.state FROM ended e
              WHERE e.run_id > coalesce((SELECT g.run_id FROM ended g WHERE g.state = 'succeeded'
                                          ORDER BY g.run_id DESC LIMIT 1), 0))
         SELECT jsonb_build_object('began', coalesce(e.started_at, e.queued_at), 'ended', coalesce(e.finished_at, e.queued_at),
                                   'state', e.state, 'key_refused', e.sqlstate IS NOT DISTINCT FROM '28000',
                                   'failures', (SELECT count(*) FROM bad WHERE state = 'failed'),
                                   'interruptions', (SELECT count(*) FROM bad WHERE state = 'interrupted'))
           FROM ended e ORDER BY e.run_id DESC LIMIT 1",
        &[sql::int8(connection_id), sql::boolean(whole)],
    )?;
    // Nothing has ended in the future: the clock was set back since.
    let now = settings::now();
    Ok(last.map(|last| plan::History {
        began: last.began.min(now),
        ended: last.ended.min(now),
        outcome: match last.state.as_str() {
            "succeeded" => plan::Outcome::Succeeded,
            // A refused key is tried by the next listing, and not with one detail after the other.
            "failed" if last.key_refused && !whole => plan::Outcome::Cancelled,
            "failed" => plan::Outcome::Failed,
            "interrupted" => plan::Outcome::Interrupted,
            _ => plan::Outcome::Cancelled,
        },
        failures: last.failures,
        interruptions: last.interruptions,
    }))
}

/// A random number from 0 to 1.
fn chance() -> f64 {
    unsafe { pg_sys::pg_prng_double(&raw mut pg_sys::pg_global_prng_state) }
}
