//! From pairs to meetings: recordings are joined from the surest pair on, and only as long as the meeting as a whole
//! holds together. So a day of back-to-back calls does not become one by each being like the next.

use crate::facts::Fact;
use crate::findings::{Findings, Veto};
use crate::parts::Parts;
use crate::rarity::Rarity;
use crate::together::Judges;
use crate::weights;
use rustc_hash::FxHashMap;
use std::collections::HashMap;

/// A pair of recordings by their places in a slice of facts, the smaller first, and its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    pub a: u32,
    pub b: u32,
    pub score: f64,
}

/// What people decided about pairs of recordings, by their ids; the smaller first.
#[derive(Debug, Clone, Default)]
pub struct Decisions(pub HashMap<(i64, i64), bool>);

impl Decisions {
    /// True: the same; false: different; None: nobody has decided.
    pub fn about(&self, a: i64, b: i64) -> Option<bool> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&(a.min(b), a.max(b))).copied()
    }
}

/// The meeting of each recording, as the place of its first recording. `facts` lie in the order that decides ties
/// (source, then id at the source), so the result does not depend on the order of arrival; `pairs` may come in any.
///
/// What people decided to be the same joins meetings as they are without it, so that taking it back restores them.
pub fn clusters(
    facts: &[&Fact],
    pairs: &[Pair],
    rarity: &Rarity,
    decisions: &Decisions,
) -> Vec<u32> {
    let is_decided = |pair: &Pair| {
        let ids = (facts[pair.a as usize].id, facts[pair.b as usize].id);
        decisions.about(ids.0, ids.1) == Some(true)
    };
    let by_itself = |pair: &Pair| match is_decided(pair) {
        false => Some(*pair),
        true => match judge(facts[pair.a as usize], facts[pair.b as usize], rarity) {
            (score, None) => Some(Pair { score, ..*pair }),
            (_, Some(_)) => None,
        },
    };
    let mut order: Vec<Pair> = pairs
        .iter()
        .filter_map(by_itself)
        .filter(|pair| pair.score >= weights::SAME)
        .collect();
    let judges = Judges {
        facts,
        rarity,
        decisions,
        parts: Parts::of(facts, &order, rarity),
    };
    order.retain(|pair| judges.may_join(pair));
    order.sort_by(|x, y| {
        let by_score = y.score.total_cmp(&x.score);
        by_score.then((x.a, x.b).cmp(&(y.a, y.b)))
    });
    let mut groups = Groups {
        of: (0..facts.len() as u32).collect(),
        members: FxHashMap::default(),
    };
    for pair in order {
        groups.join_if(pair.a, pair.b, |x, y| {
            // Of two that are alone their pair says all there is.
            x.len() + y.len() == 2 || judges.hold_together(x, y)
        });
    }
    let mut decided: Vec<(u32, u32)> = pairs
        .iter()
        .filter(|pair| is_decided(pair))
        .map(|pair| (pair.a, pair.b))
        .collect();
    decided.sort_unstable();
    for (a, b) in decided {
        groups.join_if(a, b, |x, y| !judges.are_kept_apart(x, y));
    }
    groups.of
}

/// Recordings that are joined so far.
struct Groups {
    /// The first of the group of each.
    of: Vec<u32>,
    /// Of groups of more than one.
    members: FxHashMap<u32, Vec<u32>>,
}

impl Groups {
    fn join_if(&mut self, a: u32, b: u32, may: impl FnOnce(&[u32], &[u32]) -> bool) {
        let (x, y) = (self.of[a as usize], self.of[b as usize]);
        if x == y {
            return;
        }
        let (alone_x, alone_y) = ([x], [y]);
        let of_x = self.members.get(&x).map_or(&alone_x[..], Vec::as_slice);
        let of_y = self.members.get(&y).map_or(&alone_y[..], Vec::as_slice);
        if !may(of_x, of_y) {
            return;
        }
        let (keep, gone) = (x.min(y), x.max(y));
        let moved = self.members.remove(&gone).unwrap_or_else(|| vec![gone]);
        for place in &moved {
            self.of[*place as usize] = keep;
        }
        let kept = self.members.entry(keep).or_insert_with(|| vec![keep]);
        kept.extend(moved);
    }
}

/// The score of two recordings, and what forbids that they are one.
pub fn judge(a: &Fact, b: &Fact, rarity: &Rarity) -> (f64, Option<Veto>) {
    let findings = Findings::of(a, b, rarity);
    (findings.score(), findings.veto())
}
