//! In how many recordings each thing is, and whose score it changes when that crosses a power of two.
//!
//! Beside the number stands which recordings these are, while they are few: nearly all whose number crosses a power of two
//! are. Of what is in many, all facts are looked through; that comes once in hundreds of recordings.

use super::facts;
use super::remake::Remade;
use crate::error::Result;
use crate::sql;
use crate::store::copy::copy_into;
use call_rows::{Rows, Target};
use meeting_match::{Rarity, Stored, counted};
use rustc_hash::{FxHashMap, FxHashSet};

static COUNTS: Target = Target {
    table: "match_counts",
    columns: &["thing", "count", "calls"],
};

/// Up to so many recordings of a thing are listed.
const LISTED: usize = 255;
/// So many recordings at a time, by a share of their things, are counted anew.
const COUNTED_AT_ONCE: i64 = 2_000_000;
/// Rows are written when they are so many bytes.
const WRITTEN_AT_ONCE: usize = 8 << 20;

/// Things whose count crossed a power of two.
#[derive(Debug, Default)]
pub struct Crossed {
    /// Became more common: says less than before, never more.
    pub up: Vec<i64>,
    pub down: Vec<i64>,
}

/// How a count changes.
#[derive(Default)]
struct Change {
    by: i64,
    came: Vec<i64>,
    went: Vec<i64>,
}

/// What is stored of a thing.
#[derive(Default)]
struct Count {
    count: i64,
    calls: Option<Vec<i64>>,
}

impl Count {
    fn change(&mut self, change: Change) {
        self.count += change.by;
        if let Some(calls) = &mut self.calls {
            calls.retain(|call_id| !change.went.contains(call_id));
            calls.extend(change.came);
        }
        if self.count > LISTED as i64 {
            self.calls = None;
        }
    }

    /// As PostgreSQL writes arrays.
    fn listed(&self) -> Option<String> {
        let calls = self.calls.as_ref()?;
        let numbers: Vec<String> = calls.iter().map(i64::to_string).collect();
        Some(format!("{{{}}}", numbers.join(",")))
    }
}

/// Counts what is different of these calls. Only one who holds the lock of meetings may.
pub fn add(remade: &[Remade]) -> Result<Crossed> {
    let mut changes = changes(remade);
    let mut crossed = Crossed::default();
    if changes.is_empty() {
        return Ok(crossed);
    }
    let mut stored: FxHashMap<i64, Count> = FxHashMap::default();
    let mut things: Vec<i64> = changes.keys().copied().collect();
    things.sort_unstable();
    sql::each(
        "SELECT thing, count, calls FROM chorus.match_counts WHERE thing = ANY ($1)",
        &[sql::int8s(things.clone())],
        |row| {
            if let (Some(thing), Some(count)) = (row.int8(0), row.int8(1)) {
                let calls = (!row.is_null(2)).then(|| row.int8s(2));
                stored.insert(thing, Count { count, calls });
            }
            Ok(())
        },
    )?;
    let mut none_left = Vec::new();
    let (mut written, mut counts, mut calls) = (Vec::new(), Vec::new(), Vec::new());
    for thing in things {
        let (Some(change), known) = (changes.remove(&thing), stored.remove(&thing)) else {
            continue;
        };
        let mut count = known.unwrap_or_else(|| Count {
            count: 0,
            calls: Some(Vec::new()),
        });
        let before = count.count;
        count.change(change);
        match says(before).cmp(&says(count.count)) {
            std::cmp::Ordering::Less => crossed.up.push(thing),
            std::cmp::Ordering::Greater => crossed.down.push(thing),
            std::cmp::Ordering::Equal => {}
        }
        if count.count <= 0 {
            none_left.push(thing);
        } else {
            written.push(thing);
            counts.push(count.count);
            calls.push(count.listed());
        }
    }
    if !written.is_empty() {
        sql::execute(
            "INSERT INTO chorus.match_counts (thing, count, calls)
             SELECT n.thing, n.count, n.calls::bigint[] FROM unnest($1, $2, $3) AS n(thing, count, calls)
             ON CONFLICT (thing) DO UPDATE SET count = excluded.count, calls = excluded.calls",
            &[
                sql::int8s(written),
                sql::int8s(counts),
                sql::texts_or_nulls(calls),
            ],
        )?;
    }
    if !none_left.is_empty() {
        sql::execute(
            "DELETE FROM chorus.match_counts WHERE thing = ANY ($1)",
            &[sql::int8s(none_left)],
        )?;
    }
    Ok(crossed)
}

