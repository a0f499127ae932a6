//! What every background worker of ours begins with: signals, settings, and how it is registered.
//!
//! The server's own signal handlers are used: pgrx's set a flag that no running statement looks at. SIGINT stays with
//! `StatementCancelHandler`, and SIGUSR1 with the handler that wakes us for barriers, without which DROP DATABASE hangs.

use pgrx::bgworkers::{BackgroundWorkerBuilder, BgWorkerStartTime};
use pgrx::pg_sys;
use std::ffi::CString;

// The handlers themselves: the bindings wrap functions in a guard that must not run in a signal handler.
unsafe extern "C-unwind" {
    fn die(signal: i32);
    #[allow(non_snake_case)]
    fn SignalHandlerForConfigReload(signal: i32);
}

/// The first thing a worker does.
pub fn heed_signals() {
    unsafe {
        handle_signal(libc::SIGTERM, die);
        handle_signal(libc::SIGHUP, SignalHandlerForConfigReload);
        pg_sys::BackgroundWorkerUnblockSignals();
    }
}

unsafe fn handle_signal(signal: i32, handler: unsafe extern "C-unwind" fn(i32)) {
    #[cfg(feature = "pg18")]
    unsafe {
        pg_sys::pqsignal_be(signal, Some(handler));
    }
    #[cfg(not(feature = "pg18"))]
    unsafe {
        pg_sys::pqsignal(signal, Some(handler));
    }
}

/// Connects to a database as the bootstrap superuser, with settings that no `ALTER DATABASE` can turn against us.
pub fn connect(database: u32) {
    unsafe {
        pg_sys::BackgroundWorkerInitializeConnectionByOid(
            pg_sys::Oid::from(database),
            pg_sys::InvalidOid,
            0,
        );
        // `ALTER DATABASE … SET role` or `session_authorization` would have us work as somebody else.
        pg_sys::SetSessionAuthorization(pg_sys::Oid::from(pg_sys::BOOTSTRAP_SUPERUSERID), true);
    }
    set("role", "none");
    set("search_path", "pg_catalog, pg_temp");
    set("default_transaction_isolation", "read committed");
    set("default_transaction_read_only", "off");
    set("statement_timeout", "0");
    set("idle_in_transaction_session_timeout", "0");
    // What triggers of ours are guarded by: they are for rows that somebody else writes.
    set("check_function_bodies", "off");
}

/// A setting for the rest of this process' life.
pub fn set(name: &str, value: &str) {
    let name = CString::new(name).expect("a setting without NUL");
    let value = CString::new(value).expect("a value without NUL");
    unsafe {
        pg_sys::SetConfigOption(
            name.as_ptr(),
            value.as_ptr(),
            pg_sys::GucContext::PGC_SUSET,
            pg_sys::GucSource::PGC_S_SESSION,
        );
    }
}

/// A worker of ours that runs `function` once there is something to write to; on a standby, after its promotion.
pub fn worker(name: &str, kind: &str, function: &str) -> BackgroundWorkerBuilder {
    BackgroundWorkerBuilder::new(name)
        .set_type(kind)
        .set_library("$libdir/chorus_sync")
        .set_function(function)
        .set_start_time(BgWorkerStartTime::RecoveryFinished)
        .enable_spi_access()
}
