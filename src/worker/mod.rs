//! The background worker of one run: how it is started, and its life from the first signal to the last.
//!
//! ```text
//!   caller ── registers ──▶ worker: take the run's lock ▶ wait for the caller's commit ▶ claim the row
//!                                   ▶ wait until no other run of the connection is alive ▶ run ▶ record the end
//! ```
//! SIGINT cancels the run, SIGTERM ends the process at once and leaves the row to be found without a worker.

pub mod dedup;
mod details;
mod gap;
mod list;
mod matching;
mod people;
mod removals;
mod run;
mod scorecards;
mod search;
mod sides;
pub mod sources;
mod statistics;
mod waiting;
pub mod wanted;

use crate::background::{self, set};
use crate::error::{Error, Result};
use crate::store::due;
use crate::store::runs::Trigger;
use crate::transaction::{caught, transaction};
use crate::{extension, launcher, locks, store};
use chrono::{DateTime, Utc};
use pgrx::bgworkers::DynamicBackgroundWorker;
use pgrx::{PgLogLevel, ereport, pg_guard, pg_sys};
use std::ffi::CStr;
use std::time::Duration;

/// How often a run looks whether the one before it has ended.
const BEHIND_ANOTHER: Duration = Duration::from_millis(100);

/// What a worker is started with. It travels as text in the worker's registration, which holds 127 bytes.
#[derive(Debug, Clone, Copy)]
pub struct Assignment {
    pub database: u32,
    /// Object id of the extension: a worker that finds another one belongs to an extension that was dropped.
    pub extension: u32,
    pub connection_id: i64,
    pub run_id: i64,
    pub window_from: DateTime<Utc>,
    pub trigger: Trigger,
    /// The transaction that inserts the run's row; None: the worker inserts it.
    pub queued_by: Option<u32>,
}

impl Assignment {
    /// Whether the extension is still the one that started this run. One that was dropped and made anew counts its
    /// connections and runs from 1 again.
    fn is_current(&self) -> bool {
        extension::oid() == Some(self.extension)
    }

    fn to_text(self) -> String {
        format!(
            "{} {} {} {} {} {} {}",
            self.database,
            self.extension,
            self.connection_id,
            self.run_id,
            self.window_from.timestamp_micros(),
            self.queued_by.unwrap_or(0),
            self.trigger.as_str(),
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        let (text, trigger) = text.rsplit_once(' ')?;
        let mut parts = text.split(' ');
        let mut next = || parts.next()?.parse::<i64>().ok();
        Some(Assignment {
            database: next()? as u32,
            extension: next()? as u32,
            connection_id: next()?,
            run_id: next()?,
            window_from: DateTime::from_timestamp_micros(next()?)?,
            queued_by: Some(next()? as u32).filter(|xid| *xid != 0),
            trigger: Trigger::from_text(trigger)?,
        })
    }
}

/// Registers the worker of a run. `53000` when every slot is taken.
pub fn start(assignment: Assignment) -> Result<DynamicBackgroundWorker> {
    let name = format!("chorus_sync run {}", assignment.run_id);
    background::worker(&name, "chorus_sync", "chorus_sync_run")
        .set_extra(&assignment.to_text())
        .set_notify_pid(unsafe { pg_sys::MyProcPid })
        .load_dynamic()
        .map_err(|_| no_slot())
}

pub fn no_slot() -> Error {
    Error::new(
        "53000",
        "no background worker slot is free for this run",
        "Try again later, or raise max_worker_processes in postgresql.conf and restart the server.",
    )
}

/// Entry point of the worker; PostgreSQL calls it by name.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn chorus_sync_run(_argument: pg_sys::Datum) {
    background::heed_signals();
    let assignment = unsafe {
        let extra = CStr::from_ptr((*pg_sys::MyBgworkerEntry).bgw_extra.as_ptr());
        Assignment::from_text(&extra.to_string_lossy())
    };
    let Some(assignment) = assignment else { return };
    launcher::follow_this_run(assignment.database);
    background::connect(assignment.database);
    unsafe {
        // Pages are small transactions, and losing the last of them to a crash only means to fetch them again, as
        // the cursor is lost with them. What ends a run is flushed, and with it all that came before.
        set("synchronous_commit", "off");
        // Answers are large and come and go on several threads: their memory goes back to the system at once.
        libc::mallopt(libc::M_ARENA_MAX, 2);
        libc::mallopt(libc::M_MMAP_THRESHOLD, 256 * 1024);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 1024 * 1024);
        // The claim may wait for a caller's commit for as long as that takes.
        set("lock_timeout", "0");
        // During a first run the planner has no statistics of tables that were empty a moment ago, and would read all of
        // them for every batch. A run touches few rows at a time, each by its key.
        set("enable_seqscan", "off");
        set("enable_hashjoin", "off");
        set("enable_mergejoin", "off");
        // Starting another process for a few rows costs more than they do.
        set("max_parallel_workers_per_gather", "0");
        // What is due is read in the order of its index, a part at a time, and not all of it for each part.
        set("enable_bitmapscan", "off");
        // What is switched off above counts as very expensive where nothing else is left, which would load a compiler.
        set("jit", "off");
    }
    if let Err(error) = caught(|| live(assignment)) {
        ereport!(
            PgLogLevel::LOG,
            pgrx::PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
            format!("chorus_sync run {}: {}", assignment.run_id, error.message)
        );
    }
}

