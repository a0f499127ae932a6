//! When to sync what: decisions about time, as plain functions. No Postgres, no network, no clock of its own.
//!
//! | module | decides |
//! |---|---|
//! | [`schedule`] | when a connection's next run is due, after good runs and after bad ones |

#![forbid(unsafe_code)]

pub mod schedule;
