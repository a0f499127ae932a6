//! Who met whom: pure functions over plain values. No Postgres, no I/O.
#![forbid(unsafe_code)]

mod address;
mod conference;
mod words;

pub use address::{email, registrable_domain};
pub use conference::{Conference, conference};
pub use words::Words;
