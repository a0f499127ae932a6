-- A first look at chorus_sync, for psql; scripts/demo.sh runs it against an invented Chorus tenant on this machine.
-- Expects the variables base_url and key_file. Every statement is shown as it is sent, then what comes back.
\set QUIET on
\pset footer off
\pset null '-'
\pset linestyle unicode
\pset border 1
\pset format wrapped
\pset columns 118
SET datestyle = 'ISO';
SET timezone = 'UTC';
\set ECHO queries

\echo
\echo '== 1. Connect. The key lies in a file, so it stands in no statement and no log.'
\echo
CREATE EXTENSION chorus_sync;

SELECT workspace, connected_as
FROM chorus_connect(base_url => :'base_url', api_key_file => :'key_file', schedule => NULL);

\echo
\echo '== 2. Pull calls and transcripts. A background worker does it; this session only watches.'
\echo
\x on
SELECT state, calls_listed, calls_added, transcripts_added, utterances_added, requests, elapsed
FROM chorus_sync();
\x off

\echo
\echo '== 3. The meetings, newest first.'
\echo
SELECT meeting_id AS id, to_char(started_at, 'Mon DD HH24:MI') AS started, round(duration_s / 60) AS min, scope, title
FROM chorus.meetings
ORDER BY started_at DESC
LIMIT 8;

-- The one that is read below: the newest in which at least three people spoke.
\set ECHO none
SELECT u.call_id AS call
FROM chorus.utterances u JOIN chorus.calls c USING (call_id)
WHERE c.is_main_call AND c.removed_at IS NULL
GROUP BY u.call_id, c.started_at
ORDER BY least(count(DISTINCT u.participant_no), 3) DESC, c.started_at DESC
LIMIT 1 \gset
\set ECHO queries

\echo
\echo '== 4. What was said in one of them; lines are cut here at 110 characters.'
\echo
\x on
SELECT title, to_char(started_at, 'Mon DD HH24:MI') AS started, summary
FROM chorus.calls
WHERE call_id = :call;
\x off

\pset format unaligned
\pset tuples_only on
SELECT left(line, 110)
FROM string_to_table(chorus_transcript(:call), E'\n') AS line
LIMIT 15;
\pset tuples_only off
\pset format wrapped


\echo
\echo '== 5. Who talked how much in it, in minutes.'
\echo
SELECT coalesce(p.name, p.email, 'voice ' || participant_no) AS speaker, p.side,
       round((sum(u.end_s - u.start_s) / 60)::numeric, 1) AS minutes, count(*) AS turns
FROM chorus.utterances u JOIN chorus.participants p USING (call_id, participant_no)
WHERE call_id = :call
GROUP BY participant_no, p.name, p.email, p.side
ORDER BY minutes DESC
LIMIT 8;

\echo
\echo '== 6. And in all meetings: how the talk time divides between us and them.'
\echo
SELECT p.side, round((sum(u.end_s - u.start_s) / 3600)::numeric, 1) AS hours,
       round(100 * sum(u.end_s - u.start_s) / sum(sum(u.end_s - u.start_s)) OVER ()) AS percent
FROM chorus.utterances u JOIN chorus.participants p USING (call_id, participant_no)
GROUP BY p.side
ORDER BY hours DESC;

\echo
\echo '== 7. What was talked about.'
\echo
SELECT topic, count(*) AS meetings, sum(count) AS mentions
FROM chorus.topics
GROUP BY topic
ORDER BY mentions DESC
LIMIT 6;

\echo
\echo '== 8. How the calls were graded.'
\echo
SELECT recipient, template, count(DISTINCT scorecard_id) AS scorecards, round(avg(score)::numeric, 1) AS average
FROM chorus.scorecards JOIN chorus.scorecard_scores USING (connection_id, scorecard_id)
GROUP BY recipient, template
ORDER BY average DESC, recipient
LIMIT 5;

\echo
\echo '== 9. Again. Only the last three days are listed once more, and nothing is stored twice.'
\echo
\x on
SELECT state, calls_listed, calls_added, calls_updated, transcripts_added, requests, elapsed
FROM chorus_sync();
\x off

\echo
\echo '== 10. From now on by itself: every second, for the demonstration. Nothing is connected in between.'
\echo
SELECT chorus_schedule('1 second') AS next_run_at;
\set ECHO none
SELECT pg_sleep(2.5) \g /dev/null
\set ECHO queries
SELECT run_id, trigger, state, calls_listed, calls_added, requests, finished_at - started_at AS took
FROM chorus.runs
ORDER BY run_id DESC
LIMIT 3;

