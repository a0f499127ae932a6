//! Which column of a relation is which fact of a call.

use crate::error::{Error, Result};
use crate::sql;
use pgrx::pg_sys;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::CStr;

/// What a fact is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Time,
    Seconds,
    Flag,
    Whole,
    Texts,
    Json,
}

impl Kind {
    /// Types whose values are taken, as users are told.
    fn takes(self) -> &'static str {
        match self {
            Kind::Text => "text (or uuid, an enum, a whole number)",
            Kind::Time => "timestamp with time zone",
            Kind::Seconds => "a number of seconds, or an interval",
            Kind::Flag => "boolean",
            Kind::Whole => "a whole number",
            Kind::Texts => "text[]",
            Kind::Json => "jsonb",
        }
    }

    fn accepts(self, of: pg_sys::Oid) -> bool {
        let base = unsafe { pg_sys::getBaseType(of) };
        let is_whole = [pg_sys::INT2OID, pg_sys::INT4OID, pg_sys::INT8OID].contains(&base);
        match self {
            Kind::Text => {
                is_whole || base == pg_sys::UUIDOID || matches!(category(base), b'S' | b'E')
            }
            Kind::Time => base == pg_sys::TIMESTAMPTZOID,
            Kind::Seconds => {
                is_whole
                    || [
                        pg_sys::FLOAT4OID,
                        pg_sys::FLOAT8OID,
                        pg_sys::NUMERICOID,
                        pg_sys::INTERVALOID,
                    ]
                    .contains(&base)
            }
            Kind::Flag => base == pg_sys::BOOLOID,
            Kind::Whole => is_whole,
            Kind::Texts => {
                let element = unsafe { pg_sys::get_element_type(base) };
                element != pg_sys::InvalidOid
                    && category(unsafe { pg_sys::getBaseType(element) }) == b'S'
            }
            Kind::Json => [pg_sys::JSONOID, pg_sys::JSONBOID].contains(&base),
        }
    }
}

fn category(of: pg_sys::Oid) -> u8 {
    let (mut category, mut preferred) = (0, false);
    unsafe { pg_sys::get_type_category_preferred(of, &mut category, &mut preferred) };
    category as u8
}

/// Everything that can be mapped. The first is what tells calls apart.
const FACTS: [(&str, Kind); 27] = [
    ("source_call_id", Kind::Text),
    ("started_at", Kind::Time),
    ("updated_at", Kind::Time),
    ("call_type", Kind::Text),
    ("title", Kind::Text),
    ("duration_s", Kind::Seconds),
    ("scheduled_start", Kind::Time),
    ("scheduled_end", Kind::Time),
    ("host_email", Kind::Text),
    ("emails", Kind::Texts),
    ("names", Kind::Texts),
    ("transcript", Kind::Text),
    ("meeting_url", Kind::Text),
    ("ical_uid", Kind::Text),
    ("account_id", Kind::Text),
    ("account_name", Kind::Text),
    ("opportunity_id", Kind::Text),
    ("opportunity_name", Kind::Text),
    ("owner_user_id", Kind::Whole),
    ("language", Kind::Text),
    ("url", Kind::Text),
    ("processing_state", Kind::Text),
    ("no_show", Kind::Flag),
    ("private", Kind::Flag),
    ("summary", Kind::Text),
    ("action_items", Kind::Texts),
    ("source_data", Kind::Json),
];
const REQUIRED: [&str; 2] = ["source_call_id", "started_at"];

/// A table or view as it stands in the catalog.
pub struct Relation {
    /// Qualified, and quoted where it must be.
    pub name: String,
    /// Columns by name, with the number of their type.
    columns: BTreeMap<String, u32>,
}

#[derive(Deserialize)]
struct Described {
    name: String,
    kind: String,
    schema: String,
    temporary: bool,
    columns: Option<BTreeMap<String, u32>>,
}

