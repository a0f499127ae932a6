//! `chorus_cancel`: a signal to the worker, which records the end itself.

use super::{answer, refuse_read_only};
use crate::error::{Error, Result};
use crate::owner::as_owner;
use crate::store::runs;
use crate::{locks, settings, sql};
use pgrx::prelude::*;

#[pg_extern]
fn chorus_cancel(run_id: Option<i64>) -> Option<bool> {
    let run_id = run_id?;
    Some(answer(refuse_read_only().and_then(|()| {
        as_owner(|| {
            runs::latest(run_id)?.ok_or_else(|| {
                Error::unknown(
                    format!("there is no run {run_id}"),
                    "SELECT run_id, state FROM chorus.runs ORDER BY run_id DESC;",
                )
            })?;
            cancel(run_id)
        })
    })))
}

/// Cancels a run that has not ended; false if it has, or if its worker is gone.
pub fn cancel(run_id: i64) -> Result<bool> {
    if signal(run_id)? {
        return Ok(true);
    }
    // No worker yet: it finds that its row is not queued any more.
    let dequeued = sql::execute(
        "UPDATE chorus.runs SET state = 'cancelled', finished_at = $2, problem = 'cancelled before it began'
          WHERE run_id = $1 AND state = 'queued'",
        &[sql::int8(run_id), sql::time(settings::now())],
    )?;
    Ok(dequeued > 0)
}

/// Sends the worker of a run the signal that cancels it; false if there is none.
pub fn signal(run_id: i64) -> Result<bool> {
    match locks::worker_of(run_id)? {
        Some(worker) => Ok(unsafe { libc::kill(worker, libc::SIGINT) } == 0),
        None => Ok(false),
    }
}
