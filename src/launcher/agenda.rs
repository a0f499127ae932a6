//! The agenda: which database is to be looked at, and when. It lies in shared memory.
//!
//! Whoever knows something says "not later than", so that reports in any order lose nothing. Only the launcher clears a
//! time, right before a scheduler takes its snapshot; what is committed after that moves it closer again. Times are the
//! server's real time, whatever `chorus_sync.clock_offset` says.
//!
//! It also knows the runs that are under way, so that they can make way for a DROP DATABASE.

use crate::settings;
use chrono::{DateTime, Utc};
use pgrx::{PGRXSharedMemory, PgLwLock, pg_guard, pg_sys};
use std::sync::atomic::{AtomicBool, Ordering};

/// Databases that may be due at once. Those that have no schedule leave the agenda after the first look.
const CAPACITY: usize = 4096;
/// Runs at once that are remembered; more than there are worker slots.
const RUNS: usize = 512;
/// Nothing is due.
const NEVER: i64 = i64::MAX;

/// What a scheduler said at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing: it died.
    None,
    Done,
    /// A run was due, and no worker slot was free for it.
    NoSlot,
}

#[derive(Clone, Copy)]
struct Entry {
    /// Object id; 0: this place is free.
    database: u32,
    answer: Answer,
    /// Microseconds since 1970.
    due: i64,
}

const FREE: Entry = Entry {
    database: 0,
    answer: Answer::None,
    due: NEVER,
};

/// A run under way.
#[derive(Clone, Copy)]
struct UnderWay {
    database: u32,
    /// 0: this place is free.
    pid: i32,
}

#[derive(Clone, Copy)]
struct Agenda {
    /// Process id; 0 when there is none.
    launcher: i32,
    entries: [Entry; CAPACITY],
    runs: [UnderWay; RUNS],
}

unsafe impl PGRXSharedMemory for Agenda {}

impl Agenda {
    fn entry(&mut self, database: u32) -> Option<&mut Entry> {
        self.entries
            .iter_mut()
            .find(|entry| entry.database == database)
    }

    fn entry_or_new(&mut self, database: u32) -> Option<&mut Entry> {
        let at = |wanted| self.entries.iter().position(|e| e.database == wanted);
        let place = at(database).or_else(|| at(0))?;
        let entry = &mut self.entries[place];
        entry.database = database;
        Some(entry)
    }
}

static AGENDA: PgLwLock<Agenda> = unsafe { PgLwLock::new(c"chorus_sync agenda") };
/// Set in the postmaster, and so in all that it starts.
static IS_THERE: AtomicBool = AtomicBool::new(false);
/// Whether the run of this process has said when its database is due next.
static RUN_REPORTED: AtomicBool = AtomicBool::new(false);

// The macro asks for versions of PostgreSQL that we do not have.
#[allow(unexpected_cfgs)]
pub fn request_memory() {
    pgrx::pg_shmem_init!(
        AGENDA = Agenda {
            launcher: 0,
            entries: [FREE; CAPACITY],
            runs: [UnderWay {
                database: 0,
                pid: 0
            }; RUNS],
        }
    );
    IS_THERE.store(true, Ordering::Relaxed);
}

/// Whether this server has a launcher.
pub fn is_there() -> bool {
    IS_THERE.load(Ordering::Relaxed)
}

/// `database` is to be looked at now.
pub fn look_now(database: u32) {
    not_later_than(database, Utc::now());
}

/// `database` is to be looked at by `time` of the real clock.
pub fn not_later_than(database: u32, time: DateTime<Utc>) {
    if !is_there() {
        return;
    }
    let launcher = {
        let mut agenda = AGENDA.exclusive();
        let Some(entry) = agenda.entry_or_new(database) else {
            // Thousands are due at this moment; the next start or reload of the launcher reads all databases again.
            return;
        };
        let time = time.timestamp_micros();
        if entry.due <= time {
            return;
        }
        entry.due = time;
        agenda.launcher
    };
    wake(launcher);
}

/// The real time that is `due` by this database's clock.
pub fn real_time(due: DateTime<Utc>) -> DateTime<Utc> {
    let now = Utc::now();
    now.checked_add_signed(due - settings::now()).unwrap_or(now)
}

fn wake(launcher: i32) {
    unsafe {
        if launcher == 0 {
            return;
        }
        let process = pg_sys::BackendPidGetProc(launcher);
        if !process.is_null() {
            pg_sys::SetLatch(&raw mut (*process).procLatch);
        }
    }
}

/// A run that ends, however it does, has its database looked at, unless it says itself when that is due.
pub fn follow_this_run(database: u32) {
    if is_there() {
        let pid = unsafe { pg_sys::MyProcPid };
        if let Some(place) = AGENDA.exclusive().runs.iter_mut().find(|run| run.pid == 0) {
            *place = UnderWay { database, pid };
        }
        // Called after the locks of the run are given back, while this process still may take the agenda's.
        unsafe { pg_sys::on_shmem_exit(Some(run_is_gone), pg_sys::Datum::from(database)) };
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn run_is_gone(_code: i32, database: pg_sys::Datum) {
    let pid = unsafe { pg_sys::MyProcPid };
    for run in AGENDA.exclusive().runs.iter_mut() {
        if run.pid == pid {
            run.pid = 0;
        }
    }
    if !RUN_REPORTED.load(Ordering::Relaxed) {
        look_now(database.value() as u32);
    }
}

/// Ends the runs of a database that is about to be dropped. They are found without a worker if it is not.
pub fn end_runs_in(database: u32) {
    for run in AGENDA.share().runs.iter() {
        if run.pid != 0 && run.database == database {
            unsafe { libc::kill(run.pid, libc::SIGTERM) };
        }
    }
}

/// At the end of a run: when this database is due next, by its clock. None: not by itself.
pub fn run_has_ended(next: Option<DateTime<Utc>>) {
    RUN_REPORTED.store(true, Ordering::Relaxed);
    if let Some(next) = next {
        not_later_than(unsafe { pg_sys::MyDatabaseId }.to_u32(), real_time(next));
    }
}

/// The scheduler's last word, after [`not_later_than`].
pub fn answer(database: u32, answer: Answer) {
    if let Some(entry) = AGENDA.exclusive().entry(database) {
        entry.answer = answer;
    }
}

/// Only the launcher calls what follows.
pub fn this_is_the_launcher() {
    AGENDA.exclusive().launcher = unsafe { pg_sys::MyProcPid };
}

/// All due times.
pub fn due_times() -> Vec<(u32, DateTime<Utc>)> {
    let agenda = AGENDA.share();
    let due = agenda.entries.iter().filter(|entry| entry.due != NEVER);
    due.filter_map(|entry| Some((entry.database, DateTime::from_timestamp_micros(entry.due)?)))
        .collect()
}

/// Before a scheduler starts: what was due is being looked at.
pub fn clear(database: u32) {
    if let Some(entry) = AGENDA.exclusive().entry(database) {
        entry.due = NEVER;
        entry.answer = Answer::None;
    }
}

/// After a scheduler has ended: what it said. The place is free again if nothing is due.
pub fn take_answer(database: u32) -> Answer {
    let mut agenda = AGENDA.exclusive();
    let Some(entry) = agenda.entry(database) else {
        return Answer::None;
    };
    let answer = entry.answer;
    if answer == Answer::Done && entry.due == NEVER {
        *entry = FREE;
    }
    answer
}

/// A database that is gone.
pub fn forget(database: u32) {
    if let Some(entry) = AGENDA.exclusive().entry(database) {
        *entry = FREE;
    }
}
