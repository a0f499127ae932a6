//! Which recordings are compared when all are at hand: a day at a time with the day before, so that little is held at once.

use crate::facts::Fact;
use crate::keys::{Key, MOST_TO_ONE_KEY, keys, reach_s};
use rustc_hash::FxHashSet;
use std::ops::Range;

/// A key of a recording in one number, so that sorting is quick: what, when, whose.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry(u128);

impl Entry {
    /// Seconds since the first recording fit into four bytes.
    fn new(key: Key, first_s: i64, place: u32) -> Entry {
        let at_s = (key.at_s - first_s) as u32;
        Entry(u128::from(key.what) << 64 | u128::from(at_s) << 32 | u128::from(place))
    }

    fn what(self) -> u64 {
        (self.0 >> 64) as u64
    }

    fn at_s(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn place(self) -> u32 {
        self.0 as u32
    }
}

/// The stretch that is searched at once. No key reaches further.
const STRETCH_S: i64 = 86_400;

/// When a recording was, in seconds since 1970, and its place.
pub(crate) type When = (i64, u32);

/// Recordings in the order of time; those of which it is not known have no keys and are left out.
pub(crate) fn by_time(facts: &[Fact]) -> Vec<When> {
    let known = (0..).zip(facts).filter(|(_, fact)| !fact.begin.is_nan());
    let mut by_time: Vec<When> = known
        .map(|(place, fact)| (fact.begin as i64, place))
        .collect();
    by_time.sort_unstable();
    by_time
}

fn stretch_of(by_time: &[When], n: usize) -> i64 {
    (by_time[n].0 - by_time[0].0) / STRETCH_S
}

/// Where the stretch begins that the n-th recording is in.
pub(crate) fn stretch_begin(by_time: &[When], n: usize) -> usize {
    if n >= by_time.len() {
        return by_time.len();
    }
    let stretch = stretch_of(by_time, n);
    let earlier = |when: &When| (when.0 - by_time[0].0) / STRETCH_S < stretch;
    by_time.partition_point(earlier)
}

/// The recordings whose pairs are asked for.
pub(crate) struct Members<'a> {
    /// By place.
    is: &'a [bool],
    /// What they have; None: too much to be worth sieving.
    whats: Option<FxHashSet<u64>>,
}

/// Sieving costs a look per key, sorting some more.
const FEW: usize = 2_000;

impl<'a> Members<'a> {
    pub fn of(facts: &[Fact], is: &'a [bool]) -> Members<'a> {
        let few = is.iter().filter(|is| **is).count() <= FEW;
        let whats = few.then(|| {
            let mut whats = FxHashSet::default();
            let members = facts.iter().zip(is).filter(|(_, is)| **is);
            members.for_each(|(fact, _)| {
                keys(fact, |key| {
                    whats.insert(key.what);
                })
            });
            whats
        });
        Members { is, whats }
    }

    fn may_have(&self, what: u64) -> bool {
        self.whats
            .as_ref()
            .is_none_or(|whats| whats.contains(&what))
    }

    fn is_of(&self, pair: &(u32, u32)) -> bool {
        self.is[pair.0 as usize] || self.is[pair.1 as usize]
    }
}

/// Hands out pairs of places with a key in common, the smaller first, some at a time, and each pair once: those of which
/// the later one is in one stretch of time come together. `range` says which recordings are the later ones; it must not
/// cut a stretch. With `members` only pairs that one of them is in.
pub(crate) fn candidates(
    facts: &[Fact],
    by_time: &[When],
    range: Range<usize>,
    members: Option<&Members>,
    mut found: impl FnMut(&[(u32, u32)]),
) {
    let Some((first_s, _)) = by_time.first().copied() else {
        return;
    };
    let fill = |entries: &mut Vec<Entry>, recordings: &[When]| {
        entries.clear();
        for (_, place) in recordings {
            let fact = &facts[*place as usize];
            keys(fact, |key| {
                if members.is_none_or(|members| members.may_have(key.what)) {
                    entries.push(Entry::new(key, first_s, *place));
                }
            });
        }
        entries.sort_unstable();
        entries.dedup();
    };
    let (mut before, mut entries, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
    // Of which stretch `before` is.
    let mut filled = None;
    let mut n = range.start;
    while n < range.end {
        let stretch = stretch_of(by_time, n);
        let length = by_time[n..].partition_point(|when| (when.0 - first_s) / STRETCH_S == stretch);
        if filled != Some(stretch - 1) {
            let begin = stretch_begin(by_time, n.saturating_sub(1)).min(n);
            let adjoins = n > 0 && stretch_of(by_time, begin) == stretch - 1;
            fill(&mut before, if adjoins { &by_time[begin..n] } else { &[] });
        }
        fill(&mut entries, &by_time[n..n + length]);
        pairs.clear();
        join(&before, &entries, &mut pairs);
        pairs.sort_unstable();
        pairs.dedup();
        if let Some(members) = members {
            pairs.retain(|pair| members.is_of(pair));
        }
        found(&pairs);
        std::mem::swap(&mut before, &mut entries);
        filled = Some(stretch);
        n += length;
    }
}

/// All pairs of recordings with a key in common, the smaller place first.
pub fn all_candidates(facts: &[Fact], found: impl FnMut(&[(u32, u32)])) {
    let by_time = by_time(facts);
    candidates(facts, &by_time, 0..by_time.len(), None, found);
}

/// Pairs within a stretch, and between it and the one before; both are sorted.
fn join(before: &[Entry], stretch: &[Entry], pairs: &mut Vec<(u32, u32)>) {
    let mut from = 0;
    for block in stretch.chunk_by(|x, y| x.what() == y.what()) {
        let what = block[0].what();
        let reach_s = reach_s(what);
        from += before[from..].partition_point(|entry| entry.what() < what);
        let earlier = &before[from..];
        let earlier = &earlier[..earlier.partition_point(|entry| entry.what() == what)];
        for (n, entry) in block.iter().enumerate() {
            let begins = entry.at_s().saturating_sub(reach_s);
            let too_early = |other: &Entry| other.at_s() < begins;
            let earlier = &earlier[earlier.partition_point(too_early)..];
            let same = &block[block[..n].partition_point(too_early)..n];
            // Those that begin in the same second count for each of them.
            let at_once = block[n..]
                .iter()
                .take_while(|other| other.at_s() == entry.at_s())
                .count();
            if earlier.len() + same.len() + at_once > MOST_TO_ONE_KEY {
                continue;
            }
            let b = entry.place();
            let others = earlier.iter().chain(same).map(|other| other.place());
            pairs.extend(others.map(|a| (a.min(b), a.max(b))));
        }
    }
}
