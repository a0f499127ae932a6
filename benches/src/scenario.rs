//! What is pulled: tenants that answer from memory, every answer rendered ahead.

use std::sync::Arc;

use chorus_tests::fake_chorus::{FakeChorus, Generate, Tenant};
use chorus_tests::real_meetings;
use chrono::{DateTime, Days, Utc};

use crate::Result;

/// How far back the first sync reaches, and a no-change sync that lists everything again.
pub const WINDOW: &str = "30 days";
const WINDOW_DAYS: u64 = 30;
/// All calls lie within the window, however long the benchmark takes.
const TENANT_DAYS: i64 = 20;

/// The routes that contestants ask.
const ROUTES: [&str; 6] = [
    "/v3/engagements",
    "/api/v1/conversations/{id}",
    "/api/v1/users/me",
    "/v3/users",
    "/api/v1/teams",
    "/api/v1/scorecards",
];

/// A scenario that is not made yet: tenants are large, and only one is kept at a time.
pub struct Plan {
    pub name: &'static str,
    /// What it needs that may not be here.
    pub needs: &'static str,
    pub tenant: fn() -> Result<Option<Tenant>>,
    suits_peers: bool,
    shows_list: bool,
    shows_again: bool,
}

/// A scenario whose tenant listens.
pub struct Scenario {
    pub name: &'static str,
    pub tenant: FakeChorus,
    /// Contestants list calls from here on.
    pub since: DateTime<Utc>,
    /// Whether details are read.
    pub recorded: bool,
    /// Other tools take too long for some.
    pub suits_peers: bool,
    /// Whether the list phase is reported apart.
    pub shows_list: bool,
    /// Whether a sync that finds no change is reported.
    pub shows_again: bool,
}

pub fn scenarios() -> [Plan; 4] {
    let nothing = Plan {
        name: "",
        needs: "",
        tenant: || Ok(None),
        suits_peers: true,
        shows_list: false,
        shows_again: false,
    };
    [
        Plan {
            name: "transcripts",
            tenant: transcripts,
            ..nothing
        },
        Plan {
            name: "list",
            tenant: unrecorded,
            shows_again: true,
            ..nothing
        },
        Plan {
            name: "list and details",
            tenant: short_calls,
            suits_peers: false,
            shows_list: true,
            ..nothing
        },
        Plan {
            name: "meetings",
            needs: "meetings.jsonl.gz (CHORUS_MEETINGS says where it is)",
            tenant: meetings,
            ..nothing
        },
    ]
}

impl Plan {
    pub fn start(&self, tenant: Tenant) -> Result<Scenario> {
        let recorded = tenant.calls.iter().any(|call| call.is_recorded());
        let tenant = FakeChorus::start_blocking(tenant)?;
        tenant.render_all();
        Ok(Scenario {
            name: self.name,
            tenant,
            since: Utc::now() - Days::new(WINDOW_DAYS),
            recorded,
            suits_peers: self.suits_peers,
            shows_list: self.shows_list,
            shows_again: self.shows_again,
        })
    }
}

impl Scenario {
    /// As requests and command lines write it.
    pub fn since(&self) -> String {
        self.since.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Requests since they were last forgotten.
    pub fn requests(&self) -> u64 {
        ROUTES
            .iter()
            .map(|route| self.tenant.request_count(route))
            .sum()
    }
}

/// 2,000 recorded calls of 300 utterances.
fn transcripts() -> Result<Option<Tenant>> {
    Ok(Some(Tenant::generate(&Generate {
        calls: 2_000,
        utterances_per_call: 300,
        ..only_calls()
    })))
}

/// 50,000 recorded calls on 500 pages, each with four participants, three trackers and three utterances.
fn short_calls() -> Result<Option<Tenant>> {
    Ok(Some(Tenant::generate(&Generate {
        calls: 50_000,
        utterances_per_call: 3,
        dialer_share: 0.0,
        ..only_calls()
    })))
}

/// The same list, but nothing was recorded, so that no details are read.
fn unrecorded() -> Result<Option<Tenant>> {
    let mut tenant = short_calls()?;
    for call in tenant.iter_mut().flat_map(|tenant| &mut tenant.calls) {
        Arc::make_mut(call).engagement_type = "unrecorded_meeting".to_owned();
    }
    Ok(tenant)
}

fn meetings() -> Result<Option<Tenant>> {
    let Some(file) = real_meetings() else {
        return Ok(None);
    };
    let mut tenant = Tenant::play(file, Utc::now(), TENANT_DAYS)?;
    tenant.scorecards.clear();
    Ok(Some(tenant))
}

/// Calls only, and no scorecards, which no other contestant asks for.
fn only_calls() -> Generate {
    Generate {
        days: TENANT_DAYS,
        only_calls: true,
        scorecard_share: 0.0,
        ..Generate::default()
    }
}
