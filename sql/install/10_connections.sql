-- Where calls come from: connections, their sealed keys, and the runs that pull.

CREATE SEQUENCE chorus.connections_connection_id_seq;
CREATE TABLE chorus.connections (
    connection_id    bigint      NOT NULL DEFAULT nextval('chorus.connections_connection_id_seq') PRIMARY KEY,
    name             text        NOT NULL UNIQUE CHECK (name <> ''),
    base_url         text        NOT NULL,
    lookback_days    integer     NOT NULL CHECK (lookback_days > 0),
    schedule         text,
    state            text        NOT NULL CHECK (state IN ('active', 'paused', 'needs_key', 'disconnected')),
    workspace_id     text,
    workspace        text,
    workspace_domain text,
    connected_as     text,
    connected_at     timestamptz NOT NULL,
    listed_from      timestamptz,
    listed_to        timestamptz,
    whole_listed_at  timestamptz,
    overlap_s        double precision,
    last_success_at  timestamptz,
    next_run_at      timestamptz,
    waits_until      timestamptz,
    pace_per_minute  double precision,
    pace_steady_s    double precision,
    problem          text,
    hint             text
);
COMMENT ON TABLE  chorus.connections                  IS 'A Chorus workspace that is pulled: one row per chorus_connect(connection => …). Holds no secret';
COMMENT ON COLUMN chorus.connections.connection_id    IS 'Our number of the connection';
COMMENT ON COLUMN chorus.connections.name             IS 'What the functions take as connection';
COMMENT ON COLUMN chorus.connections.base_url         IS 'Without a trailing slash; a path prefix is kept';
COMMENT ON COLUMN chorus.connections.lookback_days    IS 'How many days the first run reaches back';
COMMENT ON COLUMN chorus.connections.schedule         IS 'An interval or a five-field cron expression; NULL: runs only when asked';
COMMENT ON COLUMN chorus.connections.state            IS 'active, paused (no schedule), needs_key (restored from a dump, which holds no key: call chorus_connect again), disconnected';
COMMENT ON COLUMN chorus.connections.workspace_id     IS 'Number of the workspace in Chorus, where Chorus tells it';
COMMENT ON COLUMN chorus.connections.workspace        IS 'Name of the workspace; its domain where Chorus tells no name';
COMMENT ON COLUMN chorus.connections.workspace_domain IS 'Domain of the user whose key it is; a key of another domain is refused';
COMMENT ON COLUMN chorus.connections.connected_as     IS 'Address of the user whose key it is: the sync sees what that user sees';
COMMENT ON COLUMN chorus.connections.connected_at     IS 'When the key was last checked and stored';
COMMENT ON COLUMN chorus.connections.listed_from      IS 'The call list was read without a gap from here …';
COMMENT ON COLUMN chorus.connections.listed_to        IS '… to here; the next run begins here, less the overlap in force';
COMMENT ON COLUMN chorus.connections.whole_listed_at  IS 'When the whole lookback was last listed and calls that are gone were dealt with; a run does so once a day';
COMMENT ON COLUMN chorus.connections.overlap_s        IS 'Overlap in force: chorus_sync.overlap, or more where calls came later than that covers (chorus.late_arrivals)';
COMMENT ON COLUMN chorus.connections.last_success_at  IS 'End of the last run that succeeded';
COMMENT ON COLUMN chorus.connections.next_run_at      IS 'Next run by the built-in schedule; NULL without it. Where chorus.is_scheduled() is false it is a plan of the past';
COMMENT ON COLUMN chorus.connections.waits_until      IS 'Chorus asked this key to wait: nothing is sent before this time. In the past: over';
COMMENT ON COLUMN chorus.connections.pace_per_minute  IS 'Requests a minute that Chorus takes from this key, learnt from its refusals (429, 503). NULL: as many as come';
COMMENT ON COLUMN chorus.connections.pace_steady_s    IS 'For how long a run stays near that pace before it tries more; doubled whenever Chorus refuses at the same pace again';
COMMENT ON COLUMN chorus.connections.problem          IS 'What went wrong in the last run; NULL when nothing did';
COMMENT ON COLUMN chorus.connections.hint             IS 'What to do about the problem';

