//! Statements: plain values in, one value out. Whole rows travel as JSON, bulk data through [`crate::store::copy`].

mod cursor;
mod rows;
mod statement;

pub use cursor::Cursor;
pub use rows::{Row, each};
pub use statement::Statement;

use crate::error::Result;
use chrono::{DateTime, Utc};
use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use pgrx::{FromDatum, IntoDatum, JsonB, pg_sys};
use serde::de::DeserializeOwned;
use std::ffi::{CString, c_char};

pub type Argument<'a> = DatumWithOid<'a>;

/// Microseconds from 1970 to 2000, where PostgreSQL's clock starts.
const EPOCH_2000_US: i64 = 946_684_800_000_000;

pub fn int8<'a>(value: impl Into<Option<i64>>) -> Argument<'a> {
    of(value.into(), pg_sys::INT8OID)
}

pub fn int4<'a>(value: impl Into<Option<i32>>) -> Argument<'a> {
    of(value.into(), pg_sys::INT4OID)
}

pub fn text<'a>(value: impl Into<Option<&'a str>>) -> Argument<'a> {
    of(value.into(), pg_sys::TEXTOID)
}

pub fn float8<'a>(value: f64) -> Argument<'a> {
    of(Some(value), pg_sys::FLOAT8OID)
}

pub fn boolean<'a>(value: bool) -> Argument<'a> {
    of(Some(value), pg_sys::BOOLOID)
}

pub fn bytea<'a>(value: &'a [u8]) -> Argument<'a> {
    of(Some(value), pg_sys::BYTEAOID)
}

pub fn int8s<'a>(values: Vec<i64>) -> Argument<'a> {
    of(Some(values), pg_sys::INT8ARRAYOID)
}

pub fn some_int8s<'a>(values: Vec<Option<i64>>) -> Argument<'a> {
    of(Some(values), pg_sys::INT8ARRAYOID)
}

pub fn booleans<'a>(values: Vec<bool>) -> Argument<'a> {
    of(Some(values), pg_sys::BOOLARRAYOID)
}

pub fn texts<'a>(values: Vec<String>) -> Argument<'a> {
    of(Some(values), pg_sys::TEXTARRAYOID)
}

pub fn texts_or_nulls<'a>(values: Vec<Option<String>>) -> Argument<'a> {
    of(Some(values), pg_sys::TEXTARRAYOID)
}

pub fn time<'a>(value: impl Into<Option<DateTime<Utc>>>) -> Argument<'a> {
    of(value.into().and_then(timestamp), pg_sys::TIMESTAMPTZOID)
}

/// From microseconds since 2000, as PostgreSQL keeps it; None for infinity.
pub fn moment(since_2000_us: i64) -> Option<DateTime<Utc>> {
    let is_finite = since_2000_us != i64::MAX && since_2000_us != i64::MIN;
    let since_1970_us = since_2000_us.checked_add(EPOCH_2000_US)?;
    DateTime::from_timestamp_micros(since_1970_us).filter(|_| is_finite)
}

/// As PostgreSQL keeps it; None outside its calendar.
pub fn timestamp(time: DateTime<Utc>) -> Option<TimestampWithTimeZone> {
    TimestampWithTimeZone::try_from(time.timestamp_micros() - EPOCH_2000_US).ok()
}

/// Values as JSON text, for `json_to_recordset($1::json)`: one parse on either side.
pub fn json<'a>(value: &impl serde::Serialize) -> Argument<'a> {
    of(serde_json::to_string(value).ok(), pg_sys::TEXTOID)
}

fn of<'a, T: IntoDatum + 'a>(value: Option<T>, oid: pg_sys::Oid) -> Argument<'a> {
    match value {
        Some(value) => unsafe { DatumWithOid::new(value, oid) },
        None => DatumWithOid::null_oid(oid),
    }
}

/// Arguments in the form in which SPI takes them.
pub struct Given {
    pub types: Vec<pg_sys::Oid>,
    pub values: Vec<pg_sys::Datum>,
    /// `n` where the value is NULL.
    pub nulls: Vec<c_char>,
}

impl Given {
    pub fn of(arguments: &[Argument]) -> Given {
        let (values, nulls) = arguments
            .iter()
            .map(|argument| match argument.datum() {
                Some(datum) => (datum.sans_lifetime(), b' ' as c_char),
                None => (pg_sys::Datum::from(0), b'n' as c_char),
            })
            .unzip();
        Given {
            types: arguments.iter().map(DatumWithOid::oid).collect(),
            values,
            nulls,
        }
    }
}

/// Runs a statement that may write; returns how many rows it touched.
pub fn execute(statement: &str, arguments: &[Argument]) -> Result<u64> {
    rows::run(statement, arguments, 0, |_| Ok(()))
}

/// Runs a statement that may write; returns the first column of its first row, None if there is no row or it is NULL.
pub fn one<T: FromDatum>(statement: &str, arguments: &[Argument]) -> Result<Option<T>> {
    let mut found = None;
    rows::run(statement, arguments, 1, |row| {
        found = row.value(0);
        Ok(())
    })?;
    Ok(found)
}

/// Reads one JSON value and takes it apart.
pub fn one_json<T: DeserializeOwned>(statement: &str, arguments: &[Argument]) -> Result<Option<T>> {
    match one::<JsonB>(statement, arguments)? {
        None => Ok(None),
        Some(JsonB(value)) => from_json(value).map(Some),
    }
}

/// As [`one_json`], but sees what is committed at this moment, whatever snapshot the caller's transaction has.
pub fn latest_json<T: DeserializeOwned>(
    statement: &str,
    arguments: &[Argument],
) -> Result<Option<T>> {
    let statement = CString::new(statement).expect("a statement without NUL");
    let mut given = Given::of(arguments);
    // Read-only execution is what makes SPI use the snapshot that is pushed here.
    let value = unsafe {
        pg_sys::PushActiveSnapshot(pg_sys::GetLatestSnapshot());
        pg_sys::SPI_connect();
        pg_sys::SPI_execute_with_args(
            statement.as_ptr(),
            arguments.len() as i32,
            given.types.as_mut_ptr(),
            given.values.as_mut_ptr(),
            given.nulls.as_ptr(),
            true,
            1,
        );
        let value = if pg_sys::SPI_processed == 0 {
            None
        } else {
            let table = &*pg_sys::SPI_tuptable;
            let mut is_null = false;
            let datum = pg_sys::SPI_getbinval(*table.vals, table.tupdesc, 1, &mut is_null);
            JsonB::from_datum(datum, is_null)
        };
        pg_sys::SPI_finish();
        pg_sys::PopActiveSnapshot();
        value
    };
    value.map(|JsonB(value)| from_json(value)).transpose()
}

fn from_json<T: DeserializeOwned>(value: serde_json::Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| {
        crate::error::Error::new(
            "XX000",
            format!("a row of the schema chorus is not as expected: {error}"),
            "",
        )
    })
}
