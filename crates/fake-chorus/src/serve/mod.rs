//! From a request to an answer.

pub mod admin;
pub mod answer;
pub mod conversation;
pub mod delivery;
pub mod ends;
pub mod filter;
pub mod house;
pub mod listing;
pub mod mailbox;
pub mod paging;
pub mod query;
pub mod reads;
pub mod reception;
pub mod route;
pub mod seen;
pub mod server;
pub mod shown;
