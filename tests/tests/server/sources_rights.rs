//! A source is read with the rights of the role that registered it, and no view gains any from being read.

use chorus_tests::{Database, Role, expect_error, refused};

use crate::sources::{MAPPING, place, problem, read};

/// A role with a schema of its own.
fn role<'a>(database: &'a Database, name: &str, attributes: &str) -> Role<'a> {
    let role = database.role(name, attributes);
    database.sql(&format!("CREATE SCHEMA {role} AUTHORIZATION {role}"));
    role
}

#[test]
fn an_admin_registers_what_it_may_read_and_it_is_read_with_its_rights() {
    let database = place();
    let other = role(&database, "other", "");
    let admin = role(&database, "admin", "IN ROLE chorus_admin");
    let admin = admin.name();
    let mut session = database.connect_as(admin);
    let add = format!("SELECT chorus_add_source('gong', 'public.gong_calls', {MAPPING})");
    let refusal = refused(&mut session, &add, "42501");
    assert!(refusal.message().contains(admin), "{refusal:?}");
    database.sql(&format!("GRANT SELECT ON gong_calls TO {admin}"));
    session.batch_execute(&add).unwrap();
    read(&database);
    assert_eq!(
        database.value::<i64>("SELECT count(*) FROM chorus.calls"),
        2
    );
    // What it may not read any more is not read.
    database.sql(&format!(
        "REVOKE SELECT ON gong_calls FROM {admin}; DELETE FROM gong_calls"
    ));
    read(&database);
    assert!(problem(&database, "gong").unwrap().contains("may not read"));
    assert_eq!(
        database.value::<i64>("SELECT count(*) FROM chorus.calls WHERE removed_at IS NULL"),
        2
    );
    expect_error(other.session().batch_execute(&add), "42501");
    // A role that is gone reads nothing either.
    drop(session);
    database.sql(&format!("DROP OWNED BY {admin} CASCADE; DROP ROLE {admin}"));
    read(&database);
    assert!(problem(&database, "gong").unwrap().contains("is gone"));
}

#[test]
fn a_view_gains_no_rights_from_being_read() {
    let database = place();
    let other = role(&database, "other", "");
    let admin = role(&database, "admin", "IN ROLE chorus_admin");
    let (admin, other) = (admin.name(), other.name());
    let mut session = database.connect_as(admin);
    // Each tries to do something as superuser, or to be superuser later.
    let attempts = [
        "ALTER ROLE {admin} SUPERUSER",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "CREATE TABLE {admin}.planted ()",
        "INSERT INTO {admin}.kept SELECT 1",
        "DELETE FROM chorus.match_due",
        "PERFORM set_config('transaction_read_only', 'off', false)",
        "PERFORM key FROM chorus.credentials",
        "RAISE EXCEPTION 'run as %', current_user",
    ];
    session
        .batch_execute(&format!("CREATE TABLE {admin}.kept (n int)"))
        .unwrap();
    for (n, attempt) in attempts.iter().enumerate() {
        let attempt = attempt.replace("{admin}", admin);
        session
            .batch_execute(&format!(
                "CREATE FUNCTION {admin}.try_{n}(text) RETURNS text LANGUAGE plpgsql AS $f$ BEGIN {attempt}; RETURN $1; END $f$;
                 CREATE VIEW {admin}.view_{n} AS SELECT {admin}.try_{n}('x') AS id, now() AS started;
                 SELECT chorus_add_source('try {n}', '{admin}.view_{n}', '{{\"source_call_id\": \"id\", \"started_at\": \"started\"}}')"
            ))
            .unwrap();
    }
    // A setting that would have the worker use operators of theirs.
    session
        .batch_execute(&format!(
            "CREATE FUNCTION {admin}.turn(text) RETURNS text LANGUAGE plpgsql AS $f$ BEGIN
                 PERFORM set_config('search_path', '{admin}, pg_catalog', false), set_config('check_function_bodies', 'on', false); RETURN $1; END $f$;
             CREATE FUNCTION {admin}.eq(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $f$ BEGIN EXECUTE 'ALTER ROLE {admin} SUPERUSER'; RETURN true; END $f$;
             CREATE OPERATOR {admin}.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = {admin}.eq);
             CREATE VIEW {admin}.turning AS SELECT {admin}.turn('turned') AS id, now() AS started;
             SELECT chorus_add_source('turning', '{admin}.turning', '{{\"source_call_id\": \"id\", \"started_at\": \"started\"}}')"
        ))
        .unwrap();
    // The view of another role that a superuser registers runs as that role.
    database.sql(&format!(
        "CREATE FUNCTION {other}.who() RETURNS text LANGUAGE sql AS 'SELECT current_user::text'; ALTER FUNCTION {other}.who() OWNER TO {other};
         CREATE VIEW {other}.mine AS SELECT {other}.who() AS id, now() AS started; ALTER VIEW {other}.mine OWNER TO {other};
         SELECT chorus_add_source('theirs', '{other}.mine', '{{\"source_call_id\": \"id\", \"started_at\": \"started\"}}')"
    ));
    read(&database);
    let supers: i64 = database.value(&format!(
        "SELECT count(*) FROM pg_roles WHERE rolsuper AND rolname IN ('{admin}', '{other}')"
    ));
    assert_eq!(supers, 0);
    for (n, attempt) in attempts.iter().enumerate() {
        let said = problem(&database, &format!("try {n}"))
            .unwrap_or_else(|| panic!("it worked: {attempt}"));
        if attempt.starts_with("RAISE") {
            assert!(said.contains(admin), "{said}");
        }
    }
    assert_eq!(problem(&database, "turning"), None);
    let ids = "SELECT array_agg(source_call_id ORDER BY source_call_id) FROM chorus.calls WHERE source IN ('turning', 'theirs')";
    let mut expected = vec![other.to_owned(), "turned".to_owned()];
    expected.sort();
    assert_eq!(database.value::<Vec<String>>(ids), expected);
}
