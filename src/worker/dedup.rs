//! The run of `chorus_dedup`: reads the other sources, then recognises meetings until nothing is due.

use super::{Assignment, search};
use crate::error::{Error, Result};
use crate::store::matching::{self, Recognition, due};
use crate::store::runs::{self, Counters};
use crate::transaction::transaction;
use crate::{locks, settings};
use chrono::{DateTime, Utc};
use pgrx::pg_sys;

/// Whoever looks again from then on looks at everything: the year one.
pub const BEGINNING: DateTime<Utc> =
    DateTime::from_timestamp(-62_135_596_800, 0).expect("a moment of the calendar");
/// And whoever looks again from then on at nothing.
pub const END: DateTime<Utc> = DateTime::<Utc>::MAX_UTC;

pub struct Dedup {
    assignment: Assignment,
    recognition: Recognition,
}

impl Dedup {
    pub fn new(assignment: Assignment) -> Self {
        unsafe {
            pg_sys::pgstat_report_appname(c"chorus_sync dedup".as_ptr());
            // Every step takes and frees about the same, which is not worth giving back in between.
            libc::mallopt(libc::M_MMAP_THRESHOLD, 32 * 1024 * 1024);
            libc::mallopt(libc::M_TRIM_THRESHOLD, 64 * 1024 * 1024);
        }
        Dedup {
            assignment,
            recognition: Recognition::default(),
        }
    }

    pub fn counters(&self) -> Counters {
        let mut counters = Counters::default();
        self.recognition.totals.count(&mut counters);
        counters
    }

    pub fn go(&mut self) -> Result<()> {
        let since = self.assignment.window_from;
        self.step("looking again", |_| {
            if since <= BEGINNING {
                matching::begin_all_anew()?;
            } else if since.timestamp() < END.timestamp() {
                due::mark_since(since)?;
            }
            Ok(true)
        })?;
        self.enter("other sources")?;
        super::sources::read_all()?;
        super::sides::derive_sides(&self.assignment)?;
        self.enter("matching")?;
        while self.step("matching", |recognition| recognition.step())? {}
        super::statistics::renew_statistics(&self.assignment)?;
        if search::is_wanted()? {
            self.enter("search index")?;
            search::index_all(self.assignment.extension)?;
        }
        Ok(())
    }

    fn enter(&mut self, phase: &'static str) -> Result<()> {
        let (run_id, counters) = (self.assignment.run_id, self.counters());
        transaction(phase, || {
            runs::set_phase(run_id, phase, &counters, settings::now())
        })
    }

    /// One transaction that holds the lock of meetings.
    fn step(
        &mut self,
        activity: &str,
        work: impl FnOnce(&mut Recognition) -> Result<bool>,
    ) -> Result<bool> {
        let Assignment {
            run_id, extension, ..
        } = self.assignment;
        let activity = format!("chorus_sync run {run_id}: {activity}");
        let assignment = self.assignment;
        transaction(&activity, || {
            locks::hold_meetings(extension)?;
            if !assignment.is_current() {
                return Err(Error::new("57014", "the extension was dropped", ""));
            }
            let more = work(&mut self.recognition)?;
            runs::count(run_id, &self.counters())?;
            Ok(more)
        })
    }
}
