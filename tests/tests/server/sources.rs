//! Calls of other tools are read from their tables and views, and followed there.

use chorus_tests::postgres::Client;
use chorus_tests::{Cluster, Database, expect_error};

use crate::workplace::{refused, rows};

const MAPPING: &str = r#"'{"source_call_id": "id", "title": "title", "started_at": "started", "duration_s": "len",
    "emails": "attendees", "names": "names", "transcript": "words", "updated_at": "changed"}'"#;

/// A table of another tool with two calls; who works for own.example is known.
fn place() -> Database<'static> {
    let database = Cluster::shared().database().with_extension();
    database.sql(
        "INSERT INTO chorus.users (connection_id, user_id, email) VALUES (1, 1, 'kim@own.example');
         CREATE TABLE gong_calls (id text, title varchar(80), started timestamptz, len interval, attendees text[],
                                  names text[], words text, changed timestamptz DEFAULT now());
         INSERT INTO gong_calls VALUES
             ('g1', 'Renewal', '2026-01-05 10:00Z', '30 min', '{KIM@own.example,ann@larkspur.example}', '{Kim Lee,Ann}',
              E'[00:00:01] Kim Lee: We need SSO.\\n[00:00:05] Ann: This quarter?\\nYes: please'),
             ('g2', 'Pricing', '2026-01-06 10:00Z', '15 min', NULL, NULL, NULL);",
    );
    database
}

fn added() -> Database<'static> {
    let database = place();
    database.sql(&format!(
        "SELECT chorus_add_source(' Gong', 'gong_calls', {MAPPING})"
    ));
    read(&database);
    database
}

/// Has all sources read.
fn read(database: &Database) {
    database.sql("SELECT chorus_dedup()");
}

fn answer(session: &mut Client, query: &str) -> Vec<Vec<String>> {
    let answered = session.simple_query(query);
    rows(&answered.unwrap_or_else(|error| panic!("{query}: {error:?}")))
}

fn problem(database: &Database, source: &str) -> Option<String> {
    database.value(&format!(
        "SELECT problem FROM chorus.sources WHERE source = '{source}'"
    ))
}

/// What is stored of the calls, in the order of their ids.
const CALLS: &str = "SELECT source_call_id, title, duration_s, removed_at IS NOT NULL FROM chorus.calls WHERE source = 'gong' ORDER BY 1";

#[test]
fn calls_people_and_words_are_copied() {
    let database = added();
    let mut session = database.connect();
    assert_eq!(
        answer(&mut session, CALLS),
        [
            ["g1", "Renewal", "1800", "f"],
            ["g2", "Pricing", "900", "f"]
        ]
    );
    let people = "SELECT p.participant_no, p.name, p.email, p.side FROM chorus.participants p JOIN chorus.calls c USING (call_id) ORDER BY c.source_call_id, 1";
    assert_eq!(
        answer(&mut session, people),
        [
            ["1", "Kim Lee", "kim@own.example", "internal"],
            ["2", "Ann", "ann@larkspur.example", "external"],
            ["3", "Yes", "", "unknown"]
        ]
    );
    let words = "SELECT u.seq, u.participant_no, u.start_s, u.end_s, u.text FROM chorus.utterances u ORDER BY u.call_id, 1";
    assert_eq!(
        answer(&mut session, words),
        [
            ["1", "1", "1", "5", "We need SSO."],
            ["2", "2", "5", "1800", "This quarter?"],
            ["3", "3", "5", "1800", "please"]
        ]
    );
    let transcripts = "SELECT t.state, t.utterance_count, t.word_count FROM chorus.transcripts t JOIN chorus.calls c USING (call_id) ORDER BY c.source_call_id";
    assert_eq!(
        answer(&mut session, transcripts),
        [["ready", "3", "6"], ["not_recorded", "0", "0"]]
    );
    assert_eq!(problem(&database, "gong"), None);
}

