//! `chorus_add_source` and `chorus_remove_source`: tables and views of other tools that calls are read from.

use super::{answer, refuse_read_only};
use crate::error::{Error, Result};
use crate::owner::as_owner;
use crate::sql;
use crate::store::deletion::delete_what_hangs_on;
use crate::store::feed;
use crate::store::matching::due::mark;
use crate::store::matching::keep_shown;
use crate::store::sources::{self, Mapping, Relation};
use pgrx::prelude::*;

#[pg_extern]
fn chorus_add_source(
    source: Option<&str>,
    relation: Option<pg_sys::Oid>,
    mapping: Option<pgrx::JsonB>,
) {
    answer(add(source, relation, mapping));
}

fn add(
    source: Option<&str>,
    relation: Option<pg_sys::Oid>,
    mapping: Option<pgrx::JsonB>,
) -> Result<()> {
    let source = source_name(source)?;
    refuse_read_only()?;
    let relation = relation.filter(|oid| *oid != pg_sys::InvalidOid);
    let known = relation.map_or(Ok(None), Relation::of)?;
    let (Some(oid), Some(relation)) = (relation, known) else {
        return Err(Error::bad_argument(
            "a source is read from a table or view, and this is none",
            "Name one that holds a row per call, such as 'public.gong_calls'.",
        ));
    };
    let mapping = mapping.map_or(serde_json::Value::Null, |mapping| mapping.0);
    let columns = Mapping::of(&mapping, &relation)?;
    let role = unsafe { pg_sys::GetUserId() };
    let role_name = sources::role_name(role)?.unwrap_or_default();
    columns.require_select(oid, &relation.name, role, &role_name)?;
    as_owner(|| sources::register(&source, &relation, &mapping.to_string(), &role_name))
}

#[pg_extern]
fn chorus_remove_source(source: Option<&str>) {
    answer(source_name(source).and_then(|source| {
        refuse_read_only()?;
        as_owner(|| remove(&source))
    }));
}

/// Everything of the source goes, be it read or pushed.
fn remove(source: &str) -> Result<()> {
    // Whoever reads it at this moment is waited for, and finds it gone afterwards.
    let was_registered = sql::execute(
        "DELETE FROM chorus.sources WHERE source = $1",
        &[sql::text(source)],
    )? > 0;
    feed::record_source_removal(source, crate::settings::now())?;
    let others: Option<Vec<i64>> = sql::one(
        "SELECT array_agg(o.call_id) FROM chorus.calls o
          WHERE o.source <> $1
            AND o.meeting_id IN (SELECT c.meeting_id FROM chorus.calls c WHERE c.source = $1)",
        &[sql::text(source)],
    )?;
    let gone: Option<Vec<i64>> = sql::one(
        "WITH gone AS (DELETE FROM chorus.calls WHERE source = $1 RETURNING call_id)
         SELECT array_agg(call_id) FROM gone",
        &[sql::text(source)],
    )?;
    if !was_registered && gone.is_none() {
        return Err(Error::unknown(
            format!("there is no source \"{source}\""),
            "SELECT DISTINCT source FROM chorus.calls UNION SELECT source FROM chorus.sources;",
        ));
    }
    let gone = gone.unwrap_or_default();
    delete_what_hangs_on(&gone)?;
    let others = others.unwrap_or_default();
    keep_shown(others.clone())?;
    mark(gone.into_iter().chain(others).collect())
}

/// As it is stored: lower case, trimmed.
fn source_name(source: Option<&str>) -> Result<String> {
    const LONGEST: usize = 200;
    let name = source.unwrap_or_default().trim().to_lowercase();
    if name.is_empty() || name.len() > LONGEST {
        return Err(Error::bad_argument(
            "a source needs a name of at most 200 characters",
            "The tool that recorded the calls, such as 'gong'.",
        ));
    }
    if name == "chorus" {
        return Err(Error::bad_argument(
            "the source \"chorus\" is Chorus itself",
            "chorus_connect() and chorus_disconnect() are for Chorus. Give another tool another name.",
        ));
    }
    Ok(name)
}
