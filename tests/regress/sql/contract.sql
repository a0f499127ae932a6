-- What CREATE EXTENSION promises: which functions, tables and columns there are, where they are, and that each says
-- what it is for. A change of what is listed here is a change of what users rely on.
SET client_min_messages = warning;
CREATE EXTENSION chorus_sync;

SELECT extversion, extnamespace::regnamespace AS schema, extrelocatable
FROM pg_extension
WHERE extname = 'chorus_sync';

-- Functions named chorus_* are in the extension's schema, everything else is in "chorus".
CREATE TEMPORARY VIEW members AS
SELECT classid, objid, pg_describe_object(classid, objid, 0) AS object
FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass
AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'chorus_sync')
AND deptype = 'e';

SELECT object AS relation_outside
FROM members JOIN pg_class c ON c.oid = objid AND classid = 'pg_class'::regclass
WHERE relnamespace <> 'chorus'::regnamespace;

SELECT object AS function_outside
FROM members JOIN pg_proc p ON p.oid = objid AND classid = 'pg_proc'::regclass
WHERE pronamespace <> 'chorus'::regnamespace
AND (pronamespace <> 'public'::regnamespace OR proname NOT LIKE 'chorus\_%');

-- The functions, with their arguments, defaults and results.
\pset format unaligned
\pset tuples_only on
SELECT CASE prokind WHEN 'p' THEN 'CALL ' ELSE '' END || proname || E'\n    takes   '
       || coalesce(nullif(replace(pg_get_function_arguments(p.oid), ', ', E'\n            '), ''), 'nothing')
       || coalesce(E'\n    returns ' || replace(pg_get_function_result(p.oid), ', ', E'\n            '), '')
FROM members JOIN pg_proc p ON p.oid = objid AND classid = 'pg_proc'::regclass
WHERE pronamespace = 'public'::regnamespace
ORDER BY proname;
\pset tuples_only off
\pset format aligned

-- Keys of the tables. No foreign key anywhere: they break parallel restores.
SELECT c.relname AS table, string_agg(a.attname, ', ' ORDER BY k.position) AS key
FROM pg_class c
JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, position)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
WHERE c.relnamespace = 'chorus'::regnamespace AND c.relkind = 'r'
GROUP BY c.relname
ORDER BY c.relname COLLATE "C";

SELECT conrelid::regclass AS table, conname AS foreign_key
FROM pg_constraint
WHERE connamespace = 'chorus'::regnamespace AND contype = 'f';

