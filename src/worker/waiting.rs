//! Waiting for what Chorus sends, and saying so while Chorus has us wait.
//!
//! A wait that Chorus asks for is on disk before it is half over: a run that dies in it leaves it to the next one.

use super::run::Run;
use crate::error::Result;
use crate::offload::Receiver;
use crate::settings;
use crate::store::runs;
use crate::transaction::transaction;
use chrono::{DateTime, TimeDelta, Utc};
use pgrx::pg_sys;

/// Waits that are shorter are over before anybody could read of them.
const NOTABLE: TimeDelta = TimeDelta::seconds(1);

impl Run {
    /// The next value of a stream; None when it has ended.
    pub fn next<T>(&self, stream: &mut Receiver<T>) -> Result<Option<T>> {
        self.open_link()
            .offload
            .next(stream, || self.tell_of_wait())
    }

    /// What `future` comes to.
    pub fn ask<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T> {
        self.open_link().offload.run(future, || self.tell_of_wait())
    }

    fn tell_of_wait(&self) {
        let Some(until) = self.open_link().client.waiting_until() else {
            return;
        };
        let until = settings::by_our_clock(until);
        if self.told_wait.get() == Some(until) || until - settings::now() < NOTABLE {
            return;
        }
        match self.note_wait(until) {
            // Only a remark: a run does not fail because it could not be made. But a cancel is a cancel.
            Err(error) if error.is_cancel() => error.raise(),
            _ => self.told_wait.set(Some(until)),
        }
    }

    fn note_wait(&self, until: DateTime<Utc>) -> Result<()> {
        let pace = self.news_of_pace();
        transaction("noting that Chorus asks to slow down", || {
            if !self.assignment.is_current() {
                return Ok(());
            }
            unsafe { pg_sys::ForceSyncCommit() };
            runs::wait_until(self.assignment.run_id, until)?;
            pace.map_or(Ok(()), |pace| pace.keep(self.assignment.connection_id))
        })?;
        self.kept_pace.set(pace.unwrap_or(self.kept_pace.get()));
        Ok(())
    }
}
