-- Parties: who met, as far as customers are concerned. Calls with the same account, and people of the same sides at the
-- same hosts, share a party. A million meetings have some ten thousand parties, so that looking up whose customers they
-- are costs little, and nothing about customers has to be stored with a call.
--
-- What a party is never changes. Its number is a hash of it, so that writers need not agree on numbers; and there is no
-- unique key, because that would have one transaction that meets somebody new wait for the end of another. Two at once
-- write the same rows twice, which harms nothing: readers only ask whether there is one.

CREATE TABLE chorus.parties (
    party_id bigint NOT NULL,
    account  text
);
CREATE INDEX parties_by_number  ON chorus.parties (party_id);
CREATE INDEX parties_by_account ON chorus.parties (account) WHERE account IS NOT NULL;
COMMENT ON TABLE  chorus.parties          IS 'Who met: an account, and people of certain sides at certain hosts (party_hosts). Calls of the same share one';
COMMENT ON COLUMN chorus.parties.party_id IS 'Hash of what the party is';
COMMENT ON COLUMN chorus.parties.account  IS 'Account in the CRM, in the form of customer_accounts.account_key';

CREATE TABLE chorus.party_hosts (
    party_id bigint NOT NULL,
    side     text   NOT NULL CHECK (side IN ('internal', 'external', 'unknown')),
    host     text
);
CREATE INDEX party_hosts_by_party ON chorus.party_hosts (party_id, host, side);
CREATE INDEX party_hosts_by_host  ON chorus.party_hosts (host, party_id) WHERE host IS NOT NULL;
COMMENT ON TABLE  chorus.party_hosts          IS 'The people of a party, by side and host';
COMMENT ON COLUMN chorus.party_hosts.party_id IS 'chorus.parties';
COMMENT ON COLUMN chorus.party_hosts.side     IS 'As in chorus.participants';
COMMENT ON COLUMN chorus.party_hosts.host     IS 'Host of the address; NULL for people without one';

CREATE TABLE chorus.host_domains (
    host   text    NOT NULL,
    domain text    NOT NULL,
    level  integer NOT NULL
);
CREATE INDEX host_domains_by_host   ON chorus.host_domains (host, level, domain);
CREATE INDEX host_domains_by_domain ON chorus.host_domains (domain, host, level);
COMMENT ON TABLE  chorus.host_domains        IS 'The domains that each host lies in, from itself down to the one that somebody registered';
COMMENT ON COLUMN chorus.host_domains.host   IS 'A host that people took part from';
COMMENT ON COLUMN chorus.host_domains.domain IS 'The host or a parent of it';
COMMENT ON COLUMN chorus.host_domains.level  IS '0 for the host itself, and one more for each parent';

-- Whose meetings these are, without reading the wide rows.
CREATE INDEX calls_by_party ON chorus.calls (party_id, meeting_id, is_main_call, call_id, started_at) WHERE removed_at IS NULL;
CREATE INDEX calls_in_meeting ON chorus.calls (meeting_id, is_main_call, party_id, call_id, started_at, removed_at);
CREATE INDEX calls_main_by_start ON chorus.calls (started_at, meeting_id, party_id, call_id) WHERE is_main_call AND removed_at IS NULL;
-- Which calls somebody took part in.
CREATE INDEX participants_by_address ON chorus.participants (chorus.address(email));
-- The domains of users, each once: chorus.own_domains.
CREATE INDEX users_by_domain ON chorus.users (chorus.registrable_domain(email)) WHERE chorus.registrable_domain(email) IS NOT NULL;

-- The planner knows nothing of tables that were empty a moment ago. OFFSET 0 has every row looked up by its index.
CREATE FUNCTION chorus.parties_of(call_ids bigint[], account_ids text[]) RETURNS TABLE (call_id bigint, party_id bigint)
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH met AS MATERIALIZED (
        SELECT c.call_id, chorus.account_key(c.account_id) AS account,
               coalesce(array_agg(DISTINCT p.side || ' ' || coalesce(chorus.host(p.email), '')) FILTER (WHERE p.side IS NOT NULL), '{}') AS people
          FROM unnest(call_ids, account_ids) AS c(call_id, account_id)
               LEFT JOIN LATERAL (SELECT q.side, q.email FROM chorus.participants q WHERE q.call_id = c.call_id OFFSET 0) p ON true
         GROUP BY c.call_id, c.account_id
    ), numbered AS MATERIALIZED (
        SELECT m.call_id, m.account, m.people,
               hashtextextended(concat_ws(E'\n', coalesce(m.account, ''), array_to_string(m.people, E'\n')), 0) AS party_id
          FROM met m
         WHERE m.account IS NOT NULL OR m.people <> '{}'
    ), added AS MATERIALIZED (
        SELECT DISTINCT ON (n.party_id) n.party_id, n.account, n.people
          FROM numbered n
         WHERE NOT EXISTS (SELECT FROM chorus.parties k WHERE k.party_id = n.party_id OFFSET 0)
    ), people AS MATERIALIZED (
        SELECT a.party_id, split_part(one, ' ', 1) AS side, nullif(split_part(one, ' ', 2), '') AS host
          FROM added a CROSS JOIN LATERAL unnest(a.people) AS one
    ), parties_added AS (
        INSERT INTO chorus.parties (party_id, account) SELECT a.party_id, a.account FROM added a
    ), hosts_added AS (
        INSERT INTO chorus.party_hosts (party_id, side, host) SELECT p.party_id, p.side, p.host FROM people p
    ), domains_added AS (
        INSERT INTO chorus.host_domains (host, domain, level)
        SELECT h.host, d.domain, d.place - 1
          FROM (SELECT DISTINCT p.host FROM people p
                 WHERE p.host IS NOT NULL
                   AND NOT EXISTS (SELECT FROM chorus.host_domains k WHERE k.host = p.host OFFSET 0)) h
               CROSS JOIN LATERAL unnest(chorus.domains(h.host)) WITH ORDINALITY AS d(domain, place)
    )
    SELECT n.call_id, n.party_id FROM numbered n;
END
$$;
COMMENT ON FUNCTION chorus.parties_of(bigint[], text[]) IS 'The party of each of these calls with these accounts, by their participants; parties that are new are written';

CREATE FUNCTION chorus.settle_parties(call_ids bigint[]) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'settle_parties_wrapper';
COMMENT ON FUNCTION chorus.settle_parties(bigint[]) IS 'Sets the party of each of these calls by its account and participants, as the owner of the extension';

-- Every writer of parties takes a lock on this table that this one waits for, and then sees what they wrote. A snapshot
-- from before would not: then the parties stay, which costs some space.
CREATE FUNCTION chorus.forget_unused_parties() RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RETURN;
    END IF;
    LOCK TABLE chorus.parties IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM chorus.parties p WHERE NOT EXISTS (SELECT FROM chorus.calls c WHERE c.party_id = p.party_id);
    DELETE FROM chorus.party_hosts h WHERE NOT EXISTS (SELECT FROM chorus.parties p WHERE p.party_id = h.party_id);
    DELETE FROM chorus.host_domains d WHERE NOT EXISTS (SELECT FROM chorus.party_hosts h WHERE h.host = d.host);
END
$$;
COMMENT ON FUNCTION chorus.forget_unused_parties() IS 'Deletes the parties that no call has any more, when a connection is purged';
