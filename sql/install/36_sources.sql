-- Other sources of calls: tables and views that are read by chorus_dedup.

CREATE FUNCTION @extschema@.chorus_add_source(source text, relation regclass, mapping jsonb) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'chorus_add_source_wrapper';
COMMENT ON FUNCTION @extschema@.chorus_add_source(text, regclass, jsonb) IS
    'Has chorus_dedup read the calls of another tool from a table or view, with the rights of the role that calls this. mapping says which column is what: {"source_call_id": "id", "started_at": "started", "emails": "attendees"}; again for the same source changes it and reads all anew';

CREATE FUNCTION @extschema@.chorus_remove_source(source text) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'chorus_remove_source_wrapper';
COMMENT ON FUNCTION @extschema@.chorus_remove_source(text) IS
    'Deletes a source with all of its calls, whether they were read from a relation or pushed; the relation itself stays';
