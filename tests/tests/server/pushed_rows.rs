//! Rows of other sources that somebody writes himself are as good as rows that we read.

use chorus_tests::postgres::Client;
use chorus_tests::{Cluster, Database, Role, Workspace, answer, expect_error, refused};

use crate::matching::copy_in;

/// A database in which Kim works for own.example.
fn place() -> Database<'static> {
    let database = Cluster::shared().database().with_extension();
    database.sql(
        "INSERT INTO chorus.users (connection_id, user_id, email) VALUES (1, 1, 'kim@own.example')",
    );
    database
}

/// An admin's session.
struct Admin<'a> {
    session: Client,
    role: Role<'a>,
}

impl<'a> Admin<'a> {
    fn of(database: &'a Database) -> Self {
        let role = database.role("admin", "IN ROLE chorus_admin CONNECTION LIMIT 5");
        Admin {
            session: role.session(),
            role,
        }
    }
}

const PUSH_TWO: &str = "
    WITH pushed AS (
        INSERT INTO chorus.calls (source, source_call_id, title, started_at, duration_s, host_email)
        VALUES (' Gong ', 'g1', 'Renewal', '2026-01-05 10:00Z', 1800, ' Kim@Own.Example '),
               ('gong', 'g2', 'Pricing', '2026-01-06 10:00Z', 900, NULL)
        RETURNING call_id)
    INSERT INTO chorus.participants (call_id, participant_no, name, email)
    SELECT p.call_id, a.n, a.name, a.email
      FROM pushed p, (VALUES (1, ' Kim Lee ', 'KIM@own.example'), (2, 'Ann', '<Ann@Mail.Larkspur.co.uk>'), (3, '', '+1 555 0100')) a(n, name, email)";

#[test]
fn whatever_comes_in_is_normalised_and_waits_for_its_meeting() {
    let database = place();
    let mut admin = Admin::of(&database);
    let session = &mut admin.session;
    session.batch_execute(PUSH_TWO).unwrap();
    let calls = "SELECT source, source_call_id, connection_id, host_email, meeting_id, is_main_call, first_seen_at = updated_at FROM chorus.calls ORDER BY source_call_id";
    assert_eq!(
        answer(session, calls),
        [
            ["gong", "g1", "", "kim@own.example", "", "f", "t"],
            ["gong", "g2", "", "", "", "f", "t"]
        ]
    );
    let people = "SELECT participant_no, name, email, email_domain, side FROM chorus.participants WHERE call_id = 1 ORDER BY 1";
    assert_eq!(
        answer(session, people),
        [
            ["1", "Kim Lee", "kim@own.example", "own.example", "internal"],
            [
                "2",
                "Ann",
                "ann@mail.larkspur.co.uk",
                "larkspur.co.uk",
                "external"
            ],
            ["3", "", "", "", "unknown"]
        ]
    );
    let transcripts = "SELECT call_id, state FROM chorus.transcripts ORDER BY 1";
    assert_eq!(
        answer(session, transcripts),
        [["1", "not_recorded"], ["2", "not_recorded"]]
    );
    assert_eq!(answer(session, MARKED), [["1"], ["2"]]);
    assert!(answer(session, "SELECT * FROM chorus.meetings").is_empty());
}

const MARKED: &str = "SELECT DISTINCT call_id FROM chorus.match_due ORDER BY 1";

#[test]
fn copy_brings_rows_in_as_insert_does() {
    let database = place();
    let mut session = database.connect();
    copy_in(
        &mut session,
        "chorus.calls (call_id, source, source_call_id)",
        "7\tZOOM\tz7\n8\tzoom\tz8\n",
    );
    copy_in(
        &mut session,
        "chorus.participants (call_id, participant_no, email)",
        "7\t1\tANN@Larkspur.example\n",
    );
    let joined = "SELECT c.call_id, c.source, p.email, t.state FROM chorus.calls c JOIN chorus.transcripts t USING (call_id) LEFT JOIN chorus.participants p USING (call_id) ORDER BY 1";
    assert_eq!(
        answer(&mut session, joined),
        [
            ["7", "zoom", "ann@larkspur.example", "not_recorded"],
            ["8", "zoom", "", "not_recorded"]
        ]
    );
    // Numbers that were given by hand are not given out again.
    let next =
        "INSERT INTO chorus.calls (source, source_call_id) VALUES ('zoom', 'z9') RETURNING call_id";
    assert_eq!(answer(&mut session, next), [["9"]]);
    let far = "INSERT INTO chorus.calls (call_id, source, source_call_id) VALUES (9000000000000000000, 'zoom', 'far')";
    refused(&mut session, far, "22023");
}

