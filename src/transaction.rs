//! One step of a worker: a transaction of its own, committed whole or not at all.

use crate::error::{Error, Result};
use pgrx::{PgTryBuilder, pg_sys};
use std::ffi::CString;
use std::panic::AssertUnwindSafe;

/// Runs `step` in a transaction of its own and commits it. `activity` is what `pg_stat_activity` shows meanwhile.
///
/// Must not be called where a transaction is open already, and `step` must not wait for the network. An error, be it
/// ours or PostgreSQL's, rolls back and is returned.
pub fn transaction<T>(activity: &str, step: impl FnOnce() -> Result<T>) -> Result<T> {
    report(pg_sys::BackendState::STATE_RUNNING, Some(activity));
    let done = caught(|| {
        unsafe {
            pg_sys::SetCurrentStatementStartTimestamp();
            pg_sys::StartTransactionCommand();
            pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        }
        let value = step()?;
        unsafe {
            pg_sys::PopActiveSnapshot();
            pg_sys::CommitTransactionCommand();
        }
        Ok(value)
    });
    unsafe {
        if done.is_err() {
            pg_sys::AbortCurrentTransaction();
        } else {
            // Without it autovacuum never hears of what a worker writes.
            pg_sys::pgstat_report_stat(false);
        }
    }
    report(pg_sys::BackendState::STATE_IDLE, None);
    done
}

/// Turns an error that PostgreSQL raises, or a panic, into ours. Whoever calls it outside [`transaction`] must not
/// have one open.
pub fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    PgTryBuilder::new(AssertUnwindSafe(work))
        .catch_others(|caught| Err(Error::from_caught(caught)))
        .catch_rust_panic(|caught| Err(Error::from_caught(caught)))
        .execute()
}

fn report(state: pg_sys::BackendState::Type, activity: Option<&str>) {
    let text = activity.and_then(|text| CString::new(text).ok());
    let text = text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr());
    unsafe { pg_sys::pgstat_report_activity(state, text) };
}
