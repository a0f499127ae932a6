//! Calls whose detail is due, in the order in which it is.

use crate::error::Result;
use crate::sql;
use call_rows::Listed;
use chrono::{DateTime, Utc};
use serde::Deserialize;

/// A call whose detail is due.
#[derive(Debug, Clone, Deserialize)]
pub struct Due {
    pub call_id: i64,
    pub source_call_id: String,
    pub due_at: DateTime<Utc>,
    pub ended_at: DateTime<Utc>,
    pub state: String,
    pub attempts: i32,
    pub detail_fingerprint: Option<i64>,
    pub text_fingerprint: Option<i64>,
    pub utterance_count: i32,
    pub problem: Option<String>,
    pub private: bool,
    /// Found to be gone before; somebody asked for it all the same.
    pub removed: bool,
    #[serde(default)]
    pub listed: Vec<Listed>,
}

impl Due {
    pub fn has_text(&self) -> bool {
        self.utterance_count > 0
    }

    /// Whether reading just what was read before would change nothing. What was out of reach meanwhile is taken anew, and
    /// so is what failed last: its row says why, and must not go on saying so.
    pub fn is_settled(&self) -> bool {
        match self.state.as_str() {
            _ if self.removed => false,
            "processing" => !self.private,
            state => self.attempts == 0 && (self.private || matches!(state, "ready" | "empty")),
        }
    }
}

/// The next calls whose detail is due at `now`, oldest due first, after the one named last.
pub fn due(
    connection_id: i64,
    now: DateTime<Utc>,
    after: Option<(DateTime<Utc>, i64)>,
    at_most: i64,
) -> Result<Vec<Due>> {
    let (after_time, after_call) = match after {
        Some((time, call_id)) => (Some(time), call_id),
        None => (None, 0),
    };
    let due = sql::one_json(
        &format!(
            "SELECT jsonb_agg(d ORDER BY d.due_at, d.call_id)
               FROM (SELECT t.call_id, c.source_call_id, t.next_attempt_at AS due_at, t.state, t.attempts,
                            t.detail_fingerprint, t.text_fingerprint, t.utterance_count, t.problem,
                            c.private, c.removed_at IS NOT NULL AS removed,
                            coalesce(c.started_at + make_interval(secs => least(coalesce(c.duration_s, 0), 86400)), $2) AS ended_at,
                            coalesce(c.source_data #> '{{engagement,participants}}', '[]') AS listed
                       FROM chorus.transcripts t {OF_THE_CONNECTION}
                      WHERE t.next_attempt_at <= $2
                        AND (t.next_attempt_at, t.call_id) > (coalesce($3, '-infinity'), $4)
                      ORDER BY t.next_attempt_at, t.call_id
                      LIMIT $5) d"
        ),
        &[
            sql::int8(connection_id),
            sql::time(now),
            sql::time(after_time),
            sql::int8(after_call),
            sql::int8(at_most),
        ],
    )?;
    Ok(due.unwrap_or_default())
}

/// The call of each transcript, if it is of connection $1. OFFSET 0 has it looked up by its key and nothing else, in the
/// order in which transcripts are due; left to itself the planner reads all calls of the connection for each look.
const OF_THE_CONNECTION: &str = "JOIN LATERAL (
    SELECT k.source_call_id, k.started_at, k.duration_s, k.source_data, k.private, k.removed_at, k.connection_id, k.source
      FROM chorus.calls k WHERE k.call_id = t.call_id OFFSET 0) c ON c.connection_id = $1 AND c.source = 'chorus'";

/// How many calls are due.
pub fn count_due(connection_id: i64, now: DateTime<Utc>) -> Result<i64> {
    let count = sql::one(
        &format!(
            "SELECT count(*) FROM chorus.transcripts t {OF_THE_CONNECTION} WHERE t.next_attempt_at <= $2"
        ),
        &[sql::int8(connection_id), sql::time(now)],
    )?;
    Ok(count.unwrap_or(0))
}

/// When the next detail of a connection is due.
pub fn next_due(connection_id: i64) -> Result<Option<DateTime<Utc>>> {
    sql::one_json(
        &format!(
            "SELECT to_jsonb(t.next_attempt_at) FROM chorus.transcripts t {OF_THE_CONNECTION}
              WHERE t.next_attempt_at IS NOT NULL ORDER BY t.next_attempt_at, t.call_id LIMIT 1"
        ),
        &[sql::int8(connection_id)],
    )
}

/// How many transcripts Chorus has yet to finish.
pub fn count_waiting(connection_id: i64) -> Result<i64> {
    let count = sql::one(
        &format!(
            "SELECT count(*) FROM chorus.transcripts t {OF_THE_CONNECTION}
              WHERE t.next_attempt_at IS NOT NULL AND t.state IN ('pending', 'processing')"
        ),
        &[sql::int8(connection_id)],
    )?;
    Ok(count.unwrap_or(0))
}
