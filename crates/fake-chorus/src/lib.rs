//! A Chorus tenant to run against: for tests, benchmarks and the demo.
//!
//! [`Tenant`] is the truth, made up ([`Generate`]) or played from real meetings ([`Play`]). [`FakeChorus`] serves it
//! on a port of this machine in the shapes of the Chorus API reference, and can be told to misbehave in every way that
//! the reference lists ([`QUIRKS`]). Requests are remembered, so that a test can see what was asked.
//!
//! ```no_run
//! # use fake_chorus::{FakeChorus, Generate, Tenant};
//! let server = FakeChorus::start_blocking(Tenant::generate(&Generate { calls: 250, ..Default::default() })).unwrap();
//! server.set_quirk("end-of-list", serde_json::json!("T2"));
//! println!("{} with key {}", server.base_url(), server.api_key());
//! ```

#![forbid(unsafe_code)]

mod generate;
mod play;
mod quirk;
mod serve;
mod tenant;
mod wire;

pub use generate::Generate;
pub use play::Play;
pub use quirk::catalogue::{ALWAYS, Place, QUIRKS, Quirk};
pub use serve::seen::SeenRequest;
pub use serve::server::{DEFAULT_API_KEY, FakeChorus};
pub use tenant::{
    Call, Disposition, Email, Mention, Metric, Moment, Participant, Playlist, Score, Scorecard,
    Team, Tenant, Tracker, User, Utterance,
};
