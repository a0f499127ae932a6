//! Who is one of ours, in calls of other sources, follows whose domains are our own.

use chorus_tests::{Cluster, Database};

/// `email side` of everybody, in order.
fn sides(database: &Database) -> Vec<String> {
    database.value("SELECT array_agg(email || ' ' || side ORDER BY email) FROM chorus.participants")
}

fn scope(database: &Database) -> String {
    database.value("SELECT scope FROM chorus.meetings")
}

fn push(database: &Database) {
    database.sql(
        "INSERT INTO chorus.calls (call_id, source, source_call_id, title, started_at) VALUES (1, 'gong', 'g1', 'Intro', now() - interval '1 day');
         INSERT INTO chorus.participants (call_id, participant_no, email)
         VALUES (1, 1, 'ria@ours.example'), (1, 2, 'bob@mail.second.example'), (1, 3, 'kim@larkspur.example'), (1, 4, 'host@192.0.2.1')",
    );
    database.sql("SELECT chorus_dedup()");
}

#[test]
fn sides_follow_the_domains_that_become_our_own() {
    let database = Cluster::shared().database().with_extension();
    push(&database);
    assert_eq!(
        sides(&database),
        [
            "bob@mail.second.example unknown",
            "host@192.0.2.1 unknown",
            "kim@larkspur.example unknown",
            "ria@ours.example unknown"
        ]
    );
    database.sql(
        "INSERT INTO chorus.connections (connection_id, name, base_url, lookback_days, state, workspace_domain, connected_at)
         VALUES (1, 'default', 'https://chorus.ai', 30, 'paused', 'ours.example', now())",
    );
    database.sql("SELECT chorus_dedup()");
    assert_eq!(
        sides(&database),
        [
            "bob@mail.second.example external",
            "host@192.0.2.1 unknown",
            "kim@larkspur.example external",
            "ria@ours.example internal"
        ]
    );
    assert_eq!(scope(&database), "external");
    database.sql(
        "INSERT INTO chorus.users (connection_id, user_id, email) VALUES (1, 1, 'rob@second.example'), (1, 2, 'ria@gmail.com')",
    );
    database.sql("SELECT chorus_dedup()");
    assert_eq!(sides(&database)[0], "bob@mail.second.example internal");
    let unsettled: bool = database.value(
        "SELECT c.party_id IS DISTINCT FROM p.party_id
           FROM chorus.calls c CROSS JOIN LATERAL chorus.parties_of(ARRAY[c.call_id], ARRAY[c.account_id]) p",
    );
    assert!(!unsettled);
    // The user is gone, as after a purge.
    database.sql("DELETE FROM chorus.users");
    database.sql("SELECT chorus_dedup()");
    assert_eq!(sides(&database)[0], "bob@mail.second.example external");
}

#[test]
fn a_change_of_side_is_told_once_and_nothing_else_is() {
    let database = Cluster::shared().database().with_extension();
    push(&database);
    let updates =
        || database.value::<i64>("SELECT count(*) FROM chorus.events WHERE kind = 'call.updated'");
    assert_eq!(updates(), 0);
    database.sql(
        "INSERT INTO chorus.users (connection_id, user_id, email) VALUES (1, 1, 'ria@ours.example')",
    );
    database.sql("SELECT chorus_dedup()");
    assert_eq!(updates(), 1);
    database.sql("SELECT chorus_dedup()");
    assert_eq!(updates(), 1);
}
