//! How recordings that may be one meeting find each other without comparing all with all: each has some keys, and only
//! recordings with a key in common, not too far apart in time, are compared.
//!
//! A key is something that recordings of one meeting should have in common (an entry of a calendar, a room, a person, a
//! name, a title, a run of words) and when that was. So a table of keys with an index on (what, at) finds what a new
//! recording is to be compared with.

use crate::facts::Fact;

/// What two recordings may have in common, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub what: u64,
    /// Seconds since 1970.
    pub at_s: i64,
    /// Recordings are compared if their keys are no further apart than this many seconds. The same for all of one `what`.
    pub reach_s: u32,
}

/// A key that more recordings than this have within its reach before a recording tells nothing of that recording, which
/// is then not compared with any of them.
pub const MOST_TO_ONE_KEY: usize = 64;

/// People move on, and what they do in this time is at most the next meeting.
const NEAR_S: u32 = 75 * 60;
/// The longest slip of a time zone, both ways.
const DAY_S: u32 = 14 * 3600 + 1800;
/// How many of a recording's people and of its smallest word hashes become keys. Which people does not depend on how rare
/// they are, so that keys never change.
const PEOPLE: usize = 16;
const WORDS: usize = 16;

/// How far a key reaches; its last bit says so.
pub fn reach_s(what: u64) -> u32 {
    if what & 1 == 1 { DAY_S } else { NEAR_S }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Series = 1,
    Room,
    Alias,
    Called,
    Title,
    Word,
}

/// Hands out each key of a recording; one or two may come twice. A recording without any time has none.
pub fn keys(fact: &Fact, mut found: impl FnMut(Key)) {
    if fact.begin.is_nan() {
        return;
    }
    let at_s = fact.begin as i64;
    let mut add = |kind: Kind, what: u64, reaches_far: bool| {
        let mixed = (what ^ kind as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let what = (mixed ^ mixed >> 29) & !1 | u64::from(reaches_far);
        found(Key {
            what,
            at_s,
            reach_s: reach_s(what),
        });
    };
    if fact.series != 0 {
        add(Kind::Series, fact.series, true);
    }
    if fact.room != 0 {
        add(Kind::Room, fact.room, false);
    }
    for person in fact.people.iter().take(PEOPLE) {
        if person.has_address() {
            add(Kind::Alias, u64::from(person.alias), false);
        }
        add(Kind::Called, u64::from(person.called), false);
    }
    if fact.title != 0 {
        add(Kind::Title, fact.title, false);
    }
    if fact.words.tell() {
        for word in fact.words.sketch().iter().take(WORDS) {
            add(Kind::Word, u64::from(*word), true);
        }
    }
}
