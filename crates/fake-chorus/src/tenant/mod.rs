//! The truth: everything the tenant holds, in typed public structs.
//!
//! Quirks never change it (but `while-paging`, which says so); they change what is shown of it.

mod call;
mod people;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use call::{Call, Disposition, Email, Mention, Metric, Participant, Tracker, Utterance};
pub use people::{Moment, Playlist, Score, Scorecard, Team, User};

/// A Chorus workspace.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tenant {
    /// The seller's name.
    pub company: String,
    /// The seller's domain, which is also the workspace's.
    pub domain: String,
    /// `customer_id` of the session.
    pub customer_id: i64,
    /// Whose token it is, a user id.
    pub token_user_id: i64,
    /// In no promised order. Shared, so that showing them costs no copy.
    pub calls: Vec<Arc<Call>>,
    pub users: Vec<User>,
    pub teams: Vec<Team>,
    pub scorecards: Vec<Scorecard>,
    pub playlists: Vec<Playlist>,
    pub moments: Vec<Moment>,
}

impl Tenant {
    pub fn call(&self, engagement_id: &str) -> Option<&Call> {
        self.calls
            .iter()
            .find(|call| call.engagement_id == engagement_id)
            .map(|call| &**call)
    }

    pub fn call_mut(&mut self, engagement_id: &str) -> Option<&mut Call> {
        self.calls
            .iter_mut()
            .find(|call| call.engagement_id == engagement_id)
            .map(Arc::make_mut)
    }

    pub fn calls_mut(&mut self) -> impl Iterator<Item = &mut Call> {
        self.calls.iter_mut().map(Arc::make_mut)
    }

    /// Adds a call, or replaces the one with the same id.
    pub fn add_call(&mut self, call: Call) {
        match self.call_mut(&call.engagement_id) {
            Some(same) => *same = call,
            None => self.calls.push(Arc::new(call)),
        }
    }

    pub fn remove_call(&mut self, engagement_id: &str) -> Option<Arc<Call>> {
        let position = self
            .calls
            .iter()
            .position(|call| call.engagement_id == engagement_id)?;
        Some(self.calls.remove(position))
    }

    /// Calls as a list would show them: newest first, by `date_time` and id.
    pub fn newest_first(&self) -> Vec<Arc<Call>> {
        let mut calls = self.calls.clone();
        sort_newest_first(&mut calls);
        calls
    }

    pub fn user(&self, id: i64) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub fn team(&self, id: i64) -> Option<&Team> {
        self.teams.iter().find(|team| team.id == id)
    }

    pub fn scorecards_of(&self, engagement_id: &str) -> impl Iterator<Item = &Scorecard> {
        self.scorecards
            .iter()
            .filter(move |card| card.engagement_id == engagement_id)
    }
}

/// The order of `/v3/engagements`.
pub(crate) fn sort_newest_first(calls: &mut [Arc<Call>]) {
    calls.sort_by(|a, b| {
        b.date_time
            .total_cmp(&a.date_time)
            .then_with(|| b.engagement_id.cmp(&a.engagement_id))
    });
}
