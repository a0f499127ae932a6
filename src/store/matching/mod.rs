//! Recognising the recordings of one meeting: what changed is compared with what may be the same, and the meetings that
//! this touches are formed again.
//!
//! ```text
//!   match_due ─▶ facts (match_facts, match_counts) ─▶ compared with those near ─▶ match_scores ─▶ calls.meeting_id
//! ```
//! Everything happens in steps, each in a transaction of its own that holds the lock of meetings: marks leave the queue
//! together with what came of them, so that nothing is lost wherever it stops. The result is that of comparing all
//! recordings at once, in whatever order they came: docs/matching.md.

mod compared;
mod counts;
pub mod decided;
pub mod due;
mod facts;
mod judged;
mod meetings;
mod pairs;
mod remake;

use crate::error::Result;
use crate::store::runs::Counters;
use crate::{locks, sql};
use chrono::{DateTime, Utc};
use compared::{Came, Near, Wanted, compare_and_write};
use facts::Calls;
use meeting_match::crowded;
use serde::Deserialize;
use std::collections::HashSet;
use std::time::Duration;

pub use judged::{Judged, judged};
pub use meetings::keep_shown;

/// How many calls are taken up at once; all anew, and otherwise.
const MANY: usize = 20_000;
const SOME: usize = 2_000;

/// What recognising came to so far.
#[derive(Debug, Default)]
pub struct Totals {
    /// Calls that were compared.
    pub calls: i64,
    /// Their meetings.
    meetings: HashSet<i64>,
    /// Meetings that went into another, and such that came out of one.
    pub merged: i64,
    pub separated: i64,
    pub pairs_scored: i64,
    pub matching: Duration,
}

impl Totals {
    pub fn count(&self, counters: &mut Counters) {
        counters.calls_matched = self.calls;
        counters.meetings_matched = self.meetings.len() as i64;
        counters.meetings_merged = self.merged;
        counters.meetings_separated = self.separated;
        counters.pairs_scored = self.pairs_scored;
        counters.matching_s = self.matching.as_secs_f64();
    }

    fn add(&mut self, came: Came) -> Result<()> {
        self.pairs_scored += came.pairs_scored as i64;
        self.matching += came.matching;
        for moved in &came.moved {
            self.merged += i64::from(moved.is_merged());
            self.separated += i64::from(moved.is_separated());
            if moved.is_merged() {
                self.meetings.remove(&moved.call_id);
            }
        }
        self.meetings.extend(came.meetings);
        meetings::tell(&came.moved, &came.shown, &came.gone)
    }
}

/// Works off what is due, a step at a time.
#[derive(Debug, Default)]
pub struct Recognition {
    pub totals: Totals,
    /// The mark that was taken last.
    after: i64,
    /// Whether so much may be due that comparing all anew is less work.
    looked: bool,
}

impl Recognition {
    /// One step, in a transaction that holds the lock of meetings. False: nothing was left to do.
    pub fn step(&mut self) -> Result<bool> {
        match progress()? {
            Some(progress) if progress.stage == "facts" => self.remake_facts(progress),
            Some(progress) => self.compare_next(progress),
            None if !self.looked => {
                self.looked = true;
                if is_worth_all_anew()? {
                    begin_all_anew()?;
                }
                Ok(true)
            }
            None => self.compare_due(),
        }
    }

    /// As [`Self::step`], unless all is compared anew at this time, which takes up these calls too.
    pub fn small_step(&mut self) -> Result<bool> {
        Ok(progress()?.is_none() && self.compare_due()?)
    }

    fn take(&mut self, at_most: usize) -> Result<due::Taken> {
        let mut taken = due::take(self.after, at_most)?;
        // Marks that were made before others may be committed after them.
        if taken.calls.is_empty() && self.after > 0 {
            taken = due::take(0, at_most)?;
        }
        self.after = taken.last;
        Ok(taken)
    }

    fn compare_due(&mut self) -> Result<bool> {
        let taken = self.take(SOME)?;
        if taken.calls.is_empty() {
            return Ok(false);
        }
        self.compare(taken)?;
        Ok(true)
    }

    /// Makes the facts of these calls again and compares them; what else that touches is judged again, or due.
    fn compare(&mut self, taken: due::Taken) -> Result<()> {
        let these = Calls::These(taken.calls.into_iter().collect());
        let remade = remake::remake(these, taken.words)?;
        let crossed = counts::add(&remade)?;
        let ids: HashSet<i64> = remade.iter().map(|one| one.call_id).collect();
        let others = |mut found: Vec<i64>| {
            found.retain(|call_id| !ids.contains(call_id));
            found
        };
        let judged_again = others(counts::who_have(crossed.up)?);
        let mut again = others(counts::who_have(crossed.down)?);

        let changed = || {
            let changed = remade.iter().filter(|one| one.has_changed);
            changed.flat_map(|one| [&one.before, &one.now]).flatten()
        };
        let now = remade.iter().filter_map(|one| one.now.as_ref());
        let near = Near::of(changed().chain(now.clone()).map(|stored| &stored.fact))?;
        let changed: Vec<_> = changed().map(|stored| &stored.fact).collect();
        let crowded = crowded(&changed, &near.facts);
        let crowded = crowded.iter().map(|place| near.facts[*place as usize].id);
        again.extend(others(crowded.collect()));

        let wanted = Wanted {
            members: now.map(|stored| stored.fact.id).collect(),
            gone: (remade.iter())
                .filter(|one| one.now.is_none())
                .map(|one| one.call_id)
                .collect(),
            judged_again,
        };
        self.totals.calls += wanted.members.len() as i64;
        self.totals.add(compare_and_write(wanted, near)?)?;
        due::mark(again)
    }

