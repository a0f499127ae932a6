//! A row of `chorus.calls` that somebody inserts, changes or deletes.

use super::row::{Event, Row, RowTrigger, places};
use super::{marks, of_chorus};
use crate::error::{Error, Result};
use crate::store::sources;
use crate::{settings, sql};
use call_rows::SourceCall;
use meeting_match::email;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;
use std::collections::HashMap;

places!(Columns: call_id, source, connection_id, source_call_id, host_email, account_id, meeting_id, is_main_call, first_seen_at, updated_at);

/// What all rows of a statement are looked at with.
struct Statement {
    columns: Columns,
    /// Sources that are read from a relation.
    read: HashMap<String, String>,
    now: Option<TimestampWithTimeZone>,
}

pub fn look_at(trigger: &mut RowTrigger) -> Result<pg_sys::HeapTuple> {
    let statement = trigger.for_statement(|columns| {
        Ok(Statement {
            columns: Columns::of(columns),
            read: sources::relations()?,
            now: sql::timestamp(settings::now()),
        })
    })?;
    let columns = &statement.columns;
    match trigger.event() {
        Event::Insert { mut new } => {
            statement.check(&mut new)?;
            new.set::<i64>(columns.connection_id, None);
            new.set::<i64>(columns.meeting_id, None);
            new.set(columns.is_main_call, Some(false));
            new.set(columns.first_seen_at, statement.now);
            new.set(columns.updated_at, statement.now);
            if let Some(call_id) = new.get(columns.call_id) {
                marks::added(call_id);
                if new.text(columns.account_id).is_some() {
                    marks::regrouped(Some(call_id));
                }
            }
            Ok(new.into_tuple())
        }
        Event::Update { old, mut new } => {
            if old.text(columns.account_id) != new.text(columns.account_id) {
                marks::regrouped(new.get(columns.call_id));
            }
            if !is_changeable(old.text(columns.source))? {
                // A superuser mends something of Chorus.
                marks::changed(old.get(columns.call_id));
                return Ok(new.into_tuple());
            }
            statement.check(&mut new)?;
            if old.get::<i64>(columns.call_id) != new.get::<i64>(columns.call_id) {
                return Err(Error::bad_argument(
                    "the call_id of a call cannot be changed",
                    "Delete the call and insert it again.",
                ));
            }
            for column in [
                columns.connection_id,
                columns.meeting_id,
                columns.is_main_call,
                columns.first_seen_at,
            ] {
                new.keep(column, &old);
            }
            new.set(columns.updated_at, statement.now);
            marks::changed(new.get(columns.call_id));
            Ok(new.into_tuple())
        }
        Event::Delete { old } => {
            is_changeable(old.text(columns.source))?;
            if let Some(call_id) = old.get(columns.call_id) {
                marks::gone(call_id, old.get(columns.meeting_id));
            }
            Ok(old.into_tuple())
        }
    }
}

/// Calls of Chorus are changed by superusers at most. False: this is one of them.
fn is_changeable(source: Option<&str>) -> Result<bool> {
    let other = source != Some("chorus");
    if !other && !unsafe { pg_sys::superuser() } {
        return Err(of_chorus());
    }
    Ok(other)
}

impl Statement {
    /// Source, id and host as they are to be written.
    fn check(&self, new: &mut Row) -> Result<()> {
        let columns = &self.columns;
        let source = new.text(columns.source).unwrap_or_default();
        let source = source.trim().to_lowercase();
        match source.as_str() {
            "" => {
                return Err(Error::bad_argument(
                    "a call needs a source",
                    "The name of the tool that recorded it, such as 'gong'.",
                ));
            }
            "chorus" => return Err(of_chorus()),
            _ => {}
        }
        if let Some(relation) = self.read.get(&source) {
            return Err(Error::bad_argument(
                format!("the calls of the source \"{source}\" are read from {relation}"),
                format!(
                    "Change them there, or SELECT chorus_remove_source('{source}') first, or use another source."
                ),
            ));
        }
        let id = new.text(columns.source_call_id).unwrap_or_default();
        if !SourceCall::may_have_id(id) {
            return Err(Error::bad_argument(
                format!(
                    "a call needs a source_call_id of at most {} bytes",
                    SourceCall::LONGEST_ID
                ),
                "The id under which the source knows the call; each one once per source.",
            ));
        }
        new.set_text(columns.source, Some(&source));
        if let Some(host) = new.text(columns.host_email) {
            let host = email(host);
            new.set_text(columns.host_email, host.as_deref());
        }
        Ok(())
    }
}
