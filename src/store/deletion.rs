//! Calls that go with everything that hangs on them. There are no foreign keys that would do it.

use crate::error::Result;
use crate::sql;

/// Tables whose rows belong to a call. The search index comes after `transcripts`, whose rows its writer locks.
pub const OF_CALLS: [&str; 8] = [
    "utterances",
    "participants",
    "transcripts",
    "call_trackers",
    "tracker_mentions",
    "call_metrics",
    "search_chunks",
    "customer_decisions",
];

/// Deletes all rows of calls that are gone. What they were compared by goes with the next `chorus_dedup`, which has to
/// know it to the end.
pub fn delete_what_hangs_on(call_ids: &[i64]) -> Result<()> {
    if call_ids.is_empty() {
        return Ok(());
    }
    for table in OF_CALLS {
        delete_from(table, call_ids)?;
    }
    sql::execute(
        "DELETE FROM chorus.match_decisions WHERE call_a = ANY ($1) OR call_b = ANY ($1)",
        &[sql::int8s(call_ids.to_vec())],
    )?;
    Ok(())
}

/// Deletes the rows of these calls from one table.
pub fn delete_from(table: &str, call_ids: &[i64]) -> Result<()> {
    if call_ids.is_empty() {
        return Ok(());
    }
    sql::execute(
        &format!("DELETE FROM chorus.{table} WHERE call_id = ANY ($1)"),
        &[sql::int8s(call_ids.to_vec())],
    )?;
    Ok(())
}
