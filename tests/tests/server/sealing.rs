//! The key that seals the API keys: whose file it is, and what it opens.

use chorus_tests::{Workspace, refused, rows, small_tenant};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use chorus_tests::fake_chorus::FakeChorus;

#[test]
fn the_file_of_the_sealing_key_can_be_read_by_the_server_alone() {
    let place = Workspace::small();
    let file = place.database.cluster().data_dir().join("chorus_sync.key");
    let facts = std::fs::metadata(file).unwrap();
    assert_eq!(
        (facts.permissions().mode() & 0o7777, facts.len()),
        (0o600, 32)
    );
}

/// Has the server's own user do something to its files.
fn shell(place: &Workspace, command: &str) {
    place
        .database
        .sql(&format!("COPY (SELECT 1) TO PROGRAM '{command}'"));
}

#[test]
fn a_key_file_that_is_absent_too_open_too_short_or_another_one_is_refused() {
    let place = Workspace::unconnected();
    let (name, mut session) = (place.database.name(), place.database.connect());
    let file: PathBuf = place
        .database
        .cluster()
        .socket_dir()
        .join(format!("{name}.key"));
    let path = file.display();
    place.database.sql(&format!(
        "ALTER DATABASE {name} SET chorus_sync.secret_key_file = '{path}'"
    ));
    let connect = place.connect();
    let fresh = || place.database.connect();
    refused(&mut fresh(), &connect, "F0000");
    shell(
        &place,
        &format!("head -c 31 /dev/urandom >{path} && chmod 600 {path}"),
    );
    refused(&mut fresh(), &connect, "F0000");
    shell(
        &place,
        &format!("head -c 32 /dev/urandom >{path} && cp {path} {path}.kept"),
    );
    fresh().simple_query(&connect).unwrap();
    let sync = "SELECT chorus_sync()";
    fresh().simple_query(sync).unwrap();

    shell(&place, &format!("chmod 640 {path}"));
    let open = refused(&mut session, sync, "F0000");
    assert!(open.message().contains("mode 0640"), "{open:?}");
    shell(
        &place,
        &format!("chmod 600 {path} && head -c 32 /dev/urandom >{path}"),
    );
    let other = refused(&mut session, sync, "F0000");
    assert!(
        other.hint().unwrap().contains("chorus_connect"),
        "{other:?}"
    );
    shell(&place, &format!("rm {path}"));
    refused(&mut session, sync, "F0000");
    shell(
        &place,
        &format!("mv {path}.kept {path} && chmod 600 {path}"),
    );
    session.simple_query(sync).unwrap();
}

#[test]
fn a_sealed_key_opens_for_its_own_connection_and_host_only() {
    let place = Workspace::small();
    let second = place.connect_with("schedule => NULL, connection => 'second'");
    place.database.sql(&second);
    let mut session = place.database.connect();
    // Copied to the row of another connection.
    place.database.sql(
        "UPDATE chorus.credentials SET sealed_key = (SELECT sealed_key FROM chorus.credentials ORDER BY connection_id LIMIT 1)",
    );
    session.simple_query("SELECT chorus_sync()").unwrap();
    refused(
        &mut session,
        "SELECT chorus_sync(connection => 'second')",
        "F0000",
    );
    place.database.sql(&second);
    session
        .simple_query("SELECT chorus_sync(connection => 'second')")
        .unwrap();
    // Sent to a host that somebody wrote into the table.
    let thief = FakeChorus::start_blocking(small_tenant()).unwrap();
    let url = thief.base_url();
    place
        .database
        .sql(&format!("UPDATE chorus.connections SET base_url = '{url}'"));
    refused(&mut session, "SELECT chorus_sync()", "F0000");
    refused(
        &mut session,
        &format!("SELECT chorus_connect('{url}')"),
        "F0000",
    );
    assert!(thief.requests().is_empty());
}

#[test]
fn a_key_from_a_file_needs_the_right_to_read_files() {
    let place = Workspace::unconnected();
    let (name, cluster) = (place.database.name(), place.database.cluster());
    let path = cluster.socket_dir().join(format!("{name}.api-key"));
    std::fs::write(&path, "  demo-key\n").unwrap();
    let connect = |path: &str| {
        format!(
            "SELECT connected_as FROM chorus_connect('{}', api_key_file => '{path}', schedule => NULL)",
            place.tenant.base_url()
        )
    };
    let (there, path) = (
        connect(&path.to_string_lossy()),
        path.to_string_lossy().into_owned(),
    );
    let admin = place.database.role("admin", "IN ROLE chorus_admin");
    refused(&mut admin.session(), &there, "42501");
    let files = "IN ROLE chorus_admin, pg_read_server_files";
    let files = place.database.role("files", files);
    let mut allowed = files.session();
    assert_eq!(rows(&allowed.simple_query(&there).unwrap()).len(), 1);
    allowed
        .simple_query("SELECT chorus_disconnect(purge => true)")
        .unwrap();
    drop(allowed);
    let mut session = place.database.connect();
    session.simple_query(&there).unwrap();
    for missing in ["/no/such/file", "/tmp"] {
        refused(&mut session, &connect(missing), "F0000");
    }
    std::fs::write(&path, "\n").unwrap();
    refused(&mut session, &there, "22023");
}
