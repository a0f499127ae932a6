//! Search finds what was said when the run that wrote it ends, and nothing that was deleted.

use chorus_tests::fake_chorus::{Call, Generate, Tenant};
use chorus_tests::postgres::Row;
use chorus_tests::{Cluster, ClusterOptions, Database, SOON, Workspace, plan, refused, wait_until};
use serde_json::json;

const DETAIL: &str = "/api/v1/conversations/{id}";

/// Recorded calls of the last two days.
fn recent(calls: usize) -> Workspace<'static> {
    Workspace::of(Tenant::generate(&Generate {
        days: 2,
        only_calls: true,
        ..plan(calls)
    }))
}

/// Has these words said in a call, one utterance each, and nothing else.
fn say(workspace: &Workspace, call: &Call, words: &[&str]) {
    workspace.edit_call(call, |call| {
        call.subject.push('!');
        call.trackers.clear();
        call.utterances.truncate(words.len());
        for (said, words) in call.utterances.iter_mut().zip(words) {
            said.text = (*words).to_owned();
        }
    });
}

fn search(database: &Database, arguments: &str) -> Vec<Row> {
    let query = format!("SELECT * FROM chorus_search({arguments})");
    let mut session = database.connect();
    session
        .query(&query, &[])
        .unwrap_or_else(|error| panic!("{query}: {error:?}"))
}

/// Excerpts of what is found, best first.
fn found(database: &Database, query: &str) -> Vec<String> {
    let rows = search(database, &format!("'{query}'"));
    rows.iter().map(|row| row.get("excerpt")).collect()
}

/// Whether the index holds what the utterances hold, call by call.
fn assert_indexed(database: &Database) {
    let wrong: i64 = database.value(
        "SELECT count(*)
           FROM (SELECT call_id, count(*) AS said FROM chorus.utterances GROUP BY call_id) u
                FULL JOIN (SELECT call_id, sum(cardinality(said)) AS said FROM chorus.search_chunks GROUP BY call_id) s USING (call_id)
          WHERE u.said IS DISTINCT FROM s.said",
    );
    assert_eq!(wrong, 0);
    let due: i64 = database.value("SELECT count(*) FROM chorus.search_due");
    assert_eq!(due, 0);
}

#[test]
fn what_was_said_is_found_with_its_speaker_and_time_when_the_run_ends() {
    let workspace = recent(12);
    let call = workspace.newest(4);
    say(
        &workspace,
        &call,
        &[
            "We looked at zebras in the budget meeting.",
            "A zebra costs a fortune, and zebras eat a lot.",
            "Nothing about animals here.",
        ],
    );
    workspace.sync();
    let hits = search(&workspace.database, "'zebra'");
    assert_eq!(hits.len(), 2);
    assert_eq!(
        hits[0].get::<_, String>("excerpt"),
        "A **zebra** costs a fortune, and **zebras** eat a lot."
    );
    assert_eq!(hits[0].get::<_, i32>("seq"), 2);
    assert!(hits[0].get::<_, f32>("rank") > hits[1].get::<_, f32>("rank"));
    let same: bool = workspace.database.value(
        "SELECT bool_and(l.said_at = h.said_at AND l.speaker_name IS NOT DISTINCT FROM h.speaker_name AND c.title = h.title)
           FROM chorus_search('zebra') h JOIN chorus.transcript_lines l USING (call_id, seq) JOIN chorus.calls c USING (call_id)",
    );
    assert!(same, "they are the lines of the transcript");
    assert_indexed(&workspace.database);
}

