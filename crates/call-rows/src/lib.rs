//! From what the client read to rows of our tables. Pure: the same list row and detail always give the same rows.
#![forbid(unsafe_code)]

mod detail;
mod listed;
mod participants;
mod rows;
mod trackers;

pub use detail::{Detail, DetailContext, DetailedCall, Text, TranscriptState, UTTERANCES, detail};
pub use listed::{LISTED_CALLS, LISTED_TRANSCRIPTS, ListedCall, listed};
pub use participants::{
    Attendees, Listed, PARTICIPANTS, Participant, Side, add_rows as add_participants,
};
pub use rows::{Row, Rows, Target};
pub use trackers::CallTracker;
