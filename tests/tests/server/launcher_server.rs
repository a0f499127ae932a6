//! The launcher and its server: restarts, standbys, worker slots, pg_upgrade, and what it costs to have it.

use std::fs;
use std::time::Duration;

use chorus_tests::{Cluster, IN_TIME, Workspace, session_with_notices, wait_until};

use crate::launcher::{preloaded, preloaded_with, wait_until_nothing_is_connected};

const DETAIL: &str = "/api/v1/conversations/{id}";

fn launcher_of(cluster: &Cluster) -> Option<i32> {
    let found = cluster
        .connect_to("postgres")
        .query_opt(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'chorus_sync launcher'",
            &[],
        )
        .unwrap();
    found.map(|row| row.get(0))
}

#[test]
fn a_server_without_the_preload_has_no_launcher_and_says_what_to_do() {
    let place = Workspace::small();
    assert_eq!(launcher_of(place.database.cluster()), None);
    let (mut session, notices) = session_with_notices(&place.database);
    let next: Option<chrono::DateTime<chrono::Utc>> = session
        .query_one("SELECT chorus_schedule('1 hour')", &[])
        .unwrap()
        .get(0);
    assert!(next.is_none());
    let told = notices.lock().unwrap()[0].1.message().to_owned();
    assert!(told.contains("cron.schedule"), "{told}");
}

#[test]
fn a_launcher_that_is_killed_comes_back_and_goes_on() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.connect_and_run("1 second");
    let first = launcher_of(&cluster).expect("a launcher");
    place
        .database
        .sql(&format!("SELECT pg_terminate_backend({first})"));
    wait_until("another launcher", IN_TIME, || {
        launcher_of(&cluster).filter(|pid| *pid != first)
    });
    let so_far = place.ended("schedule", "succeeded");
    place.wait_for_ended("schedule", "succeeded", so_far + 2);
}

#[test]
fn an_idle_launcher_does_not_wake_up() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.connect_and_run("1 day");
    wait_until_nothing_is_connected(&cluster);
    let launcher = launcher_of(&cluster).expect("a launcher");
    let switches = || -> u64 {
        let status = fs::read_to_string(format!("/proc/{launcher}/status")).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("voluntary_ctxt_switches"));
        line.and_then(|line| line.split_whitespace().last()?.parse().ok())
            .unwrap()
    };
    let before = switches();
    // This one measures, so it takes its time.
    std::thread::sleep(Duration::from_secs(10));
    let woken = switches() - before;
    assert!(woken <= 1, "{woken} wake-ups in ten seconds");
    let transactions: i64 = cluster
        .connect_to("postgres")
        .query_one(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'chorus_sync launcher'
            AND xact_start IS NULL AND backend_xmin IS NULL AND datname IS NULL",
            &[],
        )
        .unwrap()
        .get(0);
    assert_eq!(transactions, 1);
}

#[test]
fn a_run_that_finds_no_worker_slot_is_started_when_there_is_one() {
    // The launcher, PostgreSQL's own for replication, one run, and one more.
    let cluster = preloaded_with(&[("max_worker_processes", "4")]);
    let busy = Workspace::unconnected_on(&cluster);
    busy.database.sql(&busy.connect());
    busy.run_until_hanging("SELECT chorus_sync(wait => false)", DETAIL)
        .end()
        .unwrap();
    let place = Workspace::unconnected_on(&cluster);
    place
        .database
        .sql(&place.connect_with("schedule => '1 day'"));
    wait_until("the problem is told", IN_TIME, || {
        let told: Option<String> = place.database.value("SELECT problem FROM chorus_status()");
        told.filter(|told| told.contains("no background worker slot is free"))
    });
    assert_eq!(place.runs(), 0);
    assert!(
        place
            .database
            .value::<bool>("SELECT hint LIKE '%max_worker_processes%' FROM chorus_status()")
    );
    busy.tenant.clear_quirks();
    place.wait_for_ended("connect", "succeeded", 1);
    assert!(
        place
            .database
            .value::<bool>("SELECT problem IS NULL FROM chorus_status()")
    );
    let log = cluster.log();
    let warned = log.matches("no background worker slot is free for a scheduled run");
    assert_eq!(warned.count(), 1, "{log}");
}

