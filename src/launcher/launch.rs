//! The launcher: sleeps until a database is due, then has a scheduler look at it.
//!
//! It must never be connected to a database, hold a transaction while it sleeps, or start processes in a tight loop.

use super::agenda::{self, Answer};
use super::databases::{self, FoundDatabase};
use crate::error::Result;
use crate::{background, offload};
use chrono::{DateTime, TimeDelta, Utc};
use pgrx::{PgLogLevel, PgSqlErrorCode, ereport, pg_guard, pg_sys};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How soon the server starts a launcher again that died.
const RESTART: Duration = Duration::from_secs(5);
/// Schedulers at once: the worker slots are needed for runs.
const SCHEDULERS: usize = 2;
/// After a scheduler that died, or a database that refuses connections; doubles each time.
const AFTER_TROUBLE: (TimeDelta, TimeDelta) = (TimeDelta::minutes(1), TimeDelta::hours(1));
/// While no worker slot is free; doubles each time.
const WITHOUT_SLOT: (TimeDelta, TimeDelta) = (TimeDelta::seconds(5), TimeDelta::minutes(5));
/// The longest sleep while something is due, in case the server's clock is set.
const LONGEST_SLEEP: Duration = Duration::from_secs(600);

pub fn register() {
    background::worker(
        "chorus_sync launcher",
        "chorus_sync launcher",
        "chorus_sync_launcher",
    )
    .set_restart_time(Some(RESTART))
    .load();
}

/// Entry point of the launcher; PostgreSQL calls it by name. An error ends the process, and the server starts it again.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn chorus_sync_launcher(_argument: pg_sys::Datum) {
    background::heed_signals();
    unsafe {
        pg_sys::BackgroundWorkerInitializeConnection(std::ptr::null(), std::ptr::null(), 0);
    }
    agenda::this_is_the_launcher();
    let mut launcher = Launcher::default();
    if let Err(error) = launcher.live() {
        error.raise();
    }
}

#[derive(Default)]
struct Launcher {
    /// Databases that are being looked at.
    looking: HashMap<u32, Scheduler>,
    /// How often in a row a look at a database came to nothing.
    troubles: HashMap<u32, u32>,
    /// How often in a row no slot was free, for databases that wait for one.
    slots_missing: HashMap<u32, u32>,
}

impl Launcher {
    fn live(&mut self) -> Result<()> {
        look_at_all()?;
        loop {
            if unsafe { std::ptr::replace(&raw mut pg_sys::ConfigReloadPending, 0) } != 0 {
                unsafe { pg_sys::ProcessConfigFile(pg_sys::GucContext::PGC_SIGHUP) };
                look_at_all()?;
            }
            self.hear_answers();
            self.start_schedulers()?;
            let before = Clocks::read();
            offload::wait_for_latch(None, self.sleep());
            if Clocks::read().was_set_back_since(&before) {
                look_at_all()?;
            }
        }
    }

    /// How long nothing is to be done; None: until somebody wakes us.
    fn sleep(&self) -> Option<Duration> {
        if self.looking.len() >= SCHEDULERS {
            return None;
        }
        let times = agenda::due_times().into_iter();
        let next = times
            .filter(|(database, _)| !self.looking.contains_key(database))
            .map(|(_, time)| time)
            .min()?;
        // A millisecond more, so that it is due and not almost due.
        let left = (next - Utc::now()).to_std().unwrap_or_default() + Duration::from_millis(1);
        Some(left.min(LONGEST_SLEEP))
    }

    fn hear_answers(&mut self) {
        let ended: Vec<u32> = self
            .looking
            .iter()
            .filter(|(_, scheduler)| scheduler.has_ended())
            .map(|(database, _)| *database)
            .collect();
        for database in ended {
            if let Some(scheduler) = self.looking.remove(&database) {
                scheduler.forget();
            }
            match agenda::take_answer(database) {
                Answer::Done => {
                    self.troubles.remove(&database);
                    self.slots_missing.remove(&database);
                }
                Answer::NoSlot => self.no_slot(database),
                Answer::None => self.later(database),
            }
        }
    }

