//! Keeps a statement that holds an API key out of the error log and out of `pg_stat_activity`.

use pgrx::pg_sys;
use std::ffi::{CStr, c_void};

/// From now on and until it ends, the statement shows as `mask`, and its errors carry no context.
pub fn hide_statement(mask: &'static CStr) {
    unsafe {
        pg_sys::debug_query_string = mask.as_ptr();
        pg_sys::pgstat_report_activity(pg_sys::BackendState::STATE_RUNNING, mask.as_ptr());
        // Context lines would repeat the text of a calling statement, or its parameters, also for an error that comes
        // after us. The entries must stay, because each caller takes its own away; they only fall silent.
        let mut context = pg_sys::error_context_stack;
        while let Some(entry) = context.as_mut() {
            entry.callback = Some(say_nothing);
            context = entry.previous;
        }
    }
}

unsafe extern "C-unwind" fn say_nothing(_argument: *mut c_void) {}
