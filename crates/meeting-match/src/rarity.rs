//! In how many recordings a person, a title or a room is: what is rare says more. Only the power of two of a count is
//! used, so that few new recordings change what an old pair says.

use crate::facts::Fact;
use rustc_hash::FxHashMap;

/// How often each thing is met, by its hash in a [`Fact`].
#[derive(Debug, Clone, Default)]
pub struct Rarity(FxHashMap<u64, u32>);

/// What is counted of a recording.
pub fn counted(fact: &Fact) -> impl Iterator<Item = u64> {
    let people = fact.people.iter().map(|person| person.exact);
    people
        .chain([fact.title, fact.room])
        .filter(|what| *what != 0)
}

impl Rarity {
    pub fn of<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Rarity {
        let mut rarity = Rarity::default();
        for fact in facts {
            for what in counted(fact) {
                rarity.add(what);
            }
        }
        rarity
    }

    /// Counts that come from elsewhere.
    pub fn from_counts(counts: impl IntoIterator<Item = (u64, u32)>) -> Rarity {
        Rarity(counts.into_iter().collect())
    }

    /// Whether a count of this is known.
    pub fn knows(&self, what: u64) -> bool {
        self.0.contains_key(&what)
    }

    /// A count that comes from elsewhere.
    pub fn know(&mut self, what: u64, count: u32) {
        self.0.insert(what, count);
    }

    /// One more; true if that changes what it says.
    pub fn add(&mut self, what: u64) -> bool {
        let count = self.0.entry(what).or_default();
        *count += 1;
        *count > 1 && count.is_power_of_two()
    }

    /// One less; true if that changes what it says.
    pub fn remove(&mut self, what: u64) -> bool {
        let Some(count) = self.0.get_mut(&what) else {
            return false;
        };
        let changes = *count > 1 && count.is_power_of_two();
        *count -= 1;
        if *count == 0 {
            self.0.remove(&what);
        }
        changes
    }

    /// The power of two of the number of recordings that this is in.
    pub fn log2_count(&self, what: u64) -> u32 {
        self.0.get(&what).copied().unwrap_or(1).max(1).ilog2()
    }
}
