//! Keeps a statement that holds an API key out of the error log and out of `pg_stat_activity`.

use pgrx::pg_sys;
use std::ffi::CStr;

/// While it lives, errors carry no context; from its making on, the statement's text is masked until it ends.
pub struct Hidden {
    context: *mut pg_sys::ErrorContextCallback,
}

impl Hidden {
    /// Context lines would repeat the text of a calling statement, or its parameters.
    pub fn behind(mask: &'static CStr) -> Self {
        unsafe {
            pg_sys::debug_query_string = mask.as_ptr();
            pg_sys::pgstat_report_activity(pg_sys::BackendState::STATE_RUNNING, mask.as_ptr());
            let context = pg_sys::error_context_stack;
            pg_sys::error_context_stack = std::ptr::null_mut();
            Hidden { context }
        }
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // After an error PostgreSQL restores the stack itself, and the error has yet to be raised without it.
        if !std::thread::panicking() {
            unsafe { pg_sys::error_context_stack = self.context };
        }
    }
}
