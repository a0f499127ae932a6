//! A company's calendar, made up, with the truth about it: who met whom and when, and what several recorders made of it.
//!
//! The same seed makes the same calendar. [`company`] holds the meetings that took place, [`record`] what sources say of
//! them and [`noise`] the troubles they have with it, [`knowable`] the truth as far as it can be known, and [`score`]
//! compares what was recognised with it.

#![forbid(unsafe_code)]

mod company;
mod knowable;
mod noise;
mod people;
mod place;
mod pushed;
mod record;
mod score;
mod speech;
mod years;

pub use company::{Company, Meeting};
pub use knowable::knowable;
pub use noise::{Noise, Trouble};
pub use place::{Entry, Room};
pub use pushed::{CALLS, PARTICIPANTS, Pushed, WORDS};
pub use record::{Recorded, number_of, record};
pub use score::{Scores, by_trouble, scores};
pub use years::two_years;

use meeting_match::Fact;

/// The facts of recordings, in their order.
pub fn facts(recorded: &[Recorded]) -> Vec<Fact> {
    recorded
        .iter()
        .map(|one| Fact::of(&one.recording, number_of(&one.recording.source)))
        .collect()
}
