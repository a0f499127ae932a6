//! What could not be read: recorded once, counted when it comes again, forgotten when it is read after all.

use crate::error::Result;
use crate::sql;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// Something that Chorus sent, or would not send.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    pub route: &'static str,
    pub source_call_id: Option<String>,
    pub problem: String,
}

pub fn record(connection_id: i64, problems: &[Problem], now: DateTime<Utc>) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    sql::execute(
        "INSERT INTO chorus.problems AS known (connection_id, route, source_call_id, problem, first_seen, last_seen)
         SELECT DISTINCT ON (n.route, n.source_call_id) $1, n.route, n.source_call_id, n.problem, $3, $3
           FROM json_to_recordset($2::json) AS n(route text, source_call_id text, problem text)
         ON CONFLICT (connection_id, route, source_call_id)
         DO UPDATE SET problem = excluded.problem, last_seen = excluded.last_seen, attempts = known.attempts + 1",
        &[sql::int8(connection_id), sql::json(&problems), sql::time(now)],
    )?;
    Ok(())
}

/// All of this route was read since `began`: what has no id and was not met again is mended.
pub fn not_met_since(connection_id: i64, route: &str, began: DateTime<Utc>) -> Result<()> {
    sql::execute(
        "DELETE FROM chorus.problems
          WHERE connection_id = $1 AND route = $2 AND source_call_id IS NULL AND last_seen < $3",
        &[sql::int8(connection_id), sql::text(route), sql::time(began)],
    )?;
    Ok(())
}

/// The list was read without a gap again: problems that begin so are mended, unless the run that met them had listed
/// from before `reaches_back_to`. None: all that is looked after was read.
pub fn gaps_closed(
    connection_id: i64,
    route: &str,
    beginning: &str,
    reaches_back_to: Option<DateTime<Utc>>,
) -> Result<()> {
    sql::execute(
        "DELETE FROM chorus.problems p
          WHERE p.connection_id = $1 AND p.route = $2 AND p.source_call_id IS NULL AND starts_with(p.problem, $3)
            AND NOT EXISTS (SELECT 1 FROM chorus.runs r
                             WHERE r.connection_id = $1 AND r.window_from < $4
                               AND p.last_seen BETWEEN r.started_at AND coalesce(r.finished_at, 'infinity'))",
        &[
            sql::int8(connection_id),
            sql::text(route),
            sql::text(beginning),
            sql::time(reaches_back_to),
        ],
    )?;
    Ok(())
}

/// These calls were read on this route.
pub fn solved(connection_id: i64, route: &str, source_call_ids: Vec<String>) -> Result<()> {
    sql::execute(
        "DELETE FROM chorus.problems WHERE connection_id = $1 AND route = $2 AND source_call_id = ANY ($3)",
        &[
            sql::int8(connection_id),
            sql::text(route),
            sql::texts(source_call_ids),
        ],
    )?;
    Ok(())
}
