//! Promises that need a real server, in one program: it is linked once, and its tests share one server.

mod contents;
mod control;
mod harness;
mod quirk_case;
mod quirks;
mod quirks_of_details;
mod lifecycle;
mod limits;
mod waiting;
mod workplace;
