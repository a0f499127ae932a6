//! `make bench ONLY=recognition`: a million recordings of two years are pushed, and recognised from nothing; then one more,
//! and none.

use std::collections::HashMap;
use std::io::Write;
use std::time::{Duration, Instant};

use chorus_tests::Database;
use chorus_tests::postgres::Client;
use fake_calendar::{
    CALLS, PARTICIPANTS, Pushed, Recorded, Scores, WORDS, facts, knowable, scores, two_years,
};

use crate::Result;
use crate::extension::watch_worker;
use crate::server::Server;

pub const NAME: &str = "recognition";

const RECORDINGS: usize = 1_000_000;
const TIMES: usize = 9;

/// One more recording of a meeting that is known, as another tool has it.
const ONE_MORE: &str = "
    WITH known AS (SELECT * FROM chorus.calls WHERE call_id = $1),
         new AS (
        INSERT INTO chorus.calls (source, source_call_id, title, started_at, duration_s, host_email, meeting_url)
        SELECT 'another tool', call_id, title, started_at + interval '20 seconds', duration_s - 40, host_email, meeting_url FROM known
        RETURNING call_id)
    INSERT INTO chorus.participants (call_id, participant_no, name, email)
    SELECT new.call_id, p.participant_no, p.name, p.email FROM new, chorus.participants p WHERE p.call_id = $1";

pub fn run() -> Result<()> {
    // Tables and indexes of a million calls take 1.2 GB.
    let server = Server::start("1GB");
    let database = server.database();
    let mut session = database.connect();
    let (mut truth, mut call_ids, mut pushing) = (Vec::new(), Vec::new(), Duration::ZERO);
    for (month, mut recorded) in (1..).zip(two_years(RECORDINGS)) {
        eprintln!("{NAME}: pushing the recordings of month {month}");
        let first = truth.len();
        let known = knowable(&recorded, &facts(&recorded));
        truth.extend(known.iter().map(|meeting| first + meeting));
        for one in &mut recorded {
            one.recording.id += first as i64;
            one.recording.source_id = format!("{month:02}-{}", one.recording.source_id);
        }
        call_ids.extend(recorded.iter().map(|one| one.recording.id));
        pushing += push(&mut session, &recorded)?;
    }
    println!("\n| {NAME} | seconds | comparing | worker MiB |\n|---|---:|---:|---:|");
    println!(
        "| {} recordings pushed | {:.1} | | |",
        truth.len(),
        pushing.as_secs_f64()
    );
    server.settle();
    let (watch, began) = (watch_worker(&database), Instant::now());
    let comparing = dedup(&mut session)?;
    let elapsed = began.elapsed();
    let peak = watch
        .stop()
        .map_or("?".to_owned(), |kb| (kb / 1024).to_string());
    println!(
        "| recognised from nothing | {:.1} | {comparing:.2} | {peak} |",
        elapsed.as_secs_f64()
    );
    // What autovacuum does a minute later.
    session.batch_execute("VACUUM ANALYZE")?;
    repeat(&mut session, "nothing new", |_, _| Ok(()))?;
    let calls = truth.len() as i64;
    repeat(&mut session, "one new recording", |session, n| {
        session.execute(ONE_MORE, &[&(calls / 2 + n as i64)])?;
        Ok(())
    })?;
    let found = quality(&database, &call_ids, &truth)?;
    println!(
        "\nprecision {:.4} recall {:.4} F1 {:.4}",
        found.precision, found.recall, found.f1
    );
    Ok(())
}

/// As another tool would, but for the sketches of what was said, which a run makes of transcripts.
fn push(session: &mut Client, recorded: &[Recorded]) -> Result<Duration> {
    let pushed = Pushed::of(recorded);
    let began = Instant::now();
    for (target, rows) in [
        (CALLS, &pushed.calls),
        (PARTICIPANTS, &pushed.participants),
        (WORDS, &pushed.words),
    ] {
        let mut copy = session.copy_in(&format!("COPY {target} FROM stdin"))?;
        copy.write_all(rows.as_bytes())?;
        copy.finish()?;
    }
    Ok(began.elapsed())
}

/// Returns how many seconds of it went into comparing.
fn dedup(session: &mut Client) -> Result<f64> {
    let row = session.query_one(
        "SELECT extract(epoch FROM matching)::double precision FROM chorus_dedup()",
        &[],
    )?;
    Ok(row.get(0))
}

/// The median of some runs, after a first one.
fn repeat(
    session: &mut Client,
    what: &str,
    mut before: impl FnMut(&mut Client, usize) -> Result<()>,
) -> Result<()> {
    let mut took = Vec::new();
    for n in 0..=TIMES {
        before(session, n)?;
        let began = Instant::now();
        let comparing = dedup(session)?;
        took.push((began.elapsed(), comparing));
    }
    took.remove(0);
    took.sort_by_key(|(elapsed, _)| *elapsed);
    let (elapsed, comparing) = took[took.len() / 2];
    println!(
        "| {what} | {:.3} | {comparing:.5} | |",
        elapsed.as_secs_f64()
    );
    Ok(())
}

/// Of the pushed recordings.
fn quality(database: &Database, call_ids: &[i64], truth: &[usize]) -> Result<Scores> {
    let mut session = database.connect();
    let rows = session.query("SELECT call_id, meeting_id FROM chorus.calls", &[])?;
    let meeting_of: HashMap<i64, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let found: Vec<u32> = call_ids
        .iter()
        .map(|call_id| meeting_of[call_id] as u32)
        .collect();
    Ok(scores(truth, &found))
}
