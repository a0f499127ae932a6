//! Rows of a statement, a few at a time, so that memory does not grow with their number.

use super::rows::hand_out;
use super::{Argument, Given, Row};
use crate::error::Result;
use pgrx::{PgMemoryContexts, pg_sys};
use std::ffi::CString;

/// An open cursor. Within one SPI connection, and closed with it.
pub struct Cursor {
    portal: pg_sys::Portal,
    /// What rows are unpacked into, emptied between two batches.
    unpacked: PgMemoryContexts,
}

impl Cursor {
    /// Errors are PostgreSQL's.
    pub fn open(statement: &str, arguments: &[Argument]) -> Cursor {
        let statement = CString::new(statement).expect("a statement without NUL");
        let mut given = Given::of(arguments);
        unsafe {
            let plan = pg_sys::SPI_prepare(
                statement.as_ptr(),
                arguments.len() as i32,
                given.types.as_mut_ptr(),
            );
            assert!(!plan.is_null(), "a statement that SPI cannot prepare");
            let portal = pg_sys::SPI_cursor_open(
                std::ptr::null(),
                plan,
                given.values.as_mut_ptr(),
                given.nulls.as_ptr(),
                true,
            );
            pg_sys::SPI_freeplan(plan);
            Cursor {
                portal,
                unpacked: PgMemoryContexts::new("rows of a source"),
            }
        }
    }

    /// Fetches up to `at_most` rows. False: there are no more.
    pub fn fetch(&mut self, at_most: usize) -> Fetched {
        unsafe {
            pg_sys::SPI_cursor_fetch(self.portal, true, at_most as std::ffi::c_long);
            Fetched {
                table: pg_sys::SPI_tuptable,
                count: pg_sys::SPI_processed as usize,
            }
        }
    }

    /// Hands the rows out and forgets them. `each` must not run statements.
    pub fn each(&mut self, fetched: Fetched, each: impl FnMut(&Row) -> Result<()>) -> Result<()> {
        let done = unsafe {
            self.unpacked
                .switch_to(|_| hand_out(&*fetched.table, fetched.count, each))
        };
        unsafe {
            pg_sys::SPI_freetuptable(fetched.table);
            self.unpacked.reset();
        }
        done
    }

    pub fn close(self) {
        unsafe { pg_sys::SPI_cursor_close(self.portal) };
    }
}

/// Rows that were fetched and not yet looked at.
pub struct Fetched {
    table: *mut pg_sys::SPITupleTable,
    count: usize,
}

impl Fetched {
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}
