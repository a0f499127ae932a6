-- Who may do what: PUBLIC nothing, chorus_reader reads, chorus_admin also connects and syncs.
SET client_min_messages = warning;
CREATE EXTENSION chorus_sync;
CREATE TEMPORARY VIEW members AS
SELECT classid, objid, pg_describe_object(classid, objid, 0) AS object
FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass
AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'chorus_sync')
AND deptype = 'e';

-- PUBLIC has nothing.
SELECT has_schema_privilege('public', 'chorus', 'USAGE') AS public_uses_schema;
SELECT object AS relation_open_to_public
FROM members JOIN pg_class c ON c.oid = objid AND classid = 'pg_class'::regclass
WHERE EXISTS (SELECT FROM aclexplode(relacl) WHERE grantee = 0)
OR EXISTS (SELECT FROM pg_attribute a CROSS JOIN LATERAL aclexplode(a.attacl) WHERE a.attrelid = c.oid AND grantee = 0);
SELECT object AS function_open_to_public
FROM members JOIN pg_proc p ON p.oid = objid AND classid = 'pg_proc'::regclass
WHERE EXISTS (SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee = 0);

-- The roles can not log in, and an administrator is a reader too.
SELECT rolname, rolcanlogin, rolsuper, rolcreaterole FROM pg_roles WHERE rolname IN ('chorus_admin', 'chorus_reader') ORDER BY rolname;
SELECT pg_has_role('chorus_admin', 'chorus_reader', 'USAGE') AS admin_is_reader;

-- A reader reads everything but the sealed keys.
SELECT c.relname AS hidden_from_readers
FROM members JOIN pg_class c ON c.oid = objid AND classid = 'pg_class'::regclass
WHERE relkind IN ('r', 'v') AND NOT has_table_privilege('chorus_reader', c.oid, 'SELECT');
SELECT has_table_privilege('chorus_admin', 'chorus.credentials', 'SELECT, INSERT, UPDATE, DELETE') AS admin_sees_keys;
SELECT object AS readers_may_change
FROM members JOIN pg_class c ON c.oid = objid AND classid = 'pg_class'::regclass
WHERE relkind IN ('r', 'v') AND has_table_privilege('chorus_reader', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES');

-- A trigger would run with the rights of the worker.
SELECT object AS may_be_given_a_trigger
FROM members JOIN pg_class c ON c.oid = objid AND classid = 'pg_class'::regclass
WHERE relkind IN ('r', 'v')
AND (has_table_privilege('chorus_reader', c.oid, 'TRIGGER') OR has_table_privilege('chorus_admin', c.oid, 'TRIGGER'));

-- Who may call what.
SELECT p.oid::regprocedure AS function, has_function_privilege('chorus_reader', p.oid, 'EXECUTE') AS reader,
       has_function_privilege('chorus_admin', p.oid, 'EXECUTE') AS admin
FROM members JOIN pg_proc p ON p.oid = objid AND classid = 'pg_proc'::regclass
WHERE pronamespace = 'public'::regnamespace
ORDER BY proname COLLATE "C";

-- No function takes over its caller's search_path together with somebody else's rights.
SELECT object AS security_definer_without_search_path
FROM members JOIN pg_proc p ON p.oid = objid AND classid = 'pg_proc'::regclass
WHERE prosecdef AND NOT EXISTS (SELECT FROM unnest(proconfig) AS setting WHERE setting LIKE 'search_path=%');

DROP VIEW members;
DROP EXTENSION chorus_sync;