    /// Makes the facts of the next calls, and no more: all will be counted and compared when they are there. Sketches
    /// come first, as they are known from marks alone.
    fn remake_facts(&mut self, progress: Progress) -> Result<bool> {
        let taken = match progress.made_to {
            None => self.take(MANY)?,
            Some(_) => due::Taken::default(),
        };
        let made_to = progress.made_to.unwrap_or(i64::MIN);
        let calls = if !taken.calls.is_empty() {
            Calls::These(taken.calls.into_iter().collect())
        } else if made_to < i64::MAX {
            let last = remake::last_of_next(made_to, MANY)?.unwrap_or(i64::MAX);
            sql::execute(
                "UPDATE chorus.match_progress SET made_to = $1",
                &[sql::int8(last)],
            )?;
            Calls::Between(made_to + 1, last)
        } else {
            counts::recount()?;
            sql::execute("UPDATE chorus.match_progress SET stage = 'scores'", &[])?;
            return Ok(true);
        };
        let remade = remake::remake(calls, taken.words)?;
        let gone: Vec<i64> = (remade.iter())
            .filter(|one| one.now.is_none())
            .map(|one| one.call_id)
            .collect();
        let wanted = Wanted {
            gone,
            ..Wanted::default()
        };
        self.totals
            .add(compare_and_write(wanted, Near::default())?)?;
        Ok(true)
    }

    /// Compares the next calls in the order of time; last those of which it is not known.
    fn compare_next(&mut self, progress: Progress) -> Result<bool> {
        let after = progress.scored_call.unwrap_or(0);
        let mut next = facts::after(progress.scored_to, after, MANY)?;
        match next.last() {
            Some(last) => sql::execute(
                "UPDATE chorus.match_progress SET scored_to = $1, scored_call = $2",
                &[
                    sql::time(facts::begins_at(&last.fact)),
                    sql::int8(last.fact.id),
                ],
            )?,
            None => {
                next = facts::without_time()?;
                sql::execute("DELETE FROM chorus.match_progress", &[])?
            }
        };
        let members: Vec<i64> = next.iter().map(|stored| stored.fact.id).collect();
        self.totals.calls += members.len() as i64;
        let wanted = Wanted {
            members,
            ..Wanted::default()
        };
        let near = Near::around(next)?;
        self.totals.add(compare_and_write(wanted, near)?)?;
        Ok(true)
    }
}

/// How far comparing all anew is.
#[derive(Deserialize)]
struct Progress {
    stage: String,
    made_to: Option<i64>,
    scored_to: Option<DateTime<Utc>>,
    scored_call: Option<i64>,
}

fn progress() -> Result<Option<Progress>> {
    sql::one_json("SELECT to_jsonb(p) FROM chorus.match_progress p", &[])
}

/// Whether so much is due that comparing everything anew is less work than looking whom it touches.
fn is_worth_all_anew() -> Result<bool> {
    if !due::more_than(MANY)? {
        return Ok(false);
    }
    let worth = sql::one(
        "SELECT (SELECT count(*) FROM chorus.match_due) * 4 > (SELECT count(*) FROM chorus.match_facts)",
        &[],
    )?;
    Ok(worth.unwrap_or(false))
}

/// From now on all is compared anew. Whatever marks stand for is committed, so that it will be seen; sketches are kept
/// until they are taken.
pub fn begin_all_anew() -> Result<()> {
    sql::execute(
        "INSERT INTO chorus.match_progress (stage) VALUES ('facts')
         ON CONFLICT (one) DO UPDATE SET stage = 'facts', made_to = NULL, scored_to = NULL, scored_call = NULL",
        &[],
    )?;
    due::take_plain()?;
    Ok(())
}

/// After calls were deleted: what they were compared by goes as well, and other calls of their meetings stand by themselves.
pub fn forget_gone(extension: u32) -> Result<()> {
    locks::hold_meetings(extension)?;
    let mut recognition = Recognition::default();
    while recognition.step()? {}
    Ok(())
}

/// Before the calls of a connection are deleted: they are due, and nobody's decision about them counts any more.
pub fn forget_connection(connection_id: i64) -> Result<()> {
    for forget in [
        "INSERT INTO chorus.match_due (call_id) SELECT call_id FROM chorus.calls WHERE connection_id = $1",
        "DELETE FROM chorus.match_decisions d USING chorus.calls c
          WHERE c.connection_id = $1 AND (d.call_a = c.call_id OR d.call_b = c.call_id)",
    ] {
        sql::execute(forget, &[sql::int8(connection_id)])?;
    }
    Ok(())
}
