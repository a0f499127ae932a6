-- What CREATE EXTENSION promises: where things are, and who may touch them.
SET client_min_messages = warning;
CREATE EXTENSION chorus_sync;

SELECT extversion, extnamespace::regnamespace AS schema, extrelocatable
FROM pg_extension
WHERE extname = 'chorus_sync';

-- Functions named chorus_* are in the extension's schema, everything else is in "chorus".
CREATE TEMPORARY VIEW members AS
SELECT classid, objid, pg_describe_object(classid, objid, 0) AS object
FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass
AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'chorus_sync')
AND deptype = 'e';

SELECT object AS relation_outside
FROM members JOIN pg_class c ON c.oid = objid AND classid = 'pg_class'::regclass
WHERE relnamespace <> 'chorus'::regnamespace;

SELECT object AS function_outside
FROM members JOIN pg_proc p ON p.oid = objid AND classid = 'pg_proc'::regclass
WHERE pronamespace <> 'chorus'::regnamespace
AND (pronamespace <> 'public'::regnamespace OR proname NOT LIKE 'chorus\_%');

SELECT count(*) > 0 AS has_tables
FROM members JOIN pg_class c ON c.oid = objid AND classid = 'pg_class'::regclass
WHERE relkind = 'r';

-- PUBLIC has nothing.
SELECT has_schema_privilege('public', 'chorus', 'USAGE') AS public_uses_schema;

SELECT object AS relation_open_to_public
FROM members JOIN pg_class c ON c.oid = objid AND classid = 'pg_class'::regclass
WHERE EXISTS (SELECT FROM aclexplode(relacl) WHERE grantee = 0);

SELECT object AS function_open_to_public
FROM members JOIN pg_proc p ON p.oid = objid AND classid = 'pg_proc'::regclass
WHERE EXISTS (SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee = 0);

-- It goes as it came.
DROP VIEW members;
DROP EXTENSION chorus_sync CASCADE;
SELECT count(*) AS left_behind FROM pg_proc WHERE proname LIKE 'chorus\_%';
