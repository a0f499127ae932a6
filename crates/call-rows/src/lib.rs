//! From what the client read to rows of our tables. Pure: the same list row and detail always give the same rows.
#![forbid(unsafe_code)]

mod attendees;
mod detail;
mod facts;
mod listed;
mod participants;
mod rows;
mod source_call;
mod trackers;
mod voices;
mod written;

pub use attendees::Attendees;
pub use detail::{CALL_METRICS, Detail, DetailContext, Text, TranscriptState, UTTERANCES, detail};
pub use facts::DetailedCall;
pub use listed::{LISTED_CALLS, LISTED_TRANSCRIPTS, ListedCall, listed};
pub use participants::{Listed, PARTICIPANTS, Participant, Side, add_rows as add_participants};
pub use rows::{Row, Rows, Target};
pub use source_call::{SOURCE_CALLS, SOURCE_TRANSCRIPTS, SourceCall, Spoken, add_spoken};
pub use trackers::CallTracker;
pub use voices::Voices;
