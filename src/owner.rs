//! Our functions run as their caller, who may not touch our tables. What they do there is done as the owner of the
//! extension, in this one place, and only after the caller's own rights were looked at.

use crate::error::Result;
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

/// What was before.
struct Restore {
    user: pg_sys::Oid,
    context: i32,
    settings: i32,
}

impl Drop for Restore {
    fn drop(&mut self) {
        unsafe { pg_sys::SetUserIdAndSecContext(self.user, self.context) };
        DEPTH.set(DEPTH.get() - 1);
        // After an error the abort of the transaction does it.
        if !std::thread::panicking() {
            unsafe { pg_sys::AtEOXact_GUC(true, self.settings) };
        }
    }
}

/// Names and operators mean PostgreSQL's own from here on, whatever the caller's search_path is: a trigger has none
/// that is pinned.
fn pin_search_path() {
    unsafe {
        pg_sys::set_config_option(
            c"search_path".as_ptr(),
            c"pg_catalog, pg_temp".as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_SAVE,
            true,
            0,
            false,
        );
    }
}

/// Does `work` with the rights of the extension's owner.
pub fn as_owner<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let mut before = Restore {
        user: pg_sys::InvalidOid,
        context: 0,
        settings: unsafe { pg_sys::NewGUCNestLevel() },
    };
    unsafe { pg_sys::GetUserIdAndSecContext(&mut before.user, &mut before.context) };
    DEPTH.set(DEPTH.get() + 1);
    pin_search_path();
    let owner = sql::one::<pg_sys::Oid>(
        "SELECT extowner FROM pg_catalog.pg_extension WHERE extname = 'chorus_sync'",
        &[],
    )?
    .ok_or_else(extension::missing)?;
    unsafe {
        pg_sys::SetUserIdAndSecContext(
            owner,
            before.context | pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32,
        );
    }
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
