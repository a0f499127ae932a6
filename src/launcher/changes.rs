//! What makes the launcher look: the commit of whoever changed a schedule, and of whoever made or altered a database.
//!
//! A DROP DATABASE ends the runs in it, which would refuse it otherwise. A rollback wakes nobody. Altering covers `ALLOW_CONNECTIONS`, renaming, and `ALTER DATABASE … SET chorus_sync.…`.

use super::agenda;
use crate::error::Error;
use pgrx::callbacks::PgXactCallbackEvent::{Abort, Commit, PrePrepare};
use pgrx::{pg_guard, pg_sys};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::{c_int, c_void};

/// `pg_db_role_setting`; the bindings lack the name.
const DATABASE_SETTINGS: u32 = 2964;

thread_local! {
    /// Databases that the present transaction will have looked at.
    static AT_COMMIT: RefCell<BTreeSet<u32>> = const { RefCell::new(BTreeSet::new()) };
}

static mut PREVIOUS_HOOK: pg_sys::object_access_hook_type = None;

/// When this transaction commits, this database is looked at. It cannot be prepared then: whoever commits it later
/// would have to know.
pub fn look_at_commit() {
    if agenda::is_there() {
        remember(unsafe { pg_sys::MyDatabaseId }.to_u32());
        pgrx::register_xact_callback(PrePrepare, || {
            Error::new(
                "0A000",
                "a transaction that changed a schedule cannot be prepared",
                "COMMIT it instead of PREPARE TRANSACTION.",
            )
            .raise()
        });
    }
}

fn remember(database: u32) {
    let first = AT_COMMIT.with_borrow_mut(|databases| {
        let first = databases.is_empty();
        databases.insert(database);
        first
    });
    if first {
        pgrx::register_xact_callback(Commit, || {
            for database in AT_COMMIT.take() {
                agenda::look_now(database);
            }
        });
        pgrx::register_xact_callback(Abort, || drop(AT_COMMIT.take()));
    }
}

/// Has every session tell of databases.
pub fn notice() {
    unsafe {
        PREVIOUS_HOOK = pg_sys::object_access_hook;
        pg_sys::object_access_hook = Some(object_access);
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn object_access(
    access: pg_sys::ObjectAccessType::Type,
    class: pg_sys::Oid,
    object: pg_sys::Oid,
    sub_id: c_int,
    argument: *mut c_void,
) {
    unsafe {
        if let Some(previous) = PREVIOUS_HOOK {
            previous(access, class, object, sub_id, argument);
        }
    }
    if access == pg_sys::ObjectAccessType::OAT_DROP && class == pg_sys::DatabaseRelationId {
        agenda::end_runs_in(object.to_u32());
    }
    let changed = access == pg_sys::ObjectAccessType::OAT_POST_CREATE
        || access == pg_sys::ObjectAccessType::OAT_POST_ALTER;
    let database =
        class == pg_sys::DatabaseRelationId || class == pg_sys::Oid::from(DATABASE_SETTINGS);
    if changed && database && object != pg_sys::InvalidOid {
        remember(object.to_u32());
    }
}
