//! The contestant this is about: `chorus_sync()` in a session that waits for it.

use std::time::Duration;

use chorus_tests::Database;
use chorus_tests::fake_chorus::FakeChorus;

use crate::Result;
use crate::measure::{Measured, Started};
use crate::process::MemoryWatch;
use crate::scenario::Scenario;
use crate::server::Server;

/// What one call of `chorus_sync()` took.
pub struct Synced {
    pub measured: Measured,
    /// Until the call list was read and committed.
    pub listed: Option<Measured>,
}

/// Without the search index, which no other contestant makes: [`crate::search`] measures it.
pub fn connect(database: &Database, tenant: &FakeChorus) -> Result<()> {
    database.sql(&format!(
        "ALTER DATABASE {} SET chorus_sync.search_index = off",
        database.name()
    ));
    database.connect().query(
        "SELECT chorus_connect($1, $2, schedule => NULL)",
        &[&tenant.base_url(), &tenant.api_key()],
    )?;
    Ok(())
}

/// Watches the memory of the worker that runs next.
pub fn watch_worker(database: &Database) -> MemoryWatch {
    let mut watcher = database.connect();
    MemoryWatch::start(move || {
        let query = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'chorus_sync' AND datname = current_database()";
        let found = watcher.query_opt(query, &[]).ok()??;
        Some(found.get::<_, i32>(0) as u32)
    })
}

/// A run that must succeed.
pub fn sync(
    server: &Server,
    database: &Database,
    scenario: &Scenario,
    lookback: Option<&str>,
) -> Result<Synced> {
    let mut session = database.connect();
    let watch = watch_worker(database);
    let started = Started::now(server, scenario);
    let row = session.query_one(
        "SELECT run_id, state, problem FROM chorus_sync(lookback => $1::text::interval)",
        &[&lookback],
    )?;
    let elapsed = started.elapsed();
    let peak_kb = watch.stop();
    drop(session);
    let measured = started.end(elapsed, Duration::ZERO, peak_kb);
    if row.get::<_, &str>("state") != "succeeded" {
        return Err(format!("chorus_sync: {row:?}").into());
    }
    let listed: Option<f64> = database
        .connect()
        .query_one(
            "SELECT extract(epoch FROM listed_at - started_at)::double precision FROM chorus.runs WHERE run_id = $1",
            &[&row.get::<_, i64>("run_id")],
        )?
        .get(0);
    Ok(Synced {
        measured,
        listed: listed.map(|listed_s| Measured {
            elapsed: Duration::from_secs_f64(listed_s),
            processor: None,
            peak_kb: None,
            requests: None,
        }),
    })
}
