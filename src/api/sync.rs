//! `chorus_sync`: starts a run or joins one, and waits for it.
//!
//! The caller never writes and never looks at its own snapshot, so it works in any transaction.

use super::watch::{Watch, refuse_unseen};
use super::{answer, connection_name, interval, refuse_read_only};
use crate::error::{Error, Result};
use crate::owner::as_owner;
use crate::store::connections::{self, Connection};
use crate::store::runs::{Seen, Trigger};
use crate::worker;
use crate::worker::wanted::Wanted;
use crate::{extension, locks, settings, sql};
use chrono::{DateTime, TimeDelta, Utc};
use pgrx::prelude::*;

type Run = TableIterator<
    'static,
    (
        name!(run_id, i64),
        name!(state, String),
        name!(calls_listed, i64),
        name!(calls_added, i64),
        name!(calls_updated, i64),
        name!(calls_removed, i64),
        name!(transcripts_added, i64),
        name!(transcripts_pending, i64),
        name!(utterances_added, i64),
        name!(requests, i64),
        name!(elapsed, Option<Interval>),
        name!(problem, Option<String>),
    ),
>;

#[pg_extern]
fn chorus_sync(lookback: Option<Interval>, connection: Option<&str>, wait: Option<bool>) -> Run {
    let seen = answer(
        connection_name(connection).and_then(|name| sync(lookback, name, wait.unwrap_or(true))),
    );
    let counters = seen.counters;
    TableIterator::once((
        seen.run_id,
        seen.state,
        counters.calls_listed,
        counters.calls_added,
        counters.calls_updated,
        counters.calls_removed,
        counters.transcripts_added,
        counters.transcripts_pending,
        counters.utterances_added,
        counters.requests,
        seen.elapsed_us.and_then(interval),
        seen.problem,
    ))
}

fn sync(lookback: Option<Interval>, name: &str, wait: bool) -> Result<Seen> {
    refuse_read_only()?;
    as_owner(|| {
        let (connection, written_by) = connections::by_name(name)?;
        let extension = extension::required()?;
        if wait {
            refuse_unseen(&[written_by])?;
        }
        ready(&connection)?;
        let connection_id = connection.connection_id;
        // Only while nobody else decides: of two callers at once, the second must not want a moment more than the first.
        let wanted = || {
            Ok(Wanted {
                connection_id,
                extension,
                window_from: window_from(&connection, lookback)?,
                trigger: Trigger::Manual,
            })
        };
        if wait {
            start_and_wait(extension, connection_id, wanted)
        } else {
            locks::deciding_about(extension, connection_id, || wanted()?.queue())
        }
    })
}

fn ready(connection: &Connection) -> Result<()> {
    let has_key = sql::latest_json::<bool>(
        "SELECT to_jsonb(EXISTS (SELECT 1 FROM chorus.credentials WHERE connection_id = $1))",
        &[sql::int8(connection.connection_id)],
    )?;
    if connection.state == "disconnected" {
        return Err(Error::disconnected(&connection.name));
    }
    if has_key != Some(true) {
        return Err(Error::no_key(&connection.name));
    }
    Ok(())
}

/// How far back the run lists; without a lookback as an incremental run does.
fn window_from(connection: &Connection, lookback: Option<Interval>) -> Result<DateTime<Utc>> {
    let now = settings::now();
    let Some(lookback) = lookback else {
        return connection.window_from(now);
    };
    // In seconds of its own, with long months: at least that far back, and no interval is too long for it.
    let days = f64::from(lookback.months()) * 31.0 + f64::from(lookback.days());
    let micros = days * 86_400e6 + lookback.micros() as f64;
    if micros < 3600e6 {
        return Err(Error::bad_argument(
            "a lookback under one hour cannot be meant",
            "lookback is an interval such as '30 days'; leave it away for an incremental run.",
        ));
    }
    // Nothing was recorded before Chorus existed.
    let earliest = DateTime::from_timestamp(1_262_304_000, 0).unwrap_or_default();
    Ok((now - TimeDelta::microseconds(micros.min(1e17) as i64)).max(earliest))
}

/// Starts the run, or joins one that covers it, and waits for its end.
fn start_and_wait(
    extension: u32,
    connection_id: i64,
    wanted: impl FnOnce() -> Result<Wanted>,
) -> Result<Seen> {
    let watch = locks::deciding_about(extension, connection_id, || {
        let wanted = wanted()?;
        if let Some(run) = wanted.under_way(false)? {
            pgrx::notice!("joined run {}, which is under way", run.run_id);
            return Ok(Watch::joined(run.run_id));
        }
        let run_id = Wanted::next_run_id()?;
        let worker = worker::start(wanted.assignment(run_id, None))?;
        let mut watch = Watch::started(run_id, worker);
        // Until the row is there: who comes next must be able to see and join it.
        watch.until(|seen| seen.is_some())?;
        Ok(watch)
    })?;
    watch.end()
}