#[test]
fn a_query_is_read_as_on_the_web() {
    let workspace = recent(6);
    let call = workspace.newest(2);
    let said = [
        "The zebra crossing is closed.",
        "Crossing the zebra like a gnu.",
        "An okapi was seen.",
        "The price was 5 < 6 zebras",
    ];
    say(&workspace, &call, &said);
    workspace.sync();
    let count = |query: &str| found(&workspace.database, query).len();
    assert_eq!(count("zebra crossing"), 2);
    assert_eq!(count("\"zebra crossing\""), 1);
    assert_eq!(count("zebra -crossing"), 1);
    assert_eq!(count("okapi or gnu"), 2);
    assert_eq!(count("ZEBRAS"), 3);
    assert_eq!(count("okapi zebra"), 0, "a hit is one utterance");
    assert_eq!(count("neverheard"), 0);
    assert_eq!(count("the"), 0, "a word that says nothing");
    assert_eq!(count("\"; DROP TABLE x; <-> & | ! :*"), 0);
}

#[test]
fn words_are_found_in_the_forms_of_their_language() {
    let workspace = recent(6);
    let (german, unknown) = (workspace.newest(1), workspace.newest(3));
    say(&workspace, &german, &["Wir haben zwei Häuser gesehen."]);
    say(&workspace, &unknown, &["They sold Häuser and houses."]);
    workspace.edit_call(&german, |call| call.language = "de-DE".into());
    workspace.edit_call(&unknown, |call| call.language = "tlh".into());
    workspace.sync();
    assert_eq!(
        found(&workspace.database, "haus"),
        ["Wir haben zwei **Häuser** gesehen."]
    );
    assert_eq!(found(&workspace.database, "häuser").len(), 2);
    assert!(found(&workspace.database, "house").is_empty());
    let configs: Vec<String> = workspace.database.value(
        "SELECT array_agg(chorus.search_config(l) ORDER BY n)
           FROM unnest(ARRAY['en', 'en-US', ' EN_gb', 'German', 'nb', 'xx', '', NULL]) WITH ORDINALITY AS languages(l, n)",
    );
    assert_eq!(
        configs,
        [
            "english",
            "english",
            "english",
            "german",
            "norwegian",
            "simple",
            "simple",
            "simple"
        ]
    );
}

#[test]
fn what_is_said_anew_is_found_and_the_old_words_are_not() {
    let workspace = recent(12);
    let call = workspace.newest(4);
    say(&workspace, &call, &["A zebra came."]);
    workspace.sync();
    say(&workspace, &call, &["An okapi came."]);
    workspace.sync();
    assert_eq!(found(&workspace.database, "okapi").len(), 1);
    assert!(found(&workspace.database, "zebra").is_empty());
    workspace.edit_call(&call, |call| call.language = "de".into());
    workspace.sync();
    let config: String = workspace.database.value(&format!(
        "SELECT s.config FROM chorus.search_chunks s JOIN chorus.calls c USING (call_id) WHERE c.source_call_id = '{}'",
        call.engagement_id
    ));
    assert_eq!(
        config, "german",
        "the language turned out to be another one"
    );
    assert_indexed(&workspace.database);
}

#[test]
fn what_was_deleted_leaves_the_index_with_its_words() {
    let workspace = recent(30);
    let (gone, private) = (workspace.newest(3), workspace.newest(6));
    say(&workspace, &gone, &["A zebra came."]);
    say(&workspace, &private, &["An okapi came."]);
    workspace.sync();
    workspace
        .tenant
        .set_quirk("vanish", json!([&gone.engagement_id]));
    workspace.tenant.set_quirk(
        "private-rows",
        json!({"ids": [&private.engagement_id], "how": "listed"}),
    );
    workspace.edit_call(&private, |call| call.subject = "Turned private".into());
    // Even if the run dies before it comes to the index.
    workspace.tenant.set_quirk(
        "fail",
        json!({"route": "/api/v1/scorecards", "status": 401}),
    );
    assert!(workspace.try_sync().is_err());
    assert!(found(&workspace.database, "zebra or okapi").is_empty());
    let left: i64 = workspace.database.value(
        "SELECT count(*) FROM chorus.search_chunks s WHERE NOT EXISTS (SELECT FROM chorus.utterances u WHERE u.call_id = s.call_id)",
    );
    assert_eq!(left, 0);
    assert_indexed(&workspace.database);
}

