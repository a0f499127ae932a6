//! The schema of the functions: which it may be, who else may create in it, and what others plant elsewhere.
use chorus_tests::{Workspace, refused, session_with_notices};

/// Operators, functions and types that raise an error when they are used, under names that our functions use.
const PLANTED: &str = "
    CREATE SCHEMA evil;
    CREATE FUNCTION evil.planted() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'planted code ran'; END $$;
    CREATE DOMAIN evil.text AS pg_catalog.text CHECK (evil.planted());
    CREATE DOMAIN evil.jsonb AS pg_catalog.jsonb CHECK (evil.planted());
    DO $$
    DECLARE t record; o record; f record;
    BEGIN
        FOR t IN SELECT unnest(ARRAY['bigint', 'integer', 'pg_catalog.text', 'double precision', 'numeric', 'timestamptz', 'name', 'oid']) AS name LOOP
            FOR o IN SELECT unnest(ARRAY['=', '<>', '<', '>', '+', '*', '-', '||']) AS name LOOP
                EXECUTE format('CREATE OR REPLACE FUNCTION evil.op(%1$s, %1$s) RETURNS boolean LANGUAGE sql AS ''SELECT evil.planted()''', t.name);
                EXECUTE format('CREATE OPERATOR evil.%2$s (LEFTARG = %1$s, RIGHTARG = %1$s, FUNCTION = evil.op)', t.name, o.name);
            END LOOP;
        END LOOP;
        FOR f IN SELECT unnest(ARRAY['now()', 'current_database()', 'pg_backend_pid()', 'format(pg_catalog.text, bigint)', 'pg_sleep(double precision)',
                                     'nextval(regclass)', 'count(bigint)', 'to_jsonb(anyelement)', 'lower(pg_catalog.text)', 'run_worker(bigint)']) AS signature LOOP
            EXECUTE 'CREATE FUNCTION evil.' || f.signature || ' RETURNS pg_catalog.text LANGUAGE sql AS ''SELECT evil.planted()::pg_catalog.text''';
        END LOOP;
    END $$";

#[test]
fn what_is_planted_on_the_callers_search_path_is_never_called() {
    let place = Workspace::small();
    place.database.sql(PLANTED);
    place.database.sql("SELECT chorus_sync()");
    let mut session = place.database.connect();
    session
        .batch_execute("SET search_path = evil, pg_catalog, public")
        .unwrap();
    for trap in ["SELECT 1 = 1", "SELECT now()", "SELECT 'a'::text"] {
        let error = session.batch_execute(trap).unwrap_err();
        assert!(
            error.to_string().contains("db error"),
            "the trap works: {trap}"
        );
    }
    for statement in [
        &*place.connect(),
        "SELECT chorus_sync()",
        "SELECT chorus_sync(lookback => pg_catalog.make_interval(days => 40))",
        "SELECT chorus_sync(wait => false)",
        "CALL chorus_wait(1)",
        "SELECT chorus_status()",
        "SELECT chorus_transcript(1)",
        "SELECT chorus_cancel(1)",
        "SELECT chorus.run_worker(1), chorus.clock()",
        "SELECT * FROM chorus.meetings",
        "SELECT * FROM chorus.transcript_lines",
        "INSERT INTO chorus.customers VALUES ('lark'); INSERT INTO chorus.customer_domains VALUES ('larkspur.example', 'lark')",
        "SELECT * FROM chorus.customer_meetings",
        "SELECT * FROM chorus.meeting_customers",
        "SELECT * FROM chorus.unattached_meetings",
        "SELECT * FROM chorus.effective_domain_rules",
        "SELECT * FROM chorus_preview_domain('larkspur.example')",
        "SELECT chorus_attach(1, 'lark'), chorus_detach(1, 'lark')",
        "SELECT chorus_disconnect(purge => true)",
    ] {
        if let Err(error) = session.simple_query(statement) {
            panic!("{statement}: {error:?}");
        }
    }
}

#[test]
fn the_schema_of_the_tables_cannot_hold_the_functions() {
    let place = Workspace::unconnected();
    place
        .database
        .sql("DROP EXTENSION chorus_sync; CREATE SCHEMA chorus");
    let mut session = place.database.connect();
    refused(
        &mut session,
        "CREATE EXTENSION chorus_sync SCHEMA chorus",
        "3F000",
    );
}

#[test]
fn the_functions_can_live_in_a_schema_of_their_own() {
    for (named, quoted) in [("tools", "tools"), ("My Tools", "\"My Tools\"")] {
        let place = Workspace::unconnected();
        place.database.sql(&format!("DROP EXTENSION chorus_sync; CREATE SCHEMA {quoted}; CREATE EXTENSION chorus_sync SCHEMA {quoted}"));
        let (mut session, notices) = session_with_notices(&place.database);
        let connect = place
            .connect_with("schedule => '15 minutes'")
            .replace("chorus_connect", &format!("{quoted}.chorus_connect"));
        session.simple_query(&connect).unwrap();
        let notice = notices.lock().unwrap()[0].1.message().to_owned();
        assert!(
            notice.contains(&format!("SELECT {quoted}.chorus_sync(wait => false)")),
            "{named}: {notice}"
        );
        session.batch_execute(&format!("SELECT {quoted}.chorus_sync(); SELECT {quoted}.chorus_status(); CALL {quoted}.chorus_wait(1)")).unwrap();
    }
}

#[test]
fn installing_where_others_may_create_warns_and_says_how_to_stop_it() {
    let place = Workspace::unconnected();
    let other = format!("\"{}_Creator\"", place.database.name());
    place.database.sql(&format!("CREATE ROLE {other}"));
    let (mut session, notices) = session_with_notices(&place.database);
    session
        .batch_execute("DROP EXTENSION chorus_sync; CREATE SCHEMA \"My Tools\"")
        .unwrap();
    for (schema, grantee) in [
        ("public", "PUBLIC"),
        ("public", &*other),
        ("\"My Tools\"", &*other),
    ] {
        let install = format!("CREATE EXTENSION chorus_sync SCHEMA {schema}");
        session
            .batch_execute(&format!("GRANT CREATE ON SCHEMA {schema} TO {grantee}"))
            .unwrap();
        notices.lock().unwrap().clear();
        session.batch_execute(&install).unwrap();
        let warning = {
            let told = notices.lock().unwrap();
            assert_eq!(told.len(), 1, "{schema} {grantee}: {told:?}");
            told[0].1.clone()
        };
        assert_eq!(warning.severity(), "WARNING");
        assert!(warning.message().contains("may create"), "{warning:?}");
        session.batch_execute(warning.hint().unwrap()).unwrap();
        session.batch_execute("DROP EXTENSION chorus_sync").unwrap();
        notices.lock().unwrap().clear();
        session.batch_execute(&install).unwrap();
        assert!(notices.lock().unwrap().is_empty(), "the hint helped");
        session.batch_execute("DROP EXTENSION chorus_sync").unwrap();
    }
    drop(session);
    place
        .database
        .sql(&format!("DROP OWNED BY {other}; DROP ROLE {other}"));
}
