-- The functions. Those in C run as their caller and switch to the owner of the extension themselves, after they
-- looked at the caller's rights; so none of them is SECURITY DEFINER.

-- The worker of a run holds an advisory lock for as long as it lives: kind 3, which pg_advisory_lock cannot make, of
-- this very extension.
CREATE FUNCTION chorus.run_worker(run_id bigint) RETURNS integer
    LANGUAGE sql VOLATILE STRICT SET search_path = pg_catalog, pg_temp AS $$
    SELECT l.pid
      FROM pg_locks l
     WHERE l.locktype = 'advisory' AND l.granted AND l.mode = 'ExclusiveLock'
       AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
       AND l.classid = (SELECT e.oid FROM pg_extension e WHERE e.extname = 'chorus_sync')
       AND l.objid = (run_id & 4294967295)::oid AND l.objsubid = 3
     LIMIT 1
$$;
COMMENT ON FUNCTION chorus.run_worker(bigint) IS 'Process id of the worker of a run; NULL: the run is not alive';

CREATE FUNCTION chorus.clock() RETURNS timestamptz
    LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'clock_wrapper';
COMMENT ON FUNCTION chorus.clock() IS 'The time by which chorus_sync decides: now, plus chorus_sync.clock_offset';

CREATE FUNCTION chorus.is_scheduled() RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'is_scheduled_wrapper';
COMMENT ON FUNCTION chorus.is_scheduled() IS
    'Whether runs start by themselves in this database: chorus_sync is preloaded, chorus_sync.enabled is on, and chorus_sync.databases does not leave it out';

CREATE FUNCTION chorus.run_progress(run chorus.runs) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN run.waits_until > chorus.clock() AND run.state = 'running'
                THEN format('Chorus asks to slow down: waiting until %s', to_char(run.waits_until, 'HH24:MI:SS TZ'))
           ELSE CASE run.phase
             WHEN 'calls'       THEN format('calls: %s listed, %s new', run.calls_listed, run.calls_added)
             WHEN 'transcripts' THEN format('transcripts: %s of %s calls read, %s utterances', run.details_read, run.details_due, run.utterances_added)
             WHEN 'matching'    THEN format('matching: %s calls compared, %s meetings merged', run.calls_matched, run.meetings_merged)
             ELSE coalesce(run.phase, run.state)
           END END
$$;
COMMENT ON FUNCTION chorus.run_progress(chorus.runs) IS 'How far a run is, in words';

CREATE FUNCTION @extschema@.chorus_connect(
    base_url text DEFAULT 'https://chorus.ai', api_key text DEFAULT NULL, lookback_days integer DEFAULT 30,
    schedule text DEFAULT '15 minutes', connection text DEFAULT 'default', api_key_file text DEFAULT NULL)
    RETURNS TABLE (workspace text, connected_as text, next_run_at timestamptz)
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'chorus_connect_wrapper';
COMMENT ON FUNCTION @extschema@.chorus_connect(text, text, integer, text, text, text) IS
    'Checks an API key against Chorus and stores it sealed. Again for the same connection: changes settings or the key, keeps the data. Prefer api_key_file: a literal key appears in statement logs';

