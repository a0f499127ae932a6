//! Our functions run as their caller, who may not touch our tables. What they do there is done as the owner of the
//! extension, in this one place, and only after the caller's own rights were looked at.

use crate::error::{Error, Result};
use crate::sql;
use pgrx::pg_sys;

struct Restore {
    user: pg_sys::Oid,
    context: i32,
}

impl Drop for Restore {
    fn drop(&mut self) {
        unsafe { pg_sys::SetUserIdAndSecContext(self.user, self.context) };
    }
}

/// Does `work` with the rights of the extension's owner.
pub fn as_owner<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let owner = sql::one::<pg_sys::Oid>(
        "SELECT extowner FROM pg_catalog.pg_extension WHERE extname = 'chorus_sync'",
        &[],
    )?
    .ok_or_else(|| {
        Error::new(
            "42704",
            "the extension chorus_sync is not installed in this database",
            "CREATE EXTENSION chorus_sync;",
        )
    })?;
    let mut before = Restore {
        user: pg_sys::InvalidOid,
        context: 0,
    };
    unsafe {
        pg_sys::GetUserIdAndSecContext(&mut before.user, &mut before.context);
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
