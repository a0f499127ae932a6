//! Sources that are read from a relation: who registered them, what of them is what, and how far they were read.

mod facts;
mod known;
mod mapping;
mod reader;
mod reading;
mod writing;

pub use mapping::{Mapping, Relation};
pub use reading::{Progress, read};

use crate::error::Result;
use crate::owner::as_owner;
use crate::sql;
use chrono::{DateTime, Utc};
use pgrx::pg_sys;
use serde::Deserialize;
use std::collections::HashMap;

/// A row of `chorus.sources` that has a relation.
#[derive(Debug, Deserialize)]
pub struct Source {
    pub source: String,
    pub relation: String,
    pub mapping: serde_json::Value,
    pub registered_by: String,
    pub read_to: Option<DateTime<Utc>>,
    pub read_at: Option<DateTime<Utc>>,
    pub read_whole_at: Option<DateTime<Utc>>,
}

/// Names of all sources that are read, in their order.
pub fn registered() -> Result<Vec<String>> {
    let names = sql::one(
        "SELECT array_agg(s.source ORDER BY s.source) FROM chorus.sources s WHERE s.relation IS NOT NULL",
        &[],
    )?;
    Ok(names.unwrap_or_default())
}

/// One of them, for the rest of this transaction. None: it is none any more.
pub fn locked(source: &str) -> Result<Option<Source>> {
    sql::one_json(
        "SELECT to_jsonb(s) FROM chorus.sources s WHERE s.source = $1 AND s.relation IS NOT NULL FOR UPDATE",
        &[sql::text(source)],
    )
}

/// The relation of each source that has one.
pub fn relations() -> Result<HashMap<String, String>> {
    let relations = as_owner(|| {
        sql::one_json(
            "SELECT jsonb_object_agg(s.source, s.relation) FROM chorus.sources s WHERE s.relation IS NOT NULL",
            &[],
        )
    })?;
    Ok(relations.unwrap_or_default())
}

/// Stores a source, or changes it: then all of it is read anew.
pub fn register(source: &str, relation: &Relation, mapping: &str, role: &str) -> Result<()> {
    sql::execute(
        "INSERT INTO chorus.sources (source, relation, mapping, registered_by)
         VALUES ($1, $2, $3::jsonb, $4)
             ON CONFLICT (source) DO UPDATE
            SET relation = excluded.relation, mapping = excluded.mapping, registered_by = excluded.registered_by,
                read_to = NULL, read_at = NULL, read_whole_at = NULL, problem = NULL",
        &[
            sql::text(source),
            sql::text(relation.name.as_str()),
            sql::text(mapping),
            sql::text(role),
        ],
    )?;
    Ok(())
}

/// Says what is wrong with a source.
pub fn record_problem(source: &str, problem: &str) -> Result<()> {
    sql::execute(
        "UPDATE chorus.sources SET problem = $2 WHERE source = $1 AND problem IS DISTINCT FROM $2",
        &[sql::text(source), sql::text(problem)],
    )?;
    Ok(())
}

/// The name of a role; None: there is none of this number any more.
pub fn role_name(role: pg_sys::Oid) -> Result<Option<String>> {
    sql::one(
        "SELECT r.rolname::text FROM pg_catalog.pg_roles r WHERE r.oid = $1::oid",
        &[sql::int8(i64::from(role.to_u32()))],
    )
}