#[test]
fn changes_deletions_and_returns_are_followed_and_all_else_is_left_alone() {
    let database = added();
    let mut session = database.connect();
    let written = "SELECT count(*) FROM chorus.events";
    let before = answer(&mut session, written);
    read(&database);
    assert_eq!(
        answer(&mut session, written),
        before,
        "nothing changed, nothing is written"
    );
    session
        .batch_execute(
            "UPDATE gong_calls SET title = 'Pricing 2', words = 'hello', changed = now() WHERE id = 'g2';
             INSERT INTO gong_calls (id, title, started, len) VALUES ('g3', 'New', '2026-01-07 10:00Z', '1 min');
             DELETE FROM gong_calls WHERE id = 'g1'",
        )
        .unwrap();
    read(&database);
    assert_eq!(
        answer(&mut session, CALLS),
        [
            ["g1", "Renewal", "1800", "t"],
            ["g2", "Pricing 2", "900", "f"],
            ["g3", "New", "60", "f"]
        ]
    );
    // What was said in a removed call goes.
    assert_eq!(
        answer(
            &mut session,
            "SELECT c.source_call_id, u.text FROM chorus.utterances u JOIN chorus.calls c USING (call_id)"
        ),
        [["g2", "hello"]]
    );
    let events = "SELECT c.source_call_id, e.kind FROM chorus.events e JOIN chorus.calls c USING (call_id) WHERE e.event_id > 3 ORDER BY 1, 2";
    assert_eq!(
        answer(&mut session, events),
        [
            ["g1", "call.removed"],
            ["g1", "transcript.removed"],
            ["g2", "call.updated"],
            ["g2", "transcript.ready"],
            ["g3", "call.added"]
        ]
    );
    let number = "SELECT call_id FROM chorus.calls WHERE source_call_id = 'g1'";
    let before = answer(&mut session, number);
    session
        .batch_execute("INSERT INTO gong_calls (id, title, started, words) VALUES ('g1', 'Back', '2026-01-05 10:00Z', 'again')")
        .unwrap();
    read(&database);
    assert_eq!(answer(&mut session, CALLS)[0], ["g1", "Back", "", "f"]);
    assert_eq!(answer(&mut session, number), before, "it is the same call");
}

#[test]
fn rows_that_come_late_are_found_by_their_id_and_the_rest_within_a_day() {
    let database = added();
    let mut session = database.connect();
    session
        .batch_execute(
            "INSERT INTO gong_calls (id, title, started, changed) VALUES ('late', 'Late', '2020-01-01', '2020-01-01'), ('g2', 'x', NULL, 'infinity');
             DELETE FROM gong_calls WHERE id = 'g2' AND title = 'x';
             UPDATE gong_calls SET title = 'Unmarked', changed = '2020-01-01' WHERE id = 'g2'",
        )
        .unwrap();
    read(&database);
    let titles = "SELECT title FROM chorus.calls ORDER BY source_call_id";
    assert_eq!(
        answer(&mut session, titles),
        [["Renewal"], ["Pricing"], ["Late"]]
    );
    database.sql("UPDATE chorus.sources SET read_whole_at = read_whole_at - interval '1 day' WHERE source = 'gong'");
    read(&database);
    assert_eq!(
        answer(&mut session, titles),
        [["Renewal"], ["Unmarked"], ["Late"]]
    );
}

#[test]
fn without_updated_at_all_is_compared_and_another_mapping_reads_anew() {
    let database = added();
    let mut session = database.connect();
    session
        .batch_execute(
            "CREATE VIEW calls_of_gong AS SELECT id, started, upper(title) AS title, 7 AS seconds FROM gong_calls;
             SELECT chorus_add_source('gong', 'calls_of_gong', '{\"source_call_id\": \"id\", \"started_at\": \"started\", \"title\": \"title\", \"duration_s\": \"seconds\"}')",
        )
        .unwrap();
    read(&database);
    assert_eq!(
        answer(&mut session, CALLS),
        [["g1", "RENEWAL", "7", "f"], ["g2", "PRICING", "7", "f"]]
    );
    assert_eq!(
        answer(&mut session, "SELECT count(*) FROM chorus.utterances"),
        [["0"]]
    );
    session
        .batch_execute("UPDATE gong_calls SET title = 'y' WHERE id = 'g2'")
        .unwrap();
    read(&database);
    assert_eq!(answer(&mut session, CALLS)[1], ["g2", "Y", "7", "f"]);
}

