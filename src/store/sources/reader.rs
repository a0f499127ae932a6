//! Reading a relation of somebody else with no more rights than he has.
//!
//! A view runs functions of whoever made it, as whoever reads it. So nothing of a source is parsed, planned or fetched
//! but in here: as the role that registered it, in a security-restricted operation (no SET ROLE, no temporary tables, no
//! deferred triggers), read-only, and with every setting put back afterwards. Otherwise a function could change what the
//! worker does next as superuser.

use crate::error::{Error, Result};
use crate::sql;
use pgrx::pg_sys;

/// Whose rights a source is read with.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    role: pg_sys::Oid,
}

struct Restore {
    user: pg_sys::Oid,
    context: i32,
    settings: i32,
    read_only: bool,
}

impl Drop for Restore {
    fn drop(&mut self) {
        unsafe {
            pg_sys::XactReadOnly = self.read_only;
            pg_sys::SetUserIdAndSecContext(self.user, self.context);
            // After an error the abort of the transaction does it.
            if !std::thread::panicking() {
                pg_sys::AtEOXact_GUC(false, self.settings);
            }
        }
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

    /// Does `work` with the rights of the role.
    pub fn read<T>(self, work: impl FnOnce() -> T) -> T {
        unsafe {
            let mut before = Restore {
                user: pg_sys::InvalidOid,
                context: 0,
                settings: pg_sys::NewGUCNestLevel(),
                read_only: pg_sys::XactReadOnly,
            };
            pg_sys::GetUserIdAndSecContext(&mut before.user, &mut before.context);
            // Names in functions of theirs mean what they mean in their sessions.
            pg_sys::set_config_option(
                c"search_path".as_ptr(),
                c"\"$user\", public".as_ptr(),
                pg_sys::GucContext::PGC_USERSET,
                pg_sys::GucSource::PGC_S_SESSION,
                pg_sys::GucAction::GUC_ACTION_SAVE,
                true,
                0,
                false,
            );
            let restricted =
                pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION;
            pg_sys::SetUserIdAndSecContext(self.role, before.context | restricted as i32);
            pg_sys::XactReadOnly = true;
            work()
        }
    }
}
