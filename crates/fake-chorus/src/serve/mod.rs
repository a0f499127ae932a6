//! From a request to an answer.

pub mod admin;
pub mod answer;
pub mod delivery;
pub mod house;
pub mod listing;
pub mod paging;
pub mod query;
pub mod reads;
pub mod reception;
pub mod route;
pub mod seen;
pub mod server;
pub mod shown;
