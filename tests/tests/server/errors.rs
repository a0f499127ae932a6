//! What can go wrong with a connection: each mishap has its SQLSTATE, its message and a hint.

use std::net::TcpListener;

use chorus_tests::{Workspace, expect_error, refused, rows};
use serde_json::json;

use crate::stranger::Stranger;

/// Tries to connect to `url` and gives back what was said.
#[track_caller]
fn refused_at(place: &Workspace, url: &str, sqlstate: &str, begins: &str) -> String {
    let connect = format!("SELECT * FROM chorus_connect('{url}', 'demo-key')");
    let refusal = refused(&mut place.database.connect(), &connect, sqlstate);
    let said = format!("{} / {}", refusal.message(), refusal.hint().unwrap());
    assert!(said.starts_with(begins), "{said}");
    // The other function says the same, as a row.
    let test = format!("SELECT ok, problem, hint FROM chorus_test_connection('{url}', 'demo-key')");
    let row = rows(&place.database.connect().simple_query(&test).unwrap()).remove(0);
    assert_eq!(
        (&*row[0], format!("{} / {}", row[1], row[2])),
        ("f", said.clone())
    );
    let stored: i64 = place
        .database
        .value("SELECT count(*) FROM chorus.connections");
    assert_eq!(stored, 0, "nothing is stored");
    said
}

#[test]
fn a_refused_key_and_a_role_without_rights_are_told_apart() {
    let place = Workspace::unconnected();
    let url = place.tenant.base_url();
    place.tenant.set_api_key("another");
    let wrong = refused_at(&place, &url, "28000", "Invalid credentials");
    assert!(wrong.contains("Personal Settings"), "{wrong}");
    place.tenant.set_api_key("demo-key");
    for closed in ["/api/v1", "/v3/engagements"] {
        place.tenant.set_quirk("forbid", json!(closed));
        let forbidden = refused_at(&place, &url, "28000", "Invalid credentials");
        assert!(forbidden.contains("role of its user"), "{forbidden}");
    }
}

#[test]
fn a_server_that_cannot_be_reached_is_named() {
    let place = Workspace::unconnected();
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let closed = free.local_addr().unwrap();
    drop(free);
    let plain = place.tenant.address();
    for (url, hint) in [
        ("https://no-such-host.invalid".to_owned(), "DNS"),
        (format!("http://{closed}"), "firewall"),
        (format!("https://{plain}"), "certificate"),
    ] {
        let begins = format!("Cannot reach Chorus at {url}");
        let said = refused_at(&place, &url, "08001", &begins);
        assert!(said.contains(hint), "{said}");
    }
    let url = place.tenant.base_url();
    place.tenant.set_quirk("fail", json!(500));
    refused_at(
        &place,
        &url,
        "08001",
        &format!("Cannot reach Chorus at {url}"),
    );
}

#[test]
fn an_answer_that_is_too_slow_is_a_server_that_cannot_be_reached() {
    let place = Workspace::unconnected();
    let name = place.database.name();
    place.database.sql(&format!(
        "ALTER DATABASE {name} SET chorus_sync.request_timeout = '200ms'"
    ));
    place.hang("/api/v1/users/me");
    let url = place.tenant.base_url();
    let said = refused_at(
        &place,
        &url,
        "08001",
        &format!("Cannot reach Chorus at {url}"),
    );
    assert!(said.contains("request_timeout"), "{said}");
}

#[test]
fn what_is_not_the_api_is_a_wrong_base_url() {
    let place = Workspace::unconnected();
    let url = place.tenant.base_url();
    let begins = format!("Wrong base URL {url}");
    place.tenant.set_quirk("web-app", json!(true));
    refused_at(&place, &url, "08001", &begins);
    place.tenant.clear_quirks();
    place.tenant.set_quirk("fail", json!(404));
    refused_at(&place, &url, "08001", &begins);
    let page = Stranger::answering(
        "200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>Hello</html>",
    );
    let begins = format!("Wrong base URL {}", page.url());
    refused_at(&place, &page.url(), "08001", &begins);
}

#[test]
fn json_that_is_not_chorus_is_an_unexpected_answer() {
    let place = Workspace::unconnected();
    for answer in [
        "200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"data\": 7}",
        "200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n[1, 2, 3]",
        "200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\nHello",
    ] {
        let stranger = Stranger::answering(answer);
        refused_at(
            &place,
            &stranger.url(),
            "08P01",
            "Unexpected answer from Chorus",
        );
    }
    place
        .tenant
        .set_quirk("missing-array", json!({"route": "/v3/engagements"}));
    refused_at(
        &place,
        &place.tenant.base_url(),
        "08P01",
        "Unexpected answer from Chorus",
    );
}