#[test]
fn only_main_calls_are_found_and_none_that_began_before_since() {
    let workspace = recent(6);
    for place in 0..3 {
        say(&workspace, &workspace.newest(place), &["A zebra came."]);
    }
    workspace.sync();
    assert_eq!(found(&workspace.database, "zebra").len(), 3);
    let newest: i64 = workspace
        .database
        .value("SELECT call_id FROM chorus_search('zebra', max_results => 1)");
    let since =
        format!("'zebra', since => (SELECT started_at FROM chorus.calls WHERE call_id = {newest})");
    assert_eq!(search(&workspace.database, &since).len(), 1);
    workspace.database.sql(&format!(
        "UPDATE chorus.calls SET is_main_call = false WHERE call_id = {newest}"
    ));
    assert_eq!(found(&workspace.database, "zebra").len(), 2);
}

#[test]
fn a_run_that_dies_while_it_indexes_leaves_the_rest_to_the_next() {
    let workspace = recent(12);
    workspace.sync();
    // Somebody else is indexing, and the run has to wait for its turn.
    let call = workspace.newest(4);
    say(&workspace, &call, &["A zebra came."]);
    let mut other = workspace.database.connect();
    other
        .batch_execute("BEGIN; LOCK TABLE chorus.search_state IN SHARE MODE")
        .unwrap();
    workspace
        .database
        .sql("INSERT INTO chorus.search_due (call_id) SELECT call_id FROM chorus.calls");
    let run_id = workspace.sync_in_background();
    let state = |what: &str| -> Option<String> {
        workspace.database.value(&format!(
            "SELECT {what} FROM chorus.runs WHERE run_id = {run_id}"
        ))
    };
    wait_until("the run indexes", SOON, || {
        (state("phase")? == "search index").then_some(())
    });
    workspace.database.sql(&format!(
        "SELECT pg_terminate_backend(chorus.run_worker({run_id}))"
    ));
    other.batch_execute("ROLLBACK").unwrap();
    workspace.sync();
    assert_eq!(found(&workspace.database, "zebra").len(), 1);
    assert_indexed(&workspace.database);
}

#[test]
fn what_a_failed_run_has_read_is_found() {
    let workspace = recent(12);
    say(&workspace, &workspace.newest(4), &["A zebra came."]);
    workspace.tenant.set_quirk(
        "fail",
        json!({"route": "/api/v1/scorecards", "status": 401}),
    );
    assert!(workspace.try_sync().is_err());
    assert_eq!(found(&workspace.database, "zebra").len(), 1);
}

#[test]
fn after_a_restore_the_next_run_makes_the_index_again() {
    let workspace = recent(12);
    say(&workspace, &workspace.newest(4), &["A zebra came."]);
    workspace.sync();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("dump");
    workspace.database.dump("plain", &file);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        !text.contains("search_chunks"),
        "what is derived is not carried"
    );
    let restored = Cluster::shared().database();
    restored.run_file(&file);
    assert!(found(&restored, "zebra").is_empty());
    restored.trust_this_machine();
    restored.sql(&workspace.connect());
    workspace.tenant.forget_requests();
    restored.sql("SELECT chorus_sync()");
    assert_eq!(workspace.tenant.request_count(DETAIL), 0);
    assert_eq!(found(&restored, "zebra").len(), 1);
    assert_indexed(&restored);
}

#[test]
fn two_runs_that_end_at_once_index_each_call_once() {
    let workspace = recent(40);
    let second = workspace.connect_with("schedule => NULL, connection => 'second'");
    workspace.database.sql(&second);
    std::thread::scope(|scope| {
        for connection in ["default", "second"] {
            let mut session = workspace.database.connect();
            scope.spawn(move || {
                let sync = format!("SELECT chorus_sync(connection => '{connection}')");
                session.batch_execute(&sync).unwrap();
            });
        }
    });
    assert_indexed(&workspace.database);
}

