//! Rows of one table in the binary format of PostgreSQL's COPY.
//!
//! The format is described in the manual under COPY, "Binary Format": a signature, then per row the number of
//! fields and each field as its length and its bytes, all integers big-endian.

use chrono::{DateTime, Utc};

const NULL: [u8; 4] = (-1i32).to_be_bytes();
/// Microseconds from 1970 to 2000, where PostgreSQL's clock starts.
const EPOCH_2000_US: i64 = 946_684_800_000_000;
const TEXT_OID: i32 = 25;
const INT8_OID: i32 = 20;
const JSONB_VERSION: u8 = 1;

/// A table and the columns that are written, in order.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    pub table: &'static str,
    pub columns: &'static [&'static str],
}

/// Rows for one target. Every row must set every column, in order.
#[derive(Debug, Clone)]
pub struct Rows {
    target: &'static Target,
    bytes: Vec<u8>,
    count: usize,
}

impl Rows {
    /// What COPY reads before the first row.
    pub const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
    /// What COPY reads after the last row.
    pub const TRAILER: &[u8] = &(-1i16).to_be_bytes();

    pub fn new(target: &'static Target) -> Self {
        Rows {
            target,
            bytes: Vec::new(),
            count: 0,
        }
    }

    pub fn table(&self) -> &'static str {
        self.target.table
    }

    pub fn columns(&self) -> &'static [&'static str] {
        self.target.columns
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Size in memory, in bytes.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The body without signature and trailer; two lists of equal rows have equal bodies.
    pub fn body(&self) -> &[u8] {
        &self.bytes
    }

    /// Begins a row; the caller then sets each column once.
    pub fn row(&mut self) -> Row<'_> {
        self.count += 1;
        self.bytes
            .extend_from_slice(&(self.target.columns.len() as i16).to_be_bytes());
        Row {
            left: self.target.columns.len(),
            bytes: &mut self.bytes,
        }
    }
}

/// The columns of one row, set from left to right.
pub struct Row<'a> {
    left: usize,
    bytes: &'a mut Vec<u8>,
}

impl Row<'_> {
    fn field(&mut self, bytes: &[u8]) -> &mut Self {
        self.left -= 1;
        self.bytes
            .extend_from_slice(&(bytes.len() as i32).to_be_bytes());
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub fn null(&mut self) -> &mut Self {
        self.left -= 1;
        self.bytes.extend_from_slice(&NULL);
        self
    }

    pub fn int8(&mut self, value: impl Into<Option<i64>>) -> &mut Self {
        match value.into() {
            Some(value) => self.field(&value.to_be_bytes()),
            None => self.null(),
        }
    }

    pub fn int4(&mut self, value: i32) -> &mut Self {
        self.field(&value.to_be_bytes())
    }

    /// What is no finite number is NULL: NaN would be the largest of all.
    pub fn float8(&mut self, value: impl Into<Option<f64>>) -> &mut Self {
        match value.into().filter(|value| value.is_finite()) {
            Some(value) => self.field(&value.to_be_bytes()),
            None => self.null(),
        }
    }

    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.field(&[u8::from(value)])
    }

    /// A NUL character, which PostgreSQL's text cannot hold, is left out.
    pub fn text<'t>(&mut self, value: impl Into<Option<&'t str>>) -> &mut Self {
        match value.into() {
            Some(value) if value.contains('\0') => self.field(value.replace('\0', "").as_bytes()),
            Some(value) => self.field(value.as_bytes()),
            None => self.null(),
        }
    }

    pub fn time(&mut self, value: impl Into<Option<DateTime<Utc>>>) -> &mut Self {
        match value.into() {
            Some(value) => self.field(&(value.timestamp_micros() - EPOCH_2000_US).to_be_bytes()),
            None => self.null(),
        }
    }

    /// jsonb. There must be no NUL character in it: the client leaves them out.
    pub fn json(&mut self, value: &serde_json::Value) -> &mut Self {
        let text = value.to_string();
        self.left -= 1;
        self.bytes
            .extend_from_slice(&(text.len() as i32 + 1).to_be_bytes());
        self.bytes.push(JSONB_VERSION);
        self.bytes.extend_from_slice(text.as_bytes());
        self
    }

    pub fn bytes<'t>(&mut self, value: impl Into<Option<&'t [u8]>>) -> &mut Self {
        match value.into() {
            Some(value) => self.field(value),
            None => self.null(),
        }
    }

    /// One-dimensional, no element NULL.
    pub fn int8s(&mut self, values: &[i64]) -> &mut Self {
        let mut array = array_of(values.len(), INT8_OID, 12 * values.len());
        for value in values {
            array.extend_from_slice(&8i32.to_be_bytes());
            array.extend_from_slice(&value.to_be_bytes());
        }
        self.field(&array)
    }

    /// One-dimensional, no element NULL.
    pub fn texts(&mut self, values: &[String]) -> &mut Self {
        let mut array = array_of(values.len(), TEXT_OID, 0);
        for value in values {
            let value = value.replace('\0', "");
            array.extend_from_slice(&(value.len() as i32).to_be_bytes());
            array.extend_from_slice(value.as_bytes());
        }
        self.field(&array)
    }
}

/// What comes before the elements of an array without NULLs: dimensions, whether there are NULLs, the type, and then the
/// length and the first index, unless it is empty. With room for so many bytes more.
fn array_of(length: usize, of: i32, room: usize) -> Vec<u8> {
    let mut array = Vec::with_capacity(20 + room);
    for header in [i32::from(length > 0), 0, of] {
        array.extend_from_slice(&header.to_be_bytes());
    }
    if length > 0 {
        array.extend_from_slice(&(length as i32).to_be_bytes());
        array.extend_from_slice(&1i32.to_be_bytes());
    }
    array
}

/// A name as an index can hold it: trimmed, without NUL, and at most 2000 bytes, as an entry has to fit in a third of a page.
pub(crate) fn indexable(name: &str) -> String {
    const LONGEST: usize = 2000;
    let name = name.replace('\0', "");
    let name = name.trim();
    name[..name.floor_char_boundary(LONGEST)]
        .trim_end()
        .to_owned()
}

impl Drop for Row<'_> {
    fn drop(&mut self) {
        debug_assert!(
            std::thread::panicking() || self.left == 0,
            "{} columns were not set",
            self.left
        );
    }
}
