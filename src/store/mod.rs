//! What is written, and how: every function here runs inside one transaction of a worker and writes in bulk.

pub mod calls;
pub mod connections;
pub mod copy;
pub mod deletion;
pub mod details;
pub mod due;
pub mod feed;
pub mod matching;
pub mod own_domains;
pub mod pace;
pub mod parties;
pub mod people;
pub mod problems;
pub mod removals;
pub mod runs;
pub mod scorecards;
pub mod search;
pub mod sides;
pub mod sources;
pub mod statistics;
pub mod trackers;
pub mod walks;
