//! How recordings that may be one meeting find each other without comparing all with all: each has some keys, and only
//! recordings with a key in common are compared.
//!
//! A key is something that recordings of one meeting should have in common, together with when it was: a calendar entry
//! and a room on a day, a person, a title or a name in an hour, a run of words on a day. Time is cut into stretches twice,
//! the second time moved by half of one, so that what is less than half a stretch apart always has one in common.

use crate::facts::{Fact, Rarity};
use xxhash_rust::xxh3::xxh3_64;

/// A key that more recordings than this have in common says nothing, and is not looked at.
pub const MOST_TO_ONE_KEY: usize = 64;
/// How many of a recording's people and of its smallest word hashes become keys.
const PEOPLE: usize = 6;
const WORDS: usize = 12;

const HOUR_S: f64 = 3600.0;
const TWO_DAYS_S: f64 = 48.0 * 3600.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Series = 1,
    Room,
    Person,
    Called,
    Title,
    Word,
}

/// The keys of a recording, each once.
pub fn keys(fact: &Fact, rarity: &Rarity) -> Vec<u64> {
    let mut keys = Vec::with_capacity(40);
    let begins = || {
        [fact.begin, fact.planned_begin]
            .into_iter()
            .filter(|begin| !begin.is_nan())
    };
    let mut add = |kind: Kind, what: u64, stretch_s: f64, twice: bool| {
        for begin in begins() {
            for half in 0..=u8::from(twice) {
                let stretch = (begin / stretch_s + f64::from(half) / 2.0).floor() as i64;
                keys.push(key(kind, half, what, stretch));
            }
        }
    };
    if fact.series != 0 {
        add(Kind::Series, fact.series, TWO_DAYS_S, true);
    }
    if fact.room != 0 {
        add(Kind::Room, fact.room, TWO_DAYS_S, true);
    }
    // The rarest first: many would only find the same recordings again.
    let mut people: Vec<_> = fact
        .people
        .iter()
        .map(|person| (rarity.log2_count(person.exact), person.exact, person.called))
        .collect();
    people.sort_unstable();
    for (_, exact, called) in people.iter().take(PEOPLE) {
        add(Kind::Person, *exact, HOUR_S, true);
        add(Kind::Called, *called, HOUR_S, true);
    }
    if fact.title != 0 {
        add(Kind::Title, fact.title, HOUR_S, true);
    }
    if fact.words.tell() {
        for word in fact.words.sketch().iter().take(WORDS) {
            add(Kind::Word, u64::from(*word), TWO_DAYS_S / 2.0, false);
        }
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn key(kind: Kind, half: u8, what: u64, stretch: i64) -> u64 {
    let mut bytes = [0; 18];
    bytes[0] = kind as u8;
    bytes[1] = half;
    bytes[2..10].copy_from_slice(&what.to_le_bytes());
    bytes[10..].copy_from_slice(&stretch.to_le_bytes());
    xxh3_64(&bytes)
}
