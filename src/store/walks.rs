//! Walks of the call list: how far they are, and which stretch of time was read without a gap.

use crate::error::Result;
use crate::sql;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

/// A walk of the call list that was begun and not ended.
#[derive(Debug, Clone, Deserialize)]
pub struct Walk {
    /// The run that began it, which keeps its window and its cursor.
    pub run_id: i64,
    pub window_from: DateTime<Utc>,
    pub window_to: DateTime<Utc>,
    pub list_cursor: Option<String>,
}

pub fn unfinished(connection_id: i64) -> Result<Vec<Walk>> {
    let walks = sql::one_json(
        "SELECT jsonb_agg(jsonb_build_object('run_id', run_id, 'window_from', window_from, 'window_to', window_to,
                                             'list_cursor', list_cursor) ORDER BY run_id)
           FROM chorus.runs WHERE connection_id = $1 AND list_cursor IS NOT NULL",
        &[sql::int8(connection_id)],
    )?;
    Ok(walks.unwrap_or_default())
}

/// Moves the cursor of a walk, in the transaction that writes the page before it. None: the walk is done.
pub fn move_cursor(
    walk_run_id: i64,
    cursor: Option<&str>,
    listed_down_to: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<()> {
    sql::execute(
        "UPDATE chorus.runs
            SET list_cursor = $2, listed_down_to = coalesce($3, listed_down_to),
                listed_at = CASE WHEN $2 IS NULL THEN $4 END
          WHERE run_id = $1",
        &[
            sql::int8(walk_run_id),
            sql::text(cursor),
            sql::time(listed_down_to),
            sql::time(now),
        ],
    )?;
    Ok(())
}

/// Adds a walk that has come to its end to the stretch that was read without a gap. One that does not touch it is left
/// out, so that the next run closes the gap.
pub fn extend_listed(connection_id: i64, walk: &Walk) -> Result<()> {
    sql::execute(
        "UPDATE chorus.connections k
            SET listed_from = least(k.listed_from, $2), listed_to = greatest(k.listed_to, $3)
          WHERE k.connection_id = $1
            AND (k.listed_to IS NULL OR (k.listed_to >= $2 AND k.listed_from <= $3))",
        &[
            sql::int8(connection_id),
            sql::time(walk.window_from),
            sql::time(walk.window_to),
        ],
    )?;
    Ok(())
}

/// How far behind its mark the latest of the last thirty days' late arrivals lay.
pub fn furthest_behind(connection_id: i64, now: DateTime<Utc>) -> Result<Option<TimeDelta>> {
    let behind_s = sql::one::<f64>(
        "SELECT extract(epoch FROM max(c.listed_past - c.started_at))::float8 FROM chorus.calls c
          WHERE c.connection_id = $1 AND c.listed_past IS NOT NULL AND c.first_seen_at > $2 - interval '30 days'",
        &[sql::int8(connection_id), sql::time(now)],
    )?;
    Ok(behind_s.map(|behind_s| TimeDelta::seconds(behind_s as i64)))
}

/// What a run says of the whole lookback.
#[derive(Debug, Clone, Copy)]
pub enum Whole {
    NotLooked,
    /// It had to leave something out, so the next run lists the whole again.
    MissedSome,
    ListedAt(DateTime<Utc>),
}

/// Notes the overlap in force, and what became of a listing of the whole lookback.
pub fn note_listing(connection_id: i64, whole: Whole, overlap: TimeDelta) -> Result<()> {
    let (looked, whole_at) = match whole {
        Whole::NotLooked => (false, None),
        Whole::MissedSome => (true, None),
        Whole::ListedAt(at) => (true, Some(at)),
    };
    sql::execute(
        "UPDATE chorus.connections k
            SET whole_listed_at = CASE WHEN $2 THEN $3 ELSE k.whole_listed_at END, overlap_s = $4
          WHERE k.connection_id = $1 AND ($2 OR k.overlap_s IS DISTINCT FROM $4)",
        &[
            sql::int8(connection_id),
            sql::boolean(looked),
            sql::time(whole_at),
            sql::float8(overlap.num_seconds() as f64),
        ],
    )?;
    Ok(())
}

/// Drops the cursor of a walk that Chorus no longer accepts.
pub fn drop_cursor(walk_run_id: i64) -> Result<()> {
    sql::execute(
        "UPDATE chorus.runs SET list_cursor = NULL WHERE run_id = $1",
        &[sql::int8(walk_run_id)],
    )?;
    Ok(())
}
