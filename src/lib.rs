//! `chorus_sync`: the database itself pulls recorded calls out of Chorus.
//!
//! Only this crate touches PostgreSQL. To follow one call from the wire to its row, read `chorus-client` (what is
//! read), `worker` (when), `store` (how it is written) and `sql/` (where it ends up).

mod api;
mod background;
mod error;
mod extension;
mod files;
mod identity;
mod kept;
mod launcher;
mod locks;
mod offload;
mod owner;
mod pushed;
mod schedule;
mod secret;
mod settings;
mod sql;
mod store;
mod transaction;
mod worker;

use pgrx::pg_guard;

::pgrx::pg_module_magic!(name, version);

#[pg_guard]
pub extern "C-unwind" fn _PG_init() {
    settings::define();
    launcher::register();
}
