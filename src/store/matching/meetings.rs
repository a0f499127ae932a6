//! Which calls are one meeting, and which of them stands for it: columns `meeting_id` and `is_main_call`.
//!
//! The main call is, in this order of weight: one with a transcript, one of Chorus, the longest, one with a title, and the
//! first by source and id at the source. So it does not depend on the order of arrival.

use crate::error::Result;
use crate::store::feed::{self, Event, Kind};
use crate::store::parties;
use crate::{extension, locks, settings, sql};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

/// The rule of the main call, of `chorus.calls c` and `chorus.transcripts t`.
const MAIN_FIRST: &str = "coalesce(t.utterance_count, 0) > 0 DESC, c.source = 'chorus' DESC,
    coalesce(c.duration_s, 0) DESC, coalesce(c.title, '') <> '' DESC, c.source COLLATE \"C\",
    c.source_call_id COLLATE \"C\", c.connection_id";

/// Meetings as they are to be.
#[derive(Default)]
pub struct Formed {
    /// Calls that are meetings by themselves.
    pub alone: Vec<i64>,
    /// Each of these is a meeting of several calls.
    pub together: Vec<Vec<i64>>,
}

/// Where a call belongs from now on.
struct Place {
    call_id: i64,
    /// Its meeting before.
    from: Option<i64>,
    meeting_id: i64,
    is_main: bool,
}

/// How a call is stored, and how far in front it is as the main call of a meeting.
struct Stored {
    meeting_id: Option<i64>,
    is_main: bool,
    has_words: bool,
    rank: i64,
}

/// A call that belongs to another meeting than before.
pub struct Moved {
    pub call_id: i64,
    /// None: it had not been recognised before.
    pub from: Option<i64>,
    pub to: i64,
}

/// A meeting that another of its calls stands for than before, or for the first time one of which was told already that
/// there is a transcript, when it did not stand for anything yet.
pub struct Shown {
    pub meeting_id: i64,
    pub main_call_id: i64,
}

impl Shown {
    fn event(&self) -> Event {
        Event::of_meeting(
            Kind::MeetingUpdated,
            self.meeting_id,
            json!({ "main_call_id": self.main_call_id }),
        )
    }
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
    /// Touches only calls that change, in their order, which is about that of their rows.
    pub fn write(self) -> Result<(Vec<Moved>, Vec<Shown>)> {
        let Formed { alone, together } = self;
        let (mut changed, mut shown) = (Vec::new(), Vec::new());
        if !alone.is_empty() {
            sql::each(
                "SELECT c.call_id, c.meeting_id,
                        EXISTS (SELECT FROM chorus.transcripts t WHERE t.call_id = c.call_id AND t.utterance_count > 0)
                   FROM chorus.calls c
                  WHERE c.call_id = ANY ($1) AND (c.meeting_id, c.is_main_call) IS DISTINCT FROM (c.call_id, true)",
                &[sql::int8s(alone)],
                |row| {
                    if let Some(call_id) = row.int8(0) {
                        let from = row.int8(1);
                        if from.is_none() && row.boolean(2) == Some(true) {
                            shown.push(Shown {
                                meeting_id: call_id,
                                main_call_id: call_id,
                            });
                        }
                        changed.push(Place {
                            call_id,
                            from,
                            meeting_id: call_id,
                            is_main: true,
                        });
                    }
                    Ok(())
                },
            )?;
        }
        let stored = stored(together.iter().flatten().copied().collect())?;
        for group in &together {
            let Some(meeting_id) = group.iter().min() else {
                continue;
            };
            let by_rank =
                |call_id: &&i64| stored.get(call_id).map_or(i64::MAX, |stored| stored.rank);
            let main = group.iter().min_by_key(by_rank);
            let was_shown = |call_id: &&i64| {
                let before = stored.get(call_id);
                before.is_some_and(|it| it.is_main && it.meeting_id == Some(*meeting_id))
            };
            let before = group.iter().find(was_shown);
            let is_new = |call_id: &i64| {
                let before = stored.get(call_id);
                before.is_some_and(|it| it.meeting_id.is_none() && it.has_words)
            };
            if let Some(main) = main.filter(|main| match before {
                Some(before) => before != *main,
                None => is_new(main),
            }) {
                shown.push(Shown {
                    meeting_id: *meeting_id,
                    main_call_id: *main,
                });
            }
            for call_id in group {
                let is_main = Some(call_id) == main;
                if let Some(before) = stored.get(call_id)
                    && (before.meeting_id, before.is_main) != (Some(*meeting_id), is_main)
                {
                    changed.push(Place {
                        call_id: *call_id,
                        from: before.meeting_id,
                        meeting_id: *meeting_id,
                        is_main,
                    });
                }
            }
        }
        changed.sort_unstable_by_key(|place| place.call_id);
        Ok((write(changed)?, shown))
    }
}

