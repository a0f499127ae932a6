//! Calls of other tools are read from their tables and views, and followed there.

use chorus_tests::{Cluster, Database, answer, refused};

pub const MAPPING: &str = r#"'{"source_call_id": "id", "title": "title", "started_at": "started", "duration_s": "len",
    "emails": "attendees", "names": "names", "transcript": "words", "updated_at": "changed"}'"#;

/// A table of another tool with two calls; who works for own.example is known.
pub fn place() -> Database<'static> {
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
pub fn read(database: &Database) {
    database.sql("SELECT chorus_dedup()");
}

pub fn problem(database: &Database, source: &str) -> Option<String> {
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
