//! Merging, separating, removing and writing calls: whoever does it, customers follow at once.

use std::thread;

use chorus_tests::{SOON, Workspace, expect_error, wait_until};

use crate::customers_house::House;

#[test]
fn a_meeting_has_the_attendees_of_all_its_recordings() {
    let mut house = House::new();
    let meeting = house.meeting("-ria@ours.example");
    assert_eq!(house.scope(meeting), "internal");
    house.customers("lark");
    house.run("INSERT INTO chorus.customer_domains VALUES ('larkspur.example', 'lark')");
    let other = house.another_call(meeting, "kim@larkspur.example");
    assert_eq!(house.whose(meeting), ["lark domain"]);
    assert_eq!(house.scope(meeting), "external");
    let people: String = house
        .database
        .value("SELECT participants::text FROM chorus.customer_meetings");
    assert!(
        people.contains("ria@ours.example") && people.contains("kim@larkspur.example"),
        "{people}"
    );
    house.recognise(&format!(
        "meeting_id = {other}, is_main_call = true WHERE call_id = {other}"
    ));
    assert!(house.whose(meeting).is_empty());
    assert_eq!(house.whose(other), ["lark domain"]);
}

#[test]
fn a_recording_without_attendees_leaves_the_scope_to_the_others() {
    let mut house = House::new();
    let inside = house.meeting("");
    assert_eq!(house.scope(inside), "unknown");
    house.another_call(inside, "-ria@ours.example");
    assert_eq!(house.scope(inside), "internal");
    assert!(house.whose(inside).is_empty());
    let outside = house.meeting("-ria@ours.example");
    house.another_call(outside, "kim@larkspur.example");
    assert!(house.whose(outside).is_empty());
    assert_eq!(house.scope(outside), "external");
}

#[test]
fn no_view_shows_a_removed_call_or_one_that_is_not_recognised_yet() {
    let mut house = House::new();
    let meeting = house.meeting_of_account("A1", "kim@larkspur.example");
    let other = house.another_call(meeting, "lee@heron.example");
    house.customers("lark heron acc");
    house.run(
        "INSERT INTO chorus.customer_domains VALUES ('larkspur.example', 'lark'), ('heron.example', 'heron');
         INSERT INTO chorus.customer_accounts VALUES ('A1', 'acc')",
    );
    assert_eq!(
        house.whose(meeting),
        ["acc account", "heron domain", "lark domain"]
    );
    house.recognise(&format!("removed_at = now() WHERE call_id = {other}"));
    assert_eq!(house.whose(meeting), ["acc account", "lark domain"]);
    house.recognise(&format!("removed_at = now() WHERE call_id = {meeting}"));
    house.run("INSERT INTO chorus.calls (source, source_call_id, started_at) VALUES ('pushed', 'p1', now())");
    let shown: i64 = house.database.value(
        "SELECT (SELECT count(*) FROM chorus.meetings) + (SELECT count(*) FROM chorus.meeting_customers)
              + (SELECT count(*) FROM chorus.customer_meetings) + (SELECT count(*) FROM chorus.unattached_meetings)",
    );
    assert_eq!(shown, 0);
}

#[test]
fn whoever_changes_participants_or_the_account_changes_whose_meeting_it_is() {
    let mut house = House::new();
    let meeting = house.meeting("kim@larkspur.example");
    house.customers("lark heron");
    house.run(
        "INSERT INTO chorus.customer_domains VALUES ('larkspur.example', 'lark'), ('heron.example', 'heron');
         INSERT INTO chorus.customer_accounts VALUES ('A1', 'heron')",
    );
    assert_eq!(house.whose(meeting), ["lark domain"]);
    house.run("UPDATE chorus.participants SET email = 'kim@heron.example'");
    assert_eq!(house.whose(meeting), ["heron domain"]);
    house.run("DELETE FROM chorus.participants");
    assert!(house.whose(meeting).is_empty());
    house.run("UPDATE chorus.calls SET account_id = 'A1'");
    assert_eq!(house.whose(meeting), ["heron account"]);
    house.run("INSERT INTO chorus.participants (call_id, participant_no, email) SELECT call_id, 7, 'kim@larkspur.example' FROM chorus.calls");
    assert_eq!(house.whose(meeting), ["heron account", "lark domain"]);
}

#[test]
fn two_who_add_people_to_one_call_at_once_are_both_seen() {
    let mut house = House::new();
    let meeting = house.meeting("-ria@ours.example");
    house.customers("lark heron");
    house.run("INSERT INTO chorus.customer_domains VALUES ('larkspur.example', 'lark'), ('heron.example', 'heron')");
    let add = move |place: i32, email: &str| {
        format!(
            "INSERT INTO chorus.participants (call_id, participant_no, email) VALUES ({meeting}, {place}, '{email}')"
        )
    };
    house.run("BEGIN");
    house.run(&add(2, "kim@larkspur.example"));
    let mut second = house.database.connect();
    let waiting: i32 = second
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0);
    let second = thread::spawn(move || second.batch_execute(&add(3, "lee@heron.example")).unwrap());
    wait_until("the second waits for the first", SOON, || {
        let blocked: bool = house.database.value(&format!(
            "SELECT cardinality(pg_blocking_pids({waiting})) > 0"
        ));
        blocked.then_some(())
    });
    house.run("COMMIT");
    second.join().unwrap();
    assert_eq!(house.whose(meeting), ["heron domain", "lark domain"]);
}

