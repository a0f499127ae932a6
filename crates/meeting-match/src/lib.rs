//! Who met whom: pure functions over plain values. No Postgres, no I/O.
#![forbid(unsafe_code)]

mod address;

pub use address::{email, registrable_domain};