fn changes(remade: &[Remade]) -> FxHashMap<i64, Change> {
    let mut changes: FxHashMap<i64, Change> = FxHashMap::default();
    for one in remade.iter().filter(|one| one.has_changed) {
        let things = |stored: &Option<Stored>| -> Vec<u64> {
            stored.iter().flat_map(|one| counted(&one.fact)).collect()
        };
        let (before, now) = (things(&one.before), things(&one.now));
        for thing in before.iter().filter(|thing| !now.contains(thing)) {
            let change = changes.entry(*thing as i64).or_default();
            change.by -= 1;
            change.went.push(one.call_id);
        }
        for thing in now.iter().filter(|thing| !before.contains(thing)) {
            let change = changes.entry(*thing as i64).or_default();
            change.by += 1;
            change.came.push(one.call_id);
        }
    }
    changes
}

/// Only the power of two counts; none and one are the same.
fn says(count: i64) -> u32 {
    count.max(1).ilog2()
}

/// Counts everything anew.
pub fn recount() -> Result<()> {
    sql::execute("DELETE FROM chorus.match_counts", &[])?;
    let facts = sql::one::<i64>("SELECT count(*) FROM chorus.match_facts", &[])?;
    let shares = 1 + (facts.unwrap_or(0) / COUNTED_AT_ONCE) as u64;
    for share in 0..shares {
        let mut counts: FxHashMap<u64, (i64, Vec<i64>)> = FxHashMap::default();
        facts::every(|fact| {
            for thing in counted(fact).filter(|thing| thing % shares == share) {
                let (count, calls) = counts.entry(thing).or_default();
                *count += 1;
                if calls.len() <= LISTED {
                    calls.push(fact.id);
                }
            }
        })?;
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_unstable_by_key(|(thing, _)| *thing as i64);
        let mut rows = Rows::new(&COUNTS);
        for (thing, (count, calls)) in counts {
            {
                let mut row = rows.row();
                row.int8(thing as i64).int8(count);
                match calls.len() <= LISTED {
                    true => row.int8s(&calls),
                    false => row.null(),
                };
            }
            if rows.body().len() >= WRITTEN_AT_ONCE {
                copy_into(&rows);
                rows = Rows::new(&COUNTS);
            }
        }
        copy_into(&rows);
    }
    Ok(())
}

/// Reads how rare these things are, as far as that is not known yet.
pub fn learn(rarity: &mut Rarity, mut things: Vec<u64>) -> Result<()> {
    things.retain(|thing| !rarity.knows(*thing));
    things.sort_unstable_by_key(|thing| *thing as i64);
    things.dedup();
    if things.is_empty() {
        return Ok(());
    }
    for thing in &things {
        rarity.know(*thing, 1);
    }
    sql::each(
        "SELECT thing, count FROM chorus.match_counts WHERE thing = ANY ($1)",
        &[sql::int8s(
            things.iter().map(|thing| *thing as i64).collect(),
        )],
        |row| {
            if let (Some(thing), Some(count)) = (row.int8(0), row.int8(1)) {
                rarity.know(thing as u64, count.clamp(1, u32::MAX.into()) as u32);
            }
            Ok(())
        },
    )
}

/// Calls that have one of these things.
pub fn who_have(things: Vec<i64>) -> Result<Vec<i64>> {
    let mut call_ids = Vec::new();
    let mut of_many: FxHashSet<u64> = FxHashSet::default();
    if !things.is_empty() {
        sql::each(
            "SELECT thing, calls FROM chorus.match_counts WHERE thing = ANY ($1)",
            &[sql::int8s(things)],
            |row| {
                match row.is_null(1) {
                    false => call_ids.extend(row.int8s(1)),
                    true => of_many.extend(row.int8(0).map(|thing| thing as u64)),
                }
                Ok(())
            },
        )?;
    }
    if !of_many.is_empty() {
        facts::every(|fact| {
            if counted(fact).any(|thing| of_many.contains(&thing)) {
                call_ids.push(fact.id);
            }
        })?;
    }
    call_ids.sort_unstable();
    call_ids.dedup();
    Ok(call_ids)
}
