//! The change feed: what happened to calls and meetings is recorded in the transaction that did it, and told with one
//! NOTIFY when that commits. What changes nothing records nothing.
//!
//! Readers come through `chorus_events` (`sql/install/16_events.sql`), which has the order of the feed.

use crate::error::Result;
use crate::sql;
use crate::store::copy::copy_into;
use call_rows::{Rows, Target};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

static EVENTS: Target = Target {
    table: "events",
    columns: &[
        "happened_at",
        "kind",
        "connection_id",
        "call_id",
        "meeting_id",
        "details",
    ],
};

/// What happened; column `kind` of `chorus.events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is new here, or came back after it was removed.
    CallAdded,
    /// A stored fact of it changed. The first reading of its detail is such a change.
    CallUpdated,
    /// It is gone at its source, or was purged.
    CallRemoved,
    /// What was said is there, for the first time or in place of an older text.
    TranscriptReady,
    /// What was said was deleted.
    TranscriptRemoved,
    /// Meetings became one; `meeting_id` is the one that is left.
    MeetingMerged,
    /// A meeting fell apart; `meeting_id` is the one that it was.
    MeetingSeparated,
    /// Another call stands for it, whose title, summary and transcript are shown.
    MeetingUpdated,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::CallAdded => "call.added",
            Kind::CallUpdated => "call.updated",
            Kind::CallRemoved => "call.removed",
            Kind::TranscriptReady => "transcript.ready",
            Kind::TranscriptRemoved => "transcript.removed",
            Kind::MeetingMerged => "meeting.merged",
            Kind::MeetingSeparated => "meeting.separated",
            Kind::MeetingUpdated => "meeting.updated",
        }
    }
}

/// A row of the feed.
#[derive(Debug, Clone)]
pub struct Event {
    pub kind: Kind,
    /// None for other sources, and for meetings.
    pub connection_id: Option<i64>,
    /// None for meetings.
    pub call_id: Option<i64>,
    /// None for calls: readers are told the present one.
    pub meeting_id: Option<i64>,
    pub details: Value,
}

impl Event {
    /// Of a call; `connection_id` is None for other sources than Chorus.
    pub fn of_call(kind: Kind, connection_id: impl Into<Option<i64>>, call_id: i64) -> Event {
        Event {
            kind,
            connection_id: connection_id.into(),
            call_id: Some(call_id),
            meeting_id: None,
            details: json!({}),
        }
    }

    /// Of a call that had been removed and came back.
    pub fn of_returned(connection_id: impl Into<Option<i64>>, call_id: i64) -> Event {
        Event::of_call(Kind::CallAdded, connection_id, call_id).with(json!({"returned": true}))
    }

    /// Of a meeting: `details` names the old and the new ones.
    pub fn of_meeting(kind: Kind, meeting_id: i64, details: Value) -> Event {
        Event {
            kind,
            connection_id: None,
            call_id: None,
            meeting_id: Some(meeting_id),
            details,
        }
    }

    pub fn with(mut self, details: Value) -> Event {
        self.details = details;
        self
    }
}

/// Records what this transaction does, in this order. As the owner of the extension: it takes numbers of the feed.
pub fn record(events: &[Event], now: DateTime<Utc>) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::new(&EVENTS);
    for event in events {
        rows.row()
            .time(now)
            .text(event.kind.as_str())
            .int8(event.connection_id)
            .int8(event.call_id)
            .int8(event.meeting_id)
            .json(&event.details);
    }
    copy_into(&rows);
    tell()
}

/// Records one thing of many calls of other sources.
pub fn record_of_calls(kind: Kind, call_ids: &[i64], now: DateTime<Utc>) -> Result<()> {
    const AT_ONCE: usize = 50_000;
    for call_ids in call_ids.chunks(AT_ONCE) {
        let events: Vec<_> = call_ids
            .iter()
            .map(|&call_id| Event::of_call(kind, None, call_id))
            .collect();
        record(&events, now)?;
    }
    Ok(())
}

/// Records that all calls of a connection leave with it. Before they do.
pub fn record_purge(connection_id: i64, now: DateTime<Utc>) -> Result<()> {
    record_leaving("c.connection_id = $2", sql::int8(connection_id), now)
}

/// Records that all calls of another source leave with it. Before they do.
pub fn record_source_removal(source: &str, now: DateTime<Utc>) -> Result<()> {
    record_leaving("c.source = $2", sql::text(source), now)
}

fn record_leaving(which: &str, of: sql::Argument, now: DateTime<Utc>) -> Result<()> {
    sql::execute(
        &format!(
            "INSERT INTO chorus.events (happened_at, kind, connection_id, call_id)
             SELECT $1, k.kind, c.connection_id, c.call_id
               FROM chorus.calls c
                    LEFT JOIN chorus.transcripts t USING (call_id)
                    CROSS JOIN (VALUES ('transcript.removed'), ('call.removed')) k(kind)
              WHERE {which} AND c.removed_at IS NULL AND (k.kind = 'call.removed' OR t.utterance_count > 0)
              ORDER BY c.call_id, k.kind DESC"
        ),
        &[sql::time(now), of],
    )?;
    tell()
}

/// Wakes the readers at the commit. Told again and again in a transaction, PostgreSQL sends it once.
fn tell() -> Result<()> {
    sql::execute("SELECT pg_notify('chorus_events', '')", &[])?;
    Ok(())
}

/// How many events are forgotten in one transaction.
pub const FORGOTTEN_AT_ONCE: i64 = 10_000;

/// Deletes events that are older than `retention`, oldest in the feed first, at most [`FORGOTTEN_AT_ONCE`]. Returns how
/// many. Where the oldest is to be kept, nothing else is looked at.
pub fn forget_old(retention: TimeDelta, now: DateTime<Utc>) -> Result<i64> {
    let forgotten = sql::execute(
        "DELETE FROM chorus.events WHERE event_id = ANY (ARRAY(
             SELECT e.event_id
               FROM (SELECT o.event_id, o.happened_at FROM chorus.events o ORDER BY o.written_by, o.event_id LIMIT $2) e
              WHERE e.happened_at < $1
                AND (SELECT o.happened_at FROM chorus.events o ORDER BY o.written_by, o.event_id LIMIT 1) < $1))",
        &[
            sql::time(now - retention),
            sql::int8(FORGOTTEN_AT_ONCE),
        ],
    )?;
    Ok(forgotten as i64)
}
