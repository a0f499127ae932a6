//! Whether two groups of recordings are one meeting: nothing forbids any pair between them, and all pairs between them
//! together speak for it.

use crate::clusters::{Decisions, Pair};
use crate::compare::time;
use crate::facts::Fact;
use crate::findings::{Finding, Findings, Veto, rounded};
use crate::parts::{Parts, one_after_the_other};
use crate::rarity::Rarity;
use crate::weights;
use Finding::{EndSame, PlanSame, TimeSame};

/// By what groups are judged.
pub struct Judges<'a> {
    pub facts: &'a [&'a Fact],
    pub rarity: &'a Rarity,
    pub decisions: &'a Decisions,
    pub parts: Parts,
}

impl Judges<'_> {
    /// Whether somebody decided that two groups have different meetings in them.
    pub fn are_kept_apart(&self, x: &[u32], y: &[u32]) -> bool {
        let id = |place: &u32| self.facts[*place as usize].id;
        let apart = |a: &u32, b: &u32| self.decisions.about(id(a), id(b)) == Some(false);
        !self.decisions.0.is_empty() && x.iter().any(|a| y.iter().any(|b| apart(a, b)))
    }

    /// Whether a pair that is the same by its score makes two recordings one meeting.
    pub fn may_join(&self, pair: &Pair) -> bool {
        let (a, b) = (self.facts[pair.a as usize], self.facts[pair.b as usize]);
        if a.source == b.source {
            return !self.parts.are_two(pair.a, pair.b);
        }
        // What speaks for most pairs is more than their time, and looking at each again would take its time.
        let is_clear = pair.score > most_by_time() && !one_after_the_other(a, b);
        is_clear || Findings::of(a, b, self.rarity).doubt().is_none()
    }

    pub fn hold_together(&self, x: &[u32], y: &[u32]) -> bool {
        if self.are_kept_apart(x, y) {
            return false;
        }
        let of = |group: &[u32]| -> Vec<&Fact> {
            group
                .iter()
                .map(|place| self.facts[*place as usize])
                .collect()
        };
        match self.sum((x, &of(x)), (y, &of(y))) {
            Ok(sum) => sum >= 0.0,
            Err(Veto::OtherTime) => self.hold_together_hours_off(x, y),
            Err(_) => false,
        }
    }

    /// What the pairs between two groups come to, or what forbids one of them.
    fn sum(&self, x: (&[u32], &[&Fact]), y: (&[u32], &[&Fact])) -> Result<f64, Veto> {
        let mut sum = 0.0;
        let mut hours_off = false;
        for (a, of_a) in x.0.iter().zip(x.1) {
            for (b, of_b) in y.0.iter().zip(y.1) {
                let findings = Findings::of(of_a, of_b, self.rarity);
                match findings.veto() {
                    Some(Veto::OneSource) if self.parts.are_one(*a, *b) => {}
                    Some(Veto::OtherTime) => hours_off = true,
                    Some(veto) => return Err(veto),
                    None if self.parts.are_two(*a, *b) => return Err(Veto::OneSource),
                    None => {}
                }
                // Two parts of a third need not look like one, if nothing says that they are two.
                let least = if findings.may_be_parts() { 0.0 } else { -20.0 };
                // What one pair says against does not weigh more than what another can say for.
                sum += findings.score().clamp(least, 20.0);
            }
        }
        if hours_off {
            return Err(Veto::OtherTime);
        }
        Ok(sum)
    }

    /// One pair may tell that a clock is wrong by whole hours, and by how many: that is so for the others, too. It is the
    /// clock of one source; where two sources have each time, there were two meetings.
    fn hold_together_hours_off(&self, x: &[u32], y: &[u32]) -> bool {
        let fact = |place: &u32| self.facts[*place as usize];
        let by_one_source = |group: &[u32]| {
            group
                .iter()
                .all(|place| fact(place).source == fact(&group[0]).source)
        };
        if !by_one_source(x) && !by_one_source(y) {
            return false;
        }
        let mut surest: Option<(f64, f64)> = None;
        for a in x {
            for b in y {
                let (finding, slip_s) = time(fact(a), fact(b));
                let findings = Findings::of(fact(a), fact(b), self.rarity);
                let score = findings.score();
                if finding == Finding::TimeSlipped
                    && findings.veto().is_none()
                    && score >= weights::SAME
                    && surest.is_none_or(|(best, _)| score > best)
                {
                    surest = Some((score, slip_s));
                }
            }
        }
        let Some((_, slip_s)) = surest else {
            return false;
        };
        let of_x: Vec<&Fact> = x.iter().map(fact).collect();
        let moved: Vec<Fact> = y.iter().map(|b| fact(b).moved(slip_s)).collect();
        let of_y: Vec<&Fact> = moved.iter().collect();
        self.sum((x, &of_x), (y, &of_y)).is_ok_and(|sum| sum >= 0.0)
    }
}

/// The score of two recordings of which no more is known than that they were at the same time.
fn most_by_time() -> f64 {
    let bits: f64 = [TimeSame, PlanSame, EndSame].map(weights::of).iter().sum();
    rounded(weights::PRIOR + bits)
}
