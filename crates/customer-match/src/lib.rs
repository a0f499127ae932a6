//! What addresses, domains and account ids say about whose customer somebody is. No Postgres, no I/O.
//!
//! A person has an [`address`] at a [`host`]; the host lies in [`domains`] that somebody may have registered; what people
//! type as a domain becomes one by [`domain`]; and [`Rules`] say whose domains stand for a company at all.
#![forbid(unsafe_code)]

mod account;
mod address;
mod domain;
mod listed;
mod rules;

pub use account::account_key;
pub use address::{address, host, typed};
pub use domain::{Misfit, domain, domains, registrable_domain};
pub use listed::{Listed, all_listed, listed};
pub use rules::{Rule, Rules, Standing};
