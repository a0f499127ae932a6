//! Many rows, read one after the other without a copy of each.

use super::{Argument, EPOCH_2000_US, Given, moment};
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use pgrx::{FromDatum, pg_sys};
use std::ffi::{CStr, CString};

/// A row; its columns count from 0. What is NULL, or no such number, is None.
pub struct Row<'a> {
    values: &'a [pg_sys::Datum],
    nulls: &'a [bool],
}

impl<'a> Row<'a> {
    fn datum(&self, column: usize) -> Option<pg_sys::Datum> {
        (!self.nulls[column]).then(|| self.values[column])
    }

    /// A value of any type, which must be that of the column.
    pub fn value<T: FromDatum>(&self, column: usize) -> Option<T> {
        unsafe { T::from_datum(self.values[column], self.nulls[column]) }
    }

    pub fn is_null(&self, column: usize) -> bool {
        self.nulls[column]
    }

    pub fn int8(&self, column: usize) -> Option<i64> {
        self.datum(column).map(|datum| datum.value() as i64)
    }

    pub fn float8(&self, column: usize) -> Option<f64> {
        self.datum(column)
            .map(|datum| f64::from_bits(datum.value() as u64))
    }

    pub fn boolean(&self, column: usize) -> Option<bool> {
        self.datum(column).map(|datum| datum.value() != 0)
    }

    /// A `timestamptz` in seconds since 1970; infinity is none.
    pub fn seconds(&self, column: usize) -> Option<f64> {
        let micros = self.int8(column)?;
        let is_finite = micros != i64::MAX && micros != i64::MIN;
        is_finite.then(|| (micros as f64 + EPOCH_2000_US as f64) / 1e6)
    }

    pub fn bytes(&self, column: usize) -> Option<&'a [u8]> {
        let datum = self.datum(column)?;
        // What had to be unpacked lives as long as the rows.
        Some(unsafe {
            let packed = pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr());
            let length = pgrx::varsize_any_exhdr(packed);
            std::slice::from_raw_parts(pgrx::vardata_any(packed).cast::<u8>(), length)
        })
    }

    /// Text that is no UTF-8 (a database in SQL_ASCII) is none.
    pub fn text(&self, column: usize) -> Option<&'a str> {
        std::str::from_utf8(self.bytes(column)?).ok()
    }

    /// NULL among them is left out.
    pub fn texts(&self, column: usize) -> Vec<String> {
        let texts = self.datum(column);
        let texts =
            texts.and_then(|texts| unsafe { Vec::<Option<String>>::from_datum(texts, false) });
        texts.unwrap_or_default().into_iter().flatten().collect()
    }

    /// A `timestamptz`; infinity is none.
    pub fn time(&self, column: usize) -> Option<DateTime<Utc>> {
        self.int8(column).and_then(moment)
    }

    pub fn int8s(&self, column: usize) -> Vec<i64> {
        let datum = self.datum(column);
        let found = datum.and_then(|datum| unsafe { Vec::<i64>::from_datum(datum, false) });
        found.unwrap_or_default()
    }
}

/// Runs a statement, which may write, and hands out its rows. `each` must not run statements. What its rows carry must
/// be of the types that [`Row`] is asked for.
pub fn each(
    statement: &str,
    arguments: &[Argument],
    each: impl FnMut(&Row) -> Result<()>,
) -> Result<()> {
    run(statement, arguments, 0, each).map(|_| ())
}

/// As [`each`], for at most so many rows (0: all); returns how many there were, or were touched. Takes no transaction id
/// by itself, so that what only reads runs on a standby, too.
pub(super) fn run(
    statement: &str,
    arguments: &[Argument],
    at_most: i64,
    each: impl FnMut(&Row) -> Result<()>,
) -> Result<u64> {
    let statement = CString::new(statement).expect("a statement without NUL");
    let mut given = Given::of(arguments);
    unsafe {
        pg_sys::SPI_connect();
        let code = pg_sys::SPI_execute_with_args(
            statement.as_ptr(),
            arguments.len() as i32,
            given.types.as_mut_ptr(),
            given.values.as_mut_ptr(),
            given.nulls.as_ptr(),
            false,
            at_most,
        );
        if code < 0 {
            let why = CStr::from_ptr(pg_sys::SPI_result_code_string(code));
            return Err(Error::new("XX000", why.to_string_lossy(), ""));
        }
        let count = pg_sys::SPI_processed;
        let done = match pg_sys::SPI_tuptable.as_ref() {
            None => Ok(()),
            Some(table) => hand_out(table, count as usize, each),
        };
        pg_sys::SPI_finish();
        done.map(|()| count)
    }
}

/// Hands out the rows of a table of SPI's, which has so many.
pub(super) unsafe fn hand_out(
    table: &pg_sys::SPITupleTable,
    count: usize,
    mut each: impl FnMut(&Row) -> Result<()>,
) -> Result<()> {
    unsafe {
        let columns = (*table.tupdesc).natts as usize;
        let mut values = vec![pg_sys::Datum::from(0); columns];
        let mut nulls = vec![true; columns];
        let tuples = std::slice::from_raw_parts(table.vals, count);
        tuples.iter().try_for_each(|tuple| {
            pg_sys::heap_deform_tuple(
                *tuple,
                table.tupdesc,
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
            each(&Row {
                values: &values,
                nulls: &nulls,
            })
        })
    }
}
