//! Who may do what, and that nobody can slip in between.

use chorus_tests::postgres::Client;
use chorus_tests::{Role, Workspace, expect_error, rows};

/// Somebody who looks around.
struct Visitor<'a> {
    place: &'a Workspace<'static>,
    role: Role<'a>,
}

impl<'a> Visitor<'a> {
    fn of(place: &'a Workspace<'static>, name: &str, groups: &str) -> Self {
        let role = place.database.role(name, groups);
        Visitor { place, role }
    }

    fn session(&self) -> Client {
        self.role.session()
    }

    /// Names of what `query` finds; `$1` is the role.
    fn names(&self, query: &str) -> Vec<String> {
        let mut session = self.place.database.connect();
        let rows = session.query(query, &[&self.role.name()]).unwrap();
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

const WRITING: &str = "INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER";
const READERS: [&str; 32] = [
    "account_key",
    "address",
    "as_domain",
    "as_email",
    "calls_of_contacts",
    "chorus_events",
    "chorus_explain_match",
    "chorus_meeting_transcript",
    "chorus_preview_domain",
    "chorus_search",
    "chorus_status",
    "chorus_transcript",
    "chorus_wait",
    "clock",
    "domains",
    "excerpt",
    "flush_commits",
    "has_nearer_customer",
    "host",
    "is_chosen",
    "is_detached",
    "is_internal",
    "is_pushed",
    "is_scheduled",
    "is_unattached",
    "listed_domains",
    "may_attach",
    "registrable_domain",
    "run_progress",
    "run_worker",
    "search_config",
    "words_in",
];
const ADMINS: [&str; 16] = [
    "chorus_accept_removals",
    "chorus_add_source",
    "chorus_attach",
    "chorus_cancel",
    "chorus_connect",
    "chorus_dedup",
    "chorus_detach",
    "chorus_disconnect",
    "chorus_merge",
    "chorus_remove_source",
    "chorus_retry",
    "chorus_schedule",
    "chorus_separate",
    "chorus_sync",
    "chorus_test_connection",
    "decide_customer",
];

#[test]
fn everybody_else_has_nothing() {
    let place = Workspace::small();
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
    let place = Workspace::small();
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
    let place = Workspace::unconnected();
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
    assert_eq!(rows(&user), [[admin.role.name()]]);
}

#[test]
fn a_function_that_fails_gives_the_owners_rights_back() {
    let place = Workspace::small();
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
    let place = Workspace::unconnected();
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
    let place = Workspace::unconnected();
    // The procedure commits, so it cannot; the clock runs no statement. Functions in C that queries ask for many rows qualify what
    // they name. What looks at each row would be slowed down, and
    // has the path pinned for the few statements that it runs as the owner.
    let loose: String = place.database.value(
        "SELECT coalesce(string_agg(p.oid::regprocedure::text, ', '), '')
           FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
          WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'chorus_sync')
            AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
            AND NOT (p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'c') AND p.provolatile <> 'v')
            AND p.oid::regprocedure::text NOT IN ('chorus_wait(bigint)', 'chorus.clock()', 'chorus.is_pushed()', 'chorus.pushed_call()', 'chorus.pushed_participant()')",
    );
    assert_eq!(loose, "");
    let definers: i64 = place.database.value(
        "SELECT count(*) FROM pg_proc WHERE prosecdef AND pronamespace IN ('chorus'::regnamespace, 'public'::regnamespace)",
    );
    assert_eq!(definers, 0);
}