-- Not dumped and readable by nobody: pg_extension_config_dump is left away on purpose.
CREATE TABLE chorus.credentials (
    connection_id bigint NOT NULL PRIMARY KEY,
    sealed_key    bytea  NOT NULL
);
COMMENT ON TABLE  chorus.credentials               IS 'API keys, sealed with a key that lies outside the database. In no dump';
COMMENT ON COLUMN chorus.credentials.connection_id IS 'chorus.connections';
COMMENT ON COLUMN chorus.credentials.sealed_key    IS 'Authenticated encryption, bound to the connection and its host';

-- A restored connection has no key, because keys are in no dump. This trigger fires during a restore on purpose.
CREATE FUNCTION chorus.connection_without_key() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.state IN ('active', 'paused')
       AND NOT EXISTS (SELECT 1 FROM chorus.credentials k WHERE k.connection_id OPERATOR(pg_catalog.=) NEW.connection_id)
    THEN
        NEW.state := 'needs_key';
        NEW.next_run_at := NULL;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION chorus.connection_without_key() IS 'A connection that comes without its key needs one';
CREATE TRIGGER connection_without_key BEFORE INSERT ON chorus.connections
    FOR EACH ROW EXECUTE FUNCTION chorus.connection_without_key();

CREATE SEQUENCE chorus.runs_run_id_seq;
CREATE TABLE chorus.runs (
    run_id              bigint      NOT NULL DEFAULT nextval('chorus.runs_run_id_seq') PRIMARY KEY,
    connection_id       bigint      NOT NULL,
    trigger             text        NOT NULL CHECK (trigger IN ('schedule', 'manual', 'connect', 'retry', 'dedup')),
    state               text        NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')),
    phase               text,
    phase_began         timestamptz,
    progressed_at       timestamptz,
    waits_until         timestamptz,
    window_from         timestamptz NOT NULL,
    window_to           timestamptz NOT NULL,
    list_cursor         text,
    listed_down_to      timestamptz,
    listed_at           timestamptz,
    calls_listed        bigint      NOT NULL DEFAULT 0,
    calls_added         bigint      NOT NULL DEFAULT 0,
    calls_updated       bigint      NOT NULL DEFAULT 0,
    calls_removed       bigint      NOT NULL DEFAULT 0,
    transcripts_added   bigint      NOT NULL DEFAULT 0,
    transcripts_pending bigint      NOT NULL DEFAULT 0,
    utterances_added    bigint      NOT NULL DEFAULT 0,
    requests            bigint      NOT NULL DEFAULT 0,
    details_due         bigint      NOT NULL DEFAULT 0,
    details_read        bigint      NOT NULL DEFAULT 0,
    calls_matched       bigint      NOT NULL DEFAULT 0,
    meetings_matched    bigint      NOT NULL DEFAULT 0,
    meetings_merged     bigint      NOT NULL DEFAULT 0,
    meetings_separated  bigint      NOT NULL DEFAULT 0,
    pairs_scored        bigint      NOT NULL DEFAULT 0,
    matching_s          double precision NOT NULL DEFAULT 0,
    queued_at           timestamptz NOT NULL,
    started_at          timestamptz,
    finished_at         timestamptz,
    sqlstate            text,
    problem             text,
    hint                text
);
CREATE INDEX runs_by_connection ON chorus.runs (connection_id, run_id);
COMMENT ON TABLE  chorus.runs                     IS 'One row per sync run. A run is alive while its worker holds its advisory lock; this row is only the record';
COMMENT ON COLUMN chorus.runs.run_id              IS 'What chorus_sync returns and chorus_wait and chorus_cancel take';
COMMENT ON COLUMN chorus.runs.connection_id       IS 'chorus.connections; 0: chorus_dedup, which is of no connection';
COMMENT ON COLUMN chorus.runs.trigger             IS 'Why it runs: schedule, manual (chorus_sync), connect (the first scheduled run), retry (only details and transcripts that are due between two listings), dedup (chorus_dedup: recognises meetings)';
COMMENT ON COLUMN chorus.runs.state               IS 'queued, running, succeeded, failed, cancelled, interrupted';
COMMENT ON COLUMN chorus.runs.phase               IS 'What it is doing: checking key, users and teams, calls, missing calls, transcripts, scorecards, other sources, matching, search index';
COMMENT ON COLUMN chorus.runs.phase_began         IS 'When it began to do that';
COMMENT ON COLUMN chorus.runs.progressed_at       IS 'When it last committed something';
COMMENT ON COLUMN chorus.runs.waits_until         IS 'Chorus asked to slow down: nothing is sent before this time';
COMMENT ON COLUMN chorus.runs.window_from         IS 'Meetings from this time on are listed';
COMMENT ON COLUMN chorus.runs.window_to           IS 'Meetings up to this time are listed';
COMMENT ON COLUMN chorus.runs.list_cursor         IS 'Where the walk of the call list goes on, committed with the page before it; NULL before the first page and after the last';
COMMENT ON COLUMN chorus.runs.listed_down_to      IS 'Time of the oldest meeting listed so far; the list runs from new to old';
COMMENT ON COLUMN chorus.runs.listed_at           IS 'When the walk reached the end of its window, in this run or in one that resumed it';
COMMENT ON COLUMN chorus.runs.calls_listed        IS 'Rows of the call list that were read';
COMMENT ON COLUMN chorus.runs.calls_added         IS 'Calls that were new';
COMMENT ON COLUMN chorus.runs.calls_updated       IS 'Calls whose stored facts changed';
COMMENT ON COLUMN chorus.runs.calls_removed       IS 'Calls that are gone in Chorus';
COMMENT ON COLUMN chorus.runs.transcripts_added   IS 'Transcripts that were written, new or in place of an older one';
COMMENT ON COLUMN chorus.runs.transcripts_pending IS 'Transcripts that Chorus had not finished when the run ended';
COMMENT ON COLUMN chorus.runs.utterances_added    IS 'Utterances that were written';
COMMENT ON COLUMN chorus.runs.requests            IS 'Requests sent to Chorus, retries included';
COMMENT ON COLUMN chorus.runs.details_due         IS 'Calls whose detail was due when the transcripts phase began';
COMMENT ON COLUMN chorus.runs.details_read        IS 'Calls whose detail has been asked for so far';
COMMENT ON COLUMN chorus.runs.calls_matched       IS 'Calls that were compared with others, to recognise recordings of one meeting';
COMMENT ON COLUMN chorus.runs.meetings_matched    IS 'Meetings that those calls belong to';
COMMENT ON COLUMN chorus.runs.meetings_merged     IS 'Meetings that went into another';
COMMENT ON COLUMN chorus.runs.meetings_separated  IS 'Meetings that came out of another';
COMMENT ON COLUMN chorus.runs.pairs_scored        IS 'Pairs of calls that were compared';
COMMENT ON COLUMN chorus.runs.matching_s          IS 'Seconds spent on comparing';
COMMENT ON COLUMN chorus.runs.queued_at           IS 'When it was asked for';
COMMENT ON COLUMN chorus.runs.started_at          IS 'When it began; it waits for an earlier run of the same connection';
COMMENT ON COLUMN chorus.runs.finished_at         IS 'When it ended';
COMMENT ON COLUMN chorus.runs.sqlstate            IS 'SQLSTATE of the error that ended it';
COMMENT ON COLUMN chorus.runs.problem             IS 'Why it did not succeed';
COMMENT ON COLUMN chorus.runs.hint                IS 'What to do about the problem';

