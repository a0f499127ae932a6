//! Who may do what, and that nobody can slip in between.

use chorus_tests::expect_error;
use chorus_tests::postgres::Client;

use crate::workplace::{Workplace, refused, rows, session_with_notices};

/// A role of this test alone, with a session of its own.
struct Visitor<'a> {
    place: &'a Workplace<'static>,
    role: String,
}

impl<'a> Visitor<'a> {
    fn of(place: &'a Workplace<'static>, name: &str, groups: &str) -> Self {
        let role = format!("{}_{name}", place.database.name());
        place
            .database
            .sql(&format!("CREATE ROLE {role} LOGIN {groups}"));
        Visitor { place, role }
    }

    fn session(&self) -> Client {
        self.place.database.connect_as(&self.role)
    }

    /// Names of what `query` finds; `$1` is the role.
    fn names(&self, query: &str) -> Vec<String> {
        let mut session = self.place.database.connect();
        let rows = session.query(query, &[&self.role]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    fn executable(&self) -> Vec<String> {
        self.names(
            "SELECT p.proname::text FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
              WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'chorus_sync') AND has_function_privilege($1::text, p.oid, 'EXECUTE') ORDER BY 1",
        )
    }

    fn tables_with(&self, privileges: &str) -> Vec<String> {
        self.names(&format!(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'chorus'::regnamespace AND relkind IN ('r', 'v')
                AND has_table_privilege($1::text, oid, '{privileges}') ORDER BY 1"
        ))
    }
}

impl Drop for Visitor<'_> {
    fn drop(&mut self) {
        let drop = format!("DROP OWNED BY {0}; DROP ROLE {0}", self.role);
        let _ = self.place.database.connect().batch_execute(&drop);
    }
}

const WRITING: &str = "INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER";
const READERS: [&str; 6] = [
    "chorus_status",
    "chorus_transcript",
    "chorus_wait",
    "clock",
    "run_progress",
    "run_worker",
];
const ADMINS: [&str; 5] = [
    "chorus_cancel",
    "chorus_connect",
    "chorus_disconnect",
    "chorus_sync",
    "chorus_test_connection",
];

#[test]
fn everybody_else_has_nothing() {
    let place = Workplace::connected();
    let visitor = Visitor::of(&place, "visitor", "");
    assert!(
        visitor.executable().is_empty(),
        "{:?}",
        visitor.executable()
    );
    let all = format!("SELECT, {WRITING}");
    assert!(
        visitor.tables_with(&all).is_empty(),
        "{:?}",
        visitor.tables_with(&all)
    );
    let mut session = visitor.session();
    for refused in [
        "SELECT chorus_sync()",
        "SELECT chorus_status()",
        "SELECT * FROM chorus.calls",
        "SELECT nextval('chorus.calls_call_id_seq')",
        "CREATE TABLE chorus.planted ()",
    ] {
        expect_error(session.batch_execute(refused), "42501");
    }
}

#[test]
fn a_reader_reads_all_but_the_sealed_keys_and_changes_nothing() {
    let place = Workplace::connected();
    place.database.sql("SELECT chorus_sync()");
    let reader = Visitor::of(&place, "reader", "IN ROLE chorus_reader");
    assert_eq!(reader.executable(), READERS);
    assert!(reader.tables_with(WRITING).is_empty());
    let mut session = reader.session();
    let all = reader.names("SELECT relname::text FROM pg_class WHERE relnamespace = 'chorus'::regnamespace AND relkind IN ('r', 'v') AND $1 <> ''");
    for table in all {
        let read = session.batch_execute(&format!("SELECT * FROM chorus.{table}"));
        if table == "credentials" {
            expect_error(read, "42501");
        } else {
            read.unwrap_or_else(|error| panic!("{table}: {error:?}"));
        }
    }
    let status = session.simple_query("SELECT connection, calls FROM chorus_status()");
    assert_eq!(rows(&status.unwrap()), [["default", "12"]]);
    session
        .batch_execute(
            "SELECT chorus_transcript(min(call_id)) FROM chorus.calls; CALL chorus_wait(1)",
        )
        .unwrap();
    for refused in [
        "SELECT chorus_sync()",
        "SELECT chorus_cancel(1)",
        "SELECT chorus_disconnect()",
    ] {
        expect_error(session.batch_execute(refused), "42501");
    }
}

