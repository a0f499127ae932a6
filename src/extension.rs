//! The extension in this database, by its object id: one that was dropped and made anew has another.

use crate::error::{Error, Result};
use pgrx::pg_sys;

/// As it is committed at this moment, or was made by this transaction. None: it is not installed here.
pub fn oid() -> Option<u32> {
    let oid = unsafe { pg_sys::get_extension_oid(c"chorus_sync".as_ptr(), true) };
    (oid != pg_sys::InvalidOid).then(|| oid.to_u32())
}

/// `42704` where it is not.
pub fn required() -> Result<u32> {
    oid().ok_or_else(missing)
}

pub fn missing() -> Error {
    Error::unknown(
        "the extension chorus_sync is not installed in this database",
        "CREATE EXTENSION chorus_sync;",
    )
}
