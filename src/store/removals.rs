//! Calls that are not listed any more: found, held back, or removed. A removed call keeps its row and loses its words.

use crate::error::Result;
use crate::sql;
use crate::store::deletion::delete_from;
use crate::store::feed::{self, Event, Kind};
use crate::store::matching::{due, keep_shown};
use crate::store::search;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::collections::HashSet;

/// A stretch of the list that was read without a gap, and which of our calls were in it.
pub struct Window<'a> {
    pub connection_id: i64,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// Calls that are younger than this were added by the walk itself.
    pub began: DateTime<Utc>,
    pub listed: &'a [i64],
    /// Calls that turned private are not listed and still there; only the daily listing of everything looks for them.
    pub with_private: bool,
}

/// A call that is missing from the list.
#[derive(Debug, Clone, Deserialize)]
pub struct Missing {
    pub call_id: i64,
    pub source_call_id: String,
    /// Whether there is a detail to ask for.
    pub recorded: bool,
}

/// The calls of a window as `c`, and whether the list had them.
const OF_WINDOW: &str = "chorus.calls c
      WHERE c.source = 'chorus' AND c.connection_id = $1 AND c.removed_at IS NULL
        AND c.started_at BETWEEN $2 AND $3 AND c.first_seen_at < $4";
const NOT_LISTED: &str = "NOT (c.call_id = ANY ($5))";

impl Window<'_> {
    fn arguments(&self) -> [sql::Argument<'static>; 6] {
        [
            sql::int8(self.connection_id),
            sql::time(self.from),
            sql::time(self.to),
            sql::time(self.began),
            sql::int8s(self.listed.to_vec()),
            sql::boolean(self.with_private),
        ]
    }

    /// How many calls of the window are missing, and how many there are. Private ones say nothing about the key.
    pub fn count(&self) -> Result<(u64, u64)> {
        let counted = sql::one_json(
            &format!(
                "SELECT jsonb_build_array(count(*) FILTER (WHERE {NOT_LISTED}), count(*)) FROM {OF_WINDOW} AND NOT c.private"
            ),
            &self.arguments(),
        )?;
        Ok(counted.unwrap_or_default())
    }

    pub fn missing(&self) -> Result<Vec<Missing>> {
        let missing = sql::one_json(
            &format!(
                "SELECT jsonb_agg(jsonb_build_object(
                            'call_id', c.call_id, 'source_call_id', c.source_call_id,
                            'recorded', coalesce((SELECT t.state <> 'not_recorded' FROM chorus.transcripts t
                                                   WHERE t.call_id = c.call_id), false)) ORDER BY c.call_id)
                   FROM {OF_WINDOW} AND {NOT_LISTED} AND ($6 OR NOT c.private)"
            ),
            &self.arguments(),
        )?;
        Ok(missing.unwrap_or_default())
    }

    /// Marks what is missing, and removes nothing.
    pub fn hold_back(&self, now: DateTime<Utc>) -> Result<()> {
        let mut arguments = Vec::from(self.arguments());
        arguments.push(sql::time(now));
        sql::execute(
            &format!(
                "UPDATE chorus.calls held SET missing_since = $7
                  WHERE held.missing_since IS NULL AND held.call_id IN (SELECT c.call_id FROM {OF_WINDOW} AND {NOT_LISTED} AND NOT c.private)"
            ),
            &arguments,
        )?;
        Ok(())
    }
}

/// How many calls of the connection are held back.
pub fn held(connection_id: i64) -> Result<i64> {
    let held = sql::one(
        "SELECT count(*) FROM chorus.calls c WHERE c.connection_id = $1 AND c.missing_since IS NOT NULL",
        &[sql::int8(connection_id)],
    )?;
    Ok(held.unwrap_or(0))
}

/// When the oldest of them took place.
pub fn held_from(connection_id: i64) -> Result<Option<DateTime<Utc>>> {
    sql::one_json(
        "SELECT to_jsonb(min(c.started_at)) FROM chorus.calls c WHERE c.connection_id = $1 AND c.missing_since IS NOT NULL",
        &[sql::int8(connection_id)],
    )
}

pub fn held_calls(connection_id: i64) -> Result<Vec<i64>> {
    let held = sql::one(
        "SELECT array_agg(c.call_id) FROM chorus.calls c WHERE c.connection_id = $1 AND c.missing_since IS NOT NULL",
        &[sql::int8(connection_id)],
    )?;
    Ok(held.unwrap_or_default())
}

