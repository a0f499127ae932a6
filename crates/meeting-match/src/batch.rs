//! All recordings at once, in memory: who may be the same, how sure that is, and which meetings come of it.

use crate::clusters::{Decisions, Pair, clusters, judge};
use crate::facts::{Fact, Rarity};
use crate::keys::{MOST_TO_ONE_KEY, keys};
use crate::weights;

/// What recognising came to.
#[derive(Debug, Default)]
pub struct Matched {
    /// For each recording, in the order given, the place of the first recording of its meeting.
    pub meeting: Vec<u32>,
    /// Pairs that are the same or doubtful.
    pub pairs: Vec<Pair>,
    pub pairs_scored: u64,
}

/// Recognises meetings. `facts` must lie in the order that decides ties: by source, then by id at the source.
pub fn match_all(facts: &[Fact], rarity: &Rarity, decisions: &Decisions) -> Matched {
    let candidates = candidates(facts, rarity, decisions);
    let mut pairs = Vec::new();
    for &(a, b) in &candidates {
        let (fact_a, fact_b) = (&facts[a as usize], &facts[b as usize]);
        let decided = decisions.about(fact_a.id, fact_b.id);
        let (score, veto) = judge(fact_a, fact_b, rarity);
        let score = match decided {
            Some(true) => f64::INFINITY,
            Some(false) => continue,
            None if veto.is_some() => continue,
            None => score,
        };
        if score >= weights::POSSIBLE {
            pairs.push(Pair { a, b, score });
        }
    }
    Matched {
        meeting: clusters(facts, &pairs, rarity, decisions),
        pairs,
        pairs_scored: candidates.len() as u64,
    }
}

/// Pairs with a key in common, or a decision, each once and the smaller place first.
fn candidates(facts: &[Fact], rarity: &Rarity, decisions: &Decisions) -> Vec<(u32, u32)> {
    let mut by_key: Vec<(u64, u32)> = Vec::with_capacity(facts.len() * 24);
    for (place, fact) in facts.iter().enumerate() {
        by_key.extend(
            keys(fact, rarity)
                .into_iter()
                .map(|key| (key, place as u32)),
        );
    }
    by_key.sort_unstable();
    let mut pairs: Vec<u64> = Vec::new();
    for block in by_key.chunk_by(|(x, _), (y, _)| x == y) {
        if block.len() > MOST_TO_ONE_KEY {
            continue;
        }
        for (n, (_, a)) in block.iter().enumerate() {
            for (_, b) in &block[n + 1..] {
                pairs.push(u64::from(*a) << 32 | u64::from(*b));
            }
        }
    }
    drop(by_key);
    if !decisions.0.is_empty() {
        let places: std::collections::HashMap<i64, u32> = facts
            .iter()
            .enumerate()
            .map(|(place, fact)| (fact.id, place as u32))
            .collect();
        for (a, b) in decisions.0.keys() {
            if let (Some(a), Some(b)) = (places.get(a), places.get(b)) {
                pairs.push(u64::from(*a.min(b)) << 32 | u64::from(*a.max(b)));
            }
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
        .into_iter()
        .map(|pair| ((pair >> 32) as u32, pair as u32))
        .collect()
}
