//! Which calls are one meeting, and which of them stands for it: columns `meeting_id` and `is_main_call`.
//!
//! The main call is, in this order of weight: one with a transcript, one of Chorus, the longest, one with a title, and the
//! first by source and id at the source. So it does not depend on the order of arrival.

use crate::error::Result;
use crate::store::feed::{self, Event, Kind};
use crate::{locks, settings, sql};
use pgrx::pg_sys;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

/// The rule of the main call, of `chorus.calls c` and `chorus.transcripts t`.
const MAIN_FIRST: &str = "coalesce(t.utterance_count, 0) > 0 DESC, c.source = 'chorus' DESC,
    coalesce(c.duration_s, 0) DESC, coalesce(c.title, '') <> '' DESC, c.source COLLATE \"C\",
    c.source_call_id COLLATE \"C\", c.connection_id";

/// Meetings as they are to be.
#[derive(Default)]
pub struct Formed {
    call_ids: Vec<i64>,
    meeting_ids: Vec<i64>,
    are_main: Vec<bool>,
}

/// A call that belongs to another meeting than before.
pub struct Moved {
    pub call_id: i64,
    /// None: it had not been recognised before.
    pub from: Option<i64>,
    pub to: i64,
}

impl Moved {
    /// The meeting of this call ceased, as the call went into another.
    pub fn is_merged(&self) -> bool {
        self.from.is_none_or(|from| from == self.call_id) && self.to != self.call_id
    }

    /// The call, which belonged to another, has a meeting of its own.
    pub fn is_separated(&self) -> bool {
        self.from.is_some_and(|from| from != self.call_id) && self.to == self.call_id
    }
}

impl Formed {
    pub fn alone(&mut self, call_id: i64) {
        self.add(call_id, call_id, true);
    }

    fn add(&mut self, call_id: i64, meeting_id: i64, is_main: bool) {
        self.call_ids.push(call_id);
        self.meeting_ids.push(meeting_id);
        self.are_main.push(is_main);
    }

    /// Each of these groups is a meeting of several calls.
    pub fn together(&mut self, groups: &[Vec<i64>]) -> Result<()> {
        let all: Vec<i64> = groups.iter().flatten().copied().collect();
        if all.is_empty() {
            return Ok(());
        }
        let mut rank: HashMap<i64, i64> = HashMap::with_capacity(all.len());
        sql::each(
            &format!(
                "SELECT c.call_id, row_number() OVER (ORDER BY {MAIN_FIRST})
                   FROM chorus.calls c LEFT JOIN chorus.transcripts t USING (call_id)
                  WHERE c.call_id = ANY ($1)"
            ),
            &[sql::int8s(all)],
            |row| {
                rank.extend(row.int8(0).zip(row.int8(1)));
                Ok(())
            },
        )?;
        for group in groups {
            let Some(meeting_id) = group.iter().min() else {
                continue;
            };
            let by_rank = |call_id: &&i64| rank.get(call_id).copied().unwrap_or(i64::MAX);
            let main = group.iter().min_by_key(by_rank);
            for call_id in group {
                self.add(*call_id, *meeting_id, Some(call_id) == main);
            }
        }
        Ok(())
    }

    /// Touches only calls that change.
    pub fn write(self) -> Result<Vec<Moved>> {
        let mut moved = Vec::new();
        if self.call_ids.is_empty() {
            return Ok(moved);
        }
        sql::each(
            "WITH differ AS (
                 SELECT c.call_id, c.meeting_id AS before, n.meeting_id, n.is_main
                   FROM unnest($1, $2, $3) AS n(call_id, meeting_id, is_main) JOIN chorus.calls c USING (call_id)
                  WHERE (c.meeting_id, c.is_main_call) IS DISTINCT FROM (n.meeting_id, n.is_main))
             UPDATE chorus.calls c SET meeting_id = d.meeting_id, is_main_call = d.is_main
               FROM differ d WHERE c.call_id = d.call_id
             RETURNING c.call_id, d.before, d.meeting_id",
            &[
                sql::int8s(self.call_ids),
                sql::int8s(self.meeting_ids),
                sql::booleans(self.are_main),
            ],
            |row| {
                if let (Some(call_id), from, Some(to)) = (row.int8(0), row.int8(1), row.int8(2)) {
                    moved.push(Moved { call_id, from, to });
                }
                Ok(())
            },
        )?;
        Ok(moved)
    }
}

/// Meetings of these calls whose main call has gone show by another one, until they are formed again.
pub fn keep_shown(call_ids: Vec<i64>) -> Result<()> {
    if call_ids.is_empty() {
        return Ok(());
    }
    let extension = sql::one::<pg_sys::Oid>(
        "SELECT oid FROM pg_extension WHERE extname = 'chorus_sync'",
        &[],
    )?;
    locks::hold_meetings(extension.map_or(0, |oid| oid.to_u32()));
    sql::execute(
        &format!(
            "UPDATE chorus.calls SET is_main_call = true WHERE call_id IN (
                 SELECT DISTINCT ON (c.meeting_id) c.call_id
                   FROM chorus.calls c LEFT JOIN chorus.transcripts t USING (call_id)
                  WHERE c.meeting_id IN (SELECT k.meeting_id FROM chorus.calls k WHERE k.call_id = ANY ($1))
                    AND c.removed_at IS NULL
                    AND NOT EXISTS (SELECT FROM chorus.calls m
                                     WHERE m.meeting_id = c.meeting_id AND m.is_main_call AND m.removed_at IS NULL)
                  ORDER BY c.meeting_id, {MAIN_FIRST})"
        ),
        &[sql::int8s(call_ids)],
    )?;
    Ok(())
}

/// Records in the change feed which meetings became one, and which fell apart. `gone` are calls that are none any more.
pub fn tell(moved: &[Moved], gone: &[i64]) -> Result<()> {
    let mut merged: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    let mut separated: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for one in moved {
        match one.from {
            // Nobody has seen a meeting of its own.
            None => {}
            Some(_) if one.is_merged() => {
                merged
                    .entry(one.to)
                    .or_insert_with(|| vec![one.to])
                    .push(one.call_id);
            }
            // Its meeting goes on without it, be it on its own or in another one.
            Some(from) if from != one.to => {
                let new = separated
                    .entry(from)
                    .or_insert_with(|| match gone.contains(&from) {
                        true => Vec::new(),
                        false => vec![from],
                    });
                new.push(one.to);
            }
            Some(_) => {}
        }
    }
    let merged = merged.into_iter().map(|(meeting_id, old)| {
        Event::of_meeting(
            Kind::MeetingMerged,
            meeting_id,
            json!({ "old": old, "new": [meeting_id] }),
        )
    });
    let separated = separated.into_iter().map(|(meeting_id, mut new)| {
        new.sort_unstable();
        new.dedup();
        Event::of_meeting(
            Kind::MeetingSeparated,
            meeting_id,
            json!({ "old": [meeting_id], "new": new }),
        )
    });
    let events: Vec<Event> = merged.chain(separated).collect();
    feed::record(&events, settings::now())
}
