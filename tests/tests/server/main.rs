//! Promises that need a real server, in one program: it is linked once, and its tests share one server.

mod connect;
mod contents;
mod control;
mod errors;
mod harness;
mod lifecycle;
mod limits;
mod quirk_case;
mod quirks;
mod quirks_of_details;
mod secrets;
mod stranger;
mod waiting;
mod workplace;