#[test]
fn somebody_who_is_added_while_a_call_gets_its_meeting_is_seen() {
    let mut house = House::new();
    house.customers("lark heron");
    house.run("INSERT INTO chorus.customer_domains VALUES ('larkspur.example', 'lark'), ('heron.example', 'heron')");
    house.run("INSERT INTO chorus.calls (call_id, source, source_call_id, started_at) VALUES (1, 'gong', '1', now())");
    house.run("INSERT INTO chorus.participants (call_id, participant_no, email) VALUES (1, 1, 'kim@larkspur.example')");
    house.run("BEGIN; INSERT INTO chorus.participants (call_id, participant_no, email) VALUES (1, 2, 'lee@heron.example')");
    let mut waiting = house.database.connect();
    let dedup = thread::spawn(move || waiting.batch_execute("SELECT chorus_dedup()").unwrap());
    wait_until("the run waits for the insert", SOON, || {
        let blocked: bool = house.database.value(
            "SELECT EXISTS (SELECT FROM pg_stat_activity a
                             WHERE a.datname = current_database() AND cardinality(pg_blocking_pids(a.pid)) > 0)",
        );
        blocked.then_some(())
    });
    house.run("COMMIT");
    dedup.join().unwrap();
    assert_eq!(house.whose(1), ["heron domain", "lark domain"]);
}

#[test]
fn a_host_that_two_meet_at_once_for_the_first_time_keeps_nobody_waiting() {
    let mut house = House::new();
    let (first, second) = (
        house.meeting("-ria@ours.example"),
        house.meeting("-ria@ours.example"),
    );
    house.customers("lark");
    house.run("INSERT INTO chorus.customer_domains VALUES ('larkspur.example', 'lark')");
    let add = |meeting: i64| {
        format!(
            "INSERT INTO chorus.participants (call_id, participant_no, email) VALUES ({meeting}, 2, 'kim@larkspur.example')"
        )
    };
    house.run("BEGIN");
    house.run(&add(first));
    let mut other = house.database.connect();
    other
        .batch_execute(&format!("SET lock_timeout = '20s'; {}", add(second)))
        .unwrap();
    house.run("COMMIT");
    assert_eq!(house.whose(first), ["lark domain"]);
    assert_eq!(house.whose(second), ["lark domain"]);
}

#[test]
fn what_a_run_pulls_is_attached_as_it_comes() {
    let place = Workspace::small();
    place.database.sql("SELECT chorus_sync()");
    place.database.sql(
        "INSERT INTO chorus.customers SELECT DISTINCT email_domain, email_domain FROM chorus.participants WHERE email_domain IS NOT NULL AND side = 'external';
         INSERT INTO chorus.customer_domains SELECT customer_id, customer_id FROM chorus.customers",
    );
    let missing: i64 = place.database.value(
        "SELECT count(*) FROM (SELECT DISTINCT c.meeting_id, p.email_domain FROM chorus.calls c JOIN chorus.participants p USING (call_id)
                                WHERE p.side = 'external' AND p.email_domain IS NOT NULL
                               EXCEPT SELECT meeting_id, customer_id FROM chorus.meeting_customers) missing",
    );
    assert_eq!(missing, 0);
    let attached: i64 = place
        .database
        .value("SELECT count(*) FROM chorus.meeting_customers");
    assert!(attached > 0);
    // What settling everything again would change.
    let unsettled: i64 = place.database.value(
        "SELECT count(*) FROM (SELECT array_agg(call_id) AS call_ids, array_agg(account_id) AS account_ids FROM chorus.calls) a,
                chorus.parties_of(a.call_ids, a.account_ids) p JOIN chorus.calls c USING (call_id)
          WHERE c.party_id IS DISTINCT FROM p.party_id",
    );
    assert_eq!(unsettled, 0);
}

#[test]
fn an_admin_keeps_customers_and_a_reader_looks() {
    let mut house = House::new();
    let meeting = house.meeting("kim@larkspur.example");
    house.run("SET ROLE chorus_admin");
    house.customers("lark");
    house.run(&format!(
        "INSERT INTO chorus.customer_domains VALUES ('larkspur.example', 'lark');
         INSERT INTO chorus.customer_contacts VALUES ('kim@larkspur.example', 'lark');
         INSERT INTO chorus.customer_accounts VALUES ('A1', 'lark');
         INSERT INTO chorus.domain_rules VALUES ('noise.example', 'ignore');
         UPDATE chorus.customers SET name = 'Larkspur';
         SELECT chorus_detach({meeting}, 'lark'); SELECT chorus_attach({meeting}, 'lark')"
    ));
    house.run("SET ROLE chorus_reader");
    assert_eq!(house.whose(meeting), ["lark manual"]);
    house.run("SELECT * FROM chorus_preview_domain('heron.example'); SELECT * FROM chorus.effective_domain_rules");
    for refused in [
        "INSERT INTO chorus.customers VALUES ('x')".to_owned(),
        "DELETE FROM chorus.domain_rules".to_owned(),
        format!("SELECT chorus_attach({meeting}, 'lark')"),
    ] {
        expect_error(house.session.batch_execute(&refused), "42501");
    }
}
