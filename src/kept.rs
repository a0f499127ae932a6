//! What a function of ours keeps as long as the query, or the statement of a trigger, that calls it runs.

use crate::error::Result;
use pgrx::{PgMemoryContexts, pg_sys};

/// What `make` made when the function was first called from its place in the query. It goes with the query.
///
/// # Safety
/// All calls of one function must keep the same type.
pub unsafe fn kept_by_query<'a, T>(
    fcinfo: pg_sys::FunctionCallInfo,
    make: impl FnOnce() -> Result<T>,
) -> Result<&'a mut T> {
    // SAFETY: PostgreSQL calls with a place of its own for each expression and trigger, which lives as long as the query.
    unsafe {
        let place = (*fcinfo).flinfo;
        if (*place).fn_extra.is_null() {
            let kept = make()?;
            (*place).fn_extra = PgMemoryContexts::For((*place).fn_mcxt)
                .leak_and_drop_on_delete(kept)
                .cast();
        }
        Ok(&mut *(*place).fn_extra.cast::<T>())
    }
}
