//! Reading a relation of somebody else with no more rights than he has.
//!
//! A view runs functions of whoever made it, as whoever reads it. So nothing of a source is parsed, planned or fetched
//! but in here: as the role that registered it, in a security-restricted operation (no SET ROLE, no temporary tables, no
//! deferred triggers), read-only, and with every setting put back afterwards. Otherwise a function could change what the
//! worker does next as superuser.

use crate::error::{Error, Result};
use crate::identity::Before;
use crate::sql;
use pgrx::pg_sys;

/// Whose rights a source is read with.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    role: pg_sys::Oid,
}

/// Whether the transaction was read-only before.
struct ReadOnly(bool);

impl ReadOnly {
    fn begin() -> ReadOnly {
        unsafe {
            let before = ReadOnly(pg_sys::XactReadOnly);
            pg_sys::XactReadOnly = true;
            before
        }
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        unsafe { pg_sys::XactReadOnly = self.0 };
    }
}

impl Reader {
    /// The role that registered the relation; for a superuser the owner of the relation, whose functions a view may run.
    pub fn of(registered_by: &str, relation: pg_sys::Oid) -> Result<Reader> {
        let role: Option<pg_sys::Oid> = sql::one(
            "SELECT CASE WHEN r.rolsuper THEN (SELECT c.relowner FROM pg_catalog.pg_class c WHERE c.oid = $2::oid) ELSE r.oid END
               FROM pg_catalog.pg_roles r WHERE r.rolname = $1",
            &[sql::text(registered_by), sql::int8(i64::from(relation.to_u32()))],
        )?;
        match role {
            Some(role) => Ok(Reader { role }),
            None => Err(Error::unknown(
                format!("the role \"{registered_by}\", which registered the source, is gone"),
                "SELECT chorus_add_source(…) again as a role that may read the relation.",
            )),
        }
    }

    pub fn role(self) -> pg_sys::Oid {
        self.role
    }

    /// Does `work` with the rights of the role. Names in functions of theirs mean what they mean in their sessions.
    pub fn read<T>(self, work: impl FnOnce() -> T) -> T {
        let before = Before::search_path(c"\"$user\", public", false);
        before.act_as(self.role, pg_sys::SECURITY_RESTRICTED_OPERATION);
        let _read_only = ReadOnly::begin();
        work()
    }
}
