//! When to sync what: decisions about time, as plain functions. No Postgres, no network, no clock of its own.
//!
//! | module | decides |
//! |---|---|
//! | [`schedule`] | when a connection's next run is due, after good runs and after bad ones |
//! | [`listing`] | how far back a run lists, and how much of what was listed it lists again |
//! | [`details`] | when the detail of a call is read again |
//! | [`removals`] | whether calls that are not listed any more can be believed to be gone |

#![forbid(unsafe_code)]

pub mod details;
pub mod listing;
pub mod removals;
pub mod schedule;
mod wall_clock;
