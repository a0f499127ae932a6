-- The change feed: what happened to calls and meetings, in the transaction that did it.

CREATE SEQUENCE chorus.events_event_id_seq;
CREATE TABLE chorus.events (
    event_id      bigint      NOT NULL DEFAULT nextval('chorus.events_event_id_seq') PRIMARY KEY,
    written_by    xid8        NOT NULL DEFAULT pg_current_xact_id(),
    happened_at   timestamptz NOT NULL,
    kind          text        NOT NULL CHECK (kind IN ('call.added', 'call.updated', 'call.removed', 'transcript.ready', 'transcript.removed',
                                                       'meeting.merged', 'meeting.separated', 'meeting.updated')),
    connection_id bigint,
    call_id       bigint,
    meeting_id    bigint,
    details       jsonb       NOT NULL DEFAULT '{}'
);
-- The order in which the feed is read, and in which it is forgotten.
CREATE INDEX events_in_order ON chorus.events (written_by, event_id);
COMMENT ON TABLE  chorus.events               IS 'The change feed: a row for each change, written in its transaction. Read it with chorus_events(), which misses none; it holds numbers and times, nothing that was said';
COMMENT ON COLUMN chorus.events.event_id      IS 'Our number of the event. Not the order of the feed: writers take numbers before they commit';
COMMENT ON COLUMN chorus.events.written_by    IS 'The transaction that wrote it. The feed is ordered by (written_by, event_id)';
COMMENT ON COLUMN chorus.events.happened_at   IS 'When it was written; chorus_sync.event_retention counts from here';
COMMENT ON COLUMN chorus.events.kind          IS 'call.added, call.updated, call.removed, transcript.ready, transcript.removed, meeting.merged, meeting.separated, meeting.updated';
COMMENT ON COLUMN chorus.events.connection_id IS 'chorus.connections; NULL for other sources, and for meetings';
COMMENT ON COLUMN chorus.events.call_id       IS 'chorus.calls; NULL for meetings';
COMMENT ON COLUMN chorus.events.meeting_id    IS 'For meetings: the one merged into, the one separated from, or the one that another call stands for. NULL for calls, whose meeting may change: chorus_events() tells the present one';
COMMENT ON COLUMN chorus.events.details       IS 'By kind: what else is to be known, such as the old and new meetings';

-- A run commits without waiting for the disk, so what it wrote can be seen before it can survive a crash. Whoever
-- remembers an event must not remember one that a crash takes back, as its number would be given again.
CREATE FUNCTION chorus.flush_commits() RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'flush_commits_wrapper';
COMMENT ON FUNCTION chorus.flush_commits() IS 'Waits until everything that can be seen is on disk';

CREATE FUNCTION @extschema@.chorus_events(after bigint DEFAULT 0, max_events integer DEFAULT 1000)
    RETURNS TABLE (event_id bigint, happened_at timestamptz, kind text, connection_id bigint, call_id bigint, meeting_id bigint, is_main_call boolean, details jsonb)
    LANGUAGE plpgsql VOLATILE ROWS 1000 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    reached bigint := coalesce(after, 0);
    wanted  bigint := coalesce(max_events, 1000);
    written xid8;
    given   bigint;
BEGIN
    IF wanted NOT BETWEEN 1 AND 10000 THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('max_events must be from 1 to 10000, not %s', max_events),
            HINT = 'Ask again with the last event_id that came until no row comes.';
    END IF;
    SELECT e.written_by INTO written FROM chorus.events e WHERE e.event_id = reached;
    IF written IS NULL AND reached > 0 AND NOT pg_is_in_recovery() THEN
        SELECT s.last_value INTO given FROM chorus.events_event_id_seq s;
        IF reached > given THEN
            RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('event %s was never written here: the last one is %s', reached, given),
                HINT = 'This database was restored from a backup that is older than your last read. Read the tables anew, then go on after that last one.';
        END IF;
    END IF;
    -- Rows of transactions that are older than every running one: no row can appear among or before them any more.
    RETURN QUERY
    SELECT e.event_id, e.happened_at, e.kind, e.connection_id, e.call_id, coalesce(c.meeting_id, e.meeting_id),
           CASE WHEN e.call_id IS NOT NULL THEN coalesce(c.is_main_call, false) END, e.details
      FROM chorus.events e
           LEFT JOIN chorus.calls c ON c.call_id = e.call_id
     WHERE e.written_by < pg_snapshot_xmin(pg_current_snapshot())
       AND (e.written_by, e.event_id) > (coalesce(written, '0'), reached)
       AND (written IS NOT NULL OR e.event_id > reached)
     ORDER BY e.written_by, e.event_id
     LIMIT wanted;
    IF FOUND THEN
        PERFORM chorus.flush_commits();
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.chorus_events(bigint, integer) IS
    'The change feed after the event named, which is the last one received; 0: from its beginning. Whoever remembers the last event_id misses nothing and gets nothing twice. meeting_id and is_main_call are those of this moment';
