//! A fake tenant, and a database that is connected to it.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use fake_chorus::{Call, FakeChorus, Generate, Tenant};
use postgres::Row;

use crate::cluster::Cluster;
use crate::contents::Contents;
use crate::database::Database;
use crate::truth;

/// Days that a first sync reaches back. Tenants of tests lie within, so that nothing stands on the border.
pub const LOOKBACK_DAYS: i64 = 30;

/// A made-up tenant of the last 20 days.
pub fn plan(calls: usize) -> Generate {
    Generate {
        calls,
        utterances_per_call: 12,
        days: 20,
        ..Generate::default()
    }
}

/// A dozen short calls of the last twenty days.
pub fn small_tenant() -> Tenant {
    Tenant::generate(&Generate {
        calls: 12,
        utterances_per_call: 6,
        participants_per_call: 3,
        days: 20,
        only_calls: true,
        scorecard_share: 0.5,
        ..Default::default()
    })
}

/// Meetings that people really held, where there are any: `CHORUS_MEETINGS`, or the file beside the project.
pub fn real_meetings() -> Option<PathBuf> {
    let beside = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/meetings/meetings.jsonl.gz"
    );
    let named = std::env::var_os("CHORUS_MEETINGS").map_or_else(|| beside.into(), PathBuf::from);
    named.exists().then_some(named)
}

/// A tenant and the database that pulls it, over the connection `default`.
pub struct Workspace<'a> {
    pub tenant: FakeChorus,
    pub database: Database<'a>,
}

/// What `chorus_sync` said of a run.
#[derive(Debug)]
pub struct Ran {
    pub run_id: i64,
    pub state: String,
    pub calls_listed: i64,
    pub calls_added: i64,
    pub calls_updated: i64,
    pub calls_removed: i64,
    pub transcripts_added: i64,
    pub transcripts_pending: i64,
    pub utterances_added: i64,
    pub requests: i64,
    pub problem: Option<String>,
}

impl From<Row> for Ran {
    fn from(row: Row) -> Ran {
        Ran {
            run_id: row.get("run_id"),
            state: row.get("state"),
            calls_listed: row.get("calls_listed"),
            calls_added: row.get("calls_added"),
            calls_updated: row.get("calls_updated"),
            calls_removed: row.get("calls_removed"),
            transcripts_added: row.get("transcripts_added"),
            transcripts_pending: row.get("transcripts_pending"),
            utterances_added: row.get("utterances_added"),
            requests: row.get("requests"),
            problem: row.get("problem"),
        }
    }
}

impl Workspace<'static> {
    /// Connected, on the shared server, and not synced yet.
    pub fn of(tenant: Tenant) -> Workspace<'static> {
        Workspace::on(Cluster::shared(), tenant)
    }

    /// The same with a dozen short calls.
    pub fn small() -> Workspace<'static> {
        Workspace::of(small_tenant())
    }

    /// A dozen short calls, and nothing connected yet.
    pub fn unconnected() -> Workspace<'static> {
        Workspace::unconnected_on(Cluster::shared())
    }

    pub fn generated(calls: usize) -> Workspace<'static> {
        Workspace::of(Tenant::generate(&plan(calls)))
    }

    /// Synced once, with recorded calls only, and no request remembered.
    pub fn synced(calls: usize) -> Workspace<'static> {
        let workspace = Workspace::of(Tenant::generate(&Generate {
            only_calls: true,
            ..plan(calls)
        }));
        workspace.sync();
        workspace.tenant.forget_requests();
        workspace
    }
}

impl<'a> Workspace<'a> {
    pub fn on(cluster: &'a Cluster, tenant: Tenant) -> Workspace<'a> {
        let workspace = Workspace::beside(cluster, tenant);
        let arguments = format!("lookback_days => {LOOKBACK_DAYS}, schedule => NULL");
        workspace.database.sql(&workspace.connect_with(&arguments));
        workspace
    }

    /// A dozen short calls, and nothing connected yet.
    pub fn unconnected_on(cluster: &'a Cluster) -> Workspace<'a> {
        Workspace::beside(cluster, small_tenant())
    }

    fn beside(cluster: &'a Cluster, tenant: Tenant) -> Workspace<'a> {
        let tenant = FakeChorus::start_blocking(tenant).expect("a fake tenant");
        let database = cluster.database().with_extension();
        database.trust_this_machine();
        Workspace { tenant, database }
    }

    /// The statement that connects `default` to the tenant, without a schedule.
    pub fn connect(&self) -> String {
        self.connect_with("schedule => NULL")
    }

    /// The same with other arguments behind base URL and key.
    pub fn connect_with(&self, arguments: &str) -> String {
        let (url, key) = (self.tenant.base_url(), self.tenant.api_key());
        format!("SELECT * FROM chorus_connect('{url}', '{key}', {arguments})")
    }

    /// A run that must succeed.
    #[track_caller]
    pub fn sync(&self) -> Ran {
        let ran = self
            .try_sync()
            .unwrap_or_else(|error| panic!("chorus_sync: {error:?}"));
        assert_eq!(ran.state, "succeeded", "{ran:?}");
        ran
    }

    pub fn try_sync(&self) -> Result<Ran, postgres::Error> {
        self.database
            .connect()
            .query_one("SELECT * FROM chorus_sync()", &[])
            .map(Ran::from)
    }

    /// Starts a run and does not wait for it.
    pub fn sync_in_background(&self) -> i64 {
        self.database
            .value("SELECT run_id FROM chorus_sync(wait => false)")
    }

    /// The call that is `place` places below the top of the list.
    pub fn newest(&self, place: usize) -> Call {
        let call = self
            .tenant
            .read(|tenant| tenant.newest_first()[place].clone());
        Call::clone(&call)
    }

    /// Changes a call in Chorus.
    pub fn edit_call(&self, call: &Call, change: impl FnOnce(&mut Call)) {
        self.tenant
            .edit(|tenant| change(tenant.call_mut(&call.engagement_id).unwrap()));
    }

    /// From now on the extension's clock is `offset` ahead, such as `3 days`.
    pub fn set_clock(&self, offset: &str) {
        self.set("clock_offset", offset);
    }

    /// Sets `chorus_sync.<name>` for this database.
    pub fn set(&self, name: &str, value: &str) {
        self.database.sql(&format!(
            "ALTER DATABASE {} SET chorus_sync.{name} = '{value}'",
            self.database.name()
        ));
    }

    /// What the tables must hold of the tenant's truth: all of it, as no tenant of ours is older than the lookback.
    pub fn expected(&self) -> Contents {
        self.tenant
            .read(|tenant| truth::expected(tenant, DateTime::<Utc>::UNIX_EPOCH))
    }

    /// The tables hold what the tenant holds and nothing else.
    #[track_caller]
    pub fn assert_complete(&self) {
        self.expected().assert_stored(&self.database.stored());
        self.database.assert_sound();
    }

    pub fn problems(&self) -> i64 {
        self.database.value("SELECT count(*) FROM chorus.problems")
    }
}
