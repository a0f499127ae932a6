//! Rows of other sources that somebody inserts, changes or deletes in `chorus.calls` and `chorus.participants` himself.
//!
//! Whatever way such a row comes in, it ends up as if we had read it: addresses are normalised, domain and side are
//! derived, a call has a row in `chorus.transcripts` and no meeting until it was recognised, and whatever hangs on a
//! deleted call goes with it. Every call that changed is marked for the next `chorus_dedup`.
//!
//! Row triggers look at each row before it is written and note its call; a statement trigger does the rest for all of
//! them at once. What is noted is never believed: a statement may fail after its rows were looked at.

mod calls;
mod marks;
mod participants;
mod row;

use crate::error::{Error, Result};
use pgrx::{pg_extern, pg_guard, pg_sys};
use row::RowTrigger;

/// `chorus.is_pushed()`: whether rows written now come from somebody else than our own code and restores.
///
/// Our workers and the scripts that pg_dump makes switch `check_function_bodies` off; only a superuser is believed.
#[pg_extern]
fn is_pushed() -> bool {
    let restored = unsafe { !pg_sys::check_function_bodies && pg_sys::superuser() };
    !restored && !crate::owner::is_at_work()
}

static VERSION_1: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };

#[unsafe(no_mangle)]
pub extern "C" fn pg_finfo_pushed_call_wrapper() -> &'static pg_sys::Pg_finfo_record {
    &VERSION_1
}

#[unsafe(no_mangle)]
pub extern "C" fn pg_finfo_pushed_participant_wrapper() -> &'static pg_sys::Pg_finfo_record {
    &VERSION_1
}

#[unsafe(no_mangle)]
pub extern "C" fn pg_finfo_pushed_wrapper() -> &'static pg_sys::Pg_finfo_record {
    &VERSION_1
}

/// Before each row of `chorus.calls`.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn pushed_call_wrapper(
    fcinfo: pg_sys::FunctionCallInfo,
) -> pg_sys::Datum {
    answer(unsafe { RowTrigger::of(fcinfo) }.and_then(|mut trigger| calls::look_at(&mut trigger)))
}

/// Before each row of `chorus.participants`.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn pushed_participant_wrapper(
    fcinfo: pg_sys::FunctionCallInfo,
) -> pg_sys::Datum {
    let trigger = unsafe { RowTrigger::of(fcinfo) };
    answer(trigger.and_then(|mut trigger| participants::look_at(&mut trigger)))
}

/// After each statement on either.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn pushed_wrapper(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    let settled = unsafe { row::require_trigger(fcinfo) }.and_then(|_| marks::settle());
    answer(settled.map(|()| std::ptr::null_mut()))
}

fn answer(row: Result<pg_sys::HeapTuple>) -> pg_sys::Datum {
    match row {
        Ok(row) => pg_sys::Datum::from(row),
        Err(error) => error.raise(),
    }
}

/// `42501`: what Chorus sent is not for others to change.
fn of_chorus() -> Error {
    Error::not_allowed(
        "calls of the source \"chorus\" are written by chorus_sync alone",
        "Give recordings of other tools a source of their own, such as 'gong'.",
    )
}