#[test]
fn without_the_index_nothing_is_indexed_until_it_is_wanted_again() {
    let workspace = recent(12);
    say(&workspace, &workspace.newest(4), &["A zebra came."]);
    workspace.set("search_index", "off");
    workspace.sync();
    assert!(found(&workspace.database, "zebra").is_empty());
    workspace.set("search_index", "on");
    workspace.sync();
    assert_eq!(found(&workspace.database, "zebra").len(), 1);
    assert_indexed(&workspace.database);
}

#[test]
fn a_search_that_cannot_be_meant_is_refused() {
    let workspace = Workspace::synced(6);
    let mut session = workspace.database.connect();
    for wrong in [
        "''",
        "'  '",
        "NULL",
        "'-zebra'",
        "'okapi or -zebra'",
        "repeat('okapi or ', 2000)",
        "'zebra', NULL, 0",
        "'zebra', NULL, 1001",
    ] {
        refused(
            &mut session,
            &format!("SELECT * FROM chorus_search({wrong})"),
            "22023",
        );
    }
    let unknown = "SELECT chorus_meeting_transcript(4711)";
    refused(&mut session, unknown, "42704");
}

#[test]
fn a_word_that_means_nothing_in_one_language_is_searched_in_the_others() {
    let workspace = recent(6);
    let (german, english) = (workspace.newest(1), workspace.newest(3));
    say(&workspace, &german, &["Die Zebras sind da."]);
    say(
        &workspace,
        &english,
        &["They die out.", "They die on trial."],
    );
    workspace.edit_call(&german, |call| call.language = "de".into());
    workspace.sync();
    assert_eq!(
        found(&workspace.database, "die -trial"),
        ["They **die** out."]
    );
}

#[test]
fn a_very_long_utterance_costs_little_and_its_excerpt_shows_the_hit() {
    let workspace = recent(6);
    let long = format!(
        "{}lion and okapi {}gnu {}",
        "zebra ".repeat(4000),
        "zebra ".repeat(4000),
        "zebra ".repeat(100_000)
    );
    say(&workspace, &workspace.newest(1), &[&long]);
    workspace.sync();
    // Each of these took gigabytes.
    for (query, hit) in [
        ("\"lion and okapi\"", "**lion** and **okapi**"),
        ("\"zebra zebra zebra\"", "**zebra** **zebra** **zebra**"),
        ("okapi", "**okapi** zebra"),
        ("okapi gnu", "**okapi** zebra"),
    ] {
        let excerpts = found(&workspace.database, query);
        assert_eq!(excerpts.len(), 1, "{query}");
        assert!(excerpts[0].contains(hit), "{query}: {}", excerpts[0]);
        assert!(excerpts[0].len() < 1500, "{query}");
    }
}

#[test]
fn the_transcript_of_a_meeting_is_that_of_its_main_call() {
    let workspace = Workspace::synced(6);
    workspace.database.sql(
        "UPDATE chorus.calls SET meeting_id = 1, is_main_call = call_id = 2 WHERE call_id IN (1, 2)",
    );
    let same: bool = workspace
        .database
        .value("SELECT chorus_meeting_transcript(1) = chorus_transcript(2)");
    assert!(same);
}

#[test]
fn a_reader_searches_on_a_standby_too() {
    let primary = Cluster::start(ClusterOptions::default());
    let workspace = Workspace::on(
        &primary,
        Tenant::generate(&Generate {
            only_calls: true,
            ..plan(6)
        }),
    );
    say(&workspace, &workspace.newest(2), &["A zebra came."]);
    workspace.sync();
    workspace
        .database
        .sql("CREATE ROLE seeker LOGIN IN ROLE chorus_reader");
    let standby = primary.basebackup_standby();
    let mut session = standby
        .try_connect(workspace.database.name(), "seeker")
        .unwrap();
    let hits = session
        .query("SELECT * FROM chorus_search('zebras')", &[])
        .unwrap();
    assert_eq!(hits.len(), 1);
}
