//! pg_cron as the scheduler, with the line that the README shows.
//!
//! pg_cron starts jobs when a minute of the clock begins, so this test takes up to a minute.

use std::time::Duration;

use chorus_tests::fake_chorus::{Call, Generate, Tenant};
use chorus_tests::{Cluster, ClusterOptions, Workspace, plan, wait_until};

const README: &str = include_str!("../../../README.md");
/// The minute that pg_cron waits for, and what a busy machine needs on top of it.
const NEXT_MINUTES: Duration = Duration::from_secs(180);

/// The README's line, for every minute.
fn every_minute() -> String {
    let line = README
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("SELECT cron.schedule("))
        .expect("the README shows a line for pg_cron");
    let job = line.replace("'*/15 * * * *'", "'* * * * *'");
    assert!(
        job != line && job.contains("chorus_sync(wait => false)"),
        "{line}"
    );
    job
}

/// Whether the staged PostgreSQL has pg_cron. On Debian 12 it must.
fn is_there() -> bool {
    let database = Cluster::shared().database();
    let there = database
        .value("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_cron')");
    let version: String = database.value("SELECT version()");
    assert!(
        there || !version.contains("+deb12u"),
        "Debian 12 has pg_cron: scripts/pg-cron.sh fetches it, scripts/stage.sh puts it in its place"
    );
    there
}

#[test]
fn new_calls_arrive_by_a_job_of_pg_cron() {
    if !is_there() {
        println!("skipped: there is no package of pg_cron for this PostgreSQL");
        return;
    }
    let cluster = Cluster::start(ClusterOptions {
        conf: &[("shared_preload_libraries", "pg_cron")],
        ..ClusterOptions::default()
    });
    let workspace = Workspace::on(
        &cluster,
        Tenant::generate(&Generate {
            utterances_per_call: 3,
            ..plan(20)
        }),
    );
    workspace.sync();
    // pg_cron serves one database, which is named when the server starts.
    cluster.configure(&[("cron.database_name", workspace.database.name())]);
    assert!(cluster.stop_fast().success());
    cluster.start_again();
    workspace.database.sql("CREATE EXTENSION pg_cron");

    let newest = workspace.newest(0);
    workspace.tenant.edit(|tenant| {
        tenant.add_call(Call {
            engagement_id: "SCHEDULED00000000000000000000000".into(),
            date_time: newest.date_time + 1800.0,
            ..newest
        });
    });
    workspace.database.sql(&every_minute());
    let mut session = workspace.database.connect();
    wait_until("a job of pg_cron has synced", NEXT_MINUTES, || {
        let synced = "SELECT FROM chorus.runs WHERE run_id > 1 AND state = 'succeeded'";
        session.query_opt(synced, &[]).unwrap()
    });
    workspace.assert_complete();
    // The job itself was over at once: nothing waited for the run.
    let job: String = workspace.database.value(
        "SELECT status || ', ' || return_message FROM cron.job_run_details ORDER BY runid LIMIT 1",
    );
    assert_eq!(job, "succeeded, 1 row");
}
