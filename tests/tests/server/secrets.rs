//! The API key stays where it belongs: sealed in one table, in no log, view, message or dump.

use chorus_tests::postgres::types::ToSql;
use chorus_tests::{Workspace, refused};

/// A tenant whose key appears nowhere else in the server's log.
fn place_with_key(key: &str) -> Workspace<'static> {
    let place = Workspace::unconnected();
    place.tenant.set_api_key(key);
    place
}

fn connect(place: &Workspace, key: &str, arguments: &str) -> String {
    format!(
        "SELECT * FROM chorus_connect('{}', '{key}'{arguments})",
        place.tenant.base_url()
    )
}

/// What the server logged about this database's tenant says that something was hidden, and does not say what.
#[track_caller]
fn assert_not_logged(place: &Workspace, key: &str) {
    let log = place.database.cluster().log();
    assert!(log.contains("STATEMENT:  SELECT chorus_connect(...) -- arguments are hidden"));
    if let Some(line) = log.lines().find(|line| line.contains(key)) {
        panic!("the key is in the log: {line}");
    }
}

#[test]
fn a_failing_connect_leaves_the_key_out_of_the_log_and_out_of_its_error() {
    let key = "key-of-failing-connects-50e1";
    let place = place_with_key("another");
    let mut session = place.database.connect();
    let wrong = connect(&place, key, "");
    let invalid = connect(&place, key, ", lookback_days => 0");
    let in_function = format!("DO $$ BEGIN PERFORM * FROM ({wrong}) c; END $$");
    let caught = format!(
        "DO $$ BEGIN PERFORM * FROM ({wrong}) c; EXCEPTION WHEN OTHERS THEN RAISE EXCEPTION USING MESSAGE = SQLERRM, HINT = 'h', ERRCODE = '28000'; END $$"
    );
    let also = format!("SELECT 1; {wrong}; SELECT 2");
    for (statement, sqlstate) in [
        (&wrong, "28000"),
        (&invalid, "22023"),
        (&in_function, "28000"),
        (&caught, "28000"),
        (&also, "28000"),
    ] {
        let error = refused(&mut session, statement, sqlstate);
        assert!(!format!("{error:?}").contains(key), "{error:?}");
    }
    assert_not_logged(&place, key);
}

#[test]
fn an_error_later_in_the_same_statement_does_not_show_the_key_either() {
    let key = "key-of-later-errors-50e2";
    let place = place_with_key(key);
    place.database.sql("CREATE TABLE wanted (next_run_at timestamptz CONSTRAINT never CHECK (next_run_at IS NOT NULL AND false))");
    let url = place.tenant.base_url();
    let insert = format!(
        "INSERT INTO wanted SELECT now() FROM chorus_connect('{url}', '{key}', schedule => NULL)"
    );
    let in_function = format!("DO $$ BEGIN {insert}; END $$");
    let mut session = place.database.connect();
    for statement in [insert, in_function] {
        let error = session.batch_execute(&statement).unwrap_err();
        assert_eq!(error.code().unwrap().code(), "23514");
        assert!(!format!("{error:?}").contains(key), "{error:?}");
    }
    assert_not_logged(&place, key);
}

#[test]
fn parameters_are_not_logged_even_where_the_server_logs_parameters() {
    let key = "key-of-parameters-50e3";
    let place = place_with_key("another");
    let mut session = place.database.connect();
    session
        .batch_execute("SET log_parameter_max_length_on_error = -1")
        .unwrap();
    let prepared = session
        .prepare("SELECT connected_as FROM chorus_connect($1, $2)")
        .unwrap();
    let parameters: [&(dyn ToSql + Sync); 2] = [&place.tenant.base_url(), &key];
    let error = session.query(&prepared, &parameters).unwrap_err();
    assert_eq!(error.code().unwrap().code(), "28000");
    assert!(!format!("{error:?}").contains(key), "{error:?}");
    assert_not_logged(&place, key);
    // The setting does what it says, elsewhere.
    let other = session.query("SELECT 1 / $1::int", &[&0i32]).unwrap_err();
    assert_eq!(other.code().unwrap().code(), "22012");
    assert!(
        place
            .database
            .cluster()
            .log()
            .contains("with parameters: $1 = '0'")
    );
}

#[test]
fn nobody_sees_the_key_while_chorus_is_silent_nor_after_a_timeout() {
    let key = "key-of-silent-tenants-50e4";
    let place = place_with_key(key);
    for function in ["chorus_connect", "chorus_test_connection"] {
        let statement = connect(&place, key, "").replace("chorus_connect", function);
        let waiting = place.run_until_hanging(
            &format!("SET statement_timeout = '20s'; {statement}"),
            "/api/v1/users/me",
        );
        let shown: String = place.database.value(&format!(
            "SELECT query FROM pg_stat_activity WHERE pid = {}",
            waiting.pid
        ));
        assert_eq!(
            shown,
            format!("SELECT {function}(...) -- arguments are hidden")
        );
        waiting.cancel();
        assert!(!format!("{:?}", waiting.end().unwrap_err()).contains(key));

        let mut session = place.database.connect();
        session
            .batch_execute("SET statement_timeout = '200ms'")
            .unwrap();
        let error = session.simple_query(&statement).map(drop).unwrap_err();
        assert_eq!(error.code().unwrap().code(), "57014");
        let shown: i64 = place.database.value(&format!("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%' || '{}' || '%' AND pid <> pg_backend_pid()", key));
        assert_eq!(shown, 0);
    }
    assert_not_logged(&place, key);
}

#[test]
fn a_stored_key_is_sealed_and_in_no_dump() {
    let key = "key-that-is-stored-50e5";
    let place = place_with_key(key);
    place
        .database
        .sql(&connect(&place, key, ", schedule => NULL"));
    place.database.sql("SELECT chorus_sync()");
    let sealed: Vec<u8> = place
        .database
        .value("SELECT sealed_key FROM chorus.credentials");
    assert!(sealed.len() > key.len());
    assert!(
        !sealed
            .windows(8)
            .any(|part| key.as_bytes().windows(8).any(|piece| part == piece))
    );

    let (dump, tables) = (dump_of(&place), every_row(&place));
    let base_url = place.tenant.base_url();
    assert!(
        dump.contains(&base_url) && tables.contains(&base_url),
        "these do hold the connection"
    );
    assert!(!dump.contains(key) && !tables.contains(key));
    let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(tables.contains(&hex), "the sealed key is in its table");
    assert!(
        !dump.contains(&hex),
        "a dump holds no key, not even a sealed one"
    );
}

fn dump_of(place: &Workspace) -> String {
    let dumped = place
        .database
        .cluster()
        .bin("pg_dump")
        .arg(place.database.name())
        .output()
        .unwrap();
    assert!(dumped.status.success(), "{dumped:?}");
    String::from_utf8(dumped.stdout).unwrap()
}

/// Every row of every table and view of ours, as text.
fn every_row(place: &Workspace) -> String {
    place.database.value(
        "SELECT string_agg(query_to_xml(format('SELECT t::text AS row FROM chorus.%I t', c.relname), false, true, '')::text, '')
           FROM pg_class c WHERE c.relnamespace = 'chorus'::regnamespace AND c.relkind IN ('r', 'v', 'm')",
    )
}
