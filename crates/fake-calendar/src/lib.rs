//! A company's calendar, made up, with the truth about it: who met whom and when, and what several recorders made of it.
//!
//! The same seed makes the same calendar. [`company`] holds the meetings that took place, [`record`] what sources say of
//! them and every kind of trouble they have with it, [`score`] compares what was recognised with the truth.

#![forbid(unsafe_code)]

pub mod company;
pub mod record;
pub mod score;

pub use company::{Company, Meeting};
pub use record::{Noise, Recorded, Trouble, record};
pub use score::{Scores, by_trouble, scores};
