//! A connection's life: made, changed, moved, failing.

use chorus_tests::fake_chorus::{FakeChorus, Generate, Tenant};
use chorus_tests::{Workspace, refused, rows, session_with_notices, small_tenant};

use crate::stranger::Stranger;

#[test]
fn connecting_tells_whose_key_it_is_and_how_to_schedule_without_us() {
    let place = Workspace::unconnected();
    let (mut session, notices) = session_with_notices(&place.database);
    let connect = place.connect_with("schedule => '5 minutes', connection => 'it''s'");
    let answer = rows(&session.simple_query(&connect).unwrap());
    assert_eq!(answer[0][0], "seller.example");
    assert!(answer[0][1].ends_with("@seller.example"), "{answer:?}");
    assert_eq!(
        answer[0][2], "",
        "nothing is scheduled without the library preloaded"
    );
    let told = notices.lock().unwrap();
    assert_eq!(told.len(), 1);
    let line = told[0].1.message();
    assert!(line.contains("'*/5 * * * *'"), "{line}");
    assert!(
        line.contains(r"public.chorus_sync(connection => ''it''''s'', wait => false)"),
        "{line}"
    );
    let stored: String = place
        .database
        .value("SELECT state || ' ' || schedule FROM chorus.connections");
    assert_eq!(stored, "active 5 minutes");
}

#[test]
fn both_ways_to_write_a_schedule_and_none_are_kept() {
    let place = Workspace::unconnected();
    for (schedule, state) in [
        ("'*/15 * * * *'", "active"),
        ("' 1 day '", "active"),
        ("NULL", "paused"),
    ] {
        let connect = place.connect_with(&format!("schedule => {schedule}"));
        place.database.sql(&connect);
        let kept: (Option<String>, String) = {
            let mut session = place.database.connect();
            let row = session
                .query_one("SELECT schedule, state FROM chorus.connections", &[])
                .unwrap();
            (row.get(0), row.get(1))
        };
        let written = schedule.trim_matches('\'').trim();
        assert_eq!(
            kept,
            (
                (written != "NULL").then(|| written.to_owned()),
                state.to_owned()
            )
        );
    }
}

#[test]
fn a_prefix_is_kept_and_a_slash_at_the_end_does_not_matter() {
    let place = Workspace::unconnected();
    let stranger =
        Stranger::answering("404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    for end in ["", "/"] {
        let connect = format!(
            "SELECT * FROM chorus_connect('{}/eu/chorus{end}', 'demo-key')",
            stranger.url()
        );
        refused(&mut place.database.connect(), &connect, "08001");
    }
    let heard = stranger.heard();
    assert_eq!(heard.len(), 2);
    for request in heard {
        assert!(
            request.starts_with("GET /eu/chorus/api/v1/users/me "),
            "{request}"
        );
    }
    let slash = place.connect().replace(
        &place.tenant.base_url(),
        &format!("{}/", place.tenant.base_url()),
    );
    place.database.sql(&slash);
    let stored: String = place
        .database
        .value("SELECT base_url FROM chorus.connections");
    assert_eq!(stored, place.tenant.base_url());
}

#[test]
fn connecting_again_changes_settings_without_the_key_and_keeps_the_data() {
    let place = Workspace::small();
    assert_eq!(place.sync().calls_added, 12);
    let url = place.tenant.base_url();
    place.database.sql(&format!(
        "SELECT chorus_connect('{url}', lookback_days => 7, schedule => '1 hour')"
    ));
    let kept: String = place.database.value(
        "SELECT concat_ws(' ', count(*), min(lookback_days), min(schedule), min(state)) FROM chorus.connections",
    );
    assert_eq!(kept, "1 7 1 hour active");
    assert_eq!(place.sync().calls_added, 0);
}

#[test]
fn another_host_needs_the_key_again() {
    let place = Workspace::small();
    let elsewhere = FakeChorus::start_blocking(small_tenant()).unwrap();
    let (mut session, url) = (place.database.connect(), elsewhere.base_url());
    refused(
        &mut session,
        &format!("SELECT * FROM chorus_connect('{url}')"),
        "22023",
    );
    assert!(
        elsewhere.requests().is_empty(),
        "the stored key went to another host"
    );
    session
        .simple_query(&format!(
            "SELECT * FROM chorus_connect('{url}', 'demo-key', schedule => NULL)"
        ))
        .unwrap();
    place.sync();
    assert!(elsewhere.request_count("/v3/engagements") > 0);
}

#[test]
fn a_key_of_another_workspace_is_refused() {
    let place = Workspace::small();
    let other = FakeChorus::start_blocking(Tenant::generate(&Generate {
        calls: 3,
        domain: "rival.example".into(),
        ..Default::default()
    }))
    .unwrap();
    let connect = |name: &str| {
        format!(
            "SELECT * FROM chorus_connect('{}', 'demo-key', connection => '{name}')",
            other.base_url()
        )
    };
    let mut session = place.database.connect();
    let refusal = refused(&mut session, &connect("default"), "22023");
    assert!(refusal.message().contains("rival.example"), "{refusal:?}");
    // The old key is still there.
    place.sync();
    session.simple_query(&connect("rival")).unwrap();
    let domains: String = place
        .database
        .value("SELECT string_agg(workspace_domain, ' ' ORDER BY name) FROM chorus.connections");
    assert_eq!(domains, "seller.example rival.example");
}

#[test]
fn a_failed_run_raises_its_error_and_is_remembered_until_one_succeeds() {
    let place = Workspace::small();
    place.tenant.set_api_key("rotated");
    let mut session = place.database.connect();
    let failure = refused(&mut session, "SELECT * FROM chorus_sync()", "28000");
    let remembered = session
        .query_one(
            "SELECT r.state, r.sqlstate, r.problem, r.hint, k.problem, k.hint, s.problem, s.hint
               FROM chorus.runs r, chorus.connections k, chorus_status() s",
            &[],
        )
        .unwrap();
    let (message, hint) = (failure.message(), failure.hint().unwrap());
    let expected = [
        "failed", "28000", message, hint, message, hint, message, hint,
    ];
    for (n, expected) in expected.iter().enumerate() {
        assert_eq!(remembered.get::<_, &str>(n), *expected);
    }
    let rotated = format!(
        "SELECT chorus_connect('{}', 'rotated', schedule => NULL)",
        place.tenant.base_url()
    );
    session.simple_query(&rotated).unwrap();
    assert_eq!(place.sync().calls_added, 12);
    assert!(
        place
            .database
            .value::<bool>("SELECT problem IS NULL AND hint IS NULL FROM chorus_status()")
    );
}

#[test]
fn testing_a_connection_stores_nothing() {
    let place = Workspace::unconnected();
    let test = format!(
        "SELECT * FROM chorus_test_connection('{}', 'demo-key')",
        place.tenant.base_url()
    );
    let answer = rows(&place.database.connect().simple_query(&test).unwrap());
    assert_eq!(answer[0][..2], ["t", "seller.example"]);
    assert_eq!(answer[0][3..], ["", ""]);
    let stored: i64 = place
        .database
        .value("SELECT (SELECT count(*) FROM chorus.connections) + (SELECT count(*) FROM chorus.credentials)");
    assert_eq!(stored, 0);
    assert_eq!(place.tenant.non_get_requests(), 0);
}
