-- Functions that recognise recordings of one meeting, and take people's word for it.

CREATE FUNCTION @extschema@.chorus_dedup(since timestamptz DEFAULT NULL)
    RETURNS TABLE (calls bigint, meetings bigint, merged bigint, separated bigint, pairs_scored bigint, elapsed interval, matching interval)
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'chorus_dedup_wrapper';
COMMENT ON FUNCTION @extschema@.chorus_dedup(timestamptz) IS
    'Reads the other sources and recognises recordings of one meeting, in a background worker: all that changed since the last time. since looks again at meetings from then on, ''-infinity'' at all';

CREATE FUNCTION @extschema@.chorus_explain_match(call_a bigint, call_b bigint)
    RETURNS TABLE (feature text, a text, b text, weight double precision)
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'chorus_explain_match_wrapper';
COMMENT ON FUNCTION @extschema@.chorus_explain_match(bigint, bigint) IS
    'Why two calls are one meeting, or not: what is compared, and what that says in bits. The last row is the verdict; its weight is the score, the sum of the others';

CREATE FUNCTION @extschema@.chorus_merge(call_a bigint, call_b bigint, note text DEFAULT NULL) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'chorus_merge_wrapper';
COMMENT ON FUNCTION @extschema@.chorus_merge(bigint, bigint, text) IS
    'Decides that two calls are one meeting, and with them the meetings they are in. Returns the meeting. Wins over all evidence until chorus_separate says otherwise of these two';

CREATE FUNCTION @extschema@.chorus_separate(call_a bigint, call_b bigint, note text DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'chorus_separate_wrapper';
COMMENT ON FUNCTION @extschema@.chorus_separate(bigint, bigint, text) IS
    'Decides that two calls are different meetings. Takes back a chorus_merge of these two; wins over all evidence until chorus_merge says otherwise';

CREATE VIEW chorus.possible_duplicates AS
SELECT s.call_a,
       s.call_b,
       s.score,
       a.meeting_id AS meeting_a,
       b.meeting_id AS meeting_b,
       a.source     AS source_a,
       b.source     AS source_b,
       a.title      AS title_a,
       b.title      AS title_b,
       a.started_at AS started_a,
       b.started_at AS started_b,
       s.evidence
  FROM chorus.match_scores s
       JOIN chorus.calls a ON a.call_id = s.call_a
       JOIN chorus.calls b ON b.call_id = s.call_b
 WHERE s.verdict = 'possible'
   AND a.meeting_id <> b.meeting_id
   AND a.removed_at IS NULL AND b.removed_at IS NULL
   AND NOT EXISTS (SELECT FROM chorus.match_decisions d WHERE d.call_a = s.call_a AND d.call_b = s.call_b);
COMMENT ON VIEW   chorus.possible_duplicates            IS 'Pairs that may be one meeting and are not: for a person to decide, with chorus_merge or chorus_separate';
COMMENT ON COLUMN chorus.possible_duplicates.call_a     IS 'The smaller call_id';
COMMENT ON COLUMN chorus.possible_duplicates.call_b     IS 'The larger call_id';
COMMENT ON COLUMN chorus.possible_duplicates.score      IS 'Sum of the evidence, in bits; those of 2.5 and more were kept apart by what else is known: chorus_explain_match says what';
COMMENT ON COLUMN chorus.possible_duplicates.meeting_a  IS 'The meeting of call_a';
COMMENT ON COLUMN chorus.possible_duplicates.meeting_b  IS 'The meeting of call_b';
COMMENT ON COLUMN chorus.possible_duplicates.source_a   IS 'Who recorded call_a';
COMMENT ON COLUMN chorus.possible_duplicates.source_b   IS 'Who recorded call_b';
COMMENT ON COLUMN chorus.possible_duplicates.title_a    IS 'Title of call_a';
COMMENT ON COLUMN chorus.possible_duplicates.title_b    IS 'Title of call_b';
COMMENT ON COLUMN chorus.possible_duplicates.started_a  IS 'Start of call_a';
COMMENT ON COLUMN chorus.possible_duplicates.started_b  IS 'Start of call_b';
COMMENT ON COLUMN chorus.possible_duplicates.evidence   IS 'What each feature says, in bits; chorus_explain_match shows it with the values compared';
