//! The built-in schedule: runs begin by themselves, at the right time, and stop when they are told to.

use chorus_tests::{
    Cluster, ClusterOptions, IN_TIME, Workspace, expect_error, refused, session_with_notices,
    wait_until,
};

pub const PRELOADED: (&str, &str) = ("shared_preload_libraries", "chorus_sync");

/// A server with a launcher.
pub fn preloaded() -> Cluster {
    preloaded_with(&[])
}

pub fn preloaded_with(conf: &[(&str, &str)]) -> Cluster {
    let mut all = vec![PRELOADED];
    all.extend_from_slice(conf);
    Cluster::start(ClusterOptions {
        conf: &all,
        fsync: false,
    })
}

/// Until nothing of ours is connected to any database.
pub fn wait_until_nothing_is_connected(cluster: &Cluster) {
    let mut session = cluster.connect_to("postgres");
    wait_until("nothing of ours is connected", IN_TIME, || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'chorus_sync%' AND datname IS NOT NULL";
        let connected: i64 = session.query_one(sql, &[]).unwrap().get(0);
        (connected == 0).then_some(())
    });
}

#[test]
fn connecting_starts_the_backfill_and_nobody_has_to_call_anything() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    let (mut session, notices) = session_with_notices(&place.database);
    let connected = session
        .query_one(&place.connect_with("schedule => '15 minutes'"), &[])
        .unwrap();
    let next: Option<chrono::DateTime<chrono::Utc>> = connected.get("next_run_at");
    assert!(next.is_some());
    assert!(notices.lock().unwrap().is_empty(), "{notices:?}");
    place.wait_for_ended("connect", "succeeded", 1);
    assert_eq!(
        place
            .database
            .value::<i64>("SELECT count(*) FROM chorus.calls"),
        12
    );
    // And then a quarter of an hour after it began.
    let exact: bool = place.database.value(
        "SELECT k.next_run_at = r.started_at + interval '15 minutes' FROM chorus.connections k, chorus.runs r",
    );
    assert!(exact);
    wait_until_nothing_is_connected(&cluster);
    assert!(
        place
            .database
            .value::<bool>("SELECT next_run_at > now() FROM chorus_status()")
    );
}

#[test]
fn an_interval_runs_again_and_again_and_new_calls_arrive() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.connect_and_run("1 second");
    place.tenant.edit(|tenant| {
        let newest = tenant.newest_first()[0].clone();
        let mut call = chorus_tests::fake_chorus::Call::clone(&newest);
        call.engagement_id = "arrived-later".into();
        tenant.add_call(call);
    });
    let mut session = place.database.connect();
    wait_until("the new call", IN_TIME, || {
        let sql = "SELECT true FROM chorus.calls WHERE source_call_id = 'arrived-later'";
        session.query_opt(sql, &[]).unwrap().map(drop)
    });
    place.wait_for_ended("schedule", "succeeded", 3);
}

#[test]
fn cron_runs_when_the_clock_matches() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.connect_and_run("0 3 1 1 *");
    let next: bool = place.database.value(
        "SELECT next_run_at = (date_trunc('year', now() AT TIME ZONE 'UTC') + interval '1 year 3 hours') AT TIME ZONE 'UTC'
           FROM chorus.connections",
    );
    assert!(next);
    // Five seconds before it matches, by the clock of this database.
    place.database.sql(&format!(
        "DO $$ BEGIN
             EXECUTE format('ALTER DATABASE {} SET chorus_sync.clock_offset = %L',
                            (SELECT extract(epoch FROM next_run_at - now()) - 5 FROM chorus.connections));
         END $$",
        place.database.name()
    ));
    place.wait_for_ended("schedule", "succeeded", 1);
}

#[test]
fn a_clock_that_was_wrong_and_is_set_back_stops_nothing() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.connect_and_run("1 second");
    let name = place.database.name();
    place.database.sql(&format!(
        "ALTER DATABASE {name} SET chorus_sync.clock_offset = '5 days'"
    ));
    let mut session = place.database.connect();
    wait_until("a run in five days", IN_TIME, || {
        let sql = "SELECT FROM chorus.runs WHERE state = 'succeeded' AND finished_at > now() + interval '4 days'";
        session.query_opt(&format!("{sql} LIMIT 1"), &[]).unwrap()
    });
    place.database.sql(&format!(
        "ALTER DATABASE {name} RESET chorus_sync.clock_offset"
    ));
    let in_time = "SELECT FROM chorus.runs WHERE state = 'succeeded' AND trigger = 'schedule'
                      AND run_id > (SELECT max(run_id) FROM chorus.runs WHERE queued_at > now() + interval '4 days')";
    wait_until("a run of today", IN_TIME, || {
        session
            .query_opt(&format!("{in_time} LIMIT 1"), &[])
            .unwrap()
    });
}

