-- What addresses and domains are. Immutable functions in C: they look at nothing but their argument. A newer library may
-- know newer lists; an upgrade script then has to reindex and to settle parties again.

CREATE FUNCTION chorus.host(email text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'host_wrapper';
COMMENT ON FUNCTION chorus.host(text) IS 'Host of an address, in lower case and ASCII; NULL where there is none';

CREATE FUNCTION chorus.address(email text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'address_wrapper';
COMMENT ON FUNCTION chorus.address(text) IS 'The form in which two spellings of one mailbox are equal: lower case, no plus-tag, an ASCII host; NULL: no address';

CREATE FUNCTION chorus.account_key(account_id text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'account_key_wrapper';
COMMENT ON FUNCTION chorus.account_key(text) IS 'The form in which the 15 and the 18 characters of one Salesforce id are equal; NULL for an empty id';

CREATE FUNCTION chorus.domains(host text) RETURNS text[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 4 AS 'MODULE_PATHNAME', 'domains_wrapper';
COMMENT ON FUNCTION chorus.domains(text) IS 'The domains that a host lies in: the host itself, then each parent down to the one that somebody registered, by the public suffix list with its private part';

CREATE FUNCTION chorus.registrable_domain(address_or_host text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 4 AS 'MODULE_PATHNAME', 'registrable_domain_wrapper';
COMMENT ON FUNCTION chorus.registrable_domain(text) IS 'The domain that somebody registered; NULL for a public suffix and for addresses of machines';

CREATE FUNCTION chorus.as_domain(typed text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'as_domain_wrapper';
COMMENT ON FUNCTION chorus.as_domain(text) IS 'A domain as people type it (URL, @, capitals, final dot) as a host; nonsense is an error';

CREATE FUNCTION chorus.as_email(typed text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'as_email_wrapper';
COMMENT ON FUNCTION chorus.as_email(text) IS 'An address as people type it, in lower case and trimmed; nonsense is an error';

CREATE FUNCTION chorus.listed_domains() RETURNS TABLE (domain text, kind text)
    LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 15000 AS 'MODULE_PATHNAME', 'listed_domains_wrapper';
COMMENT ON FUNCTION chorus.listed_domains() IS 'Domains that everybody can have an address at, as built in: free mail, disposable';
