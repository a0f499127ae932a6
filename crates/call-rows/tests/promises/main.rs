//! What the rows promise, by the way in that the extension uses: bodies as Chorus sends them go in, rows come out and
//! are read back from the bytes that COPY would get.

mod any_input;
mod attendees;
mod copy_format;
mod encoder;
mod facts;
mod large;
mod list;
mod samples;
mod trackers;
mod transcript;
mod voices;
