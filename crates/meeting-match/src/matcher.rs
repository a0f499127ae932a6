//! Meetings kept up to date as recordings come, change and go: whatever the order and however many at a time, the result
//! is that of recognising all of them at once.
//!
//! A new recording is compared with those that it has a key in common with. Old pairs are compared again only if what
//! they rest on has changed: the rarity of something they have in common crossed a power of two, or a key of theirs became
//! too common, or no longer is.

use crate::batch::pair;
use crate::clusters::{Decisions, Pair, clusters};
use crate::facts::Fact;
use crate::keys::{Key, MOST_TO_ONE_KEY, keys};
use crate::rarity::{Rarity, counted};
use crate::weights;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A recording as it is given: its facts, and what decides ties.
#[derive(Debug, Clone)]
pub struct Given {
    pub source: String,
    pub source_id: String,
    pub fact: Fact,
}

/// All recordings, the pairs among them, and the meetings that come of it. Recordings go by their ids.
#[derive(Debug, Default)]
pub struct Matcher {
    given: HashMap<i64, Given>,
    /// What, when, whose.
    keys: BTreeSet<(u64, i64, i64)>,
    /// What is counted, and whose it is.
    counted: BTreeSet<(u64, i64)>,
    rarity: Rarity,
    decisions: Decisions,
    /// The same or doubtful, each both ways round.
    pairs: BTreeMap<(i64, i64), f64>,
    meeting: HashMap<i64, i64>,
}

impl Matcher {
    /// The recording by which the meeting of this one goes: the first of it, by source and id at the source.
    pub fn meeting_of(&self, id: i64) -> Option<i64> {
        self.meeting.get(&id).copied()
    }

    /// Pairs that are the same or doubtful, with their scores, the smaller id first.
    pub fn pairs(&self) -> impl Iterator<Item = (i64, i64, f64)> {
        let once = self.pairs.iter().filter(|((a, b), _)| a < b);
        once.map(|((a, b), score)| (*a, *b, *score))
    }

    /// Takes up new and changed recordings, and forgets those that are gone.
    pub fn update(&mut self, given: impl IntoIterator<Item = Given>, gone: &[i64]) {
        let mut changed = BTreeSet::new();
        for id in gone {
            self.forget(*id, &mut changed);
        }
        for one in given {
            self.forget(one.fact.id, &mut changed);
            self.take(one, &mut changed);
        }
        self.recognise(&changed);
    }

    /// What somebody decided about two recordings: the same, different, or nothing any more.
    pub fn decide(&mut self, a: i64, b: i64, same: Option<bool>) {
        let both = (a.min(b), a.max(b));
        match same {
            Some(same) => self.decisions.0.insert(both, same),
            None => self.decisions.0.remove(&both),
        };
        self.recognise(&BTreeSet::from([a, b]));
    }

    fn take(&mut self, given: Given, changed: &mut BTreeSet<i64>) {
        let id = given.fact.id;
        changed.insert(id);
        for what in counted(&given.fact) {
            if self.counted.insert((what, id)) && self.rarity.add(what) {
                self.all_with(what, changed);
            }
        }
        for key in keys_of(&given.fact) {
            self.keys.insert((key.what, key.at_s, id));
            self.that_cross(key, MOST_TO_ONE_KEY + 1, changed);
        }
        self.given.insert(id, given);
    }

    fn forget(&mut self, id: i64, changed: &mut BTreeSet<i64>) {
        let Some(Given { fact, .. }) = self.given.remove(&id) else {
            return;
        };
        changed.insert(id);
        changed.extend(self.partners(id).map(|(other, _)| other));
        for what in counted(&fact) {
            if self.counted.remove(&(what, id)) && self.rarity.remove(what) {
                self.all_with(what, changed);
            }
        }
        for key in keys_of(&fact) {
            self.keys.remove(&(key.what, key.at_s, id));
            self.that_cross(key, MOST_TO_ONE_KEY, changed);
        }
    }

    fn all_with(&self, what: u64, changed: &mut BTreeSet<i64>) {
        let all = self.counted.range((what, i64::MIN)..=(what, i64::MAX));
        changed.extend(all.map(|(_, id)| *id));
    }

    /// Recordings that found others by this key and no longer do, or the other way round, as their count is now `count`.
    fn that_cross(&self, key: Key, count: usize, changed: &mut BTreeSet<i64>) {
        for (_, at_s, id) in self.within(key.what, key.at_s, key.at_s + i64::from(key.reach_s)) {
            if self.count(key.what, *at_s, key.reach_s) == count {
                changed.insert(*id);
            }
        }
    }

