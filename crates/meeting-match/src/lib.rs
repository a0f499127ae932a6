//! Who met whom: pure functions over plain values. No Postgres, no I/O.
#![forbid(unsafe_code)]

mod address;
mod calendar;
mod conference;
mod title;
mod words;

pub use address::{email, registrable_domain};
pub use calendar::{CalendarId, calendar_id};
pub use conference::{Conference, conference};
pub use title::Title;
pub use words::Words;