impl Relation {
    /// None: there is no relation of this number.
    pub fn of(oid: pg_sys::Oid) -> Result<Option<Relation>> {
        let described: Option<Described> = sql::one_json(
            "SELECT jsonb_build_object(
                        'name', format('%I.%I', n.nspname, c.relname), 'kind', c.relkind, 'schema', n.nspname,
                        'temporary', c.relpersistence = 't',
                        'columns', (SELECT jsonb_object_agg(a.attname, a.atttypid::bigint) FROM pg_catalog.pg_attribute a
                                     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
               FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              WHERE c.oid = $1::oid",
            &[sql::int8(i64::from(oid.to_u32()))],
        )?;
        let Some(relation) = described else {
            return Ok(None);
        };
        let name = relation.name;
        let refused = if !["r", "v", "m", "f", "p"].contains(&relation.kind.as_str()) {
            Some("is not a table or view")
        } else if relation.temporary {
            Some("is temporary")
        } else if relation.schema == "chorus" {
            Some("belongs to chorus_sync itself")
        } else {
            None
        };
        match refused {
            Some(why) => Err(Error::bad_argument(
                format!("a source cannot be read from {name}: it {why}"),
                "Name a table or view that stays and holds a row per call, such as 'public.gong_calls'.",
            )),
            None => Ok(Some(Relation {
                name,
                columns: relation.columns.unwrap_or_default(),
            })),
        }
    }
}

/// A fact, the column it is read from, and whether that column is an interval.
#[derive(Debug, Clone)]
pub struct Mapped {
    pub fact: &'static str,
    pub kind: Kind,
    pub column: String,
    is_interval: bool,
}

impl Mapped {
    /// The column of `r`, in the one type that its kind is read as.
    pub fn expression(&self) -> String {
        let column = format!("r.{}", quoted(&self.column));
        match self.kind {
            Kind::Text => format!("CAST({column} AS pg_catalog.text)"),
            Kind::Time => format!("CAST({column} AS pg_catalog.timestamptz)"),
            Kind::Seconds if self.is_interval => {
                format!("CAST(EXTRACT(epoch FROM {column}) AS pg_catalog.float8)")
            }
            Kind::Seconds => format!("CAST({column} AS pg_catalog.float8)"),
            Kind::Flag => format!("CAST({column} AS pg_catalog.bool)"),
            Kind::Whole => format!("CAST({column} AS pg_catalog.int8)"),
            Kind::Texts => format!("CAST({column} AS pg_catalog.text[])"),
            Kind::Json => format!("CAST({column} AS pg_catalog.text)"),
        }
    }
}

/// The mapped facts of a relation, `source_call_id` first.
#[derive(Debug, Clone)]
pub struct Mapping(pub Vec<Mapped>);

impl Mapping {
    /// `22023` for whatever cannot be meant; the hint says what is possible.
    pub fn of(mapping: &Value, relation: &Relation) -> Result<Mapping> {
        let Value::Object(pairs) = mapping else {
            return Err(Error::bad_argument(
                "the mapping of a source must be a JSON object",
                r#"Such as '{"source_call_id": "id", "started_at": "started", "title": "subject"}': facts of a call and the columns they are in."#,
            ));
        };
        if let Some(unknown) = pairs
            .keys()
            .find(|key| FACTS.iter().all(|(fact, _)| fact != key))
        {
            let possible = FACTS.map(|(fact, _)| fact);
            return Err(Error::bad_argument(
                format!("\"{unknown}\" is nothing that a call of another source has"),
                format!("Possible are: {}.", possible.join(", ")),
            ));
        }
        if let Some(missing) = REQUIRED.iter().find(|fact| !pairs.contains_key(**fact)) {
            return Err(Error::bad_argument(
                format!("the mapping of a source lacks \"{missing}\""),
                format!(
                    "Say which column of {} it is: source_call_id and started_at are needed, all else is not.",
                    relation.name
                ),
            ));
        }
        let mapped = FACTS.into_iter().filter_map(|(fact, kind)| {
            let column = pairs.get(fact)?;
            Some(relation.mapped(fact, kind, column))
        });
        mapped.collect::<Result<_>>().map(Mapping)
    }

    pub fn column_of(&self, fact: &str) -> Option<&Mapped> {
        self.0.iter().find(|mapped| mapped.fact == fact)
    }

    /// `42501` unless the role may read every mapped column.
    pub fn require_select(
        &self,
        relation: pg_sys::Oid,
        named: &str,
        role: pg_sys::Oid,
        role_name: &str,
    ) -> Result<()> {
        let hidden: Option<String> = sql::one(
            "SELECT m.name FROM unnest($1) AS m(name)
              WHERE NOT pg_catalog.has_column_privilege($2::oid, $3::oid, m.name, 'SELECT') LIMIT 1",
            &[
                sql::texts(self.0.iter().map(|mapped| mapped.column.clone()).collect()),
                sql::int8(i64::from(role.to_u32())),
                sql::int8(i64::from(relation.to_u32())),
            ],
        )?;
        match hidden {
            None => Ok(()),
            Some(column) => Err(Error::not_allowed(
                format!("role \"{role_name}\" may not read column \"{column}\" of {named}"),
                format!("GRANT SELECT ON {named} TO {};", quoted(role_name)),
            )),
        }
    }
}

impl Relation {
    fn mapped(&self, fact: &'static str, kind: Kind, column: &Value) -> Result<Mapped> {
        let name = &self.name;
        let known = column
            .as_str()
            .and_then(|column| self.columns.get_key_value(column));
        let Some((column, &of)) = known else {
            let columns: Vec<_> = self.columns.keys().map(String::as_str).collect();
            return Err(Error::bad_argument(
                format!("{name} has no column {column}, which \"{fact}\" is mapped to"),
                format!("It has: {}.", columns.join(", ")),
            ));
        };
        let of = pg_sys::Oid::from(of);
        if !kind.accepts(of) {
            let is = unsafe { CStr::from_ptr(pg_sys::format_type_be(of)) };
            return Err(Error::bad_argument(
                format!(
                    "column \"{column}\" of {name} is {}, which cannot be \"{fact}\"",
                    is.to_string_lossy()
                ),
                format!(
                    "It must be {}. For anything else make a view that converts it, and name that.",
                    kind.takes()
                ),
            ));
        }
        Ok(Mapped {
            fact,
            kind,
            column: column.clone(),
            is_interval: unsafe { pg_sys::getBaseType(of) } == pg_sys::INTERVALOID,
        })
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