/// Calls as they are stored, ranked among themselves.
fn stored(call_ids: Vec<i64>) -> Result<HashMap<i64, Stored>> {
    let mut found = HashMap::with_capacity(call_ids.len());
    if call_ids.is_empty() {
        return Ok(found);
    }
    sql::each(
        &format!(
            "SELECT c.call_id, c.meeting_id, c.is_main_call, row_number() OVER (ORDER BY {MAIN_FIRST}),
                    coalesce(t.utterance_count, 0) > 0
               FROM chorus.calls c LEFT JOIN chorus.transcripts t USING (call_id)
              WHERE c.call_id = ANY ($1)"
        ),
        &[sql::int8s(call_ids)],
        |row| {
            if let (Some(call_id), Some(is_main), Some(rank)) =
                (row.int8(0), row.boolean(2), row.int8(3))
            {
                let meeting_id = row.int8(1);
                found.insert(
                    call_id,
                    Stored {
                        meeting_id,
                        is_main,
                        has_words: row.boolean(4) == Some(true),
                        rank,
                    },
                );
            }
            Ok(())
        },
    )?;
    Ok(found)
}

fn write(places: Vec<Place>) -> Result<Vec<Moved>> {
    let mut moved = Vec::with_capacity(places.len());
    if places.is_empty() {
        return Ok(moved);
    }
    let first: Vec<i64> = places
        .iter()
        .filter(|place| place.from.is_none())
        .map(|place| place.call_id)
        .collect();
    let parties = parties::of_recognised(&first)?;
    sql::each(
        "UPDATE chorus.calls c SET meeting_id = n.meeting_id, is_main_call = n.is_main,
                party_id = CASE WHEN c.meeting_id IS NULL THEN n.party_id ELSE c.party_id END
           FROM unnest($1, $2, $3, $4, $5) AS n(call_id, meeting_id, is_main, party_id, before) WHERE c.call_id = n.call_id
         RETURNING c.call_id, n.before, c.meeting_id",
        &[
            sql::int8s(places.iter().map(|place| place.call_id).collect()),
            sql::int8s(places.iter().map(|place| place.meeting_id).collect()),
            sql::booleans(places.iter().map(|place| place.is_main).collect()),
            sql::some_int8s(
                places
                    .iter()
                    .map(|place| parties.get(&place.call_id).copied())
                    .collect(),
            ),
            sql::some_int8s(places.iter().map(|place| place.from).collect()),
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

/// Meetings of these calls whose main call has gone show by another one, until they are formed again.
pub fn keep_shown(call_ids: Vec<i64>) -> Result<()> {
    if call_ids.is_empty() {
        return Ok(());
    }
    locks::hold_meetings(extension::required()?)?;
    let mut shown = Vec::new();
    sql::each(
        &format!(
            "UPDATE chorus.calls SET is_main_call = true WHERE call_id IN (
                 SELECT DISTINCT ON (c.meeting_id) c.call_id
                   FROM chorus.calls c LEFT JOIN chorus.transcripts t USING (call_id)
                  WHERE c.meeting_id IN (SELECT k.meeting_id FROM chorus.calls k WHERE k.call_id = ANY ($1))
                    AND c.removed_at IS NULL
                    AND NOT EXISTS (SELECT FROM chorus.calls m
                                     WHERE m.meeting_id = c.meeting_id AND m.is_main_call AND m.removed_at IS NULL)
                  ORDER BY c.meeting_id, {MAIN_FIRST})
             RETURNING meeting_id, call_id"
        ),
        &[sql::int8s(call_ids)],
        |row| {
            if let (Some(meeting_id), Some(main_call_id)) = (row.int8(0), row.int8(1)) {
                let one = Shown {
                    meeting_id,
                    main_call_id,
                };
                shown.push(one.event());
            }
            Ok(())
        },
    )?;
    feed::record(&shown, settings::now())
}

/// Records in the change feed which meetings became one, which fell apart, and which are only shown by another call now.
/// `gone` are calls that are none any more.
pub fn tell(moved: &[Moved], shown: &[Shown], gone: &[i64]) -> Result<()> {
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
    let told =
        |it: &&Shown| merged.contains_key(&it.meeting_id) || separated.contains_key(&it.meeting_id);
    let updated: Vec<Event> = shown
        .iter()
        .filter(|it| !told(it))
        .map(Shown::event)
        .collect();
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
    let events: Vec<Event> = merged.chain(separated).chain(updated).collect();
    feed::record(&events, settings::now())
}
