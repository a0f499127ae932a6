//! What others do at the wrong moment, or on purpose, does not reach our runs.

use std::process::Command;

use chorus_tests::fake_chorus::{FakeChorus, Generate, Tenant};
use chorus_tests::{SOON, Workspace, expect_error, plan, wait_until};
use serde_json::json;

#[test]
fn locks_of_other_sessions_neither_block_nor_fake_a_run() {
    let workspace = Workspace::generated(20);
    let mut other = workspace.database.connect();
    // Any key that SQL can make, of both kinds, around what is taken next.
    other
        .batch_execute(
            "SELECT pg_advisory_lock(k::int, n) FROM generate_series(1, 4) n,
                    (SELECT oid::bigint FROM pg_extension WHERE extname = 'chorus_sync') e(k);
             SELECT pg_advisory_lock((k << 32) | n) FROM generate_series(1, 4) n,
                    (SELECT oid::bigint FROM pg_extension WHERE extname = 'chorus_sync') e(k);",
        )
        .expect("locks");
    workspace.sync();
    workspace.assert_complete();
}

#[test]
fn a_run_of_an_extension_that_was_made_anew_writes_nothing_into_it() {
    let workspace = Workspace::generated(40);
    workspace
        .tenant
        .set_quirk("hang", json!({"route": "/v3/engagements"}));
    workspace.sync_in_background();
    wait_until("the list is asked for", SOON, || {
        (workspace.tenant.requests_in_flight() > 0).then_some(())
    });
    workspace
        .database
        .sql("DROP EXTENSION chorus_sync; CREATE EXTENSION chorus_sync;");
    let second = FakeChorus::start_blocking(Tenant::generate(&Generate {
        domain: "other.example".into(),
        ..plan(5)
    }))
    .expect("another tenant");
    workspace.database.sql(&format!(
        "SELECT chorus_connect('{}', '{}', schedule => NULL)",
        second.base_url(),
        second.api_key()
    ));
    workspace.tenant.clear_quirks();
    wait_until("the old worker is gone", SOON, || {
        (workspace.database.value::<i64>(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'chorus_sync' AND datname = current_database()",
        ) == 0)
            .then_some(())
    });
    let strange: i64 = workspace
        .database
        .value("SELECT count(*) FROM chorus.calls");
    let listed: bool = workspace
        .database
        .value("SELECT bool_or(listed_to IS NOT NULL) FROM chorus.connections");
    assert_eq!((strange, listed), (0, false));
}

#[test]
fn a_pipe_named_as_key_file_is_refused_at_once() {
    let workspace = Workspace::generated(1);
    let directory = tempfile::tempdir().expect("a directory");
    let pipe = directory.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg("-m666")
            .arg(&pipe)
            .status()
            .expect("mkfifo")
            .success()
    );
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(directory.path(), mode).expect("chmod");
    let refused = workspace.database.connect().batch_execute(&format!(
        "SET statement_timeout = '10s'; SELECT chorus_connect('{}', api_key_file => '{}')",
        workspace.tenant.base_url(),
        pipe.display()
    ));
    let error = expect_error(refused, "F0000");
    assert!(error.message().contains("not a plain file"), "{error}");
}

#[test]
fn no_connection_is_meant_by_null_and_no_interval_is_too_long() {
    let workspace = Workspace::generated(5);
    for statement in [
        "SELECT chorus_disconnect(NULL, true)",
        "SELECT chorus_sync(connection => NULL)",
        "SELECT chorus_connect(connection => repeat('x', 1000))",
        "SELECT chorus_sync(lookback => '-300000 years')",
    ] {
        let error = expect_error(
            workspace.database.connect().batch_execute(statement),
            "22023",
        );
        assert!(error.hint().is_some(), "{statement}: {error}");
    }
    workspace
        .database
        .sql("SELECT chorus_sync(lookback => '170000000 years')");
    workspace.assert_complete();
}