#[test]
fn an_upsert_changes_facts_and_neither_number_nor_meeting() {
    let database = place();
    let mut admin = Admin::of(&database);
    admin.session.batch_execute(PUSH_TWO).unwrap();
    // As chorus_dedup leaves them.
    database.sql("SET check_function_bodies = off; UPDATE chorus.calls SET meeting_id = 1, is_main_call = call_id = 1; DELETE FROM chorus.match_due");
    let session = &mut admin.session;
    let upsert = "INSERT INTO chorus.calls (source, source_call_id, title, host_email) VALUES ('GONG', 'g1', 'Renewal 2', 'LEE@own.example')
                  ON CONFLICT (source, connection_id, source_call_id) DO UPDATE SET title = excluded.title, host_email = excluded.host_email
                  RETURNING call_id, title, host_email, meeting_id, is_main_call, updated_at > first_seen_at";
    assert_eq!(
        answer(session, upsert),
        [["1", "Renewal 2", "lee@own.example", "1", "t", "t"]]
    );
    session.batch_execute("UPDATE chorus.participants SET email = 'Bo@Own.example' WHERE call_id = 2 AND participant_no = 2").unwrap();
    let side = "SELECT email, email_domain, side FROM chorus.participants WHERE call_id = 2 AND participant_no = 2";
    assert_eq!(
        answer(session, side),
        [["bo@own.example", "own.example", "internal"]]
    );
    assert_eq!(
        answer(session, "SELECT count(*) FROM chorus.transcripts"),
        [["2"]]
    );
    assert!(
        answer(session, MARKED).contains(&vec!["1".into()])
            && answer(session, MARKED).contains(&vec!["2".into()])
    );
}

#[test]
fn a_deleted_call_takes_everything_along() {
    let database = place();
    let mut admin = Admin::of(&database);
    admin.session.batch_execute(PUSH_TWO).unwrap();
    database.sql(
        "SET check_function_bodies = off;
         UPDATE chorus.calls SET meeting_id = 1;
         INSERT INTO chorus.utterances VALUES (1, 1, 1, 0, 1, 'hello');
         INSERT INTO chorus.match_decisions VALUES (1, 2, 'same', NULL, 'kim', now());
         DELETE FROM chorus.match_due",
    );
    let session = &mut admin.session;
    session
        .batch_execute("DELETE FROM chorus.calls WHERE source_call_id = 'g1'")
        .unwrap();
    for table in ["calls", "participants", "transcripts", "utterances"] {
        let left = format!("SELECT count(*) FROM chorus.{table} WHERE call_id = 1");
        assert_eq!(answer(session, &left), [["0"]], "{table}");
    }
    assert_eq!(
        answer(session, "SELECT count(*) FROM chorus.match_decisions"),
        [["0"]]
    );
    // The rest of its meeting is looked at again.
    assert_eq!(answer(session, MARKED), [["1"], ["2"]]);
    session
        .batch_execute("DELETE FROM chorus.participants WHERE call_id = 2")
        .unwrap();
}