#[test]
fn rows_that_make_no_call_are_left_out_and_said_so() {
    let database = added();
    database.sql("INSERT INTO gong_calls (id, title) VALUES (NULL, 'a'), (' ', 'b'), ('g2', 'twice'), (repeat('x', 5000), 'c')");
    read(&database);
    let said = problem(&database, "gong").unwrap();
    assert!(
        said.contains("3 without a source_call_id")
            && said.contains("1 with the source_call_id of another row, such as \"g2\""),
        "{said}"
    );
    assert_eq!(
        database.value::<i64>("SELECT count(*) FROM chorus.calls"),
        2
    );
    database.sql("DELETE FROM gong_calls WHERE id IS NULL OR title IN ('a', 'b', 'c', 'twice')");
    read(&database);
    assert_eq!(problem(&database, "gong"), None);
}

#[test]
fn a_source_that_cannot_be_read_says_why_and_holds_up_nobody() {
    let database = added();
    let mut session = database.connect();
    session
        .batch_execute(
            "CREATE TABLE other (id int, started timestamptz);
             CREATE FUNCTION broken(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the view is out of order'; END $$;
             CREATE VIEW bad AS SELECT broken(id) AS id, started FROM other;
             CREATE VIEW gone AS SELECT id, started FROM other;
             CREATE TABLE narrow (id int, started timestamptz);
             INSERT INTO other VALUES (1, now());
             SELECT chorus_add_source(s, s::regclass, '{\"source_call_id\": \"id\", \"started_at\": \"started\"}') FROM unnest('{bad,gone,narrow,other}'::text[]) s;
             DROP VIEW gone; ALTER TABLE narrow DROP COLUMN started",
        )
        .unwrap();
    read(&database);
    assert!(
        problem(&database, "bad")
            .unwrap()
            .contains("the view is out of order")
    );
    assert!(problem(&database, "gone").unwrap().contains("is gone"));
    assert!(
        problem(&database, "narrow")
            .unwrap()
            .contains("no column \"started\"")
    );
    assert_eq!(problem(&database, "other"), None);
    assert_eq!(
        answer(
            &mut session,
            "SELECT source, source_call_id FROM chorus.calls WHERE source <> 'gong'"
        ),
        [["other", "1"]]
    );
    // What works again loses its problem; nothing was taken for deleted meanwhile.
    session.batch_execute("ALTER TABLE narrow ADD started timestamptz; CREATE OR REPLACE FUNCTION broken(int) RETURNS int LANGUAGE sql AS 'SELECT $1'").unwrap();
    read(&database);
    assert_eq!(
        (problem(&database, "narrow"), problem(&database, "bad")),
        (None, None)
    );
}

#[test]
fn a_mapping_that_cannot_be_meant_is_refused_with_what_is_possible() {
    let database = place();
    let mut session = database.connect();
    session.batch_execute("CREATE TABLE odd (id text, started timestamp, n numeric, j jsonb, a int[]); CREATE TEMPORARY TABLE passing (id text, started timestamptz); CREATE INDEX odd_id ON odd (id)").unwrap();
    for (arguments, hint) in [
        ("NULL, 'odd', '{}'", "'gong'"),
        ("' ', 'odd', '{}'", "'gong'"),
        ("'Chorus', 'gong_calls', '{}'", "another name"),
        ("'x', NULL, '{}'", "public.gong_calls"),
        ("'x', 'odd_id', '{}'", "table or view"),
        ("'x', 'passing', '{}'", "table or view"),
        ("'x', 'chorus.calls', '{}'", "table or view"),
        ("'x', 'odd', NULL", "source_call_id"),
        ("'x', 'odd', '[]'", "source_call_id"),
        ("'x', 'odd', '{\"source_call_id\": \"id\"}'", "started_at"),
        (
            "'x', 'odd', '{\"started_at\": \"started\"}'",
            "source_call_id",
        ),
        (
            "'x', 'odd', '{\"source_call_id\": \"id\", \"started_at\": \"nowhere\"}'",
            "a, id, j, n, started",
        ),
        (
            "'x', 'odd', '{\"source_call_id\": \"id\", \"started_at\": 5}'",
            "a, id, j, n, started",
        ),
        (
            "'x', 'odd', '{\"source_call_id\": \"id\", \"started_at\": \"started\"}'",
            "timestamp with time zone",
        ),
        (
            "'x', 'odd', '{\"source_call_id\": \"j\", \"started_at\": \"started\"}'",
            "text",
        ),
        (
            "'x', 'gong_calls', '{\"source_call_id\": \"id\", \"started_at\": \"started\", \"emails\": \"title\"}'",
            "text[]",
        ),
        (
            "'x', 'gong_calls', '{\"source_call_id\": \"id\", \"started_at\": \"started\", \"meeting_id\": \"title\"}'",
            "Possible are: source_call_id, started_at",
        ),
    ] {
        let refusal = refused(
            &mut session,
            &format!("SELECT chorus_add_source({arguments})"),
            "22023",
        );
        assert!(
            refusal.hint().unwrap().contains(hint),
            "{arguments}: {refusal:?}"
        );
    }
    refused(&mut session, "SELECT chorus_remove_source('x')", "42704");
    refused(
        &mut session,
        "SELECT chorus_remove_source('chorus')",
        "22023",
    );
}

#[test]
fn a_removed_source_leaves_with_all_of_its_calls() {
    let database = added();
    let mut session = database.connect();
    refused(
        &mut session,
        "INSERT INTO chorus.calls (source, source_call_id) VALUES ('gong', 'mine')",
        "22023",
    );
    session.batch_execute("INSERT INTO chorus.calls (source, source_call_id) VALUES ('zoom', 'z1'); SELECT chorus_remove_source('GONG ')").unwrap();
    for table in ["participants", "utterances"] {
        assert_eq!(
            answer(
                &mut session,
                &format!("SELECT count(*) FROM chorus.{table}")
            ),
            [["0"]],
            "{table}"
        );
    }
    assert_eq!(
        answer(&mut session, "SELECT source FROM chorus.calls"),
        [["zoom"]]
    );
    assert_eq!(
        answer(&mut session, "SELECT count(*) FROM chorus.transcripts"),
        [["1"]]
    );
    assert_eq!(
        answer(
            &mut session,
            "SELECT count(*) FROM chorus.sources WHERE source = 'gong'"
        ),
        [["0"]]
    );
    read(&database);
    assert_eq!(
        answer(&mut session, "SELECT source FROM chorus.calls"),
        [["zoom"]]
    );
    // One that was only pushed leaves in the same way.
    session
        .batch_execute("SELECT chorus_remove_source('zoom')")
        .unwrap();
    assert_eq!(
        answer(&mut session, "SELECT count(*) FROM chorus.calls"),
        [["0"]]
    );
    refused(&mut session, "SELECT chorus_remove_source('zoom')", "42704");
}

/// Roles of this test alone; they go with it.
struct Roles<'a> {
    database: &'a Database<'static>,
    names: Vec<String>,
}

