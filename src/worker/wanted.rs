//! A run that is wanted, by a caller or by the schedule: whether one under way will do, and how it gets its worker.

use super::{Assignment, start};
use crate::error::{Error, Result};
use crate::store::runs::{self, Seen, Trigger};
use crate::{settings, sql};
use chrono::{DateTime, Utc};
use pgrx::callbacks::PgXactCallbackEvent::{Abort, Commit, PreCommit, PrePrepare};
use pgrx::pg_sys;
use std::cell::RefCell;
use std::collections::HashSet;

/// A run that is wanted.
pub struct Wanted {
    pub connection_id: i64,
    pub extension: u32,
    pub window_from: DateTime<Utc>,
    pub trigger: Trigger,
}

impl Wanted {
    pub fn assignment(&self, run_id: i64, queued_by: Option<u32>) -> Assignment {
        Assignment {
            database: unsafe { pg_sys::MyDatabaseId }.to_u32(),
            extension: self.extension,
            connection_id: self.connection_id,
            run_id,
            window_from: self.window_from,
            trigger: self.trigger,
            queued_by,
        }
    }

    /// A run under way that covers what is wanted. `just_queued` runs have no worker yet.
    pub fn under_way(&self, just_queued: bool) -> Result<Option<Seen>> {
        let runs = runs::latest_unfinished(self.connection_id)?;
        Ok(runs.into_iter().find(|run| {
            run.window_from <= self.window_from
                && (run.worker.is_some() || (just_queued && run.state == "queued"))
        }))
    }

    pub fn next_run_id() -> Result<i64> {
        Ok(sql::one("SELECT nextval('chorus.runs_run_id_seq')", &[])?.unwrap_or(0))
    }

    /// The row is written by this transaction, and the worker starts with its commit. The caller sees to it that nobody
    /// else decides about the connection: `locks::deciding_about`.
    pub fn queue(&self) -> Result<Seen> {
        if let Some(run) = self.under_way(false)? {
            return Ok(run);
        }
        // One that a crash left gets a worker now; one that this transaction queued before has one.
        if let Some(run) = self.under_way(true)? {
            start_at_commit(Assignment {
                window_from: run.window_from,
                ..self.assignment(run.run_id, Some(own_xid()))
            });
            return Ok(run);
        }
        let run_id = Self::next_run_id()?;
        let now = settings::now();
        let window = (self.window_from, now);
        runs::queue(run_id, self.connection_id, self.trigger, window, now)?;
        start_at_commit(self.assignment(run_id, Some(own_xid())));
        runs::latest(run_id)?
            .ok_or_else(|| Error::new("XX000", "the run that was just queued is gone", ""))
    }
}

/// Whether this transaction, or one of its savepoints, wrote a row with this xmin.
pub fn is_own(xid: u32) -> bool {
    unsafe { pg_sys::TransactionIdIsCurrentTransactionId(pg_sys::TransactionId::from(xid)) }
}

fn own_xid() -> u32 {
    unsafe { pg_sys::GetTopTransactionId() }.into_inner()
}

thread_local! {
    /// Runs that this transaction will start: one that is queued twice needs one worker.
    static TO_START: RefCell<HashSet<i64>> = RefCell::default();
}

/// A rollback starts nothing. The worker is registered just before the commit, because a missing slot must still fail
/// it, and waits for the commit itself.
fn start_at_commit(assignment: Assignment) {
    if !TO_START.with_borrow_mut(|runs| runs.insert(assignment.run_id)) {
        return;
    }
    for end in [Commit, Abort] {
        pgrx::register_xact_callback(end, || TO_START.with_borrow_mut(HashSet::clear));
    }
    pgrx::register_xact_callback(PreCommit, move || {
        if let Err(error) = start(assignment) {
            error.raise();
        }
    });
    pgrx::register_xact_callback(PrePrepare, || {
        Error::new(
            "0A000",
            "a transaction that queued a run cannot be prepared",
            "COMMIT it instead of PREPARE TRANSACTION.",
        )
        .raise()
    });
}
