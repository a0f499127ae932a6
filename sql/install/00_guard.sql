-- What must be true before anything is made, and the two roles that everything is granted to.

DO $$
BEGIN
    IF '@extschema@' = 'chorus' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_schema_name',
            MESSAGE = 'chorus_sync cannot put its functions in the schema "chorus"',
            HINT    = 'The schema "chorus" holds its tables. Leave SCHEMA away, or name another one.';
    END IF;
END
$$;

-- Whoever may create objects beside our functions can plant an overload that is called instead of ours.
DO $$
DECLARE
    -- What @extschema@ stands for is quoted where it must be.
    schema text := '@extschema@';
    others text;
BEGIN
    SELECT string_agg(DISTINCT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, ', ')
      INTO others
      FROM pg_catalog.pg_namespace n
           CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) a
     WHERE n.oid = schema::pg_catalog.regnamespace
       AND a.privilege_type = 'CREATE'
       AND a.grantee <> n.nspowner
       AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles r WHERE r.oid = a.grantee AND r.rolsuper);
    IF others IS NOT NULL THEN
        RAISE WARNING USING
            MESSAGE = pg_catalog.format('other roles may create objects in the schema "%s" of chorus_sync: %s', pg_catalog.btrim(schema, '"'), others),
            HINT    = pg_catalog.format('REVOKE CREATE ON SCHEMA %s FROM %s;', schema, others);
    END IF;
END
$$;

-- Roles belong to the whole cluster, so another database may have made them already.
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = 'chorus_reader') THEN
        CREATE ROLE chorus_reader NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = 'chorus_admin') THEN
        CREATE ROLE chorus_admin NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- another database made them at this very moment
END
$$;
GRANT chorus_reader TO chorus_admin;

CREATE SCHEMA chorus;
COMMENT ON SCHEMA chorus IS 'Calls, transcripts and meetings that chorus_sync pulled out of Chorus';
