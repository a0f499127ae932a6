//! What the tables of a database hold, in the form of [`crate::truth`].

use crate::contents::Contents;
use crate::database::Database;

/// Each table or view with the query that reads it. Calls are named by their id in Chorus, times are microseconds.
const QUERIES: &[(&str, &str)] = &[
    (
        "calls",
        r#"SELECT c.source_call_id AS call, c.call_type AS type, c.title, pg_temp.us(c.started_at) AS started_at,
                  c.duration_s, pg_temp.us(c.scheduled_start) AS scheduled_start, pg_temp.us(c.scheduled_end) AS scheduled_end,
                  c.owner_user_id AS owner, c.host_email AS host, c.account_id, c.account_name, c.opportunity_id,
                  c.opportunity_name, c.language, c.url, c.meeting_url, c.ical_uid, c.processing_state, c.no_show,
                  c.private, regexp_replace(c.summary, '\s+', ' ', 'g') AS summary, c.action_items,
                  c.meeting_id = c.call_id AS own_meeting, c.is_main_call, c.removed_at IS NOT NULL AS removed,
                  c.source_data #> '{engagement,compliance}' AS compliance
             FROM chorus.calls c WHERE c.source = 'chorus'"#,
    ),
    (
        "participants",
        "SELECT c.source_call_id AS call, p.name, p.email, p.email_domain AS domain, p.title, p.company, p.side,
                p.listed, p.person_id, p.user_id
           FROM chorus.participants p LEFT JOIN chorus.calls c USING (call_id)",
    ),
    (
        "transcripts",
        "SELECT c.source_call_id AS call, t.state, t.utterance_count AS utterances, t.word_count AS words
           FROM chorus.transcripts t LEFT JOIN chorus.calls c USING (call_id)",
    ),
    (
        "utterances",
        "SELECT c.source_call_id AS call, u.seq, u.start_s, u.end_s, u.text, p.name, p.email, p.side, p.person_id
           FROM chorus.utterances u LEFT JOIN chorus.calls c USING (call_id)
                LEFT JOIN chorus.participants p USING (call_id, participant_no)",
    ),
    (
        "trackers",
        "SELECT t.kind, t.name, t.chorus_ids AS ids FROM chorus.trackers t",
    ),
    (
        "call_trackers",
        "SELECT c.source_call_id AS call, t.kind, t.name, n.count
           FROM chorus.call_trackers n LEFT JOIN chorus.calls c USING (call_id)
                LEFT JOIN chorus.trackers t USING (tracker_id)",
    ),
    (
        "tracker_mentions",
        r#"SELECT c.source_call_id AS call, t.kind, t.name, m.mention_no, u.text, m."offset"
             FROM chorus.tracker_mentions m LEFT JOIN chorus.calls c USING (call_id)
                  LEFT JOIN chorus.trackers t USING (tracker_id)
                  LEFT JOIN chorus.utterances u ON u.call_id = m.call_id AND u.seq = m.seq"#,
    ),
    (
        "call_metrics",
        "SELECT c.source_call_id AS call, m.name, m.value
           FROM chorus.call_metrics m LEFT JOIN chorus.calls c USING (call_id)",
    ),
    (
        "users",
        r#"SELECT u.user_id AS "user", u.name, u.email, u.title, u.role, u.manager, u.active, u.primary_team AS team,
                  pg_temp.us(u.created_on) AS created_on FROM chorus.users u"#,
    ),
    (
        "teams",
        "SELECT t.team_id AS team, t.name, t.manager, t.parent_team AS parent, t.is_default FROM chorus.teams t",
    ),
    (
        "team_members",
        r#"SELECT m.team_id AS team, m.user_id AS "user" FROM chorus.team_members m"#,
    ),
    (
        "scorecards",
        "SELECT s.scorecard_id AS card, s.source_call_id AS engagement, c.source_call_id AS call, s.template,
                s.template_id, s.reviewer, s.reviewer_user_id AS reviewer_id, s.recipient,
                s.recipient_user_id AS recipient_id, pg_temp.us(s.submitted_at) AS submitted_at, s.url
           FROM chorus.scorecards s LEFT JOIN chorus.calls c USING (call_id)",
    ),
    (
        "scorecard_scores",
        "SELECT s.scorecard_id AS card, s.question_id, s.question, s.score, s.comment, s.comment_time_s
           FROM chorus.scorecard_scores s",
    ),
    (
        "view meetings",
        "SELECT c.source_call_id AS call, m.title, pg_temp.us(m.started_at) AS started_at, m.duration_s, m.sources,
                m.call_count AS calls, m.scope
           FROM chorus.meetings m JOIN chorus.calls c ON c.call_id = m.main_call_id",
    ),
    (
        "view transcript_lines",
        "SELECT c.source_call_id AS call, l.seq, pg_temp.us(l.said_at) AS said_at, l.start_s, l.speaker_name AS name,
                l.speaker_email AS email, l.speaker_side AS side, l.text
           FROM chorus.transcript_lines l JOIN chorus.calls c USING (call_id)",
    ),
    (
        "view topics",
        "SELECT c.source_call_id AS call, t.title, t.topic, t.count
           FROM chorus.topics t JOIN chorus.calls c USING (call_id)",
    ),
    (
        "chorus_transcript()",
        "SELECT c.source_call_id AS call, chorus_transcript(c.call_id) AS text FROM chorus.calls c",
    ),
];

