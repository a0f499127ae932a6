//! Topics and trackers: names become numbers, then rows.

use crate::error::Result;
use crate::sql;
use crate::store::copy::copy_into;
use crate::store::deletion::delete_from;
use call_rows::{CallTracker, Rows, Target};
use serde::Deserialize;
use std::collections::HashMap;

static CALL_TRACKERS: Target = Target {
    table: "call_trackers",
    columns: &["call_id", "tracker_id", "count"],
};
static TRACKER_MENTIONS: Target = Target {
    table: "tracker_mentions",
    columns: &["call_id", "tracker_id", "mention_no", "seq", "offset"],
};

/// How many names are remembered; a workspace has some hundred.
const REMEMBERED: usize = 20_000;

/// The tracker_id of every name met so far, so that most pages need no look-up. An entry is only made from committed
/// rows or rows of the transaction that uses it; [`Self::forget`] follows a rollback.
#[derive(Default)]
pub struct TrackerNumbers {
    known: HashMap<(String, String), i64>,
    /// (kind, name, type, id) as Chorus sent them, seen before: nothing to add to the row.
    described: std::collections::HashSet<(String, String, Option<String>, Option<String>)>,
}

#[derive(Deserialize)]
struct Numbered {
    kind: String,
    name: String,
    tracker_id: i64,
}

impl TrackerNumbers {
    pub fn forget(&mut self) {
        self.known.clear();
        self.described.clear();
    }

    /// Writes the trackers of calls that have none stored.
    pub fn write<'a>(
        &mut self,
        connection_id: i64,
        calls: impl Iterator<Item = (i64, &'a [CallTracker])> + Clone,
    ) -> Result<()> {
        self.number(
            connection_id,
            calls.clone().flat_map(|(_, trackers)| trackers),
        )?;
        let mut counts = Rows::new(&CALL_TRACKERS);
        let mut mentions = Rows::new(&TRACKER_MENTIONS);
        for (call_id, trackers) in calls {
            for tracker in trackers {
                let key = (tracker.kind.to_owned(), tracker.name.clone());
                let Some(&tracker_id) = self.known.get(&key) else {
                    continue;
                };
                counts
                    .row()
                    .int8(call_id)
                    .int8(tracker_id)
                    .int8(tracker.count);
                for (place, (seq, offset)) in tracker.mentions.iter().enumerate() {
                    let mut row = mentions.row();
                    row.int8(call_id).int8(tracker_id).int4(place as i32 + 1);
                    match seq {
                        Some(seq) => row.int4(*seq),
                        None => row.null(),
                    };
                    row.int8(*offset);
                }
            }
        }
        copy_into(&counts);
        copy_into(&mentions);
        Ok(())
    }

    /// Makes sure that every tracker has its row, and that the row knows the types and ids that Chorus uses for it.
    fn number<'a>(
        &mut self,
        connection_id: i64,
        trackers: impl Iterator<Item = &'a CallTracker>,
    ) -> Result<()> {
        if self.known.len() > REMEMBERED || self.described.len() > REMEMBERED {
            self.forget();
        }
        let mut new: Vec<&CallTracker> = Vec::new();
        for tracker in trackers {
            let described = (
                tracker.kind.to_owned(),
                tracker.name.clone(),
                tracker.chorus_type.clone(),
                tracker.chorus_id.clone(),
            );
            if self.described.insert(described) {
                new.push(tracker);
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        // The list does not tell topics from trackers. A row that only the list has made becomes a topic as soon as a
        // detail says so; the calls that count it keep its number.
        sql::execute(
            "UPDATE chorus.trackers t SET kind = 'topic'
               FROM (SELECT DISTINCT n.name FROM json_to_recordset($2::json) AS n(kind text, name text) WHERE n.kind = 'topic') n
              WHERE t.connection_id = $1 AND t.kind = 'tracker' AND t.name = n.name
                AND t.chorus_ids = '{}' AND t.chorus_types <@ '{chorus}'
                AND NOT EXISTS (SELECT FROM chorus.trackers o
                                 WHERE o.connection_id = $1 AND o.kind = 'topic' AND o.name = n.name)",
            &[sql::int8(connection_id), sql::json(&new)],
        )?;
        let numbered: Option<Vec<Numbered>> = sql::one_json(
            "WITH named AS (
                 SELECT n.kind AS sent_as, n.name, n.chorus_type, n.chorus_id,
                        CASE WHEN n.kind <> 'listed' THEN n.kind
                             WHEN EXISTS (SELECT FROM chorus.trackers t
                                           WHERE t.connection_id = $1 AND t.kind = 'tracker' AND t.name = n.name) THEN 'tracker'
                             WHEN EXISTS (SELECT FROM chorus.trackers t
                                           WHERE t.connection_id = $1 AND t.kind = 'topic' AND t.name = n.name) THEN 'topic'
                             ELSE 'tracker'
                        END AS kind
                   FROM json_to_recordset($2::json) AS n(kind text, name text, chorus_type text, chorus_id text)
             ), sent AS (
                 SELECT n.kind, n.name,
                        coalesce(array_agg(DISTINCT n.chorus_type ORDER BY n.chorus_type) FILTER (WHERE n.chorus_type IS NOT NULL), '{}') AS types,
                        coalesce(array_agg(DISTINCT n.chorus_id   ORDER BY n.chorus_id)   FILTER (WHERE n.chorus_id   IS NOT NULL), '{}') AS ids
                   FROM named n
                  GROUP BY n.kind, n.name
             ), written AS (
                 INSERT INTO chorus.trackers AS known (connection_id, kind, name, chorus_types, chorus_ids)
                 SELECT $1, s.kind, s.name, s.types, s.ids FROM sent s ORDER BY s.kind, s.name
                 ON CONFLICT (connection_id, kind, name) DO UPDATE
                 SET chorus_types = ARRAY(SELECT DISTINCT e FROM unnest(known.chorus_types || excluded.chorus_types) e ORDER BY e),
                     chorus_ids   = ARRAY(SELECT DISTINCT e FROM unnest(known.chorus_ids   || excluded.chorus_ids)   e ORDER BY e)
                 WHERE NOT (known.chorus_types @> excluded.chorus_types AND known.chorus_ids @> excluded.chorus_ids)
                 RETURNING kind, name, tracker_id
             )
             SELECT jsonb_agg(DISTINCT jsonb_build_object('kind', n.sent_as, 'name', n.name, 'tracker_id', all_of_them.tracker_id))
               FROM named n
                    JOIN (SELECT * FROM written
                          UNION
                          SELECT t.kind, t.name, t.tracker_id
                            FROM sent s JOIN chorus.trackers t ON t.connection_id = $1 AND t.kind = s.kind AND t.name = s.name) all_of_them
                      ON all_of_them.kind = n.kind AND all_of_them.name = n.name",
            &[sql::int8(connection_id), sql::json(&new)],
        )?;
        for one in numbered.unwrap_or_default() {
            self.known.insert((one.kind, one.name), one.tracker_id);
        }
        Ok(())
    }
}

/// Deletes the trackers of calls, mentions included.
pub fn delete(call_ids: &[i64]) -> Result<()> {
    delete_from("call_trackers", call_ids)?;
    delete_from("tracker_mentions", call_ids)
}
