//! Scorecards, a page at a time. One may come before its call is known, and twice when pages drift.

use crate::error::Result;
use crate::sql;
use chorus_client::Scorecard;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Writes the scorecards that are new or changed.
pub fn write_page(connection_id: i64, scorecards: &[Scorecard]) -> Result<()> {
    let rows: Vec<Value> = scorecards
        .iter()
        .map(|card| {
            let template = card.initiative.clone().unwrap_or_default();
            let reviewer = card.reviewer.clone().unwrap_or_default();
            let recipient = card.recipient.clone().unwrap_or_default();
            let scores: Vec<Value> = card
                .scores
                .iter()
                .enumerate()
                .map(|(place, score)| {
                    json!({
                        // A question without a number keeps its place, below all real numbers.
                        "question_id": score.question.id.unwrap_or(-(place as i64) - 1),
                        "question": score.question.text, "score": score.score,
                        "comment": score.comment.text, "comment_time_s": score.comment.time_s,
                    })
                })
                .collect();
            json!({
                "scorecard_id": card.id, "source_call_id": card.engagement_id,
                "template": template.name, "template_id": template.id,
                "reviewer": reviewer.name, "reviewer_user_id": reviewer.user_id,
                "recipient": recipient.name, "recipient_user_id": recipient.user_id,
                "submitted_at": card.submitted, "url": card.url, "scores": scores,
            })
        })
        .collect();
    let arguments = || [sql::int8(connection_id), sql::json(&rows)];
    sql::execute(
        "INSERT INTO chorus.scorecards AS known
                (connection_id, scorecard_id, source_call_id, call_id, template, template_id, reviewer, reviewer_user_id,
                 recipient, recipient_user_id, submitted_at, url)
         SELECT DISTINCT ON (n.scorecard_id) $1, n.scorecard_id, n.source_call_id, c.call_id, n.template, n.template_id,
                n.reviewer, n.reviewer_user_id, n.recipient, n.recipient_user_id, n.submitted_at, n.url
           FROM json_to_recordset($2::json) AS n(
                scorecard_id text, source_call_id text, template text, template_id bigint, reviewer text,
                reviewer_user_id bigint, recipient text, recipient_user_id bigint, submitted_at timestamptz, url text)
                LEFT JOIN LATERAL (
                    SELECT k.call_id FROM chorus.calls k
                     WHERE k.source = 'chorus' AND k.connection_id = $1 AND k.source_call_id = n.source_call_id OFFSET 0) c ON true
         ON CONFLICT (connection_id, scorecard_id) DO UPDATE
         SET source_call_id = excluded.source_call_id, call_id = excluded.call_id, template = excluded.template,
             template_id = excluded.template_id, reviewer = excluded.reviewer,
             reviewer_user_id = excluded.reviewer_user_id, recipient = excluded.recipient,
             recipient_user_id = excluded.recipient_user_id, submitted_at = excluded.submitted_at, url = excluded.url
         WHERE (known.*) IS DISTINCT FROM (excluded.*)",
        &arguments(),
    )?;
    sql::execute(
        "INSERT INTO chorus.scorecard_scores AS known
                (connection_id, scorecard_id, question_id, question, score, comment, comment_time_s)
         SELECT DISTINCT ON (n.scorecard_id, s.question_id) $1, n.scorecard_id, s.*
           FROM json_to_recordset($2::json) AS n(scorecard_id text, scores jsonb),
                jsonb_to_recordset(n.scores) AS s(question_id bigint, question text, score double precision,
                                                  comment text, comment_time_s double precision)
         ON CONFLICT (connection_id, scorecard_id, question_id) DO UPDATE
         SET question = excluded.question, score = excluded.score, comment = excluded.comment,
             comment_time_s = excluded.comment_time_s
         WHERE (known.*) IS DISTINCT FROM (excluded.*)",
        &arguments(),
    )?;
    sql::execute(
        "DELETE FROM chorus.scorecard_scores k
          USING json_to_recordset($2::json) AS n(scorecard_id text, scores jsonb)
          WHERE k.connection_id = $1 AND k.scorecard_id = n.scorecard_id
            AND NOT EXISTS (SELECT 1 FROM jsonb_to_recordset(n.scores) AS s(question_id bigint)
                             WHERE s.question_id = k.question_id)",
        &arguments(),
    )?;
    Ok(())
}

/// From when on scorecards are to be read: runs since the last good one may have ended before they got to theirs, and
/// all runs since a problem of this `route` may have missed some.
pub fn since(connection_id: i64, route: &str, window_from: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let earliest: Option<DateTime<Utc>> = sql::one_json(
        "SELECT to_jsonb(min(r.window_from)) FROM chorus.runs r
          WHERE r.connection_id = $1
            AND (r.run_id > coalesce((SELECT max(g.run_id) FROM chorus.runs g
                                       WHERE g.connection_id = $1 AND g.state = 'succeeded' AND g.trigger <> 'retry'), 0)
                 OR r.finished_at >= (SELECT min(p.first_seen) FROM chorus.problems p
                                       WHERE p.connection_id = $1 AND p.route = $2 AND p.source_call_id IS NULL))",
        &[sql::int8(connection_id), sql::text(route)],
    )?;
    Ok(earliest.map_or(window_from, |earliest| earliest.min(window_from)))
}

/// Scorecards whose call has become known find it.
pub fn find_calls(connection_id: i64) -> Result<()> {
    sql::execute(
        "UPDATE chorus.scorecards s SET call_id = c.call_id
           FROM chorus.calls c
          WHERE s.connection_id = $1 AND s.call_id IS NULL
            AND c.source = 'chorus' AND c.connection_id = $1 AND c.source_call_id = s.source_call_id",
        &[sql::int8(connection_id)],
    )?;
    Ok(())
}
