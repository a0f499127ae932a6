-- What is looked at: no removed call, and each physical meeting once.

CREATE VIEW chorus.transcript_lines AS
SELECT u.call_id,
       u.seq,
       c.started_at + make_interval(secs => u.start_s) AS said_at,
       u.start_s,
       p.name  AS speaker_name,
       p.email AS speaker_email,
       p.side  AS speaker_side,
       u.text
  FROM chorus.utterances u
       JOIN chorus.calls c USING (call_id)
       LEFT JOIN chorus.participants p USING (call_id, participant_no)
 WHERE c.is_main_call AND c.removed_at IS NULL;
COMMENT ON VIEW   chorus.transcript_lines               IS 'What was said and by whom: a row per utterance, main calls only';
COMMENT ON COLUMN chorus.transcript_lines.call_id       IS 'chorus.calls';
COMMENT ON COLUMN chorus.transcript_lines.seq           IS 'Order within the call, from 1';
COMMENT ON COLUMN chorus.transcript_lines.said_at       IS 'Start of the call plus start_s';
COMMENT ON COLUMN chorus.transcript_lines.start_s       IS 'Seconds from the start of the recording';
COMMENT ON COLUMN chorus.transcript_lines.speaker_name  IS 'NULL for a voice that was only told apart';
COMMENT ON COLUMN chorus.transcript_lines.speaker_email IS 'Address of the speaker, lower case';
COMMENT ON COLUMN chorus.transcript_lines.speaker_side  IS 'internal (own team), external, or unknown';
COMMENT ON COLUMN chorus.transcript_lines.text          IS 'What was said';

CREATE VIEW chorus.topics AS
SELECT c.meeting_id,
       c.call_id,
       c.title,
       c.started_at,
       t.name AS topic,
       ct.count
  FROM chorus.call_trackers ct
       JOIN chorus.trackers t USING (tracker_id)
       JOIN chorus.calls c USING (call_id)
 WHERE t.kind = 'topic' AND c.is_main_call AND c.removed_at IS NULL;
COMMENT ON VIEW   chorus.topics            IS 'What was talked about: a row per meeting and topic';
COMMENT ON COLUMN chorus.topics.meeting_id IS 'chorus.meetings';
COMMENT ON COLUMN chorus.topics.call_id    IS 'The main call of that meeting';
COMMENT ON COLUMN chorus.topics.title      IS 'Title of the meeting';
COMMENT ON COLUMN chorus.topics.started_at IS 'Start of the meeting';
COMMENT ON COLUMN chorus.topics.topic      IS 'As it is named in Chorus';
COMMENT ON COLUMN chorus.topics.count      IS 'Number of mentions, as Chorus counts them';

CREATE VIEW chorus.late_arrivals AS
SELECT c.connection_id,
       c.call_id,
       c.source_call_id,
       c.title,
       c.started_at,
       c.first_seen_at,
       c.first_seen_at - (c.started_at + make_interval(secs => least(coalesce(c.duration_s, 0), 86400))) AS late_by,
       c.listed_past - c.started_at AS behind,
       c.listed_past - c.started_at <= make_interval(secs => k.overlap_s) AS covered
  FROM chorus.calls c
       LEFT JOIN chorus.connections k USING (connection_id)
 WHERE c.listed_past IS NOT NULL AND c.removed_at IS NULL;
COMMENT ON VIEW   chorus.late_arrivals                IS 'Calls that appeared in Chorus behind newer ones that had been listed already: a plain high-water mark would have lost them';
COMMENT ON COLUMN chorus.late_arrivals.connection_id  IS 'chorus.connections';
COMMENT ON COLUMN chorus.late_arrivals.call_id        IS 'chorus.calls';
COMMENT ON COLUMN chorus.late_arrivals.source_call_id IS 'Id of the engagement in Chorus';
COMMENT ON COLUMN chorus.late_arrivals.title          IS 'Title of the call';
COMMENT ON COLUMN chorus.late_arrivals.started_at     IS 'Time of the meeting';
COMMENT ON COLUMN chorus.late_arrivals.first_seen_at  IS 'When a run first listed it';
COMMENT ON COLUMN chorus.late_arrivals.late_by        IS 'From the end of the meeting to the moment it was listed';
COMMENT ON COLUMN chorus.late_arrivals.behind         IS 'How far behind the end of the list read before it lay: what an overlap must cover';
COMMENT ON COLUMN chorus.late_arrivals.covered        IS 'Whether the overlap in force now covers it; one that it does not cover is found by the daily listing of the whole lookback';
