//! A dump carries everything but the keys, whichever way it is made and restored.

use std::path::{Path, PathBuf};

use chorus_tests::{Cluster, Database, Workspace, refused, rows, run_to_end};
use serde_json::json;

/// A place with two synced connections (one disconnected since), a failed run and a problem.
fn filled() -> Workspace<'static> {
    let place = Workspace::small();
    let second = place.connect_with("schedule => '15 minutes', connection => 'second'");
    place.database.sql(&second);
    place
        .database
        .sql("SELECT chorus_sync(); SELECT chorus_sync(connection => 'second')");
    place
        .tenant
        .set_quirk("fail", json!({"route": "/api/v1/teams", "status": 400}));
    place.database.sql("SELECT chorus_sync()");
    place.tenant.clear_quirks();
    place.database.sql("SELECT chorus_disconnect('second')");
    // What triggers made of pushed rows is in the dump; made again during a restore it would be there twice.
    place.database.sql(
        "CREATE TABLE gong_calls (id int, started timestamptz);
         SELECT chorus_add_source('gong', 'gong_calls', '{\"source_call_id\": \"id\", \"started_at\": \"started\"}');
         WITH pushed AS (INSERT INTO chorus.calls (source, source_call_id) VALUES ('zoom', 'z1'), ('zoom', 'z2') RETURNING call_id)
         INSERT INTO chorus.participants (call_id, participant_no, email) SELECT call_id, 1, 'Ann@Larkspur.example' FROM pushed",
    );
    // Decided by somebody; one is due, and everything is being compared anew.
    place.database.sql("SELECT chorus_dedup()");
    place
        .database
        .sql("SELECT chorus_merge(min(call_id), max(call_id), 'Ann says so') FROM chorus.calls");
    place.database.sql(
        "INSERT INTO chorus.calls (source, source_call_id) VALUES ('zoom', 'z3');
         INSERT INTO chorus.match_progress (stage) VALUES ('facts')",
    );
    place.database.sql(
        "INSERT INTO chorus.customers VALUES ('lark', 'Larkspur');
         INSERT INTO chorus.customer_domains VALUES ('Larkspur.example', 'lark');
         INSERT INTO chorus.customer_accounts VALUES ('0014X00002abCdEQAZ', 'lark');
         INSERT INTO chorus.customer_contacts VALUES ('Kim+demo@Larkspur.example', 'lark');
         INSERT INTO chorus.domain_rules VALUES ('noise.example', 'ignore', 'nobody buys there');
         SELECT chorus_attach(min(meeting_id), 'lark') FROM chorus.meetings",
    );
    place
}

fn dump(place: &Workspace, directory: &Path, format: &str) -> PathBuf {
    let file = directory.join("dump");
    place.database.dump(format, &file);
    file
}

/// What is no data of anybody's: keys, the change feed, which is the story of this very database, the search index and
/// what is derived by own domains, which the next run makes again.
const NOT_CARRIED: [&str; 7] = [
    "credentials",
    "events",
    "search_chunks",
    "search_due",
    "search_due_due_id_seq",
    "search_state",
    "sides_state",
];

/// Every table of ours with all of its rows, but for what a dump must change, and every sequence.
fn contents(database: &Database) -> Vec<(String, String)> {
    let mut session = database.connect();
    let relations = session
        .query(
            "SELECT relname::text, relkind::text FROM pg_class
              WHERE relnamespace = 'chorus'::regnamespace AND relkind IN ('r', 'S') AND relname <> ALL ($1::text[]) ORDER BY 1",
            &[&NOT_CARRIED.map(str::to_owned).to_vec()],
        )
        .unwrap();
    let mut of_relation = |name: String, kind: String| {
        let row = match (&*name, &*kind) {
            ("connections", _) => "(to_jsonb(t) - 'state')::text",
            (_, "S") => "concat_ws(' ', last_value, is_called)",
            _ => "t::text",
        };
        let query = format!(
            "SELECT coalesce(string_agg({row}, E'\\n' ORDER BY {row}), '') FROM chorus.{name} t"
        );
        let text = session.query_one(&query, &[]).unwrap().get(0);
        (name, text)
    };
    relations
        .iter()
        .map(|row| of_relation(row.get(0), row.get(1)))
        .collect()
}

/// The restored database is the same, knows that it lacks the keys, and goes on once it has them.
fn goes_on(place: &Workspace, restored: &Database) {
    let (before, after) = (contents(&place.database), contents(restored));
    let empty: Vec<&String> = before
        .iter()
        .filter(|(_, rows)| rows.is_empty())
        .map(|(name, _)| name)
        .collect();
    assert!(empty.is_empty(), "nothing to carry in {empty:?}");
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
    assert_eq!(before.len(), after.len());
    for table in NOT_CARRIED.iter().filter(|name| !name.ends_with("_seq")) {
        let query = format!("SELECT count(*) FROM chorus.{table}");
        assert_eq!(restored.value::<i64>(&query), 0, "{table}");
    }

    restored.trust_this_machine();
    let mut session = restored.connect();
    let states = session
        .simple_query("SELECT state FROM chorus.connections ORDER BY name")
        .unwrap();
    assert_eq!(rows(&states), [["needs_key"], ["disconnected"]]);
    for wait in ["true", "false"] {
        let refusal = refused(
            &mut session,
            &format!("SELECT chorus_sync(wait => {wait})"),
            "28000",
        );
        assert!(
            refusal.hint().unwrap().contains("chorus_connect"),
            "{refusal:?}"
        );
    }
    session.simple_query(&place.connect()).unwrap();
    let synced =
        "SELECT state, calls_added, transcripts_added, utterances_added FROM chorus_sync()";
    let answer = rows(&session.simple_query(synced).unwrap());
    assert_eq!(answer, [["succeeded", "0", "0", "0"]]);
    // New rows get new numbers.
    session
        .simple_query(&place.connect_with("schedule => NULL, connection => 'third'"))
        .unwrap();
    let third = "SELECT state, calls_added FROM chorus_sync(connection => 'third')";
    assert_eq!(
        rows(&session.simple_query(third).unwrap()),
        [["succeeded", "12"]]
    );
}

#[test]
fn a_plain_dump_restores_with_psql() {
    let (place, directory) = (filled(), tempfile::tempdir().unwrap());
    let restored = Cluster::shared().database();
    let file = dump(&place, directory.path(), "plain");
    restored.run_file(&file);
    goes_on(&place, &restored);
}

#[test]
fn a_custom_dump_restores_in_parallel() {
    let (place, directory) = (filled(), tempfile::tempdir().unwrap());
    let restored = Cluster::shared().database();
    let file = dump(&place, directory.path(), "custom");
    let mut restore = Cluster::shared().bin("pg_restore");
    run_to_end(
        restore
            .args(["--exit-on-error", "-j", "4", "-d", restored.name()])
            .arg(file),
    );
    goes_on(&place, &restored);
}

#[test]
fn a_custom_dump_restores_in_a_single_transaction() {
    let (place, directory) = (filled(), tempfile::tempdir().unwrap());
    let restored = Cluster::shared().database();
    let file = dump(&place, directory.path(), "custom");
    let mut restore = Cluster::shared().bin("pg_restore");
    run_to_end(
        restore
            .args(["--single-transaction", "-d", restored.name()])
            .arg(file),
    );
    goes_on(&place, &restored);
}
