//! Waiting for a run: on the latch, where the end of the worker wakes us, with a look once a second how far the run is and
//! whether the caller stands in its way.

use crate::error::{Error, Result};
use crate::store::runs::{self, Seen};
use crate::transaction::caught;
use crate::worker::wanted::is_own;
use crate::{locks, offload, sql};
use pgrx::bgworkers::{BackgroundWorkerStatus, DynamicBackgroundWorker};
use std::time::{Duration, Instant};

/// How often a waiting caller looks.
const LOOK: Duration = Duration::from_millis(1000);
/// How often while the worker starts, and when another session's run is waited for, whose end wakes nobody.
const LOOK_CLOSELY: Duration = Duration::from_millis(50);

/// `55000` if this transaction made or changed what the worker that is to be waited for could not see: the extension, or
/// what one of these transactions wrote.
pub fn refuse_unseen(written_by: &[u32]) -> Result<()> {
    let extension = sql::one::<i64>(
        "SELECT xmin::text::bigint FROM pg_catalog.pg_extension WHERE extname = 'chorus_sync'",
        &[],
    )?;
    let extension = extension.map(|xid| xid as u32);
    if written_by.iter().copied().chain(extension).any(is_own) {
        return Err(Error::new(
            "55000",
            "cannot wait for a run in the transaction that made or changed the connection or the extension",
            "COMMIT first. chorus_sync(wait => false) need not wait: its run starts when this transaction commits.",
        ));
    }
    Ok(())
}

/// Waits for one run.
pub struct Watch {
    run_id: i64,
    /// The worker that this session started; None: it only joined.
    worker: Option<DynamicBackgroundWorker>,
    said: Option<String>,
    looked: Instant,
}

impl Watch {
    pub fn started(run_id: i64, worker: DynamicBackgroundWorker) -> Self {
        Watch {
            run_id,
            worker: Some(worker),
            said: None,
            looked: Instant::now(),
        }
    }

    pub fn joined(run_id: i64) -> Self {
        Watch {
            run_id,
            worker: None,
            said: None,
            looked: Instant::now(),
        }
    }

    /// Waits until the run is `enough`, or has no worker any more. An error while waiting that is a cancel of this
    /// statement cancels the run too, if this session started it.
    pub fn until(&mut self, enough: impl Fn(Option<&Seen>) -> bool) -> Result<Option<Seen>> {
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

    /// Waits for the end of the run. One that failed is an error.
    pub fn end(mut self) -> Result<Seen> {
        let run_id = self.run_id;
        let seen = self.until(|seen| seen.is_some_and(Seen::has_ended))?;
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
                "COMMIT first: the run goes on when this transaction has ended. chorus_sync(wait => false) need not wait.",
            ));
        }
        Ok(())
    }
}
