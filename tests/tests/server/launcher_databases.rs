//! The built-in schedule while databases and extensions come and go.

use chorus_tests::{IN_TIME, Workspace, wait_until};

use crate::launcher::{preloaded, preloaded_with, wait_until_nothing_is_connected};

const DETAIL: &str = "/api/v1/conversations/{id}";

#[test]
fn the_extension_can_be_dropped_and_made_again_under_a_schedule() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    for _ in 0..3 {
        place.connect_and_run("1 second");
        place
            .database
            .sql("BEGIN; DROP EXTENSION chorus_sync; ROLLBACK");
        let so_far = place.ended("schedule", "succeeded");
        place.wait_for_ended("schedule", "succeeded", so_far + 1);
        place.database.sql("DROP EXTENSION chorus_sync");
        place.wait_for_no_worker();
        place.database.sql("CREATE EXTENSION chorus_sync");
        assert_eq!(place.runs(), 0);
    }
    assert!(!cluster.log().contains("was terminated by signal"));
}

#[test]
fn a_database_can_be_dropped_at_any_moment() {
    let cluster = preloaded();
    let mut maintenance = cluster.connect_to("postgres");
    for round in 0..8 {
        let place = Workspace::unconnected_on(&cluster);
        let name = place.database.name().to_owned();
        let connect = place.connect_with("schedule => '1 second'");
        match round {
            // Right as the first run begins.
            0..4 => place.database.sql(&connect),
            // Right as one is due.
            4 | 5 => {
                place.connect_and_run("1 second");
                place.wait_for_ended("schedule", "succeeded", 1);
            }
            // In the middle of one that would take for ever.
            _ => {
                place.hang(DETAIL);
                place.database.sql(&connect);
                place.wait_for_hanging(DETAIL);
            }
        }
        maintenance
            .batch_execute(&format!("DROP DATABASE {name}"))
            .unwrap_or_else(|error| panic!("round {round}: {error:?}"));
    }
    // What is left of them on the agenda starts nothing.
    let other = Workspace::unconnected_on(&cluster);
    other.connect_and_run("1 second");
    other.wait_for_ended("schedule", "succeeded", 2);
    let log = cluster.log();
    assert!(log.matches("does not exist").count() <= 8, "{log}");
    assert!(!log.contains("was terminated by signal"));
}

#[test]
fn a_drop_that_is_refused_costs_no_run() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.hang(DETAIL);
    place
        .database
        .sql(&place.connect_with("schedule => '1 day'"));
    place.wait_for_hanging(DETAIL);
    let _somebody = place.database.connect();
    let refused = cluster
        .connect_to("postgres")
        .batch_execute(&format!("DROP DATABASE {}", place.database.name()));
    chorus_tests::expect_error(refused, "55006");
    place.tenant.clear_quirks();
    place.wait_for_ended("schedule", "succeeded", 1);
}

#[test]
fn a_copy_of_a_database_can_be_made_at_any_moment_and_goes_on_by_itself() {
    let cluster = preloaded_with(&[("chorus_sync.trusted_hosts", "127.0.0.1")]);
    let place = Workspace::unconnected_on(&cluster);
    place.connect_and_run("1 second");
    let name = place.database.name();
    let mut maintenance = cluster.connect_to("postgres");
    for round in 0..4 {
        let copy = format!("{name}_copy_{round}");
        maintenance
            .batch_execute(&format!("CREATE DATABASE {copy} TEMPLATE {name}"))
            .unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        let mut session = cluster.connect_to(&copy);
        let succeeded = "SELECT count(*) FROM chorus.runs WHERE state = 'succeeded'";
        let so_far: i64 = session.query_one(succeeded, &[]).unwrap().get(0);
        wait_until("runs in the copy", IN_TIME, || {
            let now: i64 = session.query_one(succeeded, &[]).unwrap().get(0);
            (now > so_far + 1).then_some(())
        });
        drop(session);
        maintenance
            .batch_execute(&format!("DROP DATABASE {copy} (FORCE)"))
            .unwrap();
    }
}

#[test]
fn a_database_that_refuses_connections_is_left_alone_until_it_does_not() {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.connect_and_run("1 second");
    let name = place.database.name();
    let mut maintenance = cluster.connect_to("postgres");
    maintenance
        .batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        .unwrap();
    wait_until_nothing_is_connected(&cluster);
    // Another one is served meanwhile.
    let other = Workspace::unconnected_on(&cluster);
    other.connect_and_run("1 second");
    other.wait_for_ended("schedule", "succeeded", 3);
    let log = cluster.log();
    let refused = log
        .matches("is not currently accepting connections")
        .count();
    assert!(refused <= 1, "{log}");
    maintenance
        .batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
        .unwrap();
    let so_far = place.ended("schedule", "succeeded");
    place.wait_for_ended("schedule", "succeeded", so_far + 2);
}

#[test]
fn whoever_locks_our_tables_keeps_no_other_database_from_its_runs() {
    for table in ["chorus.connections", "chorus.runs"] {
        while_somebody_locks(table);
    }
}

fn while_somebody_locks(table: &str) {
    let cluster = preloaded();
    let place = Workspace::unconnected_on(&cluster);
    place.connect_and_run("1 day");
    wait_until_nothing_is_connected(&cluster);
    let mut somebody = place.database.connect();
    somebody
        .batch_execute(&format!("BEGIN; LOCK TABLE {table}"))
        .unwrap();
    // Has it looked at.
    place.database.sql(&format!(
        "ALTER DATABASE {} SET chorus_sync.overlap = '4 d'",
        place.database.name()
    ));
    let other = Workspace::unconnected_on(&cluster);
    other.connect_and_run("1 second");
    other.wait_for_ended("schedule", "succeeded", 3);
    other.database.sql("SELECT chorus_schedule(NULL)");
    // Nobody waits for the lock for long, or complains of it.
    wait_until_nothing_is_connected(&cluster);
    let log = cluster.log();
    assert!(!log.contains("lock timeout"), "{log}");
    somebody.batch_execute("ROLLBACK").unwrap();
    place.database.sql("SELECT chorus_schedule('1 second')");
    place.wait_for_ended("schedule", "succeeded", 2);
}
