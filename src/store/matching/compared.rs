//! One step of comparing: some calls are compared with all that may be the same, and the meetings that this touches are
//! formed again. Pairs and meetings are written together.

use super::counts;
use super::facts;
use super::meetings::{Formed, Moved, Shown};
use super::pairs::{self, Both, Changes, Kept, both};
use crate::error::Result;
use crate::offload::with_signals_blocked;
use meeting_match::{
    Decisions, Fact, Pair, Person, Rarity, Stored, clusters, compare, counted, judge, keys, pair,
    reach_s, weights,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::{Duration, Instant};

/// What is to be compared.
#[derive(Default)]
pub struct Wanted {
    /// Calls to compare with all others.
    pub members: Vec<i64>,
    /// Calls that are gone.
    pub gone: Vec<i64>,
    /// Calls of which only the pairs that are stored are to be judged again.
    pub judged_again: Vec<i64>,
}

/// What came of it.
#[derive(Default)]
pub struct Came {
    pub pairs_scored: u64,
    pub matching: Duration,
    pub moved: Vec<Moved>,
    pub shown: Vec<Shown>,
    /// The meetings of the members.
    pub meetings: Vec<i64>,
    /// Calls that are gone.
    pub gone: Vec<i64>,
}

/// From so many members on two threads pay.
const WORTH_THREADS: usize = 4_000;

/// Everything in reach of the members.
#[derive(Default)]
pub struct Near {
    pub facts: Vec<Fact>,
    /// Source and id at the source of each.
    order: Vec<(String, String)>,
    place: FxHashMap<i64, usize>,
}

impl Near {
    /// Reads what lies within reach of any of these facts.
    pub fn of<'a>(facts_of: impl Iterator<Item = &'a Fact>) -> Result<Near> {
        let mut near = Near::default();
        for (from, to) in reach_of(facts_of) {
            facts::within(from, to, |stored| near.push(stored))?;
        }
        Ok(near)
    }

    /// These facts, which are all from the first of them to the last, and what else lies within their reach.
    pub fn around(known: Vec<Stored>) -> Result<Near> {
        let reach = reach_of(known.iter().map(|stored| &stored.fact));
        let mut begins = known.iter().map(|stored| stored.fact.begin);
        let (first, last) = (begins.clone().next(), begins.next_back());
        let mut near = Near::default();
        known.into_iter().for_each(|stored| near.push(stored));
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(near);
        };
        for (from, to) in reach {
            for (from, to) in [(from, to.min(first)), (from.max(last), to)] {
                if from <= to {
                    facts::within(from, to, |stored| near.push(stored))?;
                }
            }
        }
        Ok(near)
    }

    fn push(&mut self, stored: Stored) {
        if let Entry::Vacant(place) = self.place.entry(stored.fact.id) {
            place.insert(self.facts.len());
            self.facts.push(stored.fact);
            self.order.push((stored.source, stored.source_id));
        }
    }

    fn get(&self, call_id: i64) -> Option<&Fact> {
        Some(&self.facts[*self.place.get(&call_id)?])
    }

    fn pair(&self, both: &Both) -> Option<(&Fact, &Fact)> {
        Some((self.get(both.0)?, self.get(both.1)?))
    }

    /// Reads those of these calls that are not there yet.
    fn add(&mut self, call_ids: impl Iterator<Item = i64>) -> Result<()> {
        let mut missing: Vec<i64> = call_ids
            .filter(|call_id| !self.place.contains_key(call_id))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        if !missing.is_empty() {
            let found = facts::by_call(missing)?;
            found.into_values().for_each(|stored| self.push(stored));
        }
        Ok(())
    }
}

