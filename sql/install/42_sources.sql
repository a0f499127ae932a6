-- They change what chorus.calls holds: for chorus_admin only.

REVOKE ALL ON FUNCTION
    @extschema@.chorus_add_source(text, regclass, jsonb),
    @extschema@.chorus_remove_source(text)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    @extschema@.chorus_add_source(text, regclass, jsonb),
    @extschema@.chorus_remove_source(text)
    TO chorus_admin;
