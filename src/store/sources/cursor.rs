//! Rows of a statement, a few at a time, so that memory does not grow with their number.

use crate::sql::Argument;
use chrono::{DateTime, Utc};
use pgrx::datum::DatumWithOid;
use pgrx::{FromDatum, PgMemoryContexts, pg_sys};
use std::ffi::{CString, c_char};

const EPOCH_2000_US: i64 = 946_684_800_000_000;

/// An open cursor. Within one SPI connection, and closed with it.
pub struct Cursor {
    portal: pg_sys::Portal,
    /// What rows are unpacked into, emptied between two batches.
    unpacked: PgMemoryContexts,
}

/// A row; its columns count from 0, and must be of the types that are asked for.
pub struct Row<'a> {
    values: &'a [pg_sys::Datum],
    nulls: &'a [bool],
}

impl Cursor {
    /// Errors are PostgreSQL's.
    pub fn open(statement: &str, arguments: &[Argument]) -> Cursor {
        let statement = CString::new(statement).expect("a statement without NUL");
        let mut types: Vec<_> = arguments.iter().map(DatumWithOid::oid).collect();
        let (mut values, nulls): (Vec<_>, Vec<_>) = arguments
            .iter()
            .map(|argument| match argument.datum() {
                Some(datum) => (datum.sans_lifetime(), b' ' as c_char),
                None => (pg_sys::Datum::from(0), b'n' as c_char),
            })
            .unzip();
        unsafe {
            let plan = pg_sys::SPI_prepare(
                statement.as_ptr(),
                arguments.len() as i32,
                types.as_mut_ptr(),
            );
            assert!(!plan.is_null(), "a statement that SPI cannot prepare");
            let portal = pg_sys::SPI_cursor_open(
                std::ptr::null(),
                plan,
                values.as_mut_ptr(),
                nulls.as_ptr(),
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
    pub fn each<E>(
        &mut self,
        fetched: Fetched,
        mut each: impl FnMut(&Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let done = unsafe {
            self.unpacked.switch_to(|_| {
                let columns = (*fetched.table).tupdesc;
                let width = (*columns).natts as usize;
                let (mut values, mut nulls) =
                    (vec![pg_sys::Datum::from(0); width], vec![true; width]);
                let tuples = std::slice::from_raw_parts((*fetched.table).vals, fetched.count);
                tuples.iter().try_for_each(|tuple| {
                    pg_sys::heap_deform_tuple(
                        *tuple,
                        columns,
                        values.as_mut_ptr(),
                        nulls.as_mut_ptr(),
                    );
                    each(&Row {
                        values: &values,
                        nulls: &nulls,
                    })
                })
            })
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

impl Row<'_> {
    fn get<T: FromDatum>(&self, column: usize) -> Option<T> {
        unsafe { T::from_datum(self.values[column], self.nulls[column]) }
    }

    pub fn text(&self, column: usize) -> Option<&str> {
        self.get(column)
    }

    pub fn int8(&self, column: usize) -> Option<i64> {
        self.get(column)
    }

    pub fn float8(&self, column: usize) -> Option<f64> {
        self.get(column)
    }

    pub fn boolean(&self, column: usize) -> Option<bool> {
        self.get(column)
    }

    /// NULL among them is left out.
    pub fn texts(&self, column: usize) -> Vec<String> {
        let texts: Option<Vec<Option<String>>> = self.get(column);
        texts.unwrap_or_default().into_iter().flatten().collect()
    }

    /// Infinity is none.
    pub fn time(&self, column: usize) -> Option<DateTime<Utc>> {
        if self.nulls[column] {
            return None;
        }
        let micros = self.values[column].value() as i64;
        let is_finite = micros != i64::MAX && micros != i64::MIN;
        DateTime::from_timestamp_micros(micros.checked_add(EPOCH_2000_US)?).filter(|_| is_finite)
    }
}
