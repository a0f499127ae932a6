//! The built-in schedule: runs that nobody asks for by hand.
//!
//! It works where the library is in `shared_preload_libraries`; elsewhere every function here does nothing.
//!
//! ```text
//!   session: chorus_connect, chorus_schedule, …      the end of a run
//!        │ at commit: "look now"                          │ "next due at …"
//!        ▼                                                ▼
//!   agenda (shared memory): database ─▶ due time, which only ever moves closer
//!        │ earliest due time, or the latch                ▲
//!        ▼                                                │ "next due at …"
//!   launcher ── one per cluster, in no database ──starts──▶ scheduler: connects, queues what is due, ends
//!                                                         │ registers
//!                                                         ▼
//!                                                       run: one worker each (src/worker)
//! ```
//! * The launcher sleeps on its latch. It sends no query, and wakes only when something is due, was committed or ended.
//! * A scheduler lives for some milliseconds. Between runs nothing of ours is connected to any database, so that
//!   DROP DATABASE and CREATE DATABASE TEMPLATE meet nobody.
//! * The agenda is only a hint when to look; the truth is in `chorus.connections` and `chorus.runs`. Too early a look
//!   finds nothing to do. To lose one would be an error, so times are only ever moved closer, and cleared before a look.
//! * The launcher reads all databases when it starts and when the configuration is reloaded. One that is made or altered
//!   meanwhile is told by a hook.
//! * A scheduler that ends without an answer, or a database that refuses connections, is looked at again after a minute,
//!   then two, up to an hour. A run whose worker dies puts its database on the agenda on its way out; a crash of the
//!   server empties the agenda, and the launcher that starts afterwards looks at every database.

mod agenda;
mod changes;
mod databases;
mod launch;
mod scheduler;

pub use agenda::{follow_this_run, run_has_ended};
pub use changes::look_at_commit;

use crate::error::Result;
use crate::{settings, sql};
use pgrx::pg_sys;

/// Called from `_PG_init`. pg_upgrade starts servers too, and must meet nobody in them.
pub fn register() {
    let preloaded = unsafe { pg_sys::process_shared_preload_libraries_in_progress };
    if preloaded && !unsafe { pg_sys::IsBinaryUpgrade } {
        agenda::request_memory();
        changes::notice();
        launch::register();
    }
}

/// Whether runs start by themselves in this database, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Scheduled,
    /// The library is not in `shared_preload_libraries`.
    NoLauncher,
    /// `chorus_sync.enabled` is off.
    Off,
    /// It is a template, or `chorus_sync.databases` leaves it out.
    LeftOut,
}

/// What this database may expect.
pub fn service() -> Result<Service> {
    if !agenda::is_there() {
        return Ok(Service::NoLauncher);
    }
    if !settings::enabled() {
        return Ok(Service::Off);
    }
    let (name, template): (String, bool) = sql::one_json(
        "SELECT jsonb_build_array(d.datname, d.datistemplate) FROM pg_catalog.pg_database d
          WHERE d.datname = pg_catalog.current_database()",
        &[],
    )?
    .unwrap_or_default();
    Ok(if databases::is_wanted(&name, template) {
        Service::Scheduled
    } else {
        Service::LeftOut
    })
}
