//! Our functions run as their caller, who may not touch our tables. What they do there is done as the owner of the
//! extension, in this one place, and only after the caller's own rights were looked at.

use crate::error::Result;
use crate::identity::Before;
use crate::{extension, sql};
use pgrx::pg_sys;
use std::cell::Cell;

thread_local! {
    /// How many [`as_owner`] are under way, one inside the other.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Whether what is written now is written by our own code: rows that it writes need no second look by triggers.
pub fn is_at_work() -> bool {
    DEPTH.get() > 0
}

struct AtWork;

impl AtWork {
    fn begin() -> AtWork {
        DEPTH.set(DEPTH.get() + 1);
        AtWork
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// Does `work` with the rights of the extension's owner. Names and operators mean PostgreSQL's own meanwhile, whatever
/// the caller's search_path is: a trigger has none that is pinned.
pub fn as_owner<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = Before::search_path(c"pg_catalog, pg_temp", true);
    let _at_work = AtWork::begin();
    let owner = sql::one::<pg_sys::Oid>(
        "SELECT extowner FROM pg_catalog.pg_extension WHERE extname = 'chorus_sync'",
        &[],
    )?
    .ok_or_else(extension::missing)?;
    before.act_as(owner, 0);
    work()
}

/// Whether the caller may have the server read files for it.
pub fn caller_may_read_files() -> bool {
    unsafe {
        pg_sys::superuser()
            || pg_sys::has_privs_of_role(
                pg_sys::GetUserId(),
                pg_sys::Oid::from(pg_sys::ROLE_PG_READ_SERVER_FILES),
            )
    }
}
