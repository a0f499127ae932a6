//! The search index: what `chorus_search` finds. Whoever writes words marks their call, and a run that ends indexes what
//! is marked; words that are deleted leave the index in the same transaction.
//!
//! Whoever changes the words of a call first changes its row in `chorus.transcripts`, and then comes here: the row's
//! lock keeps the words from being indexed and deleted at one time.

use crate::error::Result;
use crate::store::deletion::delete_from;
use crate::{locks, sql};
use chrono::{DateTime, Utc};

/// Utterances that are indexed in one transaction, unless a single call has more.
const AT_ONCE: i64 = 20_000;
/// Marks that are looked at for that.
const MARKS_AT_ONCE: i64 = 500;
/// Bytes of text in a stretch, after which the next utterance begins another.
const STRETCH_BYTES: i64 = 2000;

/// These calls have words that are to be indexed.
pub fn mark(call_ids: &[i64]) -> Result<()> {
    if call_ids.is_empty() {
        return Ok(());
    }
    sql::execute(
        "INSERT INTO chorus.search_due (call_id) SELECT unnest($1)",
        &[sql::int8s(call_ids.to_vec())],
    )?;
    Ok(())
}

/// What was said in these calls is deleted.
pub fn forget(call_ids: &[i64]) -> Result<()> {
    delete_from("search_chunks", call_ids)
}

/// Facts of these calls have changed: those that are indexed by another time or language are to be indexed again.
pub fn follow(call_ids: &[i64]) -> Result<()> {
    if call_ids.is_empty() {
        return Ok(());
    }
    sql::execute(
        "INSERT INTO chorus.search_due (call_id)
         SELECT c.call_id
           FROM unnest($1) AS changed(call_id)
                CROSS JOIN LATERAL (SELECT k.call_id, k.started_at, k.language FROM chorus.calls k
                                     WHERE k.call_id = changed.call_id OFFSET 0) c
                CROSS JOIN LATERAL (SELECT s.started_at, s.config FROM chorus.search_chunks s
                                     WHERE s.call_id = changed.call_id ORDER BY s.first_seq LIMIT 1) s
          WHERE s.started_at IS DISTINCT FROM c.started_at OR s.config <> chorus.search_config(c.language)",
        &[sql::int8s(call_ids.to_vec())],
    )?;
    Ok(())
}

/// Whether there is something to index.
pub fn is_due() -> Result<bool> {
    let due = sql::one(
        "SELECT EXISTS (SELECT FROM chorus.search_due) OR NOT EXISTS (SELECT FROM chorus.search_state)",
        &[],
    )?;
    Ok(due.unwrap_or(false))
}

/// Marks everything that was ever said, unless that has been done in this database: after a restore it has not.
pub fn begin(extension: u32, now: DateTime<Utc>) -> Result<()> {
    locks::hold_search(extension);
    let begun = sql::execute(
        "INSERT INTO chorus.search_state (begun_at) VALUES ($1) ON CONFLICT DO NOTHING",
        &[sql::time(now)],
    )?;
    if begun > 0 {
        sql::execute("DELETE FROM chorus.search_due", &[])?;
        sql::execute(
            "INSERT INTO chorus.search_due (call_id)
             SELECT t.call_id FROM chorus.transcripts t WHERE t.utterance_count > 0 ORDER BY t.call_id",
            &[],
        )?;
    }
    Ok(())
}

/// Indexes the calls that were marked next after the mark named. Returns the last mark it looked at; None: there are no
/// more. A call that somebody is changing at this moment is left to them.
pub fn index_next(extension: u32, after: i64) -> Result<Option<i64>> {
    // One at a time, so that whoever comes second finds done what the first was doing.
    locks::hold_search(extension);
    let marks: Option<Vec<(i64, i64)>> = sql::one_json(
        "SELECT jsonb_agg(jsonb_build_array(m.due_id, m.call_id) ORDER BY m.due_id)
           FROM (SELECT d.due_id, d.call_id, sum(t.utterance_count) OVER (ORDER BY d.due_id) - t.utterance_count AS before
                   FROM (SELECT * FROM chorus.search_due WHERE due_id > $1 ORDER BY due_id LIMIT $2) d
                        CROSS JOIN LATERAL (SELECT coalesce((SELECT k.utterance_count FROM chorus.transcripts k
                                                              WHERE k.call_id = d.call_id), 0) AS utterance_count) t) m
          WHERE m.before < $3",
        &[
            sql::int8(after),
            sql::int8(MARKS_AT_ONCE),
            sql::int8(AT_ONCE),
        ],
    )?;
    let Some(marks) = marks else { return Ok(None) };
    let last = marks.last().map(|(due_id, _)| *due_id);
    let call_ids: Vec<i64> = marks.iter().map(|(_, call_id)| *call_id).collect();
    let busy: Vec<i64> = sql::one(
        "SELECT array_agg(t.call_id) FROM chorus.transcripts t
          WHERE t.call_id = ANY ($1)
            AND t.call_id NOT IN (SELECT k.call_id FROM chorus.transcripts k WHERE k.call_id = ANY ($1) FOR NO KEY UPDATE SKIP LOCKED)",
        &[sql::int8s(call_ids)],
    )?
    .unwrap_or_default();
    let (due_ids, mut call_ids): (Vec<i64>, Vec<i64>) = marks
        .into_iter()
        .filter(|(_, call_id)| !busy.contains(call_id))
        .unzip();
    call_ids.sort_unstable();
    call_ids.dedup();
    forget(&call_ids)?;
    sql::execute(
        "INSERT INTO chorus.search_chunks (call_id, first_seq, started_at, config, said)
         SELECT c.call_id, s.first_seq, c.started_at, c.config, s.said
           FROM (SELECT k.call_id, k.started_at, chorus.search_config(k.language) AS config FROM chorus.calls k
                  WHERE k.call_id = ANY ($1) OFFSET 0) c
                CROSS JOIN LATERAL (
                    SELECT min(p.seq) AS first_seq,
                           array_agg(to_tsvector(c.config::regconfig, left(p.text, 100000)) ORDER BY p.seq) AS said
                      FROM (SELECT u.seq, u.text, u.seq - row_number() OVER (ORDER BY u.seq) AS gap,
                                   (sum(octet_length(u.text) + 1) OVER (ORDER BY u.seq) - octet_length(u.text)) / $2 AS stretch
                              FROM chorus.utterances u WHERE u.call_id = c.call_id) p
                     GROUP BY p.gap, p.stretch) s",
        &[sql::int8s(call_ids), sql::int8(STRETCH_BYTES)],
    )?;
    sql::execute(
        "DELETE FROM chorus.search_due WHERE due_id = ANY ($1)",
        &[sql::int8s(due_ids)],
    )?;
    Ok(last)
}

/// Moves what was added last into the index proper: searches need not read it row by row.
pub fn tidy() -> Result<()> {
    sql::execute(
        "SELECT gin_clean_pending_list('chorus.search_chunks_words')",
        &[],
    )?;
    Ok(())
}