#[test]
fn an_admin_connects_syncs_and_cancels_without_owning_anything() {
    let place = Workplace::new();
    let admin = Visitor::of(&place, "admin", "IN ROLE chorus_admin");
    let mut both = [&READERS[..], &ADMINS[..]].concat();
    both.sort_unstable();
    assert_eq!(admin.executable(), both);
    let mut session = admin.session();
    session.simple_query(&place.connect()).unwrap();
    let synced = session
        .simple_query("SELECT state, calls_added FROM chorus_sync()")
        .unwrap();
    assert_eq!(rows(&synced), [["succeeded", "12"]]);
    place.hang("/v3/engagements");
    place.tenant.forget_requests();
    session
        .simple_query("SELECT chorus_sync(wait => false)")
        .unwrap();
    place.wait_for_hanging("/v3/engagements");
    let cancelled = session
        .simple_query(&format!("SELECT chorus_cancel({})", place.last_run()))
        .unwrap();
    assert_eq!(rows(&cancelled), [["t"]]);
    session
        .simple_query("SELECT chorus_disconnect(purge => true)")
        .unwrap();
    // The rights of the owner end with the function.
    for table in [
        "connections",
        "credentials",
        "runs",
        "utterances",
        "transcripts",
    ] {
        expect_error(
            session.batch_execute(&format!("DELETE FROM chorus.{table}")),
            "42501",
        );
    }
    let user = session.simple_query("SELECT current_user").unwrap();
    assert_eq!(rows(&user), [[admin.role.clone()]]);
}

#[test]
fn a_function_that_fails_gives_the_owners_rights_back() {
    let place = Workplace::connected();
    let admin = Visitor::of(&place, "failing", "IN ROLE chorus_admin");
    let mut session = admin.session();
    session
        .batch_execute(
            "DO $$ BEGIN PERFORM chorus_sync(connection => 'other'); RAISE 'unreached';
             EXCEPTION WHEN undefined_object THEN
                 IF current_user <> session_user THEN RAISE 'still %', current_user; END IF;
             END $$",
        )
        .unwrap();
    expect_error(
        session.batch_execute("SELECT * FROM chorus.credentials"),
        "42501",
    );
}

#[test]
fn nobody_may_put_a_trigger_on_our_tables() {
    let place = Workplace::new();
    let granted: i64 = place.database.value(
        "SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a
          WHERE c.relnamespace = 'chorus'::regnamespace AND a.privilege_type = 'TRIGGER' AND a.grantee <> c.relowner",
    );
    assert_eq!(granted, 0);
    let admin = Visitor::of(&place, "trigger", "IN ROLE chorus_admin");
    let planted = "CREATE TRIGGER planted BEFORE INSERT ON chorus.calls FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()";
    expect_error(admin.session().batch_execute(planted), "42501");
}

#[test]
fn every_function_that_runs_sql_pins_its_search_path() {
    let place = Workplace::new();
    // The procedure commits, so it cannot; the clock runs no statement.
    let loose: String = place.database.value(
        "SELECT coalesce(string_agg(p.oid::regprocedure::text, ', '), '')
           FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
          WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'chorus_sync')
            AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
            AND p.oid NOT IN ('chorus_wait(bigint)'::regprocedure, 'chorus.clock()'::regprocedure)",
    );
    assert_eq!(loose, "");
    let definers: i64 = place.database.value(
        "SELECT count(*) FROM pg_proc WHERE prosecdef AND pronamespace IN ('chorus'::regnamespace, 'public'::regnamespace)",
    );
    assert_eq!(definers, 0);
}

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
    let place = Workplace::connected();
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
        "SELECT chorus_disconnect(purge => true)",
    ] {
        if let Err(error) = session.simple_query(statement) {
            panic!("{statement}: {error:?}");
        }
    }
}

#[test]
fn the_schema_of_the_tables_cannot_hold_the_functions() {
    let place = Workplace::new();
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
        let place = Workplace::new();
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
    let place = Workplace::new();
    let other = Visitor::of(&place, "Creator", "");
    let (mut session, notices) = session_with_notices(&place.database);
    session
        .batch_execute("DROP EXTENSION chorus_sync; CREATE SCHEMA \"My Tools\"")
        .unwrap();
    for (schema, grantee) in [
        ("public", "PUBLIC"),
        ("public", &*other.role),
        ("\"My Tools\"", &*other.role),
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
}
