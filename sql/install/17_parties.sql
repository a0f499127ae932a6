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

-- The sides of other sources' people are derived by own domains when they come, and again by a run when those change. Not
-- dumped: after a restore all are derived once more.
CREATE TABLE chorus.sides_state (
    one         boolean NOT NULL DEFAULT true PRIMARY KEY CHECK (one),
    own_domains text[]  NOT NULL,
    done_to     bigint
);
COMMENT ON TABLE  chorus.sides_state             IS 'By which own domains the sides of other sources'' people are derived, and how far; no row: none were known yet';
COMMENT ON COLUMN chorus.sides_state.one         IS 'There is one row at most';
COMMENT ON COLUMN chorus.sides_state.own_domains IS 'chorus.own_domains when a run began to derive';
COMMENT ON COLUMN chorus.sides_state.done_to     IS 'The last call that was looked at; NULL: all were';

-- Whose meetings these are, without reading the wide rows. No view shows a call that waits to be recognised.
CREATE INDEX calls_by_party ON chorus.calls (party_id, meeting_id, is_main_call, call_id, started_at) WHERE removed_at IS NULL AND meeting_id IS NOT NULL;
CREATE INDEX calls_in_meeting ON chorus.calls (meeting_id, is_main_call, party_id, call_id, started_at, removed_at);
CREATE INDEX calls_main_by_start ON chorus.calls (started_at, meeting_id, party_id, call_id) WHERE is_main_call AND removed_at IS NULL;
-- Which calls somebody took part in.
CREATE INDEX participants_by_address ON chorus.participants (chorus.address(email));
-- The domains of users, each once: chorus.own_domains.
CREATE INDEX users_by_domain ON chorus.users (chorus.registrable_domain(email)) WHERE chorus.registrable_domain(email) IS NOT NULL;

CREATE FUNCTION chorus.parties_of(call_ids bigint[], account_ids text[]) RETURNS TABLE (call_id bigint, party_id bigint)
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'parties_of_wrapper';
COMMENT ON FUNCTION chorus.parties_of(bigint[], text[]) IS 'The party of each of these calls with these accounts, by their participants; parties that are new are written';

CREATE FUNCTION chorus.settle_parties(call_ids bigint[]) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'settle_parties_wrapper';
COMMENT ON FUNCTION chorus.settle_parties(bigint[]) IS 'Sets the party of each of these calls that has a meeting, by its account and participants';

-- Every writer of parties takes a lock on this table that this one waits for, and then sees what they wrote. A snapshot
-- from before would not: then the parties stay, which costs some space.
-- All calls are looked at, for which the look-ups that runs ask the planner for are wrong.
CREATE FUNCTION chorus.forget_unused_parties() RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_hashjoin = on SET enable_seqscan = on AS $$
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