/// The stretches of time within reach of any of these facts.
fn reach_of<'a>(facts_of: impl Iterator<Item = &'a Fact>) -> Vec<(f64, f64)> {
    let mut stretches: Vec<(f64, f64)> = facts_of
        .filter(|fact| fact.begin.is_finite())
        .map(|fact| {
            let mut reach = 0;
            keys(fact, |key| reach = reach.max(reach_s(key.what)));
            // A second more, as keys are cut to whole ones.
            let reach = f64::from(reach) + 1.0;
            (fact.begin - reach, fact.begin + reach)
        })
        .collect();
    stretches.sort_by(|x, y| x.0.total_cmp(&y.0));
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for (from, to) in stretches {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// Things that these facts can have in common with others.
fn things_of<'a>(of: impl Iterator<Item = &'a Fact>, others: &[Fact]) -> Vec<u64> {
    let mut things = Vec::new();
    let mut names: FxHashSet<u32> = FxHashSet::default();
    for fact in of {
        things.extend(counted(fact));
        for person in &fact.people {
            names.extend([person.alias, person.called]);
        }
    }
    names.remove(&0);
    for fact in others {
        let may_be =
            |person: &&Person| names.contains(&person.alias) || names.contains(&person.called);
        things.extend(fact.people.iter().filter(may_be).map(|person| person.exact));
    }
    things
}

/// Compares, forms meetings, and writes what is different.
pub fn compare_and_write(wanted: Wanted, mut near: Near) -> Result<Came> {
    let mut came = Came::default();
    let members: FxHashSet<i64> = wanted.members.iter().copied().collect();
    let touched: Vec<i64> = members.iter().chain(&wanted.gone).copied().collect();
    let mut before = pairs::of(&touched)?;
    let decided = pairs::decisions(&touched)?;
    let is_touched: FxHashSet<i64> = touched.iter().copied().collect();
    let judged_again: HashMap<Both, Kept> = pairs::of(&wanted.judged_again)?
        .into_iter()
        .filter(|((a, b), _)| !is_touched.contains(a) && !is_touched.contains(b))
        .collect();
    let of_pairs = |(a, b): &Both| [*a, *b];
    let outside = decided.0.keys().chain(judged_again.keys());
    near.add(members.iter().copied().chain(outside.flat_map(of_pairs)))?;

    let mut rarity = Rarity::default();
    let looked_at = members.iter().copied();
    let looked_at = looked_at.chain(judged_again.keys().flat_map(of_pairs));
    let looked_at = looked_at.filter_map(|call_id| near.get(call_id));
    counts::learn(&mut rarity, things_of(looked_at, &near.facts))?;

    let flags: Vec<bool> = (near.facts.iter())
        .map(|fact| members.contains(&fact.id))
        .collect();
    let threads = if members.len() >= WORTH_THREADS { 2 } else { 1 };
    let began = Instant::now();
    let compared =
        with_signals_blocked(|| compare(&near.facts, Some(&flags), &rarity, &decided, threads));
    came.matching += began.elapsed();
    came.pairs_scored = compared.pairs_scored + judged_again.len() as u64;
    let mut now: HashMap<Both, f64> = HashMap::with_capacity(compared.pairs.len());
    for Pair { a, b, score } in compared.pairs {
        now.insert(
            both(near.facts[a as usize].id, near.facts[b as usize].id),
            score,
        );
    }
    for ids in judged_again.keys() {
        let facts = near.pair(ids);
        // What was decided about these is heeded when meetings are formed.
        let score = facts.and_then(|(a, b)| pair(a, b, &rarity, &Decisions::default()));
        now.extend(score.map(|score| (*ids, score)));
    }
    before.extend(judged_again);
    let reached = Reached::from(touched, &members, before, now)?;
    write(&members, reached, near, rarity, &mut came)?;
    came.moved
        .retain(|moved| !wanted.gone.contains(&moved.call_id));
    came.gone = wanted.gone;
    Ok(came)
}

/// All calls that a chain of pairs leads to, and the pairs.
struct Reached {
    calls: Vec<i64>,
    /// As they are stored.
    before: HashMap<Both, Kept>,
    /// As they are: the same, doubtful, or decided to be the same.
    now: HashMap<Both, f64>,
    /// Pairs of these that were not compared now.
    as_stored: Vec<Both>,
    decisions: Decisions,
}

impl Reached {
    /// Pairs of calls that were not compared are as they are stored.
    fn from(
        touched: Vec<i64>,
        members: &FxHashSet<i64>,
        mut before: HashMap<Both, Kept>,
        mut now: HashMap<Both, f64>,
    ) -> Result<Reached> {
        let mut calls: FxHashSet<i64> = touched.into_iter().collect();
        for (a, b) in before.keys().chain(now.keys()) {
            calls.extend([*a, *b]);
        }
        let mut decisions = Decisions::default();
        let mut as_stored = Vec::new();
        let mut frontier: Vec<i64> = calls.iter().copied().collect();
        while !frontier.is_empty() {
            let mut next = Vec::new();
            let found = pairs::decisions(&frontier)?;
            let decided_same = found.0.iter().filter(|(_, same)| **same);
            let decided_same = decided_same.map(|(ids, _)| *ids);
            let mut edges: Vec<Both> = decided_same.collect();
            decisions.0.extend(found.0);
            // All pairs of members are known.
            frontier.retain(|call_id| !members.contains(call_id));
            for (ids, kept) in pairs::of(&frontier)? {
                if before.contains_key(&ids) || now.contains_key(&ids) {
                    continue;
                }
                before.insert(ids, kept);
                if kept.score >= weights::POSSIBLE {
                    now.insert(ids, kept.score);
                    as_stored.push(ids);
                }
                if kept.same || kept.score >= weights::SAME {
                    edges.push(ids);
                }
            }
            for call_id in edges.iter().flat_map(|(a, b)| [*a, *b]) {
                if calls.insert(call_id) {
                    next.push(call_id);
                }
            }
            frontier = next;
        }
        for (ids, same) in &decisions.0 {
            match same {
                true => now.insert(*ids, f64::INFINITY),
                false => now.remove(ids),
            };
        }
        Ok(Reached {
            calls: calls.into_iter().collect(),
            before,
            now,
            as_stored,
            decisions,
        })
    }

    /// Pairs of one meeting are stored as the same also where something would forbid them, but for what others tell.
    /// They do not tell it themselves.
    fn leave_out_forbidden(&mut self, near: &Near, rarity: &Rarity) {
        for ids in self.as_stored.drain(..) {
            let facts = near.pair(&ids);
            let forbidden = facts.is_some_and(|(a, b)| judge(a, b, rarity).1.is_some());
            if forbidden && self.decisions.about(ids.0, ids.1).is_none() {
                self.now.remove(&ids);
            }
        }
    }

    /// Who is joined with whom, if nothing speaks against it.
    fn partners(&self) -> FxHashMap<i64, Vec<i64>> {
        let mut partners: FxHashMap<i64, Vec<i64>> = FxHashMap::default();
        let same = self
            .now
            .iter()
            .filter(|(_, score)| **score >= weights::SAME);
        for ((a, b), _) in same {
            partners.entry(*a).or_default().push(*b);
            partners.entry(*b).or_default().push(*a);
        }
        partners
    }
}

/// Forms the meetings of all that is reached, and writes them and the pairs.
fn write(
    members: &FxHashSet<i64>,
    mut reached: Reached,
    mut near: Near,
    mut rarity: Rarity,
    came: &mut Came,
) -> Result<()> {
    let involved: FxHashSet<i64> = reached.now.keys().flat_map(|(a, b)| [*a, *b]).collect();
    near.add(involved.iter().copied())?;
    let facts = involved.iter().filter_map(|call_id| near.get(*call_id));
    counts::learn(&mut rarity, facts.flat_map(counted).collect())?;
    reached.leave_out_forbidden(&near, &rarity);
    let partners = reached.partners();
    let mut formed = Formed::default();
    let mut seen: FxHashSet<i64> = FxHashSet::default();
    let began = Instant::now();
    for call_id in &reached.calls {
        pgrx::check_for_interrupts!();
        if !partners.contains_key(call_id) {
            formed.alone.push(*call_id);
        } else if !seen.contains(call_id) {
            let chain = chain_of(*call_id, &partners, &mut seen);
            for group in groups_of(&chain, &partners, &reached, &near, &rarity) {
                match group.as_slice() {
                    [only] => formed.alone.push(*only),
                    _ => formed.together.push(group),
                }
            }
        }
    }
    came.matching += began.elapsed();
    let mut meeting_of: FxHashMap<i64, i64> = FxHashMap::default();
    for group in &formed.together {
        let meeting_id = group.iter().min().copied().unwrap_or_default();
        meeting_of.extend(group.iter().map(|call_id| (*call_id, meeting_id)));
    }
    let meeting_of = |call_id: &i64| meeting_of.get(call_id).copied().unwrap_or(*call_id);
    let are_joined = |(a, b): &Both| meeting_of(a) == meeting_of(b);
    write_pairs(&reached, &formed.together, are_joined, &near, &rarity)?;
    came.meetings = members.iter().map(meeting_of).collect();
    (came.moved, came.shown) = formed.write()?;
    Ok(())
}

fn chain_of(from: i64, partners: &FxHashMap<i64, Vec<i64>>, seen: &mut FxHashSet<i64>) -> Vec<i64> {
    let mut chain = vec![from];
    seen.insert(from);
    let mut n = 0;
    while n < chain.len() {
        for other in &partners[&chain[n]] {
            if seen.insert(*other) {
                chain.push(*other);
            }
        }
        n += 1;
    }
    chain
}

/// The meetings among calls that a chain of pairs connects.
fn groups_of(
    chain: &[i64],
    partners: &FxHashMap<i64, Vec<i64>>,
    reached: &Reached,
    near: &Near,
    rarity: &Rarity,
) -> Vec<Vec<i64>> {
    let mut places: Vec<usize> = chain
        .iter()
        .filter_map(|call_id| near.place.get(call_id).copied())
        .collect();
    places.sort_by(|a, b| near.order[*a].cmp(&near.order[*b]));
    let facts: Vec<&Fact> = places.iter().map(|place| &near.facts[*place]).collect();
    let place: FxHashMap<i64, u32> = (0..).zip(&facts).map(|(n, fact)| (fact.id, n)).collect();
    let mut between = Vec::new();
    for (x, fact) in (0..).zip(&facts) {
        for other in &partners[&fact.id] {
            if let Some(y) = place.get(other).copied().filter(|y| *y > x) {
                let score = reached.now[&both(fact.id, *other)];
                between.push(Pair { a: x, b: y, score });
            }
        }
    }
    let meeting = clusters(&facts, &between, rarity, &reached.decisions);
    let mut groups: FxHashMap<u32, Vec<i64>> = FxHashMap::default();
    for (fact, first) in facts.iter().zip(meeting) {
        groups.entry(first).or_default().push(fact.id);
    }
    // Whoever has no facts is gone, whatever was decided about it.
    let gone = chain.iter().filter(|call_id| near.get(**call_id).is_none());
    groups
        .into_values()
        .chain(gone.map(|call_id| vec![*call_id]))
        .collect()
}

/// Stores the pairs that are the same or doubtful, and whatever else is in one meeting.
fn write_pairs(
    reached: &Reached,
    groups: &[Vec<i64>],
    are_joined: impl Fn(&Both) -> bool,
    near: &Near,
    rarity: &Rarity,
) -> Result<()> {
    /// Beyond that the pairs of a meeting are not worth their number.
    const LARGEST: usize = 32;
    let Reached { before, now, .. } = reached;
    let mut joined: FxHashSet<Both> = FxHashSet::default();
    for group in groups.iter().filter(|group| group.len() <= LARGEST) {
        for (n, a) in group.iter().enumerate() {
            joined.extend(group[n + 1..].iter().map(|b| both(*a, *b)));
        }
    }
    let mut changes = Changes::default();
    let is_kept = |ids: &Both| now.contains_key(ids) || joined.contains(ids);
    for ids in before.keys().filter(|ids| !is_kept(ids)) {
        changes.remove(*ids);
    }
    let implied = joined.iter().filter(|ids| !now.contains_key(ids));
    let mut stored: Vec<&Both> = now.keys().chain(implied).collect();
    stored.sort_unstable();
    for ids in stored {
        pgrx::check_for_interrupts!();
        let Some(facts) = near.pair(ids) else {
            continue;
        };
        let decided = reached.decisions.about(ids.0, ids.1) == Some(true);
        changes.store(facts, rarity, before.get(ids), are_joined(ids), decided);
    }
    changes.write()
}
