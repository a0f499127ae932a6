//! `chorus_sync`: starts a run or joins one, and waits for it.
//!
//! The caller never writes and never looks at its own snapshot, so it works in any transaction. It waits on its latch,
//! where the end of the worker wakes it, and looks once a second how far the run is and whether it stands in its way.

use super::{answer, connection_name, refuse_read_only};
use crate::error::{Error, Result};
use crate::owner::as_owner;
use crate::store::runs::{self, Connection, Seen, Trigger};
use crate::transaction::caught;
use crate::worker;
use crate::worker::wanted::{Wanted, is_own};
use crate::{locks, offload, settings, sql};
use chrono::{DateTime, TimeDelta, Utc};
use pgrx::bgworkers::{BackgroundWorkerStatus, DynamicBackgroundWorker};
use pgrx::prelude::*;
use std::time::{Duration, Instant};

/// How often a waiting caller looks.
const LOOK: Duration = Duration::from_millis(1000);
/// How often while the worker starts, and when another session's run is waited for, whose end wakes nobody.
const LOOK_CLOSELY: Duration = Duration::from_millis(50);

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
        seen.elapsed_us.and_then(|us| Interval::new(0, 0, us).ok()),
        seen.problem,
    ))
}

fn sync(lookback: Option<Interval>, name: &str, wait: bool) -> Result<Seen> {
    refuse_read_only()?;
    as_owner(|| {
        let (connection, written_by) = runs::connection_by_name(name)?;
        let extension = extension(wait, written_by)?;
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

/// The object id of the extension. `55000` if this transaction made or changed what the worker could not see.
fn extension(wait: bool, connection_written_by: u32) -> Result<u32> {
    let (oid, written_by): (u32, u32) = sql::one_json(
        "SELECT jsonb_build_array(oid::bigint, xmin::text::bigint) FROM pg_catalog.pg_extension WHERE extname = 'chorus_sync'",
        &[],
    )?
    .ok_or_else(|| Error::unknown("the extension chorus_sync is not installed", ""))?;
    if wait && (is_own(connection_written_by) || is_own(written_by)) {
        return Err(Error::new(
            "55000",
            "cannot wait for a run in the transaction that made or changed the connection or the extension",
            "COMMIT first, or use chorus_sync(wait => false): its run starts when this transaction commits.",
        ));
    }
    Ok(oid)
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
    let (run_id, mut watch) = locks::deciding_about(extension, connection_id, || {
        let wanted = wanted()?;
        if let Some(run) = wanted.under_way(false)? {
            pgrx::notice!("joined run {}, which is under way", run.run_id);
            return Ok((run.run_id, Watch::joined(run.run_id)));
        }
        let run_id = Wanted::next_run_id()?;
        let worker = worker::start(wanted.assignment(run_id, None))?;
        let mut watch = Watch::started(run_id, worker);
        // Until the row is there: who comes next must be able to see and join it.
        watch.until(|seen| seen.is_some())?;
        Ok((run_id, watch))
    })?;
    let seen = watch.until(|seen| seen.is_some_and(Seen::has_ended))?;
    let Some(seen) = seen else {
        return Err(Error::new(
            "XX000",
            format!(
                "run {run_id} is gone: its connection was purged, or its worker ended before it began"
            ),
            "The server's log says why.",
        ));
    };
    if seen.state == "failed" {
        return Err(Error {
            sqlstate: seen.sqlstate.unwrap_or_else(|| "XX000".into()),
            message: seen
                .problem
                .unwrap_or_else(|| format!("run {run_id} failed")),
            hint: seen.hint,
        });
    }
    Ok(seen)
}

/// Waits for one run.
struct Watch {
    run_id: i64,
    /// The worker that this session started; None: it only joined.
    worker: Option<DynamicBackgroundWorker>,
    said: Option<String>,
    looked: Instant,
}

impl Watch {
    fn started(run_id: i64, worker: DynamicBackgroundWorker) -> Self {
        Watch {
            run_id,
            worker: Some(worker),
            said: None,
            looked: Instant::now(),
        }
    }

    fn joined(run_id: i64) -> Self {
        Watch {
            run_id,
            worker: None,
            said: None,
            looked: Instant::now(),
        }
    }

    /// Waits until the run is `enough`, or has no worker any more. An error while waiting that is a cancel of this
    /// statement cancels the run too, if this session started it.
    fn until(&mut self, enough: impl Fn(Option<&Seen>) -> bool) -> Result<Option<Seen>> {
        let ended = caught(|| self.wait(enough));
        if ended.as_ref().is_err_and(Error::is_cancel)
            && let Some(worker) = self.worker.take()
        {
            // Shared memory and a signal only: this transaction is failing and may not run statements any more.
            match worker.pid() {
                Ok(pid) => drop(unsafe { libc::kill(pid, libc::SIGINT) }),
                Err(_) => drop(worker.terminate()),
            }
        }
        ended
    }

    fn wait(&mut self, enough: impl Fn(Option<&Seen>) -> bool) -> Result<Option<Seen>> {
        loop {
            let gone = self.is_gone()?;
            let seen = runs::latest(self.run_id)?;
            if enough(seen.as_ref()) {
                return Ok(seen);
            }
            if gone {
                return self.what_is_left();
            }
            if self.looked.elapsed() >= LOOK {
                self.looked = Instant::now();
                self.tell(seen.as_ref());
                self.refuse_own_block()?;
            }
            let closely = self.worker.is_none() || seen.is_none();
            offload::wait_for_latch(None, Some(if closely { LOOK_CLOSELY } else { LOOK }));
        }
    }

    fn is_gone(&self) -> Result<bool> {
        match &self.worker {
            Some(worker) => match worker.pid() {
                Ok(_) | Err(BackgroundWorkerStatus::NotYetStarted) => Ok(false),
                Err(_) => Ok(true),
            },
            None => Ok(locks::worker_of(self.run_id)?.is_none()),
        }
    }

    /// The worker is gone: its row says how it ended, unless it was killed.
    fn what_is_left(&self) -> Result<Option<Seen>> {
        Ok(runs::latest(self.run_id)?.map(|mut seen| {
            if !seen.has_ended() {
                seen.state = "interrupted".into();
                seen.problem = Some("the worker of this run ended before it was done".into());
            }
            seen
        }))
    }

    fn tell(&mut self, seen: Option<&Seen>) {
        let progress = seen.and_then(|seen| seen.progress.clone());
        if let Some(progress) = progress.filter(|progress| self.said.as_ref() != Some(progress)) {
            pgrx::notice!("{progress}");
            self.said = Some(progress);
        }
    }

    /// A worker that waits for a lock of this very transaction would wait in vain, and no deadlock detector sees it.
    fn refuse_own_block(&self) -> Result<()> {
        let worker = match &self.worker {
            Some(worker) => worker.pid().ok(),
            None => locks::worker_of(self.run_id)?,
        };
        let Some(worker) = worker else { return Ok(()) };
        // Also through others: whoever waits for a lock of ours, such as DROP EXTENSION, is in the worker's way too.
        let blocked = sql::one::<bool>(
            "WITH RECURSIVE ahead (pid) AS (
                 SELECT unnest(pg_blocking_pids($1))
                 UNION SELECT next.pid FROM ahead, LATERAL unnest(pg_blocking_pids(ahead.pid)) AS next (pid))
             SELECT pg_backend_pid() IN (SELECT pid FROM ahead)",
            &[sql::int4(worker)],
        )?;
        if blocked == Some(true) {
            return Err(Error::new(
                "40P01",
                format!(
                    "deadlock: run {} waits for a lock of the transaction that waits for the run",
                    self.run_id
                ),
                "COMMIT first, or use chorus_sync(wait => false). The run goes on when this transaction has ended.",
            ));
        }
        Ok(())
    }
}
