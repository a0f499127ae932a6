//! All recordings at once, in memory: who may be the same, how sure that is, and which meetings come of it.

use crate::candidates::{Members, by_time, candidates, stretch_begin};
use crate::clusters::{Decisions, Pair, clusters, judge};
use crate::facts::Fact;
use crate::findings::Findings;
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

/// Recognises meetings, with so many threads, which does not change the result. `facts` must lie in the order that decides
/// ties: by source, then by id at the source.
pub fn match_all(
    facts: &[Fact],
    rarity: &Rarity,
    decisions: &Decisions,
    threads: usize,
) -> Matched {
    let Compared {
        pairs,
        pairs_scored,
    } = compare(facts, None, rarity, decisions, threads);
    let by_place: Vec<&Fact> = facts.iter().collect();
    Matched {
        meeting: clusters(&by_place, &pairs, rarity, decisions),
        pairs,
        pairs_scored,
    }
}

/// What comparing came to.
#[derive(Debug, Default)]
pub struct Compared {
    /// Pairs that are the same or doubtful, by place, in that order.
    pub pairs: Vec<Pair>,
    pub pairs_scored: u64,
}

/// Compares recordings that may be the same, with so many threads; with `members`, which says so for each place, only pairs
/// that one of them is in. `facts` must hold whatever is within a day of a member.
pub fn compare(
    facts: &[Fact],
    members: Option<&[bool]>,
    rarity: &Rarity,
    decisions: &Decisions,
    threads: usize,
) -> Compared {
    let by_time = by_time(facts);
    let sieve = members.map(|members| Members::of(facts, members));
    // Cut between days, so that no two threads find one pair.
    let cuts: Vec<usize> = (0..=threads.max(1))
        .map(|n| stretch_begin(&by_time, by_time.len() * n / threads.max(1)))
        .collect();
    let compare = |from: usize, to: usize| {
        let (mut pairs, mut scored) = (Vec::new(), 0);
        candidates(facts, &by_time, from..to, sieve.as_ref(), |found| {
            scored += found.len() as u64;
            pairs.extend(found.iter().filter_map(|(a, b)| {
                let score = pair(&facts[*a as usize], &facts[*b as usize], rarity, decisions)?;
                Some(Pair {
                    a: *a,
                    b: *b,
                    score,
                })
            }));
        });
        (pairs, scored)
    };
    let compare = &compare;
    let found: Vec<(Vec<Pair>, u64)> = std::thread::scope(|scope| {
        let rest = cuts.windows(2).skip(1);
        let rest: Vec<_> = rest
            .map(|cut| scope.spawn(move || compare(cut[0], cut[1])))
            .collect();
        let first = compare(cuts[0], cuts[1]);
        let rest = rest.into_iter().map(|thread| match thread.join() {
            Ok(found) => found,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(first).chain(rest).collect()
    });
    let mut pairs_scored = found.iter().map(|(_, scored)| scored).sum();
    let mut pairs: Vec<Pair> = found.into_iter().flat_map(|(pairs, _)| pairs).collect();
    // What people decided needs no key.
    let is_member = |place: u32| members.is_none_or(|members| members[place as usize]);
    for (a, b) in decided(facts, decisions) {
        if is_member(a) || is_member(b) {
            let score = pair(&facts[a as usize], &facts[b as usize], rarity, decisions);
            pairs.extend(score.map(|score| Pair { a, b, score }));
            pairs_scored += 1;
        }
    }
    pairs.sort_unstable_by_key(|pair| (pair.a, pair.b));
    pairs.dedup_by_key(|pair| (pair.a, pair.b));
    Compared {
        pairs,
        pairs_scored,
    }
}

/// The score of a pair, if it is the same or doubtful.
pub fn pair(a: &Fact, b: &Fact, rarity: &Rarity, decisions: &Decisions) -> Option<f64> {
    let score = match decisions.about(a.id, b.id) {
        Some(true) => f64::INFINITY,
        Some(false) => return None,
        None if Findings::are_far_apart(a, b) => return None,
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
