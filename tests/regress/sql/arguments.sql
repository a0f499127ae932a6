-- What is refused before anything is sent: the SQLSTATE, the message, and what to do about it.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE EXTENSION chorus_sync;
CREATE FUNCTION pg_temp.refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
    message text;
    hint text;
BEGIN
    EXECUTE statement;
    RETURN 'accepted';
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN state || ': ' || message || E'\n  HINT: ' || hint;
END
$$;
\pset format unaligned
\pset tuples_only on

-- Connecting.
SELECT statement || E'\n  ' || pg_temp.refusal(statement)
FROM (VALUES
    (1, $$SELECT chorus_connect()$$),
    (2, $$SELECT chorus_connect(api_key => 'secret', api_key_file => '/secret')$$),
    (3, $$SELECT chorus_connect(api_key => '')$$),
    (4, $$SELECT chorus_connect(api_key => E'two\nlines')$$),
    (5, $$SELECT chorus_connect(api_key_file => '/no/such/file')$$),
    (6, $$SELECT chorus_connect(api_key => 'secret', connection => ' ')$$),
    (7, $$SELECT chorus_connect(api_key => 'secret', lookback_days => 0)$$),
    (8, $$SELECT chorus_connect(api_key => 'secret', lookback_days => 4000)$$),
    (9, $$SELECT chorus_connect(api_key => 'secret', schedule => 'now and then')$$),
    (10, $$SELECT chorus_connect(api_key => 'secret', schedule => '0 seconds')$$),
    (11, $$SELECT chorus_connect(api_key => 'secret', base_url => 'chorus.ai')$$),
    (12, $$SELECT chorus_connect(api_key => 'secret', base_url => 'ftp://chorus.ai')$$),
    (13, $$SELECT chorus_connect(api_key => 'secret', base_url => 'https://me:word@chorus.ai')$$),
    (14, $$SELECT chorus_connect(api_key => 'secret', base_url => 'http://chorus.ai')$$),
    (15, $$SELECT chorus_connect(api_key => 'secret', base_url => 'https://localhost')$$),
    (16, $$SELECT chorus_connect(api_key => 'secret', base_url => 'https://10.0.0.1')$$),
    (17, $$SELECT chorus_connect(api_key => 'secret', base_url => 'https://[::1]')$$),
    (18, $$SELECT chorus_connect(api_key => 'secret', base_url => 'https://169.254.169.254')$$)
) AS tried(n, statement)
ORDER BY n;

-- The same slips as a row.
SELECT ok, problem, hint FROM chorus_test_connection('https://10.0.0.1', 'secret');
SELECT ok, problem, hint FROM chorus_test_connection('https://chorus.ai', '');

-- What is not there.
SELECT statement || E'\n  ' || pg_temp.refusal(statement)
FROM (VALUES
    (1, $$SELECT chorus_sync()$$),
    (2, $$SELECT chorus_sync(connection => 'nobody', wait => false)$$),
    (3, $$SELECT chorus_cancel(1)$$),
    (4, $$CALL chorus_wait(1)$$),
    (5, $$SELECT chorus_disconnect('nobody')$$),
    (6, $$SELECT chorus_transcript(1)$$),
    (7, $$SELECT chorus_schedule('1 hour', 'nobody')$$),
    (8, $$SELECT chorus_schedule('0 0 31 2 *')$$),
    (9, $$SELECT chorus_schedule('0.5 seconds')$$)
) AS tried(n, statement)
ORDER BY n;

-- A connection that comes without its key, as from a dump, needs one.
INSERT INTO chorus.connections (name, base_url, lookback_days, schedule, state, connected_at)
VALUES ('restored', 'https://chorus.ai', 30, '15 minutes', 'active', now());
SELECT connection, state, calls, last_success_at FROM chorus_status();
SELECT pg_temp.refusal($$SELECT chorus_sync(connection => 'restored')$$);
SELECT pg_temp.refusal($$SELECT chorus_connect(connection => 'restored')$$);
SELECT pg_temp.refusal($$SELECT chorus_schedule('1 hour', 'restored')$$);

-- In the transaction that made or changed it, nobody can wait for its run.
BEGIN;
UPDATE chorus.connections SET lookback_days = 60 WHERE name = 'restored';
SELECT pg_temp.refusal($$SELECT chorus_sync(connection => 'restored')$$);
ROLLBACK;

-- One that was disconnected stays so until it is connected again; purging it leaves nothing.
SELECT chorus_disconnect('restored');
SELECT pg_temp.refusal($$SELECT chorus_sync(connection => 'restored')$$);
SELECT pg_temp.refusal($$SELECT chorus_schedule('1 hour', 'restored')$$);
SELECT chorus_disconnect('restored', purge => true);
SELECT count(*) FROM chorus.connections;

-- Files of the server are for those who may read them anyway, and connecting is not for readers.
SET ROLE chorus_admin;
SELECT chorus_connect(api_key_file => '/etc/passwd');
SET ROLE chorus_reader;
SELECT chorus_connect(api_key => 'secret');
SELECT chorus_sync();
SELECT sealed_key FROM chorus.credentials;
RESET ROLE;

-- Settings.
SET chorus_sync.clock_offset = 'soon';
SET chorus_sync.max_concurrent_requests = 0;
SET chorus_sync.timezone = 'Europe/Berlin';
SET chorus_sync.timezone = 'Berlin';
SET chorus_sync.no_such_setting = 1;

DROP EXTENSION chorus_sync;

-- Its functions may not lie between its tables.
CREATE SCHEMA chorus;
CREATE EXTENSION chorus_sync SCHEMA chorus;
DROP SCHEMA chorus;
