//! What a person decides about two calls, and what comes of it at once.

use super::pairs::both;
use super::{Recognition, due::Taken};
use crate::error::{Error, Result};
use crate::{settings, sql};
use serde::Deserialize;

/// What somebody says of two calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Same,
    Different,
}

/// Two calls that somebody keeps apart.
#[derive(Debug, Deserialize)]
struct Apart {
    call_a: i64,
    call_b: i64,
}

/// Writes a decision, in place of an earlier one about the same two, and forms their meetings again. The caller holds the
/// lock of meetings. Returns the meetings of both.
pub fn decide(
    a: i64,
    b: i64,
    decision: Decision,
    note: Option<&str>,
    decided_by: &str,
) -> Result<(i64, i64)> {
    let (first, second) = both(a, b);
    let word = match decision {
        Decision::Same => "same",
        Decision::Different => "different",
    };
    sql::execute(
        "INSERT INTO chorus.match_decisions (call_a, call_b, decision, note, decided_by, decided_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (call_a, call_b) DO UPDATE
            SET decision = excluded.decision, note = excluded.note, decided_by = excluded.decided_by, decided_at = excluded.decided_at",
        &[
            sql::int8(first),
            sql::int8(second),
            sql::text(word),
            sql::text(note),
            sql::text(decided_by),
            sql::time(settings::now()),
        ],
    )?;
    let taken = Taken {
        calls: [a, b].into(),
        ..Taken::default()
    };
    Recognition::default().compare(taken)?;
    Ok((meeting_of(a)?, meeting_of(b)?))
}

/// The meeting of a call that can be decided about.
pub fn meeting_of(call_id: i64) -> Result<i64> {
    let meeting = sql::one::<i64>(
        "SELECT coalesce(c.meeting_id, c.call_id) FROM chorus.calls c WHERE c.call_id = $1 AND c.removed_at IS NULL",
        &[sql::int8(call_id)],
    )?;
    meeting.ok_or_else(|| Error::no_call(call_id))
}

/// Why two meetings cannot become one: calls of them that somebody keeps apart.
pub fn kept_apart(meeting_a: i64, meeting_b: i64) -> Result<Error> {
    let apart: Option<Apart> = sql::one_json(
        "SELECT to_jsonb(d) FROM chorus.match_decisions d
                JOIN chorus.calls a ON a.call_id = d.call_a
                JOIN chorus.calls b ON b.call_id = d.call_b
          WHERE d.decision = 'different' AND (a.meeting_id, b.meeting_id) IN (($1, $2), ($2, $1))
          ORDER BY d.call_a, d.call_b LIMIT 1",
        &[sql::int8(meeting_a), sql::int8(meeting_b)],
    )?;
    Ok(match apart {
        Some(Apart { call_a, call_b }) => Error::new(
            "55000",
            format!(
                "these two meetings cannot be one: calls {call_a} and {call_b} were separated by hand"
            ),
            format!("Take that back first: SELECT chorus_merge({call_a}, {call_b});"),
        ),
        None => Error::new(
            "55000",
            "these two meetings cannot be one: calls of them were separated by hand",
            "SELECT * FROM chorus.match_decisions WHERE decision = 'different';",
        ),
    })
}
