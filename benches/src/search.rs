//! `ONLY=search`: how long it takes to make 600,000 and ten million utterances findable, how large the index is, and how
//! long searches take.
//!
//! What was said is that of real meetings where there are any, played again and again with other times; one utterance in
//! ten has a word of its own besides, as names and numbers are in real ones.

use std::time::{Duration, Instant};

use chorus_tests::Database;
use chorus_tests::fake_chorus::{FakeChorus, Generate, Tenant};
use chorus_tests::real_meetings;
use chrono::Utc;

use crate::Result;
use crate::server::Server;

const SIZES: [i64; 2] = [600_000, 10_000_000];
/// The median of so many looks is shown.
const LOOKS: usize = 5;

pub const NAME: &str = "search";

/// Measures each size in a database of its own.
pub fn run(server: &Server) -> Result<()> {
    for size in SIZES {
        let database = server.database();
        let tenant = spoken()?;
        fill(&database, &tenant, size)?;
        measure(server, &database)?;
    }
    Ok(())
}

fn spoken() -> Result<FakeChorus> {
    let tenant = match real_meetings() {
        Some(file) => Tenant::play(file, Utc::now(), 20)?,
        None => Tenant::generate(&Generate {
            calls: 300,
            utterances_per_call: 300,
            only_calls: true,
            ..Generate::default()
        }),
    };
    Ok(FakeChorus::start_blocking(tenant)?)
}

/// Syncs the tenant and plays its calls again until there are so many utterances. Nothing is indexed yet.
fn fill(database: &Database, tenant: &FakeChorus, utterances: i64) -> Result<()> {
    crate::extension::connect(database, tenant)?;
    let mut session = database.connect();
    session.query("SELECT chorus_sync()", &[])?;
    let multiply = format!(
        "ANALYZE chorus.utterances;
         -- As in a restore: what comes is taken as it is.
         SET check_function_bodies = off;
         CREATE TABLE played AS
         SELECT nextval('chorus.calls_call_id_seq') AS call_id, k.call_id AS of_call, n
           FROM chorus.transcripts k, generate_series(1, ceil({utterances} / (SELECT count(*) FROM chorus.utterances)::float8)::int - 1) n
          WHERE k.utterance_count > 0 ORDER BY n, k.call_id;
         INSERT INTO chorus.calls (call_id, source, connection_id, source_call_id, title, started_at, language, meeting_id)
         SELECT p.call_id, c.source, c.connection_id, c.source_call_id || '-' || p.n, c.title, c.started_at - interval '1 day' * random() * 365,
                c.language, p.call_id
           FROM played p JOIN chorus.calls c ON c.call_id = p.of_call;
         INSERT INTO chorus.participants (call_id, participant_no, name, email, side)
         SELECT p.call_id, o.participant_no, o.name, o.email, o.side FROM played p JOIN chorus.participants o ON o.call_id = p.of_call;
         INSERT INTO chorus.utterances
         SELECT p.call_id, u.seq, u.participant_no, u.start_s, u.end_s,
                u.text || CASE WHEN random() < 0.1 THEN ' word' || (random() * 100000)::int ELSE '' END
           FROM played p JOIN chorus.utterances u ON u.call_id = p.of_call;
         INSERT INTO chorus.transcripts (call_id, state, utterance_count)
         SELECT p.call_id, t.state, t.utterance_count FROM played p JOIN chorus.transcripts t ON t.call_id = p.of_call;
         DROP TABLE played;
         ANALYZE chorus.utterances;
         ANALYZE chorus.calls;
         ALTER DATABASE {} SET chorus_sync.search_index = on",
        database.name()
    );
    session.batch_execute(&multiply)?;
    Ok(())
}

fn measure(server: &Server, database: &Database) -> Result<()> {
    let mut session = database.connect();
    let indexing = Instant::now();
    session.query("SELECT chorus_sync()", &[])?;
    let indexed = indexing.elapsed();
    server.settle();
    let sizes = session.query_one(
        "SELECT (SELECT count(*) FROM chorus.utterances)::text,
                pg_size_pretty(pg_total_relation_size('chorus.utterances')),
                pg_size_pretty(pg_total_relation_size('chorus.search_chunks')),
                pg_size_pretty(pg_relation_size('chorus.search_chunks_words'))",
        &[],
    )?;
    let size = |column: usize| -> String { sizes.get(column) };
    println!(
        "\nsearch: {} utterances, {} with their key; index of them {}, {} of it the words; made in {:.1} s",
        size(0),
        size(1),
        size(2),
        size(3),
        indexed.as_secs_f64()
    );
    println!("{:60} {:>10} {:>10}", "", "hits", "median ms");
    for (what, query) in queries(database)? {
        let mut times: Vec<Duration> = Vec::new();
        let mut hits = 0;
        for _ in 0..LOOKS {
            let looking = Instant::now();
            hits = session
                .query("SELECT * FROM chorus_search($1)", &[&query])?
                .len();
            times.push(looking.elapsed());
        }
        times.sort_unstable();
        let median_ms = times[LOOKS / 2].as_secs_f64() * 1000.0;
        println!(
            "{:60} {hits:>10} {median_ms:>10.1}",
            format!("{what}: {query}")
        );
    }
    Ok(())
}

/// Words by how many of the indexed stretches have them.
fn queries(database: &Database) -> Result<Vec<(&'static str, String)>> {
    let mut session = database.connect();
    session.batch_execute(
        "CREATE TABLE heard AS
         SELECT word, ndoc::float8 / (SELECT count(*) FROM (SELECT FROM chorus.search_chunks LIMIT 3000) s) AS share
           FROM ts_stat('SELECT chorus.words_in(said) FROM chorus.search_chunks LIMIT 3000') WHERE word ~ '^[a-z]{4,}$'",
    )?;
    let mut near = |share: f64, skip: i64| -> Result<String> {
        let row = session.query_one(
            "SELECT word FROM heard ORDER BY abs(share - $1), word OFFSET $2 LIMIT 1",
            &[&share, &skip],
        )?;
        Ok(row.get(0))
    };
    let (common, also_common) = (near(1.0, 0)?, near(1.0, 2)?);
    let (usual, also_usual) = (near(0.05, 0)?, near(0.05, 1)?);
    let uncommon = near(0.002, 0)?;
    let phrase: String = session
        .query_one(
            "SELECT (regexp_match(text, '[a-z]{4,} [a-z]{4,} [a-z]{4,}'))[1] FROM chorus.utterances
              WHERE text ~ '[a-z]{4,} [a-z]{4,} [a-z]{4,}' AND call_id = (SELECT max(call_id) FROM chorus.utterances) LIMIT 1",
            &[],
        )?
        .get(0);
    let rare: String = session
        .query_one(
            "SELECT (regexp_match(text, '(word[0-9]+)$'))[1] FROM chorus.utterances WHERE text ~ 'word[0-9]+$' LIMIT 1",
            &[],
        )?
        .get(0);
    Ok(vec![
        ("a rare word", rare),
        ("an uncommon word", uncommon),
        ("a usual word", usual.clone()),
        ("the most common word", common.clone()),
        ("two usual words", format!("{usual} {also_usual}")),
        ("two common words", format!("{common} {also_common}")),
        ("a phrase", format!("\"{phrase}\"")),
        (
            "either, but not",
            format!("{usual} or {also_usual} -{common}"),
        ),
    ])
}
