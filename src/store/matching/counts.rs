//! In how many recordings each thing is, and whose score it changes when that crosses a power of two.

use crate::error::Result;
use crate::sql;
use crate::store::copy::copy_into;
use call_rows::{Rows, Target};
use meeting_match::Rarity;
use std::collections::HashMap;

static COUNTS: Target = Target {
    table: "match_counts",
    columns: &["thing", "count"],
};

/// Things whose count crossed a power of two.
#[derive(Debug, Default)]
pub struct Crossed {
    /// Became more common: says less than before, never more.
    pub up: Vec<i64>,
    pub down: Vec<i64>,
}

/// Adds to the counts.
pub fn add(changes: &HashMap<u64, i64>) -> Result<Crossed> {
    let mut changes: Vec<(i64, i64)> = changes
        .iter()
        .filter(|(_, by)| **by != 0)
        .map(|(thing, by)| (*thing as i64, *by))
        .collect();
    changes.sort_unstable();
    let mut crossed = Crossed::default();
    let mut none_left = Vec::new();
    if changes.is_empty() {
        return Ok(crossed);
    }
    let by: HashMap<i64, i64> = changes.iter().copied().collect();
    let (things, added): (Vec<i64>, Vec<i64>) = changes.into_iter().unzip();
    sql::each(
        "INSERT INTO chorus.match_counts AS c (thing, count) SELECT * FROM unnest($1, $2)
         ON CONFLICT (thing) DO UPDATE SET count = c.count + excluded.count
         RETURNING thing, count",
        &[sql::int8s(things), sql::int8s(added)],
        |row| {
            let (Some(thing), Some(now)) = (row.int8(0), row.int8(1)) else {
                return Ok(());
            };
            let before = now - by.get(&thing).copied().unwrap_or(0);
            match says(before).cmp(&says(now)) {
                std::cmp::Ordering::Less => crossed.up.push(thing),
                std::cmp::Ordering::Greater => crossed.down.push(thing),
                std::cmp::Ordering::Equal => {}
            }
            if now <= 0 {
                none_left.push(thing);
            }
            Ok(())
        },
    )?;
    if !none_left.is_empty() {
        sql::execute(
            "DELETE FROM chorus.match_counts WHERE thing = ANY ($1)",
            &[sql::int8s(none_left)],
        )?;
    }
    Ok(crossed)
}

/// Only the power of two counts; none and one are the same.
fn says(count: i64) -> u32 {
    count.max(1).ilog2()
}

/// Counts everything anew.
pub fn recount() -> Result<()> {
    sql::execute("DELETE FROM chorus.match_counts", &[])?;
    let mut counts: HashMap<i64, i64> = HashMap::new();
    let mut after = i64::MIN;
    loop {
        let mut last = None;
        sql::each(
            "SELECT call_id, things FROM chorus.match_facts WHERE call_id > $1 ORDER BY call_id LIMIT 50000",
            &[sql::int8(after)],
            |row| {
                last = row.int8(0);
                for thing in row.int8s(1) {
                    *counts.entry(thing).or_default() += 1;
                }
                Ok(())
            },
        )?;
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    let mut rows = Rows::new(&COUNTS);
    for (thing, count) in counts {
        rows.row().int8(thing).int8(count);
    }
    copy_into(&rows);
    Ok(())
}

/// Reads how rare these things are, as far as that is not known yet.
pub fn learn(rarity: &mut Rarity, mut things: Vec<u64>) -> Result<()> {
    things.retain(|thing| !rarity.knows(*thing));
    things.sort_unstable();
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
    if !things.is_empty() {
        sql::each(
            "SELECT call_id FROM chorus.match_facts WHERE things && $1",
            &[sql::int8s(things)],
            |row| {
                call_ids.extend(row.int8(0));
                Ok(())
            },
        )?;
    }
    Ok(call_ids)
}
