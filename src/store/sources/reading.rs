//! One reading of a source: what is new or changed is written, what is not there any more is removed.
//!
//! Every reading sees the ids of all rows, so that nothing new and nothing deleted is missed; the rest of a row is only
//! read where `updated_at` says that it may have changed, and written where its fingerprint says that it has.

use super::facts::{call_of, statement, statement_of_late};
use super::known::{Known, key, known};
use super::mapping::{Mapping, Relation};
use super::reader::Reader;
use super::writing::{Change, Writer};
use super::{Source, locked, role_name};
use crate::error::{Error, Result};
use crate::settings;
use crate::sql::{self, Cursor, Row};
use crate::store::removals;
use call_rows::SourceCall;
use chrono::{DateTime, TimeDelta, Utc};
use pgrx::{Spi, pg_sys};
use std::collections::HashMap;

/// Rows that are fetched at a time, and how many where each may carry a transcript.
const FETCHED: usize = 500;
const FETCHED_WITH_WORDS: usize = 50;
/// Changed calls of one transaction; the rest follows in the next.
const MOST_CHANGES: usize = 250_000;
/// New calls that are looked up although their updated_at lies behind.
const MOST_LATE: usize = 100_000;

/// How long a transaction of somebody else may stay open after it took the time that it writes as updated_at.
fn overlap() -> TimeDelta {
    TimeDelta::hours(1)
}

/// Rows whose updated_at was not set when they changed are found this often.
fn whole_every() -> TimeDelta {
    TimeDelta::days(1)
}

/// How far a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It was read to its end, or is none any more.
    Done,
    /// So many changed that the rest waits for another transaction.
    More,
}

/// Reads a source, in a transaction of its own. An error says why it cannot be read.
pub fn read(name: &str) -> Result<Progress> {
    let Some(source) = locked(name)? else {
        return Ok(Progress::Done);
    };
    let oid = sql::one::<pg_sys::Oid>(
        "SELECT to_regclass($1)::oid",
        &[sql::text(source.relation.as_str())],
    )?;
    let relation = oid.map_or(Ok(None), Relation::of)?;
    let (Some(oid), Some(relation)) = (oid, relation) else {
        return Err(Error::unknown(
            format!(
                "the relation {}, which the source is read from, is gone",
                source.relation
            ),
            "SELECT chorus_add_source(…) again, or chorus_remove_source(…).",
        ));
    };
    let mapping = Mapping::of(&source.mapping, &relation)?;
    let reader = Reader::of(&source.registered_by, oid)?;
    let role = role_name(reader.role())?.unwrap_or_default();
    mapping.require_select(oid, &relation.name, reader.role(), &role)?;
    Spi::connect_mut(|_| Reading::of(source, &mapping)?.go(&relation, &mapping, reader))
}

struct Reading {
    source: Source,
    began: DateTime<Utc>,
    /// Only rows from here on are read; None: all.
    from: Option<DateTime<Utc>>,
    known: HashMap<u128, Known>,
    /// New ids in rows that were passed over.
    late: Vec<String>,
    newest: Option<DateTime<Utc>>,
    nameless: u64,
    doubled: u64,
    a_double: Option<String>,
    writer: Writer,
}

impl Reading {
    fn of(source: Source, mapping: &Mapping) -> Result<Reading> {
        let began = settings::now();
        let is_incremental = mapping.column_of("updated_at").is_some();
        let whole_is_recent = source
            .read_whole_at
            .is_some_and(|at| at <= began && began < at + whole_every());
        let from = match (source.read_to, source.read_at) {
            _ if !is_incremental || !whole_is_recent => None,
            // What was in the making when the newest row was read, has been read since.
            (Some(to), Some(at)) if at >= to + overlap() => Some(to + TimeDelta::microseconds(1)),
            (to, _) => to.map(|to| to - overlap()),
        };
        Ok(Reading {
            known: known(&source.source)?,
            writer: Writer::new(&source.source, began)?,
            source,
            began,
            from,
            late: Vec::new(),
            newest: None,
            nameless: 0,
            doubled: 0,
            a_double: None,
        })
    }