#[test]
fn chorus_schedule_changes_pauses_and_goes_on() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.connect_and_run("1 day");
    let mut session = place.database.connect();
    let paused: Option<chrono::DateTime<chrono::Utc>> = session
        .query_one("SELECT chorus_schedule(NULL)", &[])
        .unwrap()
        .get(0);
    assert!(paused.is_none());
    let state: String = place.database.value("SELECT state FROM chorus.connections");
    assert_eq!(state, "paused");
    assert!(!place.has_next_run());
    let soon: bool = place
        .database
        .value("SELECT chorus_schedule('1 second') <= now() + interval '2 seconds'");
    assert!(soon);
    place.wait_for_ended("schedule", "succeeded", 2);
    place.database.sql("SELECT chorus_schedule(NULL)");
    place.wait_for_no_worker();
    let runs = place.runs();
    // A manual run works, and wakes nothing.
    place.database.sql("SELECT chorus_sync()");
    wait_until_nothing_is_connected(&cluster);
    assert_eq!(place.runs(), runs + 1);
    assert!(!place.has_next_run());
}

#[test]
fn chorus_schedule_refuses_what_it_cannot_do() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    let mut session = place.database.connect();
    refused(&mut session, "SELECT chorus_schedule('1 hour')", "42704");
    place.database.sql(&place.connect());
    refused(&mut session, "SELECT chorus_schedule('often')", "22023");
    refused(
        &mut session,
        "SELECT chorus_schedule('0 0 31 2 *')",
        "22023",
    );
    refused(
        &mut session,
        "BEGIN; SELECT chorus_schedule('1 day'); PREPARE TRANSACTION 'p'",
        "0A000",
    );
    session.batch_execute("ROLLBACK").unwrap();
    refused(
        &mut session,
        "BEGIN READ ONLY; SELECT chorus_schedule('1 hour')",
        "25006",
    );
    session.batch_execute("ROLLBACK").unwrap();
    place
        .database
        .sql("UPDATE chorus.connections SET state = 'needs_key'");
    refused(&mut session, "SELECT chorus_schedule('1 hour')", "28000");
    place.database.sql("SELECT chorus_disconnect()");
    refused(&mut session, "SELECT chorus_schedule('1 hour')", "55000");
    expect_error(
        session.batch_execute("SET chorus_sync.timezone = 'Mars/Olympus'"),
        "22023",
    );
}

#[test]
fn a_rolled_back_connect_or_schedule_starts_nothing() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    let connect = place.connect_with("schedule => '1 second'");
    place.database.sql(&format!("BEGIN; {connect}; ROLLBACK"));
    place.database.sql(&place.connect());
    place
        .database
        .sql("BEGIN; SELECT chorus_schedule('1 second'); ROLLBACK");
    // What is committed afterwards in another database is looked at, so the launcher is awake and had its chance.
    let other = Workspace::unconnected_on(&cluster);
    other.connect_and_run("1 day");
    assert_eq!(place.runs(), 0);
    assert!(!place.has_next_run());
}

#[test]
fn enabled_off_stops_the_schedule_and_on_goes_on() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.connect_and_run("1 second");
    let name = place.database.name().to_owned();
    for (off, on) in [
        (
            "ALTER SYSTEM SET chorus_sync.enabled = off".to_owned(),
            "ALTER SYSTEM RESET chorus_sync.enabled".to_owned(),
        ),
        (
            format!("ALTER DATABASE {name} SET chorus_sync.enabled = off"),
            format!("ALTER DATABASE {name} RESET chorus_sync.enabled"),
        ),
    ] {
        place.database.sql(&off);
        place.database.sql("SELECT pg_reload_conf()");
        wait_until("nothing is planned", IN_TIME, || {
            (!place.has_next_run()).then_some(())
        });
        place.wait_for_no_worker();
        let runs = place.runs();
        place.database.sql("SELECT chorus_sync()");
        assert_eq!(place.runs(), runs + 1);
        assert!(!place.has_next_run());
        place.database.sql(&on);
        place.database.sql("SELECT pg_reload_conf()");
        let so_far = place.ended("schedule", "succeeded");
        place.wait_for_ended("schedule", "succeeded", so_far + 1);
    }
}

#[test]
fn only_databases_that_are_named_are_served() {
    let cluster = preloaded_with(&[("chorus_sync.databases", "somewhere_else")]);
    let place = Workspace::unconnected_on(&cluster);
    let (mut session, notices) = session_with_notices(&place.database);
    let connected = session
        .query_one(&place.connect_with("schedule => '1 second'"), &[])
        .unwrap();
    let next: Option<chrono::DateTime<chrono::Utc>> = connected.get("next_run_at");
    assert!(next.is_none());
    let told = notices.lock().unwrap()[0].1.message().to_owned();
    assert!(told.contains("chorus_sync.databases"), "{told}");
    assert_eq!(place.runs(), 0);
    place.database.sql(&format!(
        "ALTER SYSTEM SET chorus_sync.databases = 'other, {}'",
        place.database.name()
    ));
    place.database.sql("SELECT pg_reload_conf()");
    place.wait_for_ended("connect", "succeeded", 1);
    place.wait_for_ended("schedule", "succeeded", 1);
    // And not any more: what was planned is none of its plans.
    let shown = "SELECT next_run_at IS NOT NULL FROM chorus_status()";
    assert!(place.database.value::<bool>(shown));
    place
        .database
        .sql("ALTER SYSTEM SET chorus_sync.databases = 'other'");
    place.database.sql("SELECT pg_reload_conf()");
    wait_until("nothing is planned", IN_TIME, || {
        (!place.database.value::<bool>(shown)).then_some(())
    });
}
