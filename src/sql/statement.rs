//! Statements that queries of users run through us, many times: planned once in a session, and read-only, so that they
//! see what the query sees.
//!
//! They run with the caller's rights and search_path: every operator in them is qualified.

use super::rows::hand_out;
use super::{Argument, Given, Row};
use crate::error::{Error, Result};
use pgrx::pg_sys;
use std::cell::Cell;
use std::ffi::CString;
use std::ptr::null_mut;

pub struct Statement {
    text: &'static str,
    plan: Cell<pg_sys::SPIPlanPtr>,
}

impl Statement {
    pub const fn new(text: &'static str) -> Self {
        Statement {
            text,
            plan: Cell::new(null_mut()),
        }
    }

    /// Hands out its rows. `each` must not run statements.
    pub fn each(&self, arguments: &[Argument], mut each: impl FnMut(&Row)) -> Result<()> {
        let mut given = Given::of(arguments);
        // SAFETY: errors of PostgreSQL leave this function at once, and the end of the transaction cleans up after SPI.
        unsafe {
            pg_sys::SPI_connect();
            let plan = self.planned(&mut given.types)?;
            let (values, nulls) = (given.values.as_mut_ptr(), given.nulls.as_ptr());
            let done = pg_sys::SPI_execute_plan(plan, values, nulls, true, 0);
            if done != pg_sys::SPI_OK_SELECT as i32 {
                return Err(failed(done));
            }
            let count = pg_sys::SPI_processed as usize;
            let handed_out = hand_out(&*pg_sys::SPI_tuptable, count, |row| {
                each(row);
                Ok(())
            });
            pg_sys::SPI_finish();
            handed_out
        }
    }

    /// The same plan for all arguments: planning takes longer than any of these statements.
    unsafe fn planned(&self, types: &mut [pg_sys::Oid]) -> Result<pg_sys::SPIPlanPtr> {
        if self.plan.get().is_null() {
            let text = CString::new(self.text).expect("a statement without NUL");
            // SAFETY: SPI is connected; the plan is kept for as long as the session lasts.
            unsafe {
                let plan = pg_sys::SPI_prepare_cursor(
                    text.as_ptr(),
                    types.len() as i32,
                    types.as_mut_ptr(),
                    pg_sys::CURSOR_OPT_GENERIC_PLAN as i32,
                );
                if plan.is_null() || pg_sys::SPI_keepplan(plan) != 0 {
                    return Err(failed(pg_sys::SPI_result));
                }
                self.plan.set(plan);
            }
        }
        Ok(self.plan.get())
    }
}

fn failed(code: i32) -> Error {
    Error::new(
        "XX000",
        format!("an internal statement failed: SPI says {code}"),
        "",
    )
}