#[test]
fn a_redirect_is_not_followed_and_the_key_stays_here() {
    let place = Workspace::unconnected();
    let thief = Stranger::answering(
        "200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{}",
    );
    for status in [301, 302, 307, 308] {
        let to = json!({"to": format!("{}/api/v1/users/me", thief.url()), "status": status});
        place.tenant.set_quirk("redirect", to);
        let url = place.tenant.base_url();
        refused_at(
            &place,
            &url,
            "08001",
            &format!("Wrong base URL {url}: it redirects"),
        );
    }
    assert_eq!(thief.heard(), Vec::<String>::new());
}

#[test]
fn only_trusted_hosts_may_be_private_or_plain() {
    let place = Workspace::unconnected();
    for url in [
        "http://chorus.ai",
        "https://10.0.0.1",
        "https://192.168.1.1:8443",
        "https://localhost",
        "https://[::1]",
        "https://[fd00::1]",
        "http://169.254.169.254",
    ] {
        let said = refused_at(&place, url, "42501", "");
        assert!(said.contains("trusted_hosts"), "{said}");
    }
    let name = place.database.name();
    place.database.sql(&format!(
        "ALTER DATABASE {name} SET chorus_sync.trusted_hosts = '169.254.169.254, [fe80::1]'"
    ));
    for url in [
        "http://169.254.169.254",
        "https://169.254.169.254/latest",
        "https://[fe80::1]",
    ] {
        let said = refused_at(&place, url, "42501", "");
        assert!(said.contains("link-local"), "{said}");
    }
    // What was trusted before is not any more.
    refused_at(&place, &place.tenant.base_url(), "42501", "");
}

#[test]
fn only_a_superuser_says_who_is_trusted() {
    let place = Workspace::unconnected();
    let (name, url) = (place.database.name(), place.tenant.base_url());
    place.database.sql(&format!(
        "ALTER DATABASE {name} RESET chorus_sync.trusted_hosts"
    ));
    let role = place.database.role("trusting", "IN ROLE chorus_admin");
    let mut session = role.session();
    let trust = "SET chorus_sync.trusted_hosts = '127.0.0.1'";
    // Before the library is loaded nobody can say who may set it; what was set is dropped when it is.
    session.batch_execute(trust).unwrap();
    for _ in 0..2 {
        let connect = format!("SELECT chorus_connect('{url}', 'demo-key')");
        refused(&mut session, &connect, "42501");
        expect_error(session.batch_execute(trust), "42501");
    }
    assert!(place.tenant.requests().is_empty());
}

#[test]
fn arguments_that_cannot_be_meant_are_refused() {
    let place = Workspace::unconnected();
    let mut session = place.database.connect();
    let url = place.tenant.base_url();
    for arguments in [
        "'chorus.ai', 'demo-key'".to_owned(),
        "'ftp://chorus.ai', 'demo-key'".to_owned(),
        "'https://me:secret@chorus.ai', 'demo-key'".to_owned(),
        format!("'{url}'"),
        format!("'{url}', ''"),
        format!("'{url}', E'two\\nlines'"),
        format!("'{url}', 'demo-key', api_key_file => '/etc/hostname'"),
        format!("'{url}', 'demo-key', lookback_days => 0"),
        format!("'{url}', 'demo-key', lookback_days => -3"),
        format!("'{url}', 'demo-key', connection => ''"),
        format!("'{url}', 'demo-key', connection => '  '"),
        format!("'{url}', 'demo-key', schedule => 'sometimes'"),
        format!("'{url}', 'demo-key', schedule => ''"),
        format!("'{url}', 'demo-key', schedule => '0 seconds'"),
        format!("'{url}', 'demo-key', schedule => '-15 minutes'"),
        format!("'{url}', 'demo-key', schedule => '99 * * * *'"),
        format!("'{url}', 'demo-key', schedule => '* * * *'"),
        format!("'{url}', 'demo-key', schedule => '*/15 25 * * *'"),
    ] {
        let connect = format!("SELECT * FROM chorus_connect({arguments})");
        refused(&mut session, &connect, "22023");
    }
    assert!(place.tenant.requests().is_empty(), "nothing was sent");
}

#[test]
fn names_and_numbers_that_do_not_exist_are_refused() {
    let place = Workspace::small();
    let mut session = place.database.connect();
    for unknown in [
        "SELECT chorus_sync(connection => 'other')",
        "SELECT chorus_sync(connection => 'other', wait => false)",
        "SELECT chorus_disconnect('other')",
        "SELECT chorus_cancel(4711)",
        "SELECT chorus_transcript(4711)",
        "CALL chorus_wait(4711)",
    ] {
        refused(&mut session, unknown, "42704");
    }
}