/// Tables with a row of their own for every run, which a run may therefore write.
const OF_RUNS: [&str; 2] = ["runs", "connections"];

impl Database<'_> {
    /// Everything that was pulled, as committed at one moment.
    pub fn stored(&self) -> Contents {
        let mut session = self.connect();
        session
            .batch_execute(
                "CREATE FUNCTION pg_temp.us(t timestamptz) RETURNS bigint LANGUAGE sql
                     AS 'SELECT (extract(epoch FROM t) * 1000000)::bigint'",
            )
            .unwrap();
        session
            .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            .unwrap();
        let mut contents = Contents::default();
        for (table, query) in QUERIES {
            let rows = session
                .query(&format!("SELECT to_jsonb(q) FROM ({query}) q"), &[])
                .unwrap_or_else(|error| panic!("{table}: {error:?}"));
            for row in rows {
                contents.add(table, row.get(0));
            }
        }
        contents
    }

    /// Every row of every table of ours with the transaction that wrote it, but for those of runs.
    pub fn row_versions(&self) -> Vec<String> {
        let mut session = self.connect();
        let tables: Vec<String> = session
            .query(
                "SELECT c.relname::text FROM pg_class c
                  WHERE c.relnamespace = 'chorus'::regnamespace AND c.relkind = 'r' ORDER BY 1",
                &[],
            )
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect();
        let mut versions = Vec::new();
        for table in tables
            .iter()
            .filter(|table| !OF_RUNS.contains(&table.as_str()))
        {
            let query = format!(
                "SELECT '{table} ' || t.xmin || ' ' || to_jsonb(t)::text FROM chorus.{table} t ORDER BY 1"
            );
            let rows = session.query(&query, &[]).unwrap();
            versions.extend(rows.iter().map(|row| row.get::<_, String>(0)));
        }
        versions
    }

    /// What must hold whatever was pulled: nothing belongs to a call that is not there, and nothing is numbered oddly.
    #[track_caller]
    pub fn assert_sound(&self) {
        const RULES: &[(&str, &str)] = &[
            ("a call has exactly one transcript row",
             "SELECT c.call_id FROM chorus.calls c FULL JOIN chorus.transcripts t USING (call_id)
               WHERE c.call_id IS NULL OR t.call_id IS NULL"),
            ("a participant belongs to a call",
             "SELECT call_id FROM chorus.participants WHERE call_id NOT IN (SELECT call_id FROM chorus.calls)"),
            ("participants count from 1 without gaps",
             "SELECT call_id FROM chorus.participants GROUP BY call_id HAVING max(participant_no) <> count(*)"),
            ("an address is that of one participant of a call",
             "SELECT call_id FROM chorus.participants WHERE email IS NOT NULL GROUP BY call_id, email HAVING count(*) > 1"),
            ("every utterance has its speaker",
             "SELECT u.call_id FROM chorus.utterances u LEFT JOIN chorus.participants p USING (call_id, participant_no)
               WHERE p.call_id IS NULL"),
            ("utterances count from 1 without gaps",
             "SELECT call_id FROM chorus.utterances GROUP BY call_id HAVING max(seq) <> count(*)"),
            ("a transcript counts its utterances, and only a ready one has any",
             "SELECT t.call_id FROM chorus.transcripts t
               WHERE t.utterance_count <> (SELECT count(*) FROM chorus.utterances u WHERE u.call_id = t.call_id)
                  OR (t.state = 'ready') <> (t.utterance_count > 0)"),
            ("trackers and metrics belong to a call",
             "SELECT call_id FROM (SELECT call_id FROM chorus.call_trackers UNION ALL SELECT call_id FROM chorus.call_metrics) n
               WHERE call_id NOT IN (SELECT call_id FROM chorus.calls)"),
            ("a mention belongs to a counted tracker",
             "SELECT m.call_id FROM chorus.tracker_mentions m LEFT JOIN chorus.call_trackers n USING (call_id, tracker_id)
               WHERE n.call_id IS NULL"),
            ("a score belongs to a scorecard",
             "SELECT 0::bigint FROM chorus.scorecard_scores s LEFT JOIN chorus.scorecards k USING (connection_id, scorecard_id)
               WHERE k.scorecard_id IS NULL"),
            ("a meeting is named after its smallest call",
             "SELECT call_id FROM chorus.calls c
               WHERE c.meeting_id IS DISTINCT FROM (SELECT min(o.call_id) FROM chorus.calls o WHERE o.meeting_id = c.meeting_id)"),
        ];
        let mut session = self.connect();
        for (rule, breach) in RULES {
            let breaches = session
                .query(*breach, &[])
                .unwrap_or_else(|error| panic!("{rule}: {error:?}"));
            let calls: Vec<i64> = breaches.iter().map(|row| row.get(0)).collect();
            assert!(calls.is_empty(), "{rule}, but not for the calls {calls:?}");
        }
    }
}
