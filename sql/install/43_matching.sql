-- What decides which calls are one meeting is for chorus_admin; why is for everybody who reads.

REVOKE ALL ON FUNCTION
    @extschema@.chorus_dedup(timestamptz),
    @extschema@.chorus_merge(bigint, bigint, text),
    @extschema@.chorus_separate(bigint, bigint, text),
    @extschema@.chorus_explain_match(bigint, bigint)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.chorus_explain_match(bigint, bigint) TO chorus_reader;
GRANT EXECUTE ON FUNCTION
    @extschema@.chorus_dedup(timestamptz),
    @extschema@.chorus_merge(bigint, bigint, text),
    @extschema@.chorus_separate(bigint, bigint, text)
    TO chorus_admin;
