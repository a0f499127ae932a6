//! Who is at work: advisory locks that say which run is alive, and who may decide about a connection or its name.
//!
//! A worker holds the lock of its run for as long as it lives, so the lock cannot outlive a crash and a row that says
//! `running` can. Nothing else holds a lock for longer than a look, but a first connect that of its name, and who writes
//! meetings that of all meetings until it commits.
//!
//! The keys begin with the object id of the extension, so that a worker of an extension that was dropped and made anew
//! is nobody's. Their kinds are numbers that no SQL function can make, so that nobody else can take or fake them.

use crate::error::{Error, Result};
use crate::sql;
use crate::transaction::caught;
use pgrx::pg_sys;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What a lock is about. `pg_advisory_lock` makes 1 and 2.
#[derive(Clone, Copy)]
enum Kind {
    /// A run, by run_id. `chorus.run_worker` looks for this number.
    Run = 3,
    /// A connection, by connection_id.
    Connection = 4,
    /// A connection that does not exist yet, by a hash of its name.
    Name = 5,
    /// All meetings of this database.
    Meetings = 6,
    /// The search index.
    Search = 8,
}

const USER_LOCKMETHOD: u8 = 2;

fn tag(kind: Kind, extension: u32, key: i64) -> pg_sys::LOCKTAG {
    pg_sys::LOCKTAG {
        locktag_field1: unsafe { pg_sys::MyDatabaseId }.to_u32(),
        locktag_field2: extension,
        locktag_field3: key as u32,
        locktag_field4: kind as u16,
        locktag_type: pg_sys::LockTagType::LOCKTAG_ADVISORY as u8,
        locktag_lockmethodid: USER_LOCKMETHOD,
    }
}

/// Takes a lock until this transaction ends.
fn hold(tag: &pg_sys::LOCKTAG) {
    unsafe { pg_sys::LockAcquire(tag, pg_sys::ExclusiveLock as i32, false, false) };
}

/// Takes a lock if nobody else has it at this moment.
fn try_hold(tag: &pg_sys::LOCKTAG, beyond_transaction: bool) -> bool {
    let mode = pg_sys::ExclusiveLock as i32;
    let taken = unsafe { pg_sys::LockAcquire(tag, mode, beyond_transaction, true) };
    taken != pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL
}

/// Takes the lock of a run for the rest of this process' life. False if another process has it.
pub fn hold_run(extension: u32, run_id: i64) -> bool {
    try_hold(&tag(Kind::Run, extension, run_id), true)
}

/// The process that holds the lock of a run; None: the run is not alive.
pub fn worker_of(run_id: i64) -> Result<Option<i32>> {
    sql::one("SELECT chorus.run_worker($1)", &[sql::int8(run_id)])
}

/// Runs `decide` while nobody else starts a run of the connection. Given back at once, and on an error by the abort.
pub fn deciding_about<T>(
    extension: u32,
    connection_id: i64,
    decide: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let tag = tag(Kind::Connection, extension, connection_id);
    hold(&tag);
    let decided = decide();
    unsafe { pg_sys::LockRelease(&tag, pg_sys::ExclusiveLock as i32, false) };
    decided
}

/// Until this transaction ends, nobody else adds to the search index.
pub fn hold_search(extension: u32) {
    hold(&tag(Kind::Search, extension, 0));
}

/// Until this transaction ends, nobody else makes a connection of this name.
pub fn hold_name(extension: u32, name: &str) {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hold(&tag(Kind::Name, extension, hasher.finish() as i64));
}

/// Until this transaction ends, nobody else writes meetings. What is read of them before this returns may be old: read
/// with a new statement. `55P03` if somebody else does so for longer than `lock_timeout`.
pub fn hold_meetings(extension: u32) -> Result<()> {
    if try_hold_meetings(extension) {
        return Ok(());
    }
    let tag = tag(Kind::Meetings, extension, 0);
    // Asked before, as after the error nothing can be.
    let holder = holder(&tag)?;
    let held = caught(|| {
        hold(&tag);
        Ok(())
    });
    held.map_err(|error| match (error.sqlstate.as_str(), holder) {
        ("55P03", Some(pid)) => Error::new(
            "55P03",
            format!("process {pid} keeps a transaction open in which it has written meetings"),
            format!(
                "Nothing is lost. Let it COMMIT or ROLLBACK, or SELECT pg_terminate_backend({pid}); then try again."
            ),
        ),
        _ => error,
    })
}

/// The process that holds a lock at this moment.
fn holder(tag: &pg_sys::LOCKTAG) -> Result<Option<i32>> {
    sql::one(
        "SELECT l.pid FROM pg_locks l
          WHERE l.locktype = 'advisory' AND l.granted AND l.database::bigint = $1 AND l.classid::bigint = $2
            AND l.objid::bigint = $3 AND l.objsubid = $4",
        &[
            sql::int8(i64::from(tag.locktag_field1)),
            sql::int8(i64::from(tag.locktag_field2)),
            sql::int8(i64::from(tag.locktag_field3)),
            sql::int4(i32::from(tag.locktag_field4)),
        ],
    )
}

/// The same, if nobody else does at this moment.
pub fn try_hold_meetings(extension: u32) -> bool {
    try_hold(&tag(Kind::Meetings, extension, 0), false)
}