#[test]
fn a_statement_that_failed_leaves_nothing_behind() {
    let database = place();
    let mut session = database.connect();
    session.batch_execute(PUSH_TWO).unwrap();
    // The delete is undone, so what hangs on the call must survive the next statement.
    session
        .batch_execute(
            "DO $$ BEGIN DELETE FROM chorus.calls WHERE source_call_id = 'g1' AND 1 / (call_id - call_id) = 1; EXCEPTION WHEN division_by_zero THEN NULL; END $$;
             CREATE FUNCTION spoil(bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN IF $1 > 1 THEN RAISE division_by_zero; END IF; RETURN true; END $$;
             DO $$ BEGIN DELETE FROM chorus.calls WHERE spoil(call_id); EXCEPTION WHEN division_by_zero THEN NULL; END $$;
             UPDATE chorus.calls SET title = 'again' WHERE source_call_id = 'g2'",
        )
        .unwrap();
    let left = "SELECT (SELECT count(*) FROM chorus.calls), (SELECT count(*) FROM chorus.participants), (SELECT count(*) FROM chorus.transcripts)";
    assert_eq!(answer(&mut session, left), [["2", "6", "2"]]);
}

#[test]
fn what_cannot_be_meant_is_refused_with_a_hint() {
    let database = place();
    let mut admin = Admin::of(&database);
    let session = &mut admin.session;
    session.batch_execute(PUSH_TWO).unwrap();
    for (statement, sqlstate) in [
        (
            "INSERT INTO chorus.calls (source, source_call_id) VALUES ('Chorus ', 'x')",
            "42501",
        ),
        ("UPDATE chorus.calls SET source = 'chorus'", "42501"),
        (
            "INSERT INTO chorus.calls (source, source_call_id) VALUES ('  ', 'x')",
            "22023",
        ),
        (
            "INSERT INTO chorus.calls (source, source_call_id) VALUES ('gong', ' ')",
            "22023",
        ),
        (
            "INSERT INTO chorus.calls (source, source_call_id) VALUES ('gong', NULL)",
            "22023",
        ),
        (
            "INSERT INTO chorus.calls (source, source_call_id) VALUES ('gong', repeat('x', 3000))",
            "22023",
        ),
        (
            "INSERT INTO chorus.participants (call_id, participant_no, email) VALUES (77, 1, 'a@b.example')",
            "23503",
        ),
    ] {
        refused(session, statement, sqlstate);
    }
    for (statement, sqlstate) in [
        (
            "INSERT INTO chorus.calls (source, source_call_id) VALUES ('gong', 'g1')",
            "23505",
        ),
        (
            "INSERT INTO chorus.participants (call_id, participant_no) VALUES (1, 0)",
            "23514",
        ),
        (
            "INSERT INTO chorus.calls (source, source_call_id, meeting_id) VALUES ('gong', 'm', 1)",
            "42501",
        ),
        ("UPDATE chorus.calls SET is_main_call = true", "42501"),
        ("UPDATE chorus.calls SET call_id = 9", "42501"),
        ("TRUNCATE chorus.calls", "42501"),
        ("SELECT chorus.pushed()", "42501"),
    ] {
        expect_error(session.batch_execute(statement), sqlstate);
    }
    expect_error(
        database
            .connect()
            .batch_execute("UPDATE chorus.calls SET call_id = 9 WHERE call_id = 1"),
        "22023",
    );
}

#[test]
fn no_setting_of_an_admin_switches_the_rules_off() {
    let database = place();
    let mut admin = Admin::of(&database);
    let session = &mut admin.session;
    session
        .batch_execute("SET check_function_bodies = off")
        .unwrap();
    session.batch_execute(PUSH_TWO).unwrap();
    assert_eq!(
        answer(
            session,
            "SELECT count(*) FROM chorus.participants WHERE email = 'kim@own.example'"
        ),
        [["2"]]
    );
    refused(
        session,
        "INSERT INTO chorus.calls (source, source_call_id) VALUES ('chorus', 'x')",
        "42501",
    );
    // Operators that the caller put in the way are not what the owner of the extension uses.
    database.sql(&format!(
        "CREATE SCHEMA planted AUTHORIZATION {}",
        admin.role
    ));
    let session = &mut admin.session;
    session
        .batch_execute(
            "CREATE FUNCTION planted.eq(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'run as %', current_user; END $$;
             CREATE OPERATOR planted.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = planted.eq);
             SET search_path = planted, pg_catalog;
             UPDATE chorus.calls SET title = 'x';
             DELETE FROM chorus.calls",
        )
        .unwrap();
}

#[test]
fn calls_of_chorus_are_not_for_others() {
    let place = Workspace::small();
    place.database.sql("SELECT chorus_sync()");
    let mut admin = Admin::of(&place.database);
    for statement in [
        "UPDATE chorus.calls SET title = 'mine'",
        "DELETE FROM chorus.calls",
        "UPDATE chorus.participants SET name = 'mine'",
        "DELETE FROM chorus.participants",
        "INSERT INTO chorus.participants (call_id, participant_no) SELECT call_id, 99 FROM chorus.calls",
    ] {
        refused(&mut admin.session, statement, "42501");
    }
    // What a run writes is not looked at again.
    let own = "SELECT count(*) FROM chorus.calls WHERE source = 'chorus' AND connection_id = 1 AND is_main_call";
    assert_eq!(place.database.value::<i64>(own), 12);
}

#[test]
fn the_change_feed_tells_of_each_call_once() {
    let database = place();
    let mut session = database.connect();
    session.batch_execute(PUSH_TWO).unwrap();
    session
        .batch_execute(
            "UPDATE chorus.calls SET title = 'x' WHERE source_call_id = 'g1';
             DELETE FROM chorus.participants WHERE participant_no = 3;
             DELETE FROM chorus.calls WHERE source_call_id = 'g2'",
        )
        .unwrap();
    let told = "SELECT e.call_id, string_agg(e.kind, ' ' ORDER BY e.event_id) FROM chorus.events e GROUP BY 1 ORDER BY 1";
    assert_eq!(
        answer(&mut session, told),
        [
            ["1", "call.added call.updated"],
            ["2", "call.added call.updated call.removed"]
        ]
    );
}
