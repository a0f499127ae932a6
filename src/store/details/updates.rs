//! What reading details changes in rows of `chorus.calls` and `chorus.transcripts`.

use crate::error::Result;
use crate::sql;
use call_rows::TranscriptState;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// The columns of `chorus.transcripts` that a read sets.
#[derive(Serialize)]
pub struct TranscriptRow {
    pub call_id: i64,
    pub state: Option<TranscriptState>,
    pub attempts: i32,
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Set when text was written.
    pub fetched_at: Option<DateTime<Utc>>,
    pub detail_fingerprint: Option<i64>,
    /// Whether the three columns below follow what was read, or stay.
    pub sets_text: bool,
    pub text_fingerprint: Option<i64>,
    pub utterance_count: i64,
    pub word_count: i64,
    pub problem: Option<String>,
}

/// Returns how many calls changed that this run neither added nor counted before.
pub fn update_facts(
    facts: &[call_rows::DetailedCall],
    now: DateTime<Utc>,
    run_began: DateTime<Utc>,
) -> Result<i64> {
    if facts.is_empty() {
        return Ok(0);
    }
    let updated = sql::one(
        "WITH sent AS (
             SELECT c.call_id, c.updated_at AS updated_before, t.detail_fingerprint IS NOT NULL AS read_before,
                    coalesce(n.title, c.title) AS title,
                    coalesce(nullif(c.duration_s, 0), n.duration_s, c.duration_s) AS duration_s,
                    n.scheduled_start, n.scheduled_end,
                    coalesce(n.owner_user_id, c.owner_user_id) AS owner_user_id,
                    coalesce(n.host_email, c.host_email) AS host_email,
                    coalesce(n.account_id, c.account_id) AS account_id,
                    coalesce(n.account_name, c.account_name) AS account_name,
                    coalesce(n.opportunity_id, c.opportunity_id) AS opportunity_id,
                    coalesce(n.opportunity_name, c.opportunity_name) AS opportunity_name,
                    coalesce(n.language, c.language) AS language, n.meeting_url, n.ical_uid,
                    coalesce(n.processing_state, c.processing_state) AS processing_state,
                    c.no_show OR n.no_show AS no_show, n.private,
                    CASE WHEN n.private THEN NULL ELSE coalesce(n.summary, c.summary) END AS summary,
                    CASE WHEN n.private THEN '{}' ELSE coalesce(n.action_items, c.action_items) END AS action_items,
                    c.source_data || jsonb_build_object('conversation', n.conversation) AS source_data
               FROM json_to_recordset($1::json) AS n(
                    call_id bigint, title text, duration_s double precision, scheduled_start timestamptz,
                    scheduled_end timestamptz, owner_user_id bigint, host_email text, account_id text,
                    account_name text, opportunity_id text, opportunity_name text, language text, meeting_url text,
                    ical_uid text, processing_state text, no_show boolean, private boolean, summary text,
                    action_items text[], conversation jsonb)
                    JOIN chorus.calls c USING (call_id) JOIN chorus.transcripts t USING (call_id)
         ), written AS (
             UPDATE chorus.calls c
                SET title = s.title, duration_s = s.duration_s, scheduled_start = s.scheduled_start,
                    scheduled_end = s.scheduled_end, owner_user_id = s.owner_user_id, host_email = s.host_email,
                    account_id = s.account_id, account_name = s.account_name, opportunity_id = s.opportunity_id,
                    opportunity_name = s.opportunity_name, language = s.language, meeting_url = s.meeting_url,
                    ical_uid = s.ical_uid, processing_state = s.processing_state, no_show = s.no_show,
                    private = s.private, summary = s.summary, action_items = s.action_items,
                    source_data = s.source_data, updated_at = $2,
                    removed_at = CASE WHEN s.private THEN c.removed_at END
               FROM sent s
              WHERE c.call_id = s.call_id
             RETURNING s.read_before AND s.updated_before < $3 AS counts
         )
         SELECT count(*) FILTER (WHERE counts) FROM written",
        &[sql::json(&facts), sql::time(now), sql::time(run_began)],
    )?;
    Ok(updated.unwrap_or(0))
}

pub fn update_transcripts(rows: &[TranscriptRow]) -> Result<()> {
    sql::execute(
        "UPDATE chorus.transcripts t
            SET state = coalesce(n.state, t.state),
                attempts = n.attempts,
                next_attempt_at = n.next_attempt_at,
                fetched_at = coalesce(n.fetched_at, t.fetched_at),
                lag = coalesce(t.lag, n.fetched_at - (c.started_at + make_interval(secs => least(coalesce(c.duration_s, 0), 86400)))),
                detail_fingerprint = n.detail_fingerprint,
                text_fingerprint = CASE WHEN n.sets_text THEN n.text_fingerprint ELSE t.text_fingerprint END,
                utterance_count  = CASE WHEN n.sets_text THEN n.utterance_count  ELSE t.utterance_count  END,
                word_count       = CASE WHEN n.sets_text THEN n.word_count       ELSE t.word_count       END,
                problem = n.problem
           FROM json_to_recordset($1::json) AS n(
                call_id bigint, state text, attempts integer, next_attempt_at timestamptz, fetched_at timestamptz,
                detail_fingerprint bigint, sets_text boolean, text_fingerprint bigint, utterance_count integer,
                word_count bigint, problem text)
                JOIN chorus.calls c USING (call_id)
          WHERE t.call_id = n.call_id",
        &[sql::json(&rows)],
    )?;
    Ok(())
}
