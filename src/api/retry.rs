//! `chorus_retry` and `chorus_accept_removals`: what a person decides about calls.

use super::{answer, connection_name, refuse_read_only};
use crate::error::{Error, Result};
use crate::owner::as_owner;
use crate::store::{connections, removals};
use crate::{settings, sql};
use pgrx::prelude::*;

#[pg_extern]
fn chorus_retry(call_id: Option<i64>) {
    answer(refuse_read_only().and_then(|()| as_owner(|| retry(call_id))));
}

fn retry(call_id: Option<i64>) -> Result<()> {
    let source = match call_id {
        Some(call_id) => sql::one::<String>(
            "SELECT source FROM chorus.calls WHERE call_id = $1",
            &[sql::int8(call_id)],
        )?,
        None => None,
    };
    let unknown = || {
        let call_id = call_id.map_or("NULL".to_owned(), |id| id.to_string());
        Error::unknown(
            format!("there is no call {call_id}"),
            "SELECT call_id, title, started_at FROM chorus.calls ORDER BY started_at DESC;",
        )
    };
    let source = source.ok_or_else(unknown)?;
    if source != "chorus" {
        return Err(Error::bad_argument(
            format!("this call comes from \"{source}\", not from Chorus"),
            "Only calls of Chorus are asked for; other sources are read by themselves.",
        ));
    }
    let asked = sql::execute(
        // An attempt that failed stays one, so that the answer is taken anew.
        "UPDATE chorus.transcripts SET next_attempt_at = $2, attempts = least(attempts, 1) WHERE call_id = $1",
        &[sql::int8(call_id), sql::time(settings::now())],
    )?;
    crate::launcher::look_at_commit();
    if asked == 0 { Err(unknown()) } else { Ok(()) }
}

#[pg_extern]
fn chorus_accept_removals(connection: Option<&str>) -> i64 {
    answer(connection_name(connection).and_then(|name| {
        refuse_read_only()?;
        as_owner(|| accept_removals(name))
    }))
}

fn accept_removals(name: &str) -> Result<i64> {
    // The lock makes a run wait with its next write, and this wait for the present one.
    let connection_id = sql::one::<i64>(
        "SELECT connection_id FROM chorus.connections WHERE name = $1 FOR UPDATE",
        &[sql::text(name)],
    )?
    .ok_or_else(|| connections::unknown(name))?;
    let removed = removals::remove(&removals::held_calls(connection_id)?, settings::now())?;
    connections::forget_held_back(connection_id)?;
    Ok(removed)
}