CREATE SEQUENCE chorus.problems_problem_id_seq;
CREATE TABLE chorus.problems (
    problem_id     bigint      NOT NULL DEFAULT nextval('chorus.problems_problem_id_seq') PRIMARY KEY,
    connection_id  bigint      NOT NULL,
    route          text        NOT NULL,
    source_call_id text,
    problem        text        NOT NULL,
    first_seen     timestamptz NOT NULL,
    last_seen      timestamptz NOT NULL,
    attempts       bigint      NOT NULL DEFAULT 1,
    UNIQUE NULLS NOT DISTINCT (connection_id, route, source_call_id)
);
COMMENT ON TABLE  chorus.problems                IS 'What Chorus sent that could not be read. It was skipped, nothing else was lost; a later good read deletes the row';
COMMENT ON COLUMN chorus.problems.problem_id     IS 'Our number of the problem';
COMMENT ON COLUMN chorus.problems.connection_id  IS 'chorus.connections';
COMMENT ON COLUMN chorus.problems.route          IS 'Route of the Chorus API that it came from';
COMMENT ON COLUMN chorus.problems.source_call_id IS 'Id of the engagement in Chorus, where it is known';
COMMENT ON COLUMN chorus.problems.problem        IS 'What was wrong with it';
COMMENT ON COLUMN chorus.problems.first_seen     IS 'When it was met first';
COMMENT ON COLUMN chorus.problems.last_seen      IS 'When it was met last';
COMMENT ON COLUMN chorus.problems.attempts       IS 'How often it was met';