    fn start_schedulers(&mut self) -> Result<()> {
        let now = Utc::now();
        let mut due: Vec<(u32, DateTime<Utc>)> = agenda::due_times()
            .into_iter()
            .filter(|(database, time)| *time <= now && !self.looking.contains_key(database))
            .collect();
        due.sort_by_key(|(_, time)| *time);
        due.truncate(SCHEDULERS.saturating_sub(self.looking.len()));
        if due.is_empty() {
            return Ok(());
        }
        let found = databases::all()?;
        for (database, _) in due {
            match found.iter().find(|found| found.oid == database) {
                Some(found) if found.is_wanted() && found.connectable => {
                    agenda::clear(database);
                    match Scheduler::start(found) {
                        Some(scheduler) => drop(self.looking.insert(database, scheduler)),
                        None => self.no_slot(database),
                    }
                }
                // Its ALTER DATABASE would wake us, but people also write into pg_database.
                Some(found) if found.is_wanted() => {
                    agenda::clear(database);
                    self.later(database);
                }
                // Dropped or left out. A change of chorus_sync.databases comes with a reload.
                _ => {
                    agenda::forget(database);
                    self.troubles.remove(&database);
                    self.slots_missing.remove(&database);
                }
            }
        }
        Ok(())
    }

    fn later(&mut self, database: u32) {
        let times = self.troubles.entry(database).or_default();
        *times += 1;
        agenda::not_later_than(database, Utc::now() + doubled(AFTER_TROUBLE, *times));
    }

    fn no_slot(&mut self, database: u32) {
        // Once for as long as anybody waits.
        if self.slots_missing.is_empty() {
            ereport!(
                PgLogLevel::WARNING,
                PgSqlErrorCode::ERRCODE_INSUFFICIENT_RESOURCES,
                "chorus_sync: no background worker slot is free for a scheduled run; raise max_worker_processes"
            );
        }
        let times = self.slots_missing.entry(database).or_default();
        *times += 1;
        agenda::not_later_than(database, Utc::now() + doubled(WITHOUT_SLOT, *times));
    }
}

fn doubled((first, longest): (TimeDelta, TimeDelta), times: u32) -> TimeDelta {
    (first * (1 << times.saturating_sub(1).min(16))).min(longest)
}

/// Every database is looked at.
fn look_at_all() -> Result<()> {
    for found in databases::all()? {
        if found.is_wanted() && found.connectable {
            agenda::look_now(found.oid);
        }
    }
    Ok(())
}

/// The clock of the calendar beside one that is never set.
struct Clocks {
    calendar: DateTime<Utc>,
    steady: Instant,
}

impl Clocks {
    /// Clocks that are kept in time by small changes do not differ by more during one sleep.
    const TOLERANCE: TimeDelta = TimeDelta::seconds(1);

    fn read() -> Self {
        Clocks {
            calendar: Utc::now(),
            steady: Instant::now(),
        }
    }

    /// Whether what is on the agenda lies further ahead than it should.
    fn was_set_back_since(&self, before: &Clocks) -> bool {
        let passed = TimeDelta::from_std(self.steady - before.steady).unwrap_or_default();
        self.calendar - before.calendar < passed - Self::TOLERANCE
    }
}

/// A scheduler that was started. Its end wakes us.
struct Scheduler(*mut pg_sys::BackgroundWorkerHandle);

impl Scheduler {
    /// None: no slot is free.
    fn start(database: &FoundDatabase) -> Option<Self> {
        let worker = background::worker(
            &format!("chorus_sync scheduler {}", database.oid),
            "chorus_sync scheduler",
            "chorus_sync_scheduler",
        )
        .set_argument(Some(pg_sys::Datum::from(database.oid)))
        .set_notify_pid(unsafe { pg_sys::MyProcPid });
        let mut worker = pg_sys::BackgroundWorker::from(&worker);
        let mut handle = std::ptr::null_mut();
        let started = unsafe {
            // The handle must outlive every transaction.
            let before = pg_sys::MemoryContextSwitchTo(pg_sys::TopMemoryContext);
            let started = pg_sys::RegisterDynamicBackgroundWorker(&mut worker, &mut handle);
            pg_sys::MemoryContextSwitchTo(before);
            started
        };
        started.then_some(Scheduler(handle))
    }

    fn has_ended(&self) -> bool {
        let mut pid = 0;
        let status = unsafe { pg_sys::GetBackgroundWorkerPid(self.0, &mut pid) };
        status == pg_sys::BgwHandleStatus::BGWH_STOPPED
    }

    fn forget(self) {
        unsafe { pg_sys::pfree(self.0.cast()) };
    }
}
