//! Read-only, typed client of the Chorus REST API: the call list, details with transcripts, people, scorecards.
//!
//! It promises that only GET is sent, only to the host of the base URL, only to addresses that [`address`] allows;
//! that what one record gets wrong costs that record and nothing else; and that being told to slow down is obeyed by
//! every clone of a [`Client`]. It never logs, keeps no global state, and shows the key to nobody but the server.
#![forbid(unsafe_code)]

pub mod address;
mod answer;
mod base_url;
mod body;
mod budget;
mod client;
mod config;
pub mod decode;
mod error;
mod fingerprint;
mod html;
mod key;
mod lenient;
mod list;
mod network;
mod pace;
mod persist;
mod readable;
mod server;
mod wire;

pub use base_url::{BaseUrl, BaseUrlError};
pub use client::Client;
pub use config::Config;
pub use error::{Error, UnreachableKind};
pub use html::html_to_text;
pub use key::ApiKey;
pub use list::{
    BlankKey, ContinuationKey, EngagementFilter, EngagementPage, ScorecardFilter, ScorecardPage,
};
pub use pace::{LONGEST_ASKED, LearntPace};
pub use wire::BadRecord;
pub use wire::conversation::{
    Account, Conversation, ConversationParticipant, Deal, MeetingKeys, Owner,
};
pub use wire::engagement::{Engagement, ListedParticipant, TrackerMatch};
pub use wire::people::{Me, Session, Team, User};
pub use wire::recording::{Cluster, Mention, Recording, SpokenRange, Tracker, Utterance};
pub use wire::scorecard::{Comment, Initiative, Question, Score, Scorecard, ScorecardPerson};

/// What every fallible function of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;