-- Columns that users rely on and that are missing or have another type. Others may join them.
WITH promised(relation, columns, type) AS (VALUES
    ('connections', 'connection_id', 'bigint'),
    ('connections', 'name base_url schedule state workspace_id workspace workspace_domain connected_as problem', 'text'),
    ('connections', 'lookback_days', 'integer'),
    ('connections', 'last_success_at next_run_at', 'timestamp with time zone'),
    ('users', 'connection_id user_id manager', 'bigint'),
    ('users', 'name email title role', 'text'),
    ('users', 'active', 'boolean'),
    ('teams', 'connection_id', 'bigint'),
    ('teams', 'team_id name', 'text'),
    ('team_members', 'connection_id user_id', 'bigint'),
    ('team_members', 'team_id', 'text'),
    ('sources', 'source relation', 'text'),
    ('calls', 'call_id connection_id owner_user_id meeting_id', 'bigint'),
    ('calls', 'source source_call_id call_type title host_email account_id account_name opportunity_id opportunity_name', 'text'),
    ('calls', 'language url meeting_url ical_uid processing_state summary', 'text'),
    ('calls', 'started_at scheduled_start scheduled_end removed_at first_seen_at updated_at', 'timestamp with time zone'),
    ('calls', 'duration_s', 'double precision'),
    ('calls', 'no_show private is_main_call', 'boolean'),
    ('calls', 'action_items', 'text[]'),
    ('calls', 'source_data', 'jsonb'),
    ('participants', 'call_id person_id user_id', 'bigint'),
    ('participants', 'participant_no', 'integer'),
    ('participants', 'name email email_domain title company side', 'text'),
    ('participants', 'listed', 'boolean'),
    ('transcripts', 'call_id word_count', 'bigint'),
    ('transcripts', 'state problem', 'text'),
    ('transcripts', 'attempts utterance_count', 'integer'),
    ('transcripts', 'next_attempt_at fetched_at', 'timestamp with time zone'),
    ('transcripts', 'lag', 'interval'),
    ('utterances', 'call_id', 'bigint'),
    ('utterances', 'seq participant_no', 'integer'),
    ('utterances', 'start_s end_s', 'double precision'),
    ('utterances', 'text', 'text'),
    ('trackers', 'tracker_id connection_id', 'bigint'),
    ('trackers', 'kind name', 'text'),
    ('call_trackers', 'call_id tracker_id count', 'bigint'),
    ('tracker_mentions', 'call_id tracker_id', 'bigint'),
    ('tracker_mentions', 'mention_no seq', 'integer'),
    ('call_metrics', 'call_id', 'bigint'),
    ('call_metrics', 'name', 'text'),
    ('call_metrics', 'value', 'double precision'),
    ('scorecards', 'connection_id call_id', 'bigint'),
    ('scorecards', 'scorecard_id source_call_id template reviewer recipient', 'text'),
    ('scorecards', 'submitted_at', 'timestamp with time zone'),
    ('scorecard_scores', 'connection_id question_id', 'bigint'),
    ('scorecard_scores', 'scorecard_id question comment', 'text'),
    ('scorecard_scores', 'score', 'double precision'),
    ('problems', 'problem_id connection_id attempts', 'bigint'),
    ('problems', 'route source_call_id problem', 'text'),
    ('problems', 'first_seen last_seen', 'timestamp with time zone'),
    ('runs', 'run_id connection_id calls_listed calls_added calls_updated calls_removed', 'bigint'),
    ('runs', 'transcripts_added transcripts_pending utterances_added requests', 'bigint'),
    ('runs', 'trigger state phase list_cursor sqlstate problem hint', 'text'),
    ('runs', 'window_from window_to started_at finished_at', 'timestamp with time zone'),
    ('meetings', 'meeting_id main_call_id call_count', 'bigint'),
    ('meetings', 'title scope', 'text'),
    ('meetings', 'started_at', 'timestamp with time zone'),
    ('meetings', 'duration_s', 'double precision'),
    ('meetings', 'sources', 'text[]'),
    ('transcript_lines', 'call_id', 'bigint'),
    ('transcript_lines', 'seq', 'integer'),
    ('transcript_lines', 'said_at', 'timestamp with time zone'),
    ('transcript_lines', 'start_s', 'double precision'),
    ('transcript_lines', 'speaker_name speaker_email speaker_side text', 'text'),
    ('customers', 'customer_id name', 'text'),
    ('customer_domains', 'domain customer_id', 'text'),
    ('customer_accounts', 'account_id customer_id', 'text'),
    ('customer_contacts', 'email customer_id', 'text'),
    ('domain_rules', 'domain rule note', 'text'),
    ('effective_domain_rules', 'domain rule origin', 'text'),
    ('meeting_customers', 'meeting_id', 'bigint'),
    ('meeting_customers', 'customer_id reason evidence', 'text'),
    ('customer_meetings', 'meeting_id main_call_id', 'bigint'),
    ('customer_meetings', 'customer_id customer_name title summary transcript_state reason', 'text'),
    ('customer_meetings', 'started_at', 'timestamp with time zone'),
    ('customer_meetings', 'duration_s', 'double precision'),
    ('customer_meetings', 'participants', 'jsonb'),
    ('customer_meetings', 'sources action_items', 'text[]'),
    ('unattached_meetings', 'meeting_id main_call_id', 'bigint'),
    ('unattached_meetings', 'title scope', 'text'),
    ('unattached_meetings', 'started_at', 'timestamp with time zone'),
    ('topics', 'meeting_id call_id count', 'bigint'),
    ('topics', 'title topic', 'text'))
SELECT relation, column_name, type AS promised, format_type(a.atttypid, a.atttypmod) AS found
FROM promised
CROSS JOIN LATERAL string_to_table(columns, ' ') AS column_name
LEFT JOIN pg_class c ON c.relnamespace = 'chorus'::regnamespace AND c.relname = relation
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped
WHERE format_type(a.atttypid, a.atttypmod) IS DISTINCT FROM type;

-- Everything says what it is for: \d+ and \df+ are the reference.
SELECT object AS without_comment
FROM members
WHERE classid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_namespace'::regclass)
AND obj_description(objid, (SELECT relname FROM pg_class WHERE oid = classid)) IS NULL
AND NOT EXISTS (SELECT FROM pg_class WHERE classid = 'pg_class'::regclass AND oid = objid AND relkind = 'S')
ORDER BY object COLLATE "C";

SELECT c.oid::regclass AS relation, a.attname AS column_without_comment
FROM members JOIN pg_class c ON c.oid = objid AND classid = 'pg_class'::regclass
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'v', 'm') AND col_description(c.oid, a.attnum) IS NULL
ORDER BY c.relname COLLATE "C", a.attnum;

-- It goes as it came.
DROP VIEW members;
DROP EXTENSION chorus_sync CASCADE;
SELECT count(*) AS left_behind FROM pg_proc WHERE proname LIKE 'chorus\_%';
SELECT count(*) AS left_behind FROM pg_namespace WHERE nspname = 'chorus';
