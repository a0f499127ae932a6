//! What is read of each row of a relation, and the call that it says.

use super::mapping::{Kind, Mapping, Relation};
use crate::sql::Row;
use call_rows::SourceCall;

/// Id, whether the row is to be read, its updated_at, and where it is: every fact.
pub fn statement(relation: &Relation, mapping: &Mapping, changed: &str, wanted: &str) -> String {
    let columns: String = mapping
        .0
        .iter()
        .map(|mapped| format!(", CASE WHEN {changed} THEN {} END", mapped.expression()))
        .collect();
    let updated_at = mapping
        .column_of("updated_at")
        .map_or("NULL::pg_catalog.timestamptz".to_owned(), |column| {
            column.expression()
        });
    format!(
        "SELECT {}, {changed}, {updated_at}{columns} FROM {} r WHERE {wanted}",
        mapping.0[0].expression(),
        relation.name
    )
}

pub fn statement_of_late(relation: &Relation, mapping: &Mapping, id: &str) -> String {
    statement(relation, mapping, "true", &format!("{id} = ANY ($1)"))
}

/// The first column of a row that holds a fact.
const FIRST_FACT: usize = 3;

pub fn call_of(row: &Row, mapping: &Mapping) -> SourceCall {
    let mut call = SourceCall::default();
    for (place, mapped) in mapping.0.iter().enumerate() {
        let column = place + FIRST_FACT;
        let text = || row.text(column).map(str::to_owned);
        match mapped.fact {
            "source_call_id" => call.source_call_id = text().unwrap_or_default(),
            "call_type" => call.call_type = text(),
            "title" => call.title = text(),
            "started_at" => call.started_at = row.time(column),
            "duration_s" => call.duration_s = row.float8(column),
            "scheduled_start" => call.scheduled_start = row.time(column),
            "scheduled_end" => call.scheduled_end = row.time(column),
            "owner_user_id" => call.owner_user_id = row.int8(column),
            "host_email" => call.host_email = text(),
            "account_id" => call.account_id = text(),
            "account_name" => call.account_name = text(),
            "opportunity_id" => call.opportunity_id = text(),
            "opportunity_name" => call.opportunity_name = text(),
            "language" => call.language = text(),
            "url" => call.url = text(),
            "meeting_url" => call.meeting_url = text(),
            "ical_uid" => call.ical_uid = text(),
            "processing_state" => call.processing_state = text(),
            "no_show" => call.no_show = row.boolean(column).unwrap_or(false),
            "private" => call.private = row.boolean(column).unwrap_or(false),
            "summary" => call.summary = text(),
            "action_items" => call.action_items = row.texts(column),
            "emails" => call.emails = row.texts(column),
            "names" => call.names = row.texts(column),
            "transcript" => call.transcript = text(),
            "source_data" => {
                call.source_data = row
                    .text(column)
                    .and_then(|text| serde_json::from_str(text).ok());
            }
            // Read beside the facts.
            other => debug_assert!(other == "updated_at" && mapped.kind == Kind::Time),
        }
    }
    call
}