    /// How many recordings have this key at that time or within its reach before.
    fn count(&self, what: u64, at_s: i64, reach_s: u32) -> usize {
        self.within(what, at_s - i64::from(reach_s), at_s)
            .take(MOST_TO_ONE_KEY + 2)
            .count()
    }

    fn within(&self, what: u64, from_s: i64, to_s: i64) -> impl Iterator<Item = &(u64, i64, i64)> {
        self.keys
            .range((what, from_s, i64::MIN)..=(what, to_s, i64::MAX))
    }

    fn partners(&self, id: i64) -> impl Iterator<Item = (i64, f64)> {
        let all = self.pairs.range((id, i64::MIN)..=(id, i64::MAX));
        all.map(|((_, other), score)| (*other, *score))
    }

    /// Who a recording is compared with.
    fn candidates(&self, fact: &Fact) -> BTreeSet<i64> {
        let mut found = BTreeSet::new();
        for key in keys_of(fact) {
            let Key {
                what,
                at_s,
                reach_s,
            } = key;
            let reach = i64::from(reach_s);
            if self.count(what, at_s, reach_s) <= MOST_TO_ONE_KEY {
                found.extend(self.within(what, at_s - reach, at_s).map(|(_, _, id)| *id));
            }
            for (_, later_s, id) in self.within(what, at_s + 1, at_s + reach) {
                if self.count(what, *later_s, reach_s) <= MOST_TO_ONE_KEY {
                    found.insert(*id);
                }
            }
        }
        let id = fact.id;
        let decided = self
            .decisions
            .0
            .keys()
            .filter(|(a, b)| *a == id || *b == id);
        found.extend(decided.map(|(a, b)| if *a == id { *b } else { *a }));
        found.remove(&id);
        found
    }

    /// Compares what has changed again, and forms again the meetings that this touches.
    fn recognise(&mut self, changed: &BTreeSet<i64>) {
        let mut touched = changed.clone();
        for id in changed {
            let before: Vec<i64> = self.partners(*id).map(|(other, _)| other).collect();
            for other in before {
                self.pairs.remove(&(*id, other));
                self.pairs.remove(&(other, *id));
                touched.insert(other);
            }
        }
        for id in changed {
            let Some(given) = self.given.get(id) else {
                self.meeting.remove(id);
                continue;
            };
            for other in self.candidates(&given.fact) {
                let Some(other) = self.given.get(&other) else {
                    continue;
                };
                let (a, b) = (&given.fact, &other.fact);
                if let Some(score) = pair(a, b, &self.rarity, &self.decisions) {
                    self.pairs.insert((a.id, b.id), score);
                    self.pairs.insert((b.id, a.id), score);
                }
            }
        }
        while let Some(id) = touched.pop_first() {
            let group = self.reached_from(id);
            touched.retain(|id| !group.contains(id));
            self.form_meetings(&group);
        }
    }

    /// All that a chain of pairs leads to.
    fn reached_from(&self, id: i64) -> BTreeSet<i64> {
        let mut reached = BTreeSet::from([id]);
        let mut next = vec![id];
        while let Some(id) = next.pop() {
            for (other, score) in self.partners(id) {
                if score >= weights::SAME && reached.insert(other) {
                    next.push(other);
                }
            }
        }
        reached
    }

    fn form_meetings(&mut self, group: &BTreeSet<i64>) {
        let mut given: Vec<&Given> = group.iter().filter_map(|id| self.given.get(id)).collect();
        given.sort_by_key(|one| (&one.source, &one.source_id));
        let facts: Vec<&Fact> = given.iter().map(|one| &one.fact).collect();
        let places: HashMap<i64, u32> = (0..).zip(&facts).map(|(n, fact)| (fact.id, n)).collect();
        let mut pairs = Vec::new();
        for (id, a) in &places {
            for (other, score) in self.partners(*id) {
                if let Some(b) = places.get(&other).filter(|b| *b > a) {
                    pairs.push(Pair {
                        a: *a,
                        b: *b,
                        score,
                    });
                }
            }
        }
        let meeting = clusters(&facts, &pairs, &self.rarity, &self.decisions);
        let meeting: Vec<(i64, i64)> = (facts.iter().zip(&meeting))
            .map(|(fact, first)| (fact.id, facts[*first as usize].id))
            .collect();
        self.meeting.extend(meeting);
    }
}

fn keys_of(fact: &Fact) -> BTreeSet<Key> {
    let mut all = BTreeSet::new();
    keys(fact, |key| all.extend([key]));
    all
}