\echo
\echo '== 11. How it stands.'
\echo
SELECT chorus_schedule('15 minutes') AS next_run_at;
\x on
SELECT connection, state, calls, transcripts_ready, transcripts_waiting, last_success_at, next_run_at, problem
FROM chorus_status();
\x off

\echo
\echo '== 12. A key that Chorus does not know is refused, and nothing changes.'
\echo
\set ON_ERROR_STOP off
SELECT * FROM chorus_connect(base_url => :'base_url', api_key => 'not-the-key');
\set ON_ERROR_STOP on
\echo

\echo
\echo '== 13. Customers: plain tables that you fill. Meetings belong to them at once, old ones too.'
\echo
INSERT INTO chorus.customers
SELECT account_id, min(account_name) FROM chorus.calls WHERE account_id IS NOT NULL GROUP BY account_id HAVING count(*) > 1;

INSERT INTO chorus.customer_accounts (account_id, customer_id) SELECT customer_id, customer_id FROM chorus.customers;

SELECT customer_name AS customer, count(*) AS meetings, round(sum(duration_s) / 60) AS minutes,
       max(started_at)::date AS last_met, string_agg(DISTINCT reason, ', ') AS known_by
FROM chorus.customer_meetings
GROUP BY customer_id, customer_name
ORDER BY meetings DESC, minutes DESC
LIMIT 5;

-- The newest meeting with people whom no customer is known for.
\set ECHO none
SELECT u.meeting_id AS meeting, 'https://www.' || u.domains[1] AS website,
       initcap(replace(split_part(u.domains[1], '.', 1), '-', ' ')) AS newcomer
FROM chorus.unattached_meetings u JOIN chorus.calls c ON c.call_id = u.main_call_id
WHERE u.domains IS NOT NULL AND c.call_type = 'meeting' AND c.duration_s > 0
  AND NOT EXISTS (SELECT FROM chorus_preview_domain(u.domains[1]) p JOIN chorus.meeting_customers USING (meeting_id))
ORDER BY u.started_at DESC
LIMIT 1 \gset
\set ECHO queries

\echo
\echo '== 14. A meeting of no customer attaches in the moment in which its customer is added.'
\echo
SELECT meeting_id, title, scope, domains FROM chorus.unattached_meetings WHERE meeting_id = :meeting;

INSERT INTO chorus.customers VALUES ('c-1', :'newcomer');

INSERT INTO chorus.customer_domains VALUES (:'website', 'c-1');

SELECT customer_name AS customer, meeting_id, title, reason
FROM chorus.customer_meetings
WHERE customer_id = 'c-1'
ORDER BY started_at DESC
LIMIT 3;

SELECT count(*) AS still_unattached FROM chorus.unattached_meetings WHERE meeting_id = :meeting;

-- What another tool recorded of that meeting: it has its own clock, title and list of attendees.
\set ECHO none
CREATE TABLE notetaker AS
SELECT 'n-1' AS id, 'Notes: ' || m.title AS subject, m.started_at + interval '25 seconds' AS began, m.duration_s - 40 AS seconds,
       (SELECT array_agg(p.email) FROM chorus.participants p WHERE p.call_id = m.main_call_id AND p.email IS NOT NULL) AS attendees
FROM chorus.meetings m WHERE m.meeting_id = :meeting;
\set ECHO queries

\echo
\echo '== 15. Another tool recorded it too. It is recognised and shown once, and says why.'
\echo
SELECT chorus_add_source('notetaker', 'notetaker', '{"source_call_id": "id", "title": "subject", "started_at": "began",
                         "duration_s": "seconds", "emails": "attendees"}');

SELECT calls, merged, pairs_scored, elapsed FROM chorus_dedup();

SELECT meeting_id, title, sources, call_count AS recordings FROM chorus.meetings WHERE meeting_id = :meeting;

SELECT feature, left(e.a, 40) AS a, left(e.b, 40) AS b, round(weight::numeric, 1) AS bits
FROM chorus.match_scores s, chorus_explain_match(s.call_a, s.call_b) e
WHERE s.call_a = :meeting AND (weight <> 0 OR feature = 'verdict');

\echo
\echo '== 16. And what was said is found.'
\echo
SELECT to_char(said_at, 'Mon DD HH24:MI') AS said, speaker_name AS speaker, excerpt
FROM chorus_search('price or budget', max_results => 3);
\echo