CREATE FUNCTION @extschema@.chorus_test_connection(base_url text, api_key text)
    RETURNS TABLE (ok boolean, workspace text, connected_as text, problem text, hint text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'chorus_test_connection_wrapper';
COMMENT ON FUNCTION @extschema@.chorus_test_connection(text, text) IS
    'Checks an API key against Chorus without storing anything; problems come as a row, not as an error';

CREATE FUNCTION @extschema@.chorus_schedule(schedule text, connection text DEFAULT 'default') RETURNS timestamptz
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'chorus_schedule_wrapper';
COMMENT ON FUNCTION @extschema@.chorus_schedule(text, text) IS
    'Changes when runs start by themselves: an interval such as ''15 minutes'', or five fields of cron; NULL pauses. Returns the next run; NULL where none starts by itself';

CREATE FUNCTION @extschema@.chorus_disconnect(connection text DEFAULT 'default', purge boolean DEFAULT false) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'chorus_disconnect_wrapper';
COMMENT ON FUNCTION @extschema@.chorus_disconnect(text, boolean) IS
    'Deletes the stored key and the schedule and stops a running sync. purge deletes the data too';

CREATE FUNCTION @extschema@.chorus_sync(lookback interval DEFAULT NULL, connection text DEFAULT 'default', wait boolean DEFAULT true)
    RETURNS TABLE (run_id bigint, state text, calls_listed bigint, calls_added bigint, calls_updated bigint, calls_removed bigint,
                   transcripts_added bigint, transcripts_pending bigint, utterances_added bigint, requests bigint, elapsed interval, problem text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'chorus_sync_wrapper';
COMMENT ON FUNCTION @extschema@.chorus_sync(interval, text, boolean) IS
    'Pulls calls and transcripts in a background worker. wait => false returns at once; the run then starts when the transaction commits. lookback lists at least that far back';

CREATE FUNCTION @extschema@.chorus_cancel(run_id bigint) RETURNS boolean
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'chorus_cancel_wrapper';
COMMENT ON FUNCTION @extschema@.chorus_cancel(bigint) IS
    'Cancels a run; what it committed stays and the next run goes on from there. False: it was not under way';

CREATE FUNCTION @extschema@.chorus_retry(call_id bigint) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'chorus_retry_wrapper';
COMMENT ON FUNCTION @extschema@.chorus_retry(bigint) IS
    'Asks Chorus for this call again in the next run, whatever its state. While Chorus is not done with it, it is asked for again until transcript_retry_days after the meeting, like any other';

CREATE FUNCTION @extschema@.chorus_accept_removals(connection text DEFAULT 'default') RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'chorus_accept_removals_wrapper';
COMMENT ON FUNCTION @extschema@.chorus_accept_removals(text) IS
    'Removes the calls that were held back because too many were missing at once, and returns how many. What was said in them is deleted here; one that returns is fetched again';

-- A procedure that commits holds no snapshot while it waits; it may carry no SET clause, so its operators and types are
-- qualified.
CREATE PROCEDURE @extschema@.chorus_wait(run_id bigint)
    LANGUAGE plpgsql AS $$
DECLARE
    run     chorus.runs;
    worker  integer;
    said    pg_catalog.text := '';
    pause_s double precision := 0.05;
    unseen  integer := 0;
BEGIN
    LOOP
        SELECT r.* INTO run FROM chorus.runs r WHERE r.run_id OPERATOR(pg_catalog.=) chorus_wait.run_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'undefined_object',
                MESSAGE = pg_catalog.format('there is no run %s', run_id),
                HINT = 'SELECT run_id, state FROM chorus.runs ORDER BY run_id DESC;';
        END IF;
        EXIT WHEN run.state OPERATOR(pg_catalog.<>) ALL (ARRAY['queued', 'running']::pg_catalog.text[]);
        worker := chorus.run_worker(run.run_id);
        IF worker IS NULL THEN
            -- A worker needs a moment to start, and the row a moment to follow its end.
            unseen := unseen OPERATOR(pg_catalog.+) 1;
            EXIT WHEN unseen OPERATOR(pg_catalog.>) 20;
        ELSE
            unseen := 0;
        END IF;
        IF chorus.run_progress(run) OPERATOR(pg_catalog.<>) said THEN
            said := chorus.run_progress(run);
            RAISE NOTICE '%', said;
        END IF;
        COMMIT;
        PERFORM pg_catalog.pg_sleep(pause_s);
        pause_s := LEAST(pause_s OPERATOR(pg_catalog.*) 1.5, 1.0);
    END LOOP;
    IF run.state OPERATOR(pg_catalog.=) 'failed' THEN
        RAISE EXCEPTION USING ERRCODE = run.sqlstate, MESSAGE = run.problem, HINT = run.hint;
    ELSIF run.state OPERATOR(pg_catalog.=) ANY (ARRAY['queued', 'running', 'interrupted']::pg_catalog.text[]) THEN
        RAISE WARNING USING
            MESSAGE = pg_catalog.format('run %s has no worker: it was interrupted', run_id),
            HINT = 'The next chorus_sync() goes on from where it stopped.';
    ELSE
        RAISE NOTICE 'run % %', run_id, run.state;
    END IF;
END
$$;
COMMENT ON PROCEDURE @extschema@.chorus_wait(bigint) IS
    'Waits for a run without holding a snapshot: it commits at least once a second. A failed run raises its error';

CREATE FUNCTION @extschema@.chorus_status()
    RETURNS TABLE (connection text, state text, phase text, progress_percent double precision, eta interval, calls bigint, transcripts_ready bigint,
                   transcripts_waiting bigint, last_success_at timestamptz, next_run_at timestamptz, problem text, hint text)
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.name,
           k.state,
           CASE WHEN run.alive THEN coalesce(run.phase, run.state) END,
           progress.percent,
           make_interval(secs => ceil(greatest(estimate.as_so_far_s, estimate.requests * 60 / speed.per_minute)
                                      + greatest(extract(epoch FROM run.waits_until - chorus.clock())::float8, 0))),
           counted.calls,
           counted.ready,
           counted.waiting,
           k.last_success_at,
           -- A plan of a time when runs did start by themselves here is none.
           CASE WHEN chorus.is_scheduled() THEN k.next_run_at END,
           CASE WHEN run.died THEN format('run %s was interrupted', run.run_id)
                WHEN run.alive AND run.waits_until > chorus.clock() THEN run.progress
                ELSE k.problem END,
           CASE WHEN run.died THEN 'The next chorus_sync() goes on from where it stopped.'
                WHEN run.alive AND run.waits_until > chorus.clock() THEN 'Nothing: the run goes on by itself. chorus_sync.max_requests_per_minute makes it slower from the start.'
                ELSE k.hint END
      FROM chorus.connections k
           CROSS JOIN LATERAL (
               SELECT count(*)                                                     AS calls,
                      count(*) FILTER (WHERE t.state = 'ready')                    AS ready,
                      count(*) FILTER (WHERE t.state IN ('pending', 'processing')) AS waiting
                 FROM chorus.calls c JOIN chorus.transcripts t USING (call_id)
                WHERE c.connection_id = k.connection_id AND c.removed_at IS NULL) counted
           LEFT JOIN LATERAL (
               SELECT r.*,
                      chorus.run_progress(r) AS progress,
                      chorus.run_worker(r.run_id) IS NOT NULL AS alive,
                      r.state = 'interrupted' OR (r.state = 'running' AND chorus.run_worker(r.run_id) IS NULL AND NOT pg_is_in_recovery()) AS died
                 FROM chorus.runs r
                WHERE r.connection_id = k.connection_id
                ORDER BY r.state = 'running' AND chorus.run_worker(r.run_id) IS NOT NULL DESC, r.run_id DESC
                LIMIT 1) run ON true
           CROSS JOIN LATERAL (
               SELECT CASE WHEN NOT run.alive THEN NULL
                           WHEN run.phase = 'calls' AND run.listed_down_to IS NOT NULL
                           THEN round((100 * extract(epoch FROM run.window_to - run.listed_down_to)
                                 / greatest(extract(epoch FROM run.window_to - run.window_from), 1)), 1)::float8
                           WHEN run.phase = 'transcripts'
                           THEN round(100.0 * run.details_read / greatest(run.details_due, 1), 1)::float8
                      END AS percent) progress
           -- What the present phase still takes: its requests, a page of the list holding 100 calls, and the time for them
           -- if it goes on as it went until its last step.
           LEFT JOIN LATERAL (
               SELECT CASE run.phase
                          WHEN 'calls'       THEN run.calls_listed / 100.0 * (100 - progress.percent) / nullif(progress.percent, 0)
                          WHEN 'transcripts' THEN run.details_due - run.details_read
                      END::float8 AS requests,
                      CASE WHEN progress.percent >= 1
                           THEN extract(epoch FROM run.progressed_at - run.phase_began)::float8 * (100 - progress.percent) / progress.percent
                      END AS as_so_far_s
                WHERE run.alive) estimate ON true
           CROSS JOIN LATERAL (
               SELECT least(k.pace_per_minute, nullif(current_setting('chorus_sync.max_requests_per_minute', true)::float8, 0)) AS per_minute) speed
     ORDER BY k.name
$$;
COMMENT ON FUNCTION @extschema@.chorus_status() IS
    'A row per connection: is it healthy, what is it doing, how far is it (percent and time left of the present phase), what is wrong and what to do';

CREATE FUNCTION @extschema@.chorus_transcript(call_id bigint) RETURNS text
    LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM chorus.calls c WHERE c.call_id = chorus_transcript.call_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object',
            MESSAGE = format('there is no call %s', call_id),
            HINT = 'SELECT call_id, title, started_at FROM chorus.calls ORDER BY started_at DESC;';
    END IF;
    RETURN (
        SELECT string_agg(
                   format('[%s:%s:%s] %s: %s',
                          to_char(floor(u.start_s / 3600), 'FM999900'),
                          to_char(floor(u.start_s / 60)::bigint % 60, 'FM00'),
                          to_char(floor(u.start_s)::bigint % 60, 'FM00'),
                          coalesce(p.name, p.email, 'Speaker ' || u.participant_no),
                          u.text),
                   E'\n' ORDER BY u.seq)
          FROM chorus.utterances u
               LEFT JOIN chorus.participants p USING (call_id, participant_no)
         WHERE u.call_id = chorus_transcript.call_id);
END
$$;
COMMENT ON FUNCTION @extschema@.chorus_transcript(bigint) IS
    'The transcript of a call as text, a line per utterance such as [00:01:23] Kim Lee: We need SSO. NULL: there is none (yet), see chorus.transcripts';