#[test]
fn a_standby_starts_nothing_until_it_is_promoted() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.connect_and_run("1 second");
    let standby = cluster.basebackup_standby();
    let name = place.database.name();
    let runs = |server: &Cluster| -> i64 {
        let mut session = server.connect_to(name);
        let count = session.query_one("SELECT count(*) FROM chorus.runs", &[]);
        count.unwrap().get(0)
    };
    assert_eq!(launcher_of(&standby), None);
    let refused = standby
        .connect_to(name)
        .batch_execute("SELECT chorus_schedule('1 hour')");
    chorus_tests::expect_error(refused, "25006");
    cluster.stop_fast();
    standby.promote();
    let so_far = runs(&standby);
    wait_until("runs on the new primary", IN_TIME, || {
        (runs(&standby) > so_far + 1).then_some(())
    });
}

/// All files of a directory and those below it.
fn texts_below(directory: &std::path::Path) -> String {
    let entries = fs::read_dir(directory).unwrap();
    let texts = entries.map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts_below(&path)
        } else {
            String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()
        }
    });
    texts.collect()
}

#[test]
fn pg_upgrade_carries_everything_and_meets_no_launcher() {
    let old = preloaded_with(&[("log_min_messages", "debug1")]);
    let registered = "registering background worker \"chorus_sync launcher\"";
    assert!(old.log().contains(registered));
    let place = Workspace::unconnected_on(&old);
    place.connect_and_run("1 second");
    let name = place.database.name();
    let calls: i64 = place.database.value("SELECT count(*) FROM chorus.calls");
    old.stop_fast();
    let new = preloaded_with(&[("log_min_messages", "debug1")]);
    new.stop_fast();
    let bindir = std::env::var("CHORUS_PG_BINDIR").unwrap();
    let upgraded = new
        .bin_as_server_user("pg_upgrade")
        .args(["-b", &bindir, "-B", &bindir, "-U", "postgres"])
        .arg("-d")
        .arg(old.data_dir())
        .arg("-D")
        .arg(new.data_dir())
        .arg("-s")
        .arg(new.socket_dir())
        .args(["-p", &old.port().to_string()])
        .args(["-P", &new.port().to_string(), "--retain"])
        .current_dir(new.socket_dir())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&upgraded.stdout).into_owned();
    assert!(upgraded.status.success(), "{said}");
    let logs = texts_below(&new.data_dir().join("pg_upgrade_output.d"));
    assert!(logs.contains("database system is ready"), "{logs}");
    assert!(!logs.contains(registered), "{logs}");
    // The key that seals the API keys is a file beside the data.
    fs::copy(
        old.data_dir().join("chorus_sync.key"),
        new.data_dir().join("chorus_sync.key"),
    )
    .unwrap();
    let owner = fs::metadata(new.data_dir()).unwrap();
    std::os::unix::fs::chown(
        new.data_dir().join("chorus_sync.key"),
        Some(std::os::unix::fs::MetadataExt::uid(&owner)),
        Some(std::os::unix::fs::MetadataExt::gid(&owner)),
    )
    .unwrap();
    new.start_again();
    let mut session = new.connect_to(name);
    let carried: i64 = session
        .query_one("SELECT count(*) FROM chorus.calls", &[])
        .unwrap()
        .get(0);
    assert_eq!(carried, calls);
    let succeeded = "SELECT count(*) FROM chorus.runs WHERE state = 'succeeded'";
    let so_far: i64 = session.query_one(succeeded, &[]).unwrap().get(0);
    wait_until("runs on the new server", IN_TIME, || {
        let now: i64 = session.query_one(succeeded, &[]).unwrap().get(0);
        (now > so_far).then_some(())
    });
}