fn live(assignment: Assignment) -> Result<()> {
    let Assignment {
        run_id,
        connection_id,
        ..
    } = assignment;
    let claimed = match claim(&assignment) {
        // Cancelled before it began: by a signal, or because its row is not queued any more.
        Err(error) if error.is_cancel() => {
            let cancelled = Error::new("57014", "", "");
            return record_end(
                &assignment,
                &store::runs::Counters::default(),
                Some(&cancelled),
            );
        }
        claimed => claimed?,
    };
    let Some(began) = claimed else { return Ok(()) };
    // Somebody who locks our tables delays a run, and then fails it, but never hangs it.
    set("lock_timeout", "30s");
    let (counters, failure) = if assignment.trigger == Trigger::Dedup {
        let mut dedup = dedup::Dedup::new(assignment);
        let ended = caught(|| dedup.go().and_then(|()| forget_old_events(&assignment)));
        (dedup.counters(), ended.err())
    } else {
        let mut run = run::Run::new(assignment, began);
        let ended = caught(|| run.go().and_then(|()| forget_old_events(&assignment)));
        (run.counters(), ended.err())
    };
    let failure = failure.map(named_if_locked_out);
    if let Some(error) = failure.as_ref().filter(|error| !error.is_cancel()) {
        ereport!(
            PgLogLevel::LOG,
            pgrx::PgSqlErrorCode::ERRCODE_WARNING,
            format!(
                "chorus_sync run {run_id} of connection {connection_id} failed: {}",
                error.message
            )
        );
    }
    record_end(&assignment, &counters, failure.as_ref())
}

/// PostgreSQL only says that it waited too long.
fn named_if_locked_out(error: Error) -> Error {
    if error.sqlstate != "55P03" || error.hint.is_some() {
        return error;
    }
    Error::new(
        "55P03",
        "another session's open transaction locks what this run writes",
        "The next run goes on from there once that has ended: SELECT pid, xact_start, query FROM pg_stat_activity ORDER BY xact_start; shows it.",
    )
}

/// Shortens the change feed, a bounded number of events in each transaction.
fn forget_old_events(assignment: &Assignment) -> Result<()> {
    let (retention, now) = (crate::settings::event_retention(), crate::settings::now());
    loop {
        let forgotten = transaction("forgetting old events", || {
            if !assignment.is_current() {
                return Ok(0);
            }
            store::feed::forget_old(retention, now)
        })?;
        if forgotten < store::feed::FORGOTTEN_AT_ONCE {
            return Ok(());
        }
    }
}

/// Takes the run's lock and its row, once no other run of the connection is alive. Returns when the run began; None:
/// there is nothing to do.
fn claim(assignment: &Assignment) -> Result<Option<DateTime<Utc>>> {
    let Assignment {
        run_id,
        connection_id,
        ..
    } = *assignment;
    let queued = transaction("claiming the run", || {
        // The caller looks for this lock to see that the worker is alive.
        if !locks::hold_run(assignment.extension, run_id) {
            return Ok(false);
        }
        if let Some(xid) = assignment.queued_by {
            unsafe {
                pg_sys::XactLockTableWait(
                    pg_sys::TransactionId::from(xid),
                    std::ptr::null_mut(),
                    std::ptr::null_mut(),
                    pg_sys::XLTW_Oper::XLTW_None,
                );
            }
        }
        Ok(true)
    })?;
    if !queued {
        return Ok(None);
    }
    // Its own transaction, because the one above began before the caller's commit and need not see it.
    let wanted = transaction("claiming the run", || {
        if !assignment.is_current() {
            return Ok(false);
        }
        if assignment.queued_by.is_none() {
            let now = crate::settings::now();
            let window = (assignment.window_from.min(now), now);
            store::runs::queue(run_id, connection_id, assignment.trigger, window, now)?;
        }
        Ok(true)
    })?;
    if !wanted {
        return Ok(None);
    }
    loop {
        let begun = transaction("waiting for another run", || {
            locks::deciding_about(assignment.extension, connection_id, || {
                let busy = store::runs::latest_unfinished(connection_id)?
                    .into_iter()
                    .any(|other| {
                        other.worker.is_some()
                            && other.run_id != run_id
                            && (other.state == "running" || other.run_id < run_id)
                    });
                if busy {
                    return Ok(None);
                }
                let now = crate::settings::now();
                store::runs::mark_dead(connection_id, now)?;
                // Flushed, or a run that a crash ended would count as one that is yet to begin.
                unsafe { pg_sys::ForceSyncCommit() };
                Ok(Some(store::runs::begin(run_id, now)?.then_some(now)))
            })
        })?;
        match begun {
            Some(begun) => return Ok(begun),
            None => caught(|| {
                crate::offload::wait_for_latch(None, Some(BEHIND_ANOTHER));
                Ok(())
            })?,
        }
    }
}

fn record_end(
    assignment: &Assignment,
    counters: &store::runs::Counters,
    failure: Option<&Error>,
) -> Result<()> {
    let next = transaction("recording the end", || {
        if !assignment.is_current() {
            return Ok(None);
        }
        unsafe { pg_sys::ForceSyncCommit() };
        let is_dedup = assignment.trigger == Trigger::Dedup;
        if !is_dedup && store::runs::forget_if_purged(assignment.run_id, assignment.connection_id)?
        {
            return Ok(None);
        }
        let now = crate::settings::now();
        store::runs::finish(
            assignment.run_id,
            assignment.connection_id,
            assignment.trigger,
            counters,
            failure,
            now,
        )?;
        store::runs::forget_old(
            assignment.connection_id,
            assignment.run_id,
            crate::settings::run_retention(),
            now,
        )?;
        if is_dedup {
            return Ok(None);
        }
        due::plan_after_run(assignment.connection_id, assignment.trigger, now)?;
        due::of_this_database(now).map(Some)
    })?;
    if let Some(next) = next {
        launcher::run_has_ended(next);
    }
    Ok(())
}
