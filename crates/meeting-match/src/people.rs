//! The people of two recordings side by side: how many are in both, and how common those are.
//!
//! Who is not told to be the same may still be: by an alias, or by a name where one side has no addresses. However many
//! were invited, comparing takes about as long as reading both lists.

use crate::facts::{Fact, Person};
use crate::findings::Finding;
use crate::rarity::Rarity;
use Finding::*;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// What the second person in common counts, and the third by that of the second.
const NEXT_PERSON: f64 = 0.5;
/// An alias may be somebody else, and a name even more so.
const ALIAS: f64 = 0.7;
const NAME: f64 = 0.5;
/// Up to so many people looking at each is quicker than looking up.
const FEW: usize = 32;

/// What the share of people in both comes to, their number, and how common they are.
pub fn people(a: &Fact, b: &Fact, rarity: &Rarity) -> (Finding, f64, f64) {
    // A tie goes by the people themselves, so that the order of the two does not matter.
    let (shorter, longer) = if (a.people.len(), &a.people) <= (b.people.len(), &b.people) {
        (a, b)
    } else {
        (b, a)
    };
    if shorter.people.is_empty() {
        return (PeopleUnknown, 0.0, 0.0);
    }
    let others = Others::of(&longer.people);
    // How rare, and how sure it is that they are the same.
    let mut shared: SmallVec<[(u32, f64); 8]> = SmallVec::new();
    for person in &shorter.people {
        let common = rarity.log2_count(person.exact);
        if others.has(person) {
            shared.push((common, 1.0));
        } else if let Some(other) = others.who_may_be(person) {
            let sure = if person.has_address() && other.has_address() {
                ALIAS
            } else {
                NAME
            };
            shared.push((common.max(rarity.log2_count(other.exact)), sure));
        }
    }
    let only_host = [a, b]
        .iter()
        .any(|fact| fact.people.len() == 1 && fact.people[0].exact == fact.host);
    let only_names = [a, b].iter().any(|fact| {
        fact.people
            .iter()
            .all(|person| !person.has_address() || person.exact == fact.host)
    });
    let finding = match shared.len() as f64 / shorter.people.len() as f64 {
        _ if only_host => PeopleUnknown,
        share if share > 0.99 => PeopleAll,
        share if share >= 0.5 => PeopleMost,
        // Names of voices that are not the same say less than addresses.
        _ if only_names => PeopleUnknown,
        share if share > 0.0 => PeopleSome,
        _ => PeopleNone,
    };
    // The surest first, so that a person who becomes more common never says more.
    shared.sort_by(|(x, sure_x), (y, sure_y)| sure_y.total_cmp(sure_x).then(x.cmp(y)));
    let (mut count, mut common, mut factor) = (0.0, 0.0, 1.0);
    for (doubled, sure) in shared {
        count += factor * sure;
        common += factor * sure * f64::from(doubled);
        factor *= NEXT_PERSON;
    }
    (finding, count, common)
}

/// A list of people, by `exact`, in which others are looked for.
struct Others<'a> {
    people: &'a [Person],
    /// Only of long lists.
    first: Option<First>,
}

impl<'a> Others<'a> {
    fn of(people: &'a [Person]) -> Others<'a> {
        let first = (people.len() > FEW).then(|| First::of(people));
        Others { people, first }
    }

    fn has(&self, person: &Person) -> bool {
        let found = self
            .people
            .binary_search_by_key(&person.exact, |other| other.exact);
        found.is_ok()
    }

    /// The first who is not told to be the same, and may well be.
    fn who_may_be(&self, person: &Person) -> Option<&'a Person> {
        match &self.first {
            None => self.people.iter().find(|other| may_be(person, other)),
            Some(first) => Some(&self.people[first.who_may_be(person)?]),
        }
    }
}

/// The place of the first with each alias and name, among those with an address and those without.
#[derive(Default)]
struct First {
    alias: FxHashMap<u32, usize>,
    name_of_address: FxHashMap<u32, usize>,
    name: FxHashMap<u32, usize>,
}

impl First {
    fn of(people: &[Person]) -> First {
        let mut first = First::default();
        for (place, person) in people.iter().enumerate() {
            let named = if person.has_address() {
                first.alias.entry(person.alias).or_insert(place);
                &mut first.name_of_address
            } else {
                &mut first.name
            };
            named.entry(person.called).or_insert(place);
        }
        first
    }

    fn who_may_be(&self, person: &Person) -> Option<usize> {
        if !person.has_address() {
            return self.name_of_address.get(&person.called).copied();
        }
        let by_alias = self.alias.get(&person.alias);
        let by_name = self.name.get(&person.called);
        by_alias.into_iter().chain(by_name).min().copied()
    }
}

/// Whether two people who are not told to be the same may well be.
fn may_be(a: &Person, b: &Person) -> bool {
    match (a.has_address(), b.has_address()) {
        (true, true) => a.alias == b.alias,
        (false, false) => false,
        _ => a.called == b.called,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// So few different ones that many have an alias or a name in common, and some no address.
    fn people() -> impl Strategy<Value = Vec<Person>> {
        let person = (0u64..60, 0u32..12, 0u32..12);
        let person = person.prop_map(|(exact, alias, called)| Person {
            exact,
            alias,
            called,
        });
        prop::collection::vec(person, 0..80)
    }

    proptest! {
        #[test]
        fn whom_a_long_list_finds_is_whom_looking_at_each_finds(list in people(), wanted in people()) {
            let first = First::of(&list);
            for person in wanted {
                let at_each = list.iter().position(|other| may_be(&person, other));
                prop_assert_eq!(first.who_may_be(&person), at_each);
            }
        }
    }
}
