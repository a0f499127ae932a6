//! From pairs to meetings: recordings are joined from the surest pair on, and only as long as the meeting as a whole
//! holds together. So a day of back-to-back calls does not become one by each being like the next.

use crate::facts::Fact;
use crate::findings::{Findings, Veto};
use crate::rarity::Rarity;
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
pub fn clusters(
    facts: &[&Fact],
    pairs: &[Pair],
    rarity: &Rarity,
    decisions: &Decisions,
) -> Vec<u32> {
    let mut order: Vec<&Pair> = pairs
        .iter()
        .filter(|pair| pair.score >= weights::SAME)
        .collect();
    order.sort_by(|x, y| {
        let by_score = y.score.total_cmp(&x.score);
        by_score.then((x.a, x.b).cmp(&(y.a, y.b)))
    });
    let mut meeting: Vec<u32> = (0..facts.len() as u32).collect();
    let mut members: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for pair in order {
        let (x, y) = (meeting[pair.a as usize], meeting[pair.b as usize]);
        if x == y {
            continue;
        }
        let alone_x = [x];
        let alone_y = [y];
        let of_x = members.get(&x).map_or(&alone_x[..], Vec::as_slice);
        let of_y = members.get(&y).map_or(&alone_y[..], Vec::as_slice);
        // Of two that are alone their pair says all there is.
        let alone = of_x.len() + of_y.len() == 2;
        if !alone && !hold_together(facts, of_x, of_y, rarity, decisions) {
            continue;
        }
        let (keep, gone) = (x.min(y), x.max(y));
        let moved = members.remove(&gone).unwrap_or_else(|| vec![gone]);
        for place in &moved {
            meeting[*place as usize] = keep;
        }
        members
            .entry(keep)
            .or_insert_with(|| vec![keep])
            .extend(moved);
    }
    meeting
}

/// Whether two groups are one meeting: nobody said otherwise, nothing forbids any pair, and all pairs between them
/// together speak for it.
fn hold_together(
    facts: &[&Fact],
    x: &[u32],
    y: &[u32],
    rarity: &Rarity,
    decisions: &Decisions,
) -> bool {
    let mut sum = 0.0;
    let mut decided = false;
    let mut forbidden = false;
    for a in x {
        for b in y {
            let (a, b) = (facts[*a as usize], facts[*b as usize]);
            match decisions.about(a.id, b.id) {
                Some(false) => return false,
                Some(true) => decided = true,
                None => {
                    let findings = Findings::of(a, b, rarity);
                    if findings.veto().is_some() {
                        forbidden = true;
                    }
                    // Two parts of a third need not look like one, if nothing says that they are two.
                    let least = if findings.may_be_parts() { 0.0 } else { -20.0 };
                    // What one pair says against does not weigh more than what another can say for.
                    sum += findings.score().clamp(least, 20.0);
                }
            }
        }
    }
    decided || (!forbidden && sum >= 0.0)
}

/// The score of two recordings, and what forbids that they are one.
pub fn judge(a: &Fact, b: &Fact, rarity: &Rarity) -> (f64, Option<Veto>) {
    let findings = Findings::of(a, b, rarity);
    (findings.score(), findings.veto())
}
