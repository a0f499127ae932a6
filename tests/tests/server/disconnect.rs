//! What disconnecting and purging take away, and what they leave.

use chorus_tests::{Running, Workspace, refused, session_with_notices};
use serde_json::json;

#[test]
fn disconnecting_deletes_the_key_and_keeps_the_data() {
    let place = Workspace::small();
    place.sync();
    let (mut session, notices) = session_with_notices(&place.database);
    session.batch_execute("SELECT chorus_disconnect()").unwrap();
    assert!(
        notices.lock().unwrap()[0]
            .1
            .message()
            .contains("still valid in Chorus")
    );
    let left: String = place.database.value(
        "SELECT concat_ws(' ', (SELECT state FROM chorus.connections), (SELECT count(*) FROM chorus.credentials), (SELECT count(*) FROM chorus.calls))",
    );
    assert_eq!(left, "disconnected 0 12");
    for wait in ["true", "false"] {
        let refusal = refused(
            &mut session,
            &format!("SELECT chorus_sync(wait => {wait})"),
            "55000",
        );
        assert!(refusal.message().contains("disconnected"), "{refusal:?}");
    }
    let url = place.tenant.base_url();
    refused(
        &mut session,
        &format!("SELECT chorus_connect('{url}')"),
        "22023",
    );
    session.simple_query(&place.connect()).unwrap();
    assert_eq!(place.sync().calls_added, 0);
}

#[test]
fn disconnecting_stops_a_run() {
    let place = Workspace::small();
    let run = place.run_until_hanging("SELECT state FROM chorus_sync()", "/v3/engagements");
    place.database.sql("SELECT chorus_disconnect()");
    assert_eq!(run.end().unwrap(), [["cancelled"]]);
    place.wait_for_no_worker();
}

/// Rows of all tables together, by table, but for what is nobody's (sources, search_state, sides_state) and the change feed, which tells of
/// the purge and holds nothing but numbers.
fn rows_left(place: &Workspace) -> String {
    place.database.value(
        "SELECT coalesce(string_agg(format('%s: %s', c.relname, n.rows), ', ' ORDER BY c.relname), '')
           FROM pg_class c,
                LATERAL (SELECT (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM chorus.%I', c.relname), false, true, '')))[1]::text::bigint AS rows) n
          WHERE c.relnamespace = 'chorus'::regnamespace AND c.relkind = 'r' AND n.rows > 0 AND c.relname NOT IN ('sources', 'events', 'search_state', 'sides_state')",
    )
}

#[test]
fn purging_leaves_no_row_anywhere_even_while_a_run_is_under_way() {
    let place = Workspace::small();
    place.sync();
    assert!(rows_left(&place).contains("utterances: "));
    place
        .database
        .sql("SELECT chorus_disconnect(purge => true)");
    assert_eq!(rows_left(&place), "");
    for route in [
        "/api/v1/users/me",
        "/v3/engagements",
        "/api/v1/conversations/{id}",
    ] {
        place.tenant.clear_quirks();
        place.database.sql(&place.connect());
        let _run = place.run_until_hanging("SELECT state FROM chorus_sync()", route);
        place
            .database
            .sql("SELECT chorus_disconnect(purge => true)");
        place.wait_for_no_worker();
        assert_eq!(rows_left(&place), "", "{route}");
    }
}

#[test]
fn purging_one_connection_leaves_the_others() {
    let place = Workspace::small();
    place
        .database
        .sql(&place.connect_with("schedule => NULL, connection => 'second'"));
    place
        .database
        .sql("SELECT chorus_sync(); SELECT chorus_sync(connection => 'second')");
    let half = "SELECT (SELECT count(*) FROM chorus.utterances) + (SELECT count(*) FROM chorus.call_trackers) + (SELECT count(*) FROM chorus.scorecard_scores)";
    let both: i64 = place.database.value(half);
    place
        .database
        .sql("SELECT chorus_disconnect('second', purge => true)");
    assert_eq!(place.database.value::<i64>(half), both / 2);
    place.tenant.set_quirk(
        "fail",
        json!({"route": "/api/v1/conversations/{id}", "status": 500}),
    );
    assert_eq!(
        place.sync().calls_added,
        0,
        "nothing of it has to be read again"
    );
}

#[test]
fn purging_while_a_run_starts_leaves_no_row_either() {
    let place = Workspace::unconnected();
    for round in 0..20 {
        place.database.sql(&place.connect());
        let run = Running::start(place.database.connect(), "SELECT chorus_sync()");
        // Not waited for: each round meets the run a little later.
        std::thread::sleep(std::time::Duration::from_millis(round));
        place
            .database
            .sql("SELECT chorus_disconnect(purge => true)");
        // It may have come too late to find the connection, or in time to be cancelled.
        let _ = run.end();
        place.wait_for_no_worker();
        assert_eq!(rows_left(&place), "", "round {round}");
    }
    place.database.sql(&place.connect());
    place.database.sql(
        "BEGIN; SELECT chorus_sync(wait => false); SELECT chorus_disconnect(purge => true); COMMIT",
    );
    place.wait_for_no_worker();
    assert_eq!(rows_left(&place), "");
}
