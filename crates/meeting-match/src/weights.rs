//! What each finding says, in bits: by how many powers of two it is likelier between two recordings of one meeting than
//! between recordings of different meetings that are near enough to be compared (Fellegi and Sunter's weight of
//! evidence). A score of 3 means eight to one.
//!
//! The numbers are estimated by `cargo run --release -p fake-calendar --example estimate`; docs/matching.md says how.

pub use crate::table::{PERSON, PERSON_DOUBLED, PRIOR, TITLE_DOUBLED, of};

/// From this score on two recordings are of one meeting.
pub const SAME: f64 = 2.5;
/// From this score on a pair is doubtful, and shown to people.
pub const POSSIBLE: f64 = -1.5;
