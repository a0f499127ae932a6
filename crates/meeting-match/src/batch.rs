//! All recordings at once, in memory: who may be the same, how sure that is, and which meetings come of it.

use crate::clusters::{Decisions, Pair, clusters, judge};
use crate::facts::Fact;
use crate::keys::{MOST_TO_ONE_KEY, keys};
use crate::rarity::Rarity;
use crate::weights;
use std::collections::HashMap;

/// What recognising came to.
#[derive(Debug, Default)]
pub struct Matched {
    /// For each recording, in the order given, the place of the first recording of its meeting.
    pub meeting: Vec<u32>,
    /// Pairs that are the same or doubtful, by place.
    pub pairs: Vec<Pair>,
    pub pairs_scored: u64,
}

/// Recognises meetings. `facts` must lie in the order that decides ties: by source, then by id at the source.
pub fn match_all(facts: &[Fact], rarity: &Rarity, decisions: &Decisions) -> Matched {
    let mut pairs = Vec::new();
    let mut pairs_scored = 0;
    let mut compare = |a: u32, b: u32| {
        let score = pair(&facts[a as usize], &facts[b as usize], rarity, decisions);
        pairs.extend(score.map(|score| Pair { a, b, score }));
        pairs_scored += 1;
    };
    candidates(facts, |found| {
        for (a, b) in found {
            compare(*a, *b);
        }
    });
    // What people decided needs no key.
    for (a, b) in decided(facts, decisions) {
        compare(a, b);
    }
    pairs.sort_unstable_by_key(|pair| (pair.a, pair.b));
    pairs.dedup_by_key(|pair| (pair.a, pair.b));
    let by_place: Vec<&Fact> = facts.iter().collect();
    Matched {
        meeting: clusters(&by_place, &pairs, rarity, decisions),
        pairs,
        pairs_scored,
    }
}

/// The score of a pair, if it is the same or doubtful.
pub(crate) fn pair(a: &Fact, b: &Fact, rarity: &Rarity, decisions: &Decisions) -> Option<f64> {
    let score = match decisions.about(a.id, b.id) {
        Some(true) => f64::INFINITY,
        Some(false) => return None,
        None => match judge(a, b, rarity) {
            (_, Some(_)) => return None,
            (score, None) => score,
        },
    };
    (score >= weights::POSSIBLE).then_some(score)
}

fn decided(facts: &[Fact], decisions: &Decisions) -> Vec<(u32, u32)> {
    if decisions.0.is_empty() {
        return Vec::new();
    }
    let places: HashMap<i64, u32> = facts
        .iter()
        .enumerate()
        .map(|(place, fact)| (fact.id, place as u32))
        .collect();
    let both = |(a, b): &(i64, i64)| Some((*places.get(a)?, *places.get(b)?));
    decisions
        .0
        .keys()
        .filter_map(both)
        .map(|(a, b)| (a.min(b), a.max(b)))
        .collect()
}

/// A key of a recording, small.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    what: u64,
    at_s: u32,
    place: u32,
    reach_s: u32,
}

/// The stretch that is searched at once. No key reaches further.
const STRETCH_S: i64 = 86_400;

/// Hands out pairs of places with a key in common, the smaller first, some at a time; each pair once, as those of which
/// the later one is in one stretch of time are found together.
pub fn candidates(facts: &[Fact], mut found: impl FnMut(&[(u32, u32)])) {
    let mut by_time: Vec<(i64, u32)> = facts
        .iter()
        .enumerate()
        .filter(|(_, fact)| !fact.begin.is_nan())
        .map(|(place, fact)| (fact.begin as i64, place as u32))
        .collect();
    by_time.sort_unstable();
    let Some((first_s, _)) = by_time.first().copied() else {
        return;
    };
    let (mut before, mut stretch) = (Vec::<Entry>::new(), Vec::<Entry>::new());
    let mut before_began = i64::MIN;
    let mut pairs = Vec::new();
    for recordings in
        by_time.chunk_by(|(x, _), (y, _)| (x - first_s) / STRETCH_S == (y - first_s) / STRETCH_S)
    {
        let begins_s = (recordings[0].0 - first_s) / STRETCH_S * STRETCH_S;
        if before_began != begins_s - STRETCH_S {
            before.clear();
        }
        stretch.clear();
        for (_, place) in recordings {
            keys(&facts[*place as usize], |key| {
                stretch.push(Entry {
                    what: key.what,
                    at_s: (key.at_s - first_s) as u32,
                    place: *place,
                    reach_s: key.reach_s,
                });
            });
        }
        stretch.sort_unstable();
        stretch.dedup();
        pairs.clear();
        join(&before, &stretch, &mut pairs);
        pairs.sort_unstable();
        pairs.dedup();
        found(&pairs);
        std::mem::swap(&mut before, &mut stretch);
        before_began = begins_s;
    }
}

/// Pairs within a stretch, and between it and the one before; both are sorted.
fn join(before: &[Entry], stretch: &[Entry], pairs: &mut Vec<(u32, u32)>) {
    let mut from = 0;
    for block in stretch.chunk_by(|x, y| x.what == y.what) {
        let what = block[0].what;
        from += before[from..].partition_point(|entry| entry.what < what);
        let earlier = &before[from..];
        let earlier = &earlier[..earlier.partition_point(|entry| entry.what == what)];
        for (n, entry) in block.iter().enumerate() {
            let begins = entry.at_s.saturating_sub(entry.reach_s);
            let near = |other: &Entry| other.at_s >= begins;
            let earlier = &earlier[earlier.partition_point(|other| !near(other))..];
            let same = &block[block[..n].partition_point(|other| !near(other))..n];
            // Those that begin in the same second count for each of them.
            let at_once = block[n..]
                .iter()
                .take_while(|other| other.at_s == entry.at_s)
                .count();
            if earlier.len() + same.len() + at_once > MOST_TO_ONE_KEY {
                continue;
            }
            let others = earlier
                .iter()
                .chain(same)
                .filter(|other| other.place != entry.place);
            pairs.extend(
                others.map(|other| (other.place.min(entry.place), other.place.max(entry.place))),
            );
        }
    }
}
