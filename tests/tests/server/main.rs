//! Promises that need a real server, in one program: it is linked once, and its tests share one server.

mod connect;
mod contents;
mod control;
mod disconnect;
mod dump;
mod errors;
mod gaps;
mod harness;
mod incremental;
mod lifecycle;
mod limits;
mod people;
mod privileges;
mod quirk_case;
mod quirks;
mod quirks_of_details;
mod resume;
mod schemas;
mod sealing;
mod secrets;
mod stranger;
mod strangers;
mod sweep;
mod transcripts;
mod waiting;
mod workplace;
