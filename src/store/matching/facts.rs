//! Facts of recordings as they are stored in `chorus.match_facts`: written, and read back by time or by call.

use crate::error::Result;
use crate::sql::{self, Argument, Row};
use call_rows::{Rows, Target};
use chrono::{DateTime, Utc};
use meeting_match::{Fact, Stored, Words, from_bytes};
use rustc_hash::FxHashMap;

static FACTS: Target = Target {
    table: "match_facts",
    columns: &["call_id", "begins_at", "fact", "words"],
};

/// Some calls.
pub enum Calls {
    These(Vec<i64>),
    /// All from one number to another.
    Between(i64, i64),
}

impl Calls {
    /// That a column names one of them.
    pub fn are(&self, column: &str) -> String {
        match self {
            Calls::These(_) => format!("{column} = ANY ($1)"),
            Calls::Between(..) => format!("{column} BETWEEN $1 AND $2"),
        }
    }

    pub fn arguments(&self) -> Vec<Argument<'static>> {
        match self {
            Calls::These(call_ids) => vec![sql::int8s(call_ids.clone())],
            Calls::Between(from, to) => vec![sql::int8(*from), sql::int8(*to)],
        }
    }
}

/// Rows of facts, to be written.
pub fn rows() -> Rows {
    Rows::new(&FACTS)
}

/// Adds a row; `bytes` are the fact's.
pub fn add(rows: &mut Rows, fact: &Fact, bytes: &[u8]) {
    let words = (fact.words != Words::default()).then(|| fact.words.to_bytes());
    rows.row()
        .int8(fact.id)
        .time(begins_at(fact))
        .bytes(bytes)
        .bytes(words.as_deref());
}

/// By which it is found; None if it is not known when it was.
pub fn begins_at(fact: &Fact) -> Option<DateTime<Utc>> {
    let begins = fact
        .begin
        .is_finite()
        .then_some((fact.begin * 1e6) as i64)?;
    DateTime::from_timestamp_micros(begins)
}

const READ: &str = "SELECT f.call_id, f.fact, f.words FROM chorus.match_facts f";

/// Facts as they are stored, by call.
pub fn by_call(call_ids: Vec<i64>) -> Result<FxHashMap<i64, Stored>> {
    let mut found = FxHashMap::default();
    each_of(&Calls::These(call_ids), |call_id, stored| {
        found.extend(stored.map(|stored| (call_id, stored)));
    })?;
    Ok(found)
}

/// The facts of these calls that are stored; None for such as cannot be read.
pub fn each_of(calls: &Calls, mut found: impl FnMut(i64, Option<Stored>)) -> Result<()> {
    sql::each(
        &format!("{READ} WHERE {}", calls.are("f.call_id")),
        &calls.arguments(),
        |row| {
            row.int8(0)
                .into_iter()
                .for_each(|call_id| found(call_id, read(row)));
            Ok(())
        },
    )
}

/// The next facts in the order of time and call.
pub fn after(
    begins_at: Option<DateTime<Utc>>,
    call_id: i64,
    at_most: usize,
) -> Result<Vec<Stored>> {
    let mut found = Vec::with_capacity(at_most);
    sql::each(
        &format!(
            "{READ} WHERE (f.begins_at, f.call_id) > (coalesce($1, '-infinity'), $2)
              ORDER BY f.begins_at, f.call_id LIMIT $3"
        ),
        &[
            sql::time(begins_at),
            sql::int8(call_id),
            sql::int8(at_most as i64),
        ],
        |row| {
            found.extend(read(row));
            Ok(())
        },
    )?;
    Ok(found)
}

/// The facts of calls of which it is not known when they were.
pub fn without_time() -> Result<Vec<Stored>> {
    let mut found = Vec::new();
    sql::each(&format!("{READ} WHERE f.begins_at IS NULL"), &[], |row| {
        found.extend(read(row));
        Ok(())
    })?;
    Ok(found)
}

/// All facts, one after the other, without words.
pub fn every(mut look: impl FnMut(&Fact)) -> Result<()> {
    let mut after = i64::MIN;
    loop {
        let mut last = None;
        sql::each(
            "SELECT f.call_id, f.fact, NULL::bytea FROM chorus.match_facts f WHERE f.call_id > $1 ORDER BY f.call_id LIMIT 20000",
            &[sql::int8(after)],
            |row| {
                last = row.int8(0);
                read(row).iter().for_each(|stored| look(&stored.fact));
                Ok(())
            },
        )?;
        match last {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// Facts of what began within these moments, both included.
pub fn within(from_s: f64, to_s: f64, mut found: impl FnMut(Stored)) -> Result<()> {
    let time = |seconds: f64| DateTime::<Utc>::from_timestamp_micros((seconds * 1e6) as i64);
    sql::each(
        &format!("{READ} WHERE f.begins_at BETWEEN $1 AND $2"),
        &[sql::time(time(from_s)), sql::time(time(to_s))],
        |row| {
            read(row).into_iter().for_each(&mut found);
            Ok(())
        },
    )
}

fn read(row: &Row) -> Option<Stored> {
    from_bytes(row.int8(0)?, row.bytes(1)?, row.bytes(2))
}
