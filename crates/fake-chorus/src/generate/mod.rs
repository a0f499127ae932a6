//! A believable tenant from a seed.
//!
//! The same [`Generate`] always makes the same tenant, byte for byte.

mod calls;
mod customers;
mod names;
mod staff;
mod talk;
mod topics;

use chrono::{DateTime, Utc};
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use crate::tenant::Tenant;

pub(crate) use calls::{instant, upper_hex};
pub(crate) use customers::salesforce_id;
pub(crate) use staff::{clips_and_playlists, hire, scorecards_for};
pub(crate) use talk::{hear, round};

/// How to make a tenant up. Shares are fractions of all engagements, from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Generate {
    pub seed: u64,
    /// Rows of `/v3/engagements`, of all types together.
    pub calls: usize,
    /// Of each recorded call, exactly.
    pub utterances_per_call: usize,
    /// Of each meeting, exactly; dialer calls have two.
    pub participants_per_call: usize,
    /// Distinct trackers of each recorded call, exactly (at most 12, none without utterances).
    pub trackers_per_call: usize,
    /// No engagement ends later.
    pub until: DateTime<Utc>,
    /// Engagements lie in this many days before `until`.
    pub days: i64,
    /// The seller's domain.
    pub domain: String,
    /// Sellers without managers.
    pub reps: usize,
    pub teams: usize,
    /// Only recorded meetings and dialer calls: no e-mails, content views, unrecorded meetings or no-shows.
    pub only_calls: bool,
    pub dialer_share: f64,
    pub internal_share: f64,
    /// Calls that matched no account.
    pub unmatched_share: f64,
    pub email_share: f64,
    pub content_viewed_share: f64,
    pub unrecorded_share: f64,
    pub no_show_share: f64,
    pub private_share: f64,
    /// Recorded calls that somebody scored.
    pub scorecard_share: f64,
}

impl Default for Generate {
    fn default() -> Self {
        Generate {
            seed: 1,
            calls: 200,
            utterances_per_call: 40,
            participants_per_call: 4,
            trackers_per_call: 3,
            until: Utc::now(),
            days: 30,
            domain: "seller.example".into(),
            reps: 12,
            teams: 3,
            only_calls: false,
            dialer_share: 0.12,
            internal_share: 0.08,
            unmatched_share: 0.12,
            email_share: 0.04,
            content_viewed_share: 0.02,
            unrecorded_share: 0.02,
            no_show_share: 0.03,
            private_share: 0.0,
            scorecard_share: 0.15,
        }
    }
}

impl Tenant {
    /// Makes a tenant up. Deterministic for equal arguments.
    pub fn generate(plan: &Generate) -> Tenant {
        let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
        let mut tenant = hire(
            &mut rng,
            &plan.domain,
            plan.reps.max(1),
            plan.teams.max(1),
            plan.until,
        );
        let customers = customers::found(&mut rng, (plan.calls / 6 + 8).min(400));
        calls::hold(&mut rng, plan, &mut tenant, &customers);
        scorecards_for(&mut rng, &mut tenant, plan.scorecard_share, plan.until);
        clips_and_playlists(&mut rng, &mut tenant, plan.until);
        tenant
    }
}

/// One element of a list that is never empty.
pub(crate) fn pick<'a, T>(rng: &mut ChaCha8Rng, list: &'a [T]) -> &'a T {
    list.choose(rng).expect("the lists of words are not empty")
}

pub(crate) fn chance(rng: &mut ChaCha8Rng, share: f64) -> bool {
    rng.random_bool(share.clamp(0.0, 1.0))
}