/// Which of these calls are removed.
pub fn removed_of(call_ids: impl Iterator<Item = i64>) -> Result<HashSet<i64>> {
    let removed: Option<Vec<i64>> = sql::one(
        "SELECT array_agg(c.call_id) FROM chorus.calls c WHERE c.call_id = ANY ($1) AND c.removed_at IS NOT NULL",
        &[sql::int8s(call_ids.collect())],
    )?;
    Ok(removed.unwrap_or_default().into_iter().collect())
}

/// These are there after all.
pub fn found(call_ids: &[i64]) -> Result<()> {
    if call_ids.is_empty() {
        return Ok(());
    }
    sql::execute(
        "UPDATE chorus.calls SET missing_since = NULL WHERE call_id = ANY ($1) AND missing_since IS NOT NULL",
        &[sql::int8s(call_ids.to_vec())],
    )?;
    Ok(())
}

/// Has the details of these calls asked for in this run.
pub fn ask_for(call_ids: &[i64], now: DateTime<Utc>) -> Result<()> {
    if call_ids.is_empty() {
        return Ok(());
    }
    sql::execute(
        "UPDATE chorus.transcripts SET next_attempt_at = $2 WHERE call_id = ANY ($1)",
        &[sql::int8s(call_ids.to_vec()), sql::time(now)],
    )?;
    Ok(())
}

/// Removes calls: what was said goes, their rows stay. Returns how many were not removed before.
pub fn remove(call_ids: &[i64], now: DateTime<Utc>) -> Result<i64> {
    if call_ids.is_empty() {
        return Ok(0);
    }
    let ids = || sql::int8s(call_ids.to_vec());
    tell(call_ids, now)?;
    for table in [
        "utterances",
        "tracker_mentions",
        "call_trackers",
        "call_metrics",
    ] {
        delete_from(table, call_ids)?;
    }
    sql::execute(
        "UPDATE chorus.transcripts t
            SET state = CASE WHEN t.state = 'not_recorded' THEN t.state ELSE 'unavailable' END, attempts = 0,
                next_attempt_at = NULL, utterance_count = 0, word_count = 0,
                problem = CASE WHEN c.source = 'chorus' THEN 'removed in Chorus' ELSE 'removed at its source' END,
                list_fingerprint = NULL, detail_fingerprint = NULL, text_fingerprint = NULL
           FROM chorus.calls c
          WHERE t.call_id = ANY ($1) AND c.call_id = t.call_id",
        &[ids()],
    )?;
    search::forget(call_ids)?;
    sql::execute(
        "DELETE FROM chorus.problems p USING chorus.calls c
          WHERE c.call_id = ANY ($1) AND p.connection_id = c.connection_id AND p.source_call_id = c.source_call_id",
        &[ids()],
    )?;
    let removed = sql::execute(
        "UPDATE chorus.calls
            SET removed_at = $2, missing_since = NULL, summary = NULL, action_items = '{}', source_data = '{}', updated_at = $2
          WHERE call_id = ANY ($1) AND removed_at IS NULL",
        &[ids(), sql::time(now)],
    )?;
    let others = sql::one(
        "SELECT array_agg(o.call_id) FROM chorus.calls o
          WHERE o.removed_at IS NULL
            AND o.meeting_id IN (SELECT c.meeting_id FROM chorus.calls c WHERE c.call_id = ANY ($1))",
        &[ids()],
    )?;
    keep_shown(others.unwrap_or_default())?;
    due::mark(call_ids.to_vec())?;
    Ok(removed as i64)
}

/// What was said in them is gone, and so are they.
fn tell(call_ids: &[i64], now: DateTime<Utc>) -> Result<()> {
    #[derive(Deserialize)]
    struct Leaving {
        call_id: i64,
        connection_id: Option<i64>,
        has_text: bool,
    }
    let leaving: Vec<Leaving> = sql::one_json(
        "SELECT jsonb_agg(jsonb_build_object('call_id', c.call_id, 'connection_id', c.connection_id,
                                             'has_text', coalesce(t.utterance_count > 0, false)) ORDER BY c.call_id)
           FROM chorus.calls c LEFT JOIN chorus.transcripts t USING (call_id)
          WHERE c.call_id = ANY ($1) AND c.removed_at IS NULL",
        &[sql::int8s(call_ids.to_vec())],
    )?
    .unwrap_or_default();
    let events: Vec<Event> = leaving
        .iter()
        .flat_map(|call| {
            let of_call = |kind| Event::of_call(kind, call.connection_id, call.call_id);
            let words = call.has_text.then(|| of_call(Kind::TranscriptRemoved));
            words.into_iter().chain([of_call(Kind::CallRemoved)])
        })
        .collect();
    feed::record(&events, now)
}
