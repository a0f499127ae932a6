//! The truth in the shapes of the reference, one file per route.
//!
//! What is rendered here is right by the contract. Quirks bend it afterwards.

pub mod conversation;
pub mod emails;
pub mod engagement;
pub mod errors;
pub mod people;
pub mod scorecards;
pub mod shared;

use chrono::{DateTime, SecondsFormat, Utc};

/// ISO 8601 in UTC: six decimals where there is a fraction, none where there is not.
pub fn iso(time: DateTime<Utc>) -> String {
    let decimals = if time.timestamp_subsec_micros() == 0 {
        SecondsFormat::Secs
    } else {
        SecondsFormat::Micros
    };
    time.to_rfc3339_opts(decimals, true)
}