    fn go(mut self, relation: &Relation, mapping: &Mapping, reader: Reader) -> Result<Progress> {
        let changed = mapping
            .column_of("updated_at")
            .map_or("true".to_owned(), |column| {
                let column = column.expression();
                format!("(COALESCE({column} >= $1, true) OR $1 IS NULL)")
            });
        let statement = statement(relation, mapping, &changed, "true");
        if self.pass(&statement, &[sql::time(self.from)], mapping, reader)? == Progress::More {
            return self.pause();
        }
        let mut late = std::mem::take(&mut self.late);
        if !late.is_empty() {
            late.sort_unstable();
            late.dedup();
            let id = mapping.0[0].expression();
            let statement = statement_of_late(relation, mapping, &id);
            if self.pass(&statement, &[sql::texts(late)], mapping, reader)? == Progress::More {
                return self.pause();
            }
        }
        self.finish()
    }

    fn pass(
        &mut self,
        statement: &str,
        arguments: &[sql::Argument],
        mapping: &Mapping,
        reader: Reader,
    ) -> Result<Progress> {
        let at_once = match mapping.column_of("transcript") {
            Some(_) => FETCHED_WITH_WORDS,
            None => FETCHED,
        };
        let mut cursor = reader.read(|| Cursor::open(statement, arguments));
        loop {
            pgrx::check_for_interrupts!();
            let fetched = reader.read(|| cursor.fetch(at_once));
            if fetched.is_empty() {
                break;
            }
            cursor.each(fetched, |row| {
                self.look_at(row, mapping);
                Ok(())
            })?;
            self.writer.write_if_full()?;
            if self.writer.changes() >= MOST_CHANGES {
                reader.read(|| cursor.close());
                return Ok(Progress::More);
            }
        }
        reader.read(|| cursor.close());
        Ok(Progress::Done)
    }

    fn look_at(&mut self, row: &Row, mapping: &Mapping) {
        let Some(id) = row.text(0).filter(|id| SourceCall::may_have_id(id)) else {
            self.nameless += 1;
            return;
        };
        let key = key(id);
        let stored = self.known.get_mut(&key);
        if stored.as_ref().is_some_and(|stored| stored.is_seen()) {
            self.doubled += 1;
            self.a_double.get_or_insert_with(|| id.to_owned());
            return;
        }
        if row.boolean(1) != Some(true) {
            match stored {
                Some(stored) if !stored.is_removed() => stored.see(),
                _ if self.late.len() < MOST_LATE => self.late.push(id.to_owned()),
                _ => {}
            }
            return;
        }
        let updated_at = row.time(2).filter(|at| *at <= self.began);
        self.newest = self.newest.max(updated_at);
        let call = call_of(row, mapping).tidy();
        let fingerprint = call.fingerprint();
        let (call_id, returned) = match stored {
            Some(stored) => {
                stored.see();
                if stored.is_as(fingerprint) {
                    return;
                }
                (stored.call_id(), stored.is_removed())
            }
            None => {
                self.known.insert(key, Known::NEW);
                (None, false)
            }
        };
        let change = Change {
            call_id,
            returned,
            fingerprint,
            call,
        };
        self.writer.add(change);
    }

    /// The next transaction begins again, and passes over what this one wrote.
    fn pause(mut self) -> Result<Progress> {
        self.writer.write()?;
        Ok(Progress::More)
    }

    fn finish(mut self) -> Result<Progress> {
        self.writer.write()?;
        let gone: Vec<i64> = self
            .known
            .values()
            .filter(|stored| !stored.is_seen() && !stored.is_removed())
            .filter_map(|stored| stored.call_id())
            .collect();
        removals::remove(&gone, self.began)?;
        let read_to = self.source.read_to.max(self.newest);
        sql::execute(
            "UPDATE chorus.sources
                SET read_to = $2, read_at = $3, read_whole_at = coalesce($4, read_whole_at), problem = $5
              WHERE source = $1",
            &[
                sql::text(self.source.source.as_str()),
                sql::time(read_to),
                sql::time(self.began),
                sql::time(self.from.is_none().then_some(self.began)),
                sql::text(self.left_out().as_deref()),
            ],
        )?;
        Ok(Progress::Done)
    }

    /// Rows that no call can be made of.
    fn left_out(&self) -> Option<String> {
        let mut reasons = Vec::new();
        if self.nameless > 0 {
            reasons.push(format!(
                "{} without a source_call_id of at most {} bytes",
                self.nameless,
                SourceCall::LONGEST_ID
            ));
        }
        if let Some(id) = &self.a_double {
            reasons.push(format!(
                "{} with the source_call_id of another row, such as {id:?}",
                self.doubled
            ));
        }
        (!reasons.is_empty()).then(|| format!("rows left out: {}", reasons.join("; ")))
    }
}
