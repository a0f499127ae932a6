//! The harness keeps its own promises.

use std::path::Path;
use std::time::Duration;

use chorus_tests::{Cluster, ClusterOptions, expect_error, wait_until};

const SOON: Duration = Duration::from_secs(20);

#[test]
fn databases_of_the_shared_server_are_apart_and_go() {
    let (first, second) = (Cluster::shared().database(), Cluster::shared().database());
    first.sql("CREATE TABLE only_here ()");
    assert!(!second.value::<bool>("SELECT to_regclass('only_here') IS NOT NULL"));

    let name = first.name().to_owned();
    let _still_connected = first.connect();
    drop(first);
    let left = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(second.value::<i64>(&left), 0);
}

#[test]
fn the_extension_comes_from_the_staged_copy() {
    let database = Cluster::shared().database();
    let library: String = database.value("SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR'");
    let bindir = std::env::var("CHORUS_PG_BINDIR").unwrap();
    assert!(Path::new(&library).join("chorus_sync.so").exists());
    assert_eq!(Path::new(&library).parent(), Path::new(&bindir).parent());
    assert_eq!(
        database.value::<i64>(
            "SELECT count(*) FROM pg_available_extensions WHERE name = 'chorus_sync'"
        ),
        1
    );
}

#[test]
fn a_server_survives_kill9_and_both_ways_to_stop() {
    let cluster = Cluster::start(ClusterOptions {
        conf: &[("synchronous_commit", "on"), ("application_name", "it's")],
        ..Default::default()
    });
    let database = cluster.database();
    database.sql("CREATE TABLE kept (n int)");
    database.sql("INSERT INTO kept VALUES (1)");
    let mut session = database.connect();

    cluster.kill9();
    assert!(session.batch_execute("SELECT 1").is_err());
    cluster.start_again();
    database.sql("INSERT INTO kept VALUES (2)");
    assert!(cluster.stop_fast().success());
    cluster.start_again();
    cluster.stop_immediate();
    cluster.start_again();

    assert_eq!(database.value::<i64>("SELECT count(*) FROM kept"), 2);
    assert!(cluster.log().contains("was not properly shut down"));
}

#[test]
fn a_dropped_server_leaves_nothing() {
    let cluster = Cluster::start(ClusterOptions::default());
    let (directory, pid) = (
        cluster.socket_dir().to_owned(),
        cluster.postmaster_pid().unwrap(),
    );
    drop(cluster);
    assert!(!directory.exists());
    assert!(!Path::new("/proc").join(pid.to_string()).exists());
}

#[test]
fn a_standby_follows_and_can_be_promoted() {
    let cluster = Cluster::start(ClusterOptions::default());
    let standby = cluster.basebackup_standby();
    let mut session = standby.connect_to("postgres");
    cluster
        .connect_to("postgres")
        .batch_execute("CREATE TABLE sent ()")
        .unwrap();
    wait_until("the table has arrived", SOON, || {
        let arrived = session.query_one("SELECT to_regclass('sent') IS NOT NULL", &[]);
        arrived.unwrap().get::<_, bool>(0).then_some(())
    });
    expect_error(session.batch_execute("CREATE TABLE refused ()"), "25006");
    standby.promote();
    session.batch_execute("CREATE TABLE accepted ()").unwrap();
}

#[test]
fn programs_of_the_staged_copy_connect_to_their_server() {
    let database = Cluster::shared().database();
    database.sql("CREATE TABLE dumped ()");
    let output = database
        .cluster()
        .bin("pg_dump")
        .arg(database.name())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("CREATE TABLE public.dumped")
    );
}

#[test]
fn a_role_connects_as_itself() {
    let database = Cluster::shared().database();
    database.sql("CREATE ROLE harness_visitor LOGIN");
    let row = database
        .connect_as("harness_visitor")
        .query_one("SELECT current_user::text", &[]);
    assert_eq!(row.unwrap().get::<_, String>(0), "harness_visitor");
    database.sql("DROP ROLE harness_visitor");
}

#[test]
#[should_panic(expected = "the impossible")]
fn waiting_in_vain_says_for_what() {
    wait_until("the impossible", Duration::from_millis(30), || None::<()>);
}
