//! Who is at work: advisory locks that say which run is alive and who may decide about a connection.
//!
//! A worker holds the lock of its run for as long as it lives, so the lock cannot outlive a crash and a row that says
//! `running` can. Nothing else holds it for longer than a look.

use crate::error::Result;
use crate::sql;
use pgrx::pg_sys;

/// First key of a run's lock; the second is the run_id. `'CHRR'` in ASCII.
const RUN: u32 = 0x4348_5252;
/// First key of the lock under which runs of a connection are started; the second is the connection_id. `'CHRC'`.
const CONNECTION: u32 = 0x4348_5243;
/// As `pg_advisory_lock(int, int)` does.
const TWO_KEYS: u16 = 2;
const USER_LOCKMETHOD: u8 = 2;

fn tag(class: u32, key: i64) -> pg_sys::LOCKTAG {
    pg_sys::LOCKTAG {
        locktag_field1: unsafe { pg_sys::MyDatabaseId }.to_u32(),
        locktag_field2: class,
        locktag_field3: key as u32,
        locktag_field4: TWO_KEYS,
        locktag_type: pg_sys::LockTagType::LOCKTAG_ADVISORY as u8,
        locktag_lockmethodid: USER_LOCKMETHOD,
    }
}

/// Takes the lock of a run for the rest of this process' life. False if another process has it.
pub fn hold_run(run_id: i64) -> bool {
    let taken =
        unsafe { pg_sys::LockAcquire(&tag(RUN, run_id), pg_sys::ExclusiveLock as i32, true, true) };
    taken != pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL
}

/// The process that holds the lock of a run; None: the run is not alive.
pub fn worker_of(run_id: i64) -> Result<Option<i32>> {
    sql::one("SELECT chorus.run_worker($1)", &[sql::int8(run_id)])
}

/// Runs `decide` while nobody else starts a run of the connection. Given back at once, and on an error by the abort.
pub fn deciding_about<T>(connection_id: i64, decide: impl FnOnce() -> Result<T>) -> Result<T> {
    let tag = tag(CONNECTION, connection_id);
    unsafe { pg_sys::LockAcquire(&tag, pg_sys::ExclusiveLock as i32, false, false) };
    let decided = decide();
    unsafe { pg_sys::LockRelease(&tag, pg_sys::ExclusiveLock as i32, false) };
    decided
}
