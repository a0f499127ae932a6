-- Rows of other sources come into chorus.calls and chorus.participants by INSERT, UPDATE, DELETE and COPY. These
-- triggers make of them what we would have made. They are silent for rows that our own code writes, and during a
-- restore, which brings what they would write.

CREATE FUNCTION chorus.is_pushed() RETURNS boolean
    LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'is_pushed_wrapper';
COMMENT ON FUNCTION chorus.is_pushed() IS
    'Whether rows written now come from somebody else than chorus_sync itself and restores of dumps';

CREATE FUNCTION chorus.pushed_call() RETURNS trigger
    LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'pushed_call_wrapper';
COMMENT ON FUNCTION chorus.pushed_call() IS 'Looks at a call of another source before it is written';

CREATE FUNCTION chorus.pushed_participant() RETURNS trigger
    LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'pushed_participant_wrapper';
COMMENT ON FUNCTION chorus.pushed_participant() IS 'Derives address, domain and side of a participant before it is written';

CREATE FUNCTION chorus.pushed() RETURNS trigger
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'pushed_wrapper';
COMMENT ON FUNCTION chorus.pushed() IS
    'After a statement on calls or participants: transcript rows, what hung on deleted calls, and marks for the next chorus_dedup';

CREATE TRIGGER pushed_row BEFORE INSERT OR UPDATE OR DELETE ON chorus.calls
    FOR EACH ROW WHEN (chorus.is_pushed()) EXECUTE FUNCTION chorus.pushed_call();
CREATE TRIGGER pushed_row BEFORE INSERT OR UPDATE OR DELETE ON chorus.participants
    FOR EACH ROW WHEN (chorus.is_pushed()) EXECUTE FUNCTION chorus.pushed_participant();
CREATE TRIGGER pushed AFTER INSERT OR UPDATE OR DELETE ON chorus.calls
    FOR EACH STATEMENT WHEN (chorus.is_pushed()) EXECUTE FUNCTION chorus.pushed();
CREATE TRIGGER pushed AFTER INSERT OR UPDATE OR DELETE ON chorus.participants
    FOR EACH STATEMENT WHEN (chorus.is_pushed()) EXECUTE FUNCTION chorus.pushed();

CREATE FUNCTION chorus.calls_emptied() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO chorus.match_due (call_id) SELECT f.call_id FROM chorus.match_facts f;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION chorus.calls_emptied() IS
    'After TRUNCATE of calls, which names none of them: marks all for the next chorus_dedup, so that no new call is taken for one of a meeting that is gone';

CREATE TRIGGER emptied AFTER TRUNCATE ON chorus.calls
    FOR EACH STATEMENT WHEN (current_setting('check_function_bodies')::bool) EXECUTE FUNCTION chorus.calls_emptied();
