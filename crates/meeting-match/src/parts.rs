//! Recordings that follow each other: parts of one meeting, or meetings back to back? Recorders of one meeting run side by
//! side, so what another source has tells which. If it has both as one whole, they are parts. If it ends with the first, or
//! begins with the second, there was an end, and they are two, unless plan or calendar say otherwise.

use crate::clusters::Pair;
use crate::compare::time;
use crate::facts::Fact;
use crate::findings::{Finding, Findings};
use crate::rarity::Rarity;
use Finding::*;
use rustc_hash::{FxHashMap, FxHashSet};

/// Sources that end or begin with each other do so within this many seconds.
const TOGETHER_S: f64 = 180.0;

/// What is known of recordings by one source that follow each other, by their places, the smaller first.
#[derive(Default)]
pub struct Parts {
    one: FxHashSet<(u32, u32)>,
    two: FxHashSet<(u32, u32)>,
}

fn both(a: u32, b: u32) -> (u32, u32) {
    (a.min(b), a.max(b))
}

impl Parts {
    /// By the pairs that are the same.
    pub fn of(facts: &[&Fact], pairs: &[Pair], rarity: &Rarity) -> Parts {
        let fact = |place: u32| facts[place as usize];
        let (mut follow, mut longer) = (Vec::new(), Vec::new());
        for Pair { a, b, .. } in pairs.iter().copied() {
            let (x, y) = (fact(a), fact(b));
            if x.source == y.source {
                if one_after_the_other(x, y) {
                    follow.push(both(a, b));
                }
            } else if x.has_duration && y.has_duration {
                if x.length_s() > y.length_s() + TOGETHER_S {
                    longer.push((a, y.source, b));
                } else if y.length_s() > x.length_s() + TOGETHER_S {
                    longer.push((b, x.source, a));
                }
            }
        }
        let mut parts = Parts::default();
        longer.sort_unstable();
        for of_source in longer.chunk_by(|x, y| (x.0, x.1) == (y.0, y.1)) {
            for (n, (whole, _, a)) in of_source.iter().enumerate() {
                for (_, _, b) in &of_source[n + 1..] {
                    let (x, y) = (fact(*a), fact(*b));
                    if one_after_the_other(x, y)
                        && has_half_of(fact(*whole), x)
                        && has_half_of(fact(*whole), y)
                        && Findings::of(x, y, rarity).may_be_cut()
                    {
                        parts.one.insert(both(*a, *b));
                    }
                }
            }
        }
        follow.retain(|pair| !parts.one.contains(pair));
        let mut others: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for place in follow.iter().flat_map(|(a, b)| [*a, *b]) {
            others.insert(place, Vec::new());
        }
        let in_two_sources = |pair: &&Pair| fact(pair.a).source != fact(pair.b).source;
        for Pair { a, b, .. } in pairs.iter().filter(in_two_sources).copied() {
            for (place, other) in [(a, b), (b, a)] {
                if let Some(others) = others.get_mut(&place) {
                    others.push(other);
                }
            }
        }
        for (a, b) in follow {
            let ((first, x), (second, y)) = match fact(a).begin <= fact(b).begin {
                true => ((a, fact(a)), (b, fact(b))),
                false => ((b, fact(b)), (a, fact(a))),
            };
            let ended = others[&first]
                .iter()
                .any(|other| end_together(x, fact(*other)));
            let begun = others[&second]
                .iter()
                .any(|other| begin_together(y, fact(*other)));
            if (ended || begun) && !Findings::of(x, y, rarity).are_planned_as_one() {
                parts.two.insert((a, b));
            }
        }
        parts
    }

    /// Whether what one source has in two pieces is one whole elsewhere.
    pub fn are_one(&self, a: u32, b: u32) -> bool {
        self.one.contains(&both(a, b))
    }

    /// Whether another source tells that they are two meetings.
    pub fn are_two(&self, a: u32, b: u32) -> bool {
        self.two.contains(&both(a, b))
    }
}

pub fn one_after_the_other(a: &Fact, b: &Fact) -> bool {
    matches!(time(a, b).0, TimeFollows | TimeTouching)
}

/// Whether at least half of a recording is in another one, hours off or not.
fn has_half_of(whole: &Fact, part: &Fact) -> bool {
    let slip_s = time(whole, part).1;
    let overlap = whole.end.min(part.end + slip_s) - whole.begin.max(part.begin + slip_s);
    overlap >= part.length_s() / 2.0
}

fn end_together(a: &Fact, b: &Fact) -> bool {
    a.has_duration && b.has_duration && (a.end - b.end - time(a, b).1).abs() <= TOGETHER_S
}

fn begin_together(a: &Fact, b: &Fact) -> bool {
    (a.begin - b.begin - time(a, b).1).abs() <= TOGETHER_S
}

impl Findings {
    /// Whether calendar or plan say that what follows each other is one meeting.
    pub(crate) fn are_planned_as_one(&self) -> bool {
        self.plan == PlanSame || matches!(self.entry, EntrySame | EntryOfSeries)
    }

    /// Whether nothing but that they are by one source speaks against their being parts of one meeting.
    fn may_be_cut(&self) -> bool {
        self.may_be_parts() && !matches!(self.host, HostOther) && !matches!(self.title, TitleOther)
    }
}
