//! Who met whom, and whether two recordings are of one meeting: pure functions over plain values. No Postgres, no I/O.
//!
//! A [`Recording`] becomes a [`Fact`]; facts with a key in common are compared; [`Findings`] say what was found for each
//! feature, and their weights add up to a score; pairs become meetings as long as a meeting holds together as a whole.
#![forbid(unsafe_code)]

mod address;
mod batch;
mod calendar;
mod candidates;
mod clusters;
mod compare;
mod conference;
mod crowded;
mod facts;
mod findings;
mod keys;
mod matcher;
mod parts;
mod people;
mod rarity;
mod recording;
mod stored;
mod table;
mod title;
mod together;
pub mod weights;
mod words;

pub use address::email;
pub use batch::{Compared, Matched, compare, match_all, pair};
pub use calendar::{CalendarId, calendar_id};
pub use candidates::all_candidates;
pub use clusters::{Decisions, Pair, clusters, judge};
pub use conference::{Conference, conference};
pub use crowded::crowded;
pub use facts::{Fact, Person, source_number};
pub use findings::{Doubt, FINDINGS, Finding, Findings, Veto};
pub use keys::{Key, MOST_TO_ONE_KEY, keys, reach_s};
pub use matcher::{Given, Matcher};
pub use rarity::{Rarity, counted};
pub use recording::Recording;
pub use stored::{Stored, from_bytes, to_bytes};
pub use title::Title;
pub use words::{Common, Words};