impl<'a> Roles<'a> {
    fn of(database: &'a Database<'static>, attributes: &[&str]) -> Self {
        let name = |n: usize| format!("{}_source_{n}", database.name());
        for (n, attributes) in attributes.iter().enumerate() {
            database.sql(&format!(
                "CREATE ROLE {0} LOGIN {attributes}; CREATE SCHEMA {0} AUTHORIZATION {0}",
                name(n)
            ));
        }
        Roles {
            database,
            names: (0..attributes.len()).map(name).collect(),
        }
    }
}

impl Drop for Roles<'_> {
    fn drop(&mut self) {
        let mut session = self.database.connect();
        for name in &self.names {
            let _ =
                session.batch_execute(&format!("DROP OWNED BY {name} CASCADE; DROP ROLE {name}"));
        }
    }
}

#[test]
fn an_admin_registers_what_it_may_read_and_it_is_read_with_its_rights() {
    let database = place();
    let roles = Roles::of(&database, &["IN ROLE chorus_admin", ""]);
    let admin = &roles.names[0];
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
    expect_error(
        database.connect_as(&roles.names[1]).batch_execute(&add),
        "42501",
    );
    // A role that is gone reads nothing either.
    drop(session);
    database.sql(&format!("DROP OWNED BY {admin} CASCADE; DROP ROLE {admin}"));
    read(&database);
    assert!(problem(&database, "gong").unwrap().contains("is gone"));
}

#[test]
fn a_view_gains_no_rights_from_being_read() {
    let database = place();
    let roles = Roles::of(&database, &["IN ROLE chorus_admin", ""]);
    let (admin, other) = (&roles.names[0], &roles.names[1]);
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
    let mut expected = vec![other.clone(), "turned".to_owned()];
    expected.sort();
    assert_eq!(database.value::<Vec<String>>(ids), expected);
}
