-- Meetings, and whose customers they were held with. All of it is derived when somebody looks.
--
-- What is wide or rarely wanted is asked for by subqueries in the list of columns: PostgreSQL answers those after ORDER BY
-- and LIMIT, for the rows of the page alone.

-- Rules and what was learnt, which C functions read once for each query and then look up in memory.
CREATE VIEW chorus.own_domains AS
WITH RECURSIVE of_users AS (
    -- From one domain to the next by the index, however many users there are.
    (SELECT chorus.registrable_domain(u.email) AS domain FROM chorus.users u
      WHERE chorus.registrable_domain(u.email) IS NOT NULL ORDER BY 1 LIMIT 1)
    UNION ALL
    SELECT (SELECT chorus.registrable_domain(u.email) FROM chorus.users u
             WHERE chorus.registrable_domain(u.email) > d.domain ORDER BY 1 LIMIT 1)
      FROM of_users d WHERE d.domain IS NOT NULL
)
SELECT chorus.registrable_domain(k.workspace_domain) AS domain, 'workspace' AS learnt_from
  FROM chorus.connections k
 WHERE chorus.registrable_domain(k.workspace_domain) IS NOT NULL
UNION
SELECT d.domain, 'users' FROM of_users d WHERE d.domain IS NOT NULL;
COMMENT ON VIEW   chorus.own_domains             IS 'Domains of the workspace and of its users, listed ones too: chorus.effective_domain_rules says what holds';
COMMENT ON COLUMN chorus.own_domains.domain      IS 'Registrable domain';
COMMENT ON COLUMN chorus.own_domains.learnt_from IS 'workspace or users';

CREATE VIEW chorus.effective_domain_rules AS
SELECT r.domain, r.rule, 'decided by a person' AS origin, r.note
  FROM chorus.domain_rules r
UNION ALL
SELECT l.domain,
       CASE l.kind WHEN 'disposable' THEN 'ignore' ELSE 'free_mail' END,
       CASE l.kind WHEN 'disposable' THEN 'built-in disposable' ELSE 'built-in free mail' END,
       NULL
  FROM chorus.listed_domains() l
 WHERE NOT EXISTS (SELECT FROM chorus.domain_rules r WHERE r.domain = l.domain)
UNION ALL
SELECT o.domain, 'internal', CASE WHEN bool_or(o.learnt_from = 'workspace') THEN 'learnt from workspace' ELSE 'learnt from users' END, NULL
  FROM chorus.own_domains o
 WHERE NOT EXISTS (SELECT FROM chorus.domain_rules r WHERE r.domain = o.domain)
   AND NOT EXISTS (SELECT FROM chorus.listed_domains() l WHERE l.domain = ANY (chorus.domains(o.domain)))
 GROUP BY o.domain;
COMMENT ON VIEW   chorus.effective_domain_rules        IS 'What holds for a domain and everything below it, and why. Below a domain that a person decided about, that decision comes before the learnt and built-in ones';
COMMENT ON COLUMN chorus.effective_domain_rules.domain IS 'A host in lower case and ASCII';
COMMENT ON COLUMN chorus.effective_domain_rules.rule   IS 'free_mail and ignore: it attaches nobody; internal: nor that, and its people are own people; allow: it attaches';
COMMENT ON COLUMN chorus.effective_domain_rules.origin IS 'decided by a person, learnt from workspace, learnt from users, built-in free mail, built-in disposable';
COMMENT ON COLUMN chorus.effective_domain_rules.note   IS 'What the person noted';

CREATE FUNCTION chorus.may_attach(host text) RETURNS boolean
    LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'may_attach_wrapper';
COMMENT ON FUNCTION chorus.may_attach(text) IS 'Whether people at this host may attach a meeting to a customer by its domain: neither free mail, disposable, ignored nor internal';

CREATE FUNCTION chorus.is_internal(host text) RETURNS boolean
    LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'is_internal_wrapper';
COMMENT ON FUNCTION chorus.is_internal(text) IS 'Whether people at this host are own people, by chorus.domain_rules or because workspace or users have that domain';

-- Functions, because they are rarely asked, and the planner need not think about them each time.
CREATE FUNCTION chorus.has_nearer_customer(of_host text, below integer) RETURNS boolean
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    RETURN EXISTS (SELECT FROM chorus.host_domains n
                          JOIN chorus.customer_domains o ON o.domain = n.domain
                          JOIN chorus.customers k ON k.customer_id = o.customer_id
                    WHERE n.host = of_host AND n.level < below);
END
$$;
COMMENT ON FUNCTION chorus.has_nearer_customer(text, integer) IS 'Whether a more specific domain of a host has a customer';

CREATE FUNCTION chorus.is_detached(of_meeting bigint, from_customer text) RETURNS boolean
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    RETURN coalesce((SELECT d.decision = 'detached'
                       FROM chorus.calls c JOIN chorus.customer_decisions d ON d.call_id = c.call_id
                      WHERE c.meeting_id = of_meeting AND d.customer_id = from_customer
                      ORDER BY d.decided_at DESC, d.call_id DESC LIMIT 1), false);
END
$$;
COMMENT ON FUNCTION chorus.is_detached(bigint, text) IS 'Whether the last word by hand is that a meeting was not held with a customer';

CREATE FUNCTION chorus.is_chosen(of_meeting bigint, among text) RETURNS boolean
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    -- Whoever a person took away from the meeting was named wrongly.
    RETURN EXISTS (SELECT FROM chorus.calls c
                          JOIN chorus.parties p ON p.party_id = c.party_id
                          JOIN chorus.customer_accounts a ON a.account_key = p.account
                          JOIN chorus.customer_domains o ON o.customer_id = a.customer_id
                          JOIN chorus.customers k ON k.customer_id = o.customer_id
                    WHERE c.meeting_id = of_meeting AND c.removed_at IS NULL AND o.domain = among
                      AND NOT chorus.is_detached(of_meeting, k.customer_id))
        OR EXISTS (SELECT FROM chorus.calls c
                          JOIN chorus.participants q ON q.call_id = c.call_id
                          JOIN chorus.customer_contacts t ON t.address = chorus.address(q.email)
                          JOIN chorus.customer_domains o ON o.customer_id = t.customer_id
                          JOIN chorus.customers k ON k.customer_id = o.customer_id
                    WHERE c.meeting_id = of_meeting AND c.removed_at IS NULL AND o.domain = among
                      AND NOT chorus.is_detached(of_meeting, k.customer_id));
END
$$;
COMMENT ON FUNCTION chorus.is_chosen(bigint, text) IS 'Whether the account or an address of a meeting names one of the customers that share a domain, and nobody said otherwise';

CREATE VIEW chorus.host_customers AS
SELECT h.host, h.domain, d.customer_id, o.customers > 1 AS shared
  FROM chorus.customer_domains d
       JOIN chorus.customers k ON k.customer_id = d.customer_id
       CROSS JOIN LATERAL (SELECT count(*) AS customers FROM chorus.customer_domains s JOIN chorus.customers sk ON sk.customer_id = s.customer_id
                            WHERE s.domain = d.domain) o
       JOIN chorus.host_domains h ON h.domain = d.domain
 WHERE chorus.may_attach(h.host)
   AND (h.level = 0 OR NOT chorus.has_nearer_customer(h.host, h.level));
COMMENT ON VIEW   chorus.host_customers             IS 'Whom each host that people took part from belongs to: by the most specific of its domains that has a customer';
COMMENT ON COLUMN chorus.host_customers.host        IS 'chorus.party_hosts';
COMMENT ON COLUMN chorus.host_customers.domain      IS 'The domain that decides';
COMMENT ON COLUMN chorus.host_customers.customer_id IS 'Every customer that has this domain';
COMMENT ON COLUMN chorus.host_customers.shared      IS 'Whether other customers have this domain too';

CREATE VIEW chorus.decided_customers AS
SELECT DISTINCT ON (c.meeting_id, d.customer_id) c.meeting_id, d.customer_id, d.decision
  FROM chorus.customer_decisions d JOIN chorus.calls c USING (call_id)
 WHERE c.meeting_id IS NOT NULL
 ORDER BY c.meeting_id, d.customer_id, d.decided_at DESC, d.call_id DESC;
COMMENT ON VIEW   chorus.decided_customers             IS 'What was decided by hand about each meeting, as it is now';
COMMENT ON COLUMN chorus.decided_customers.meeting_id  IS 'chorus.meetings';
COMMENT ON COLUMN chorus.decided_customers.customer_id IS 'chorus.customers';
COMMENT ON COLUMN chorus.decided_customers.decision    IS 'attached or detached: the last one';

-- Every reason for which a meeting belongs to a customer, by the call that says so.
CREATE VIEW chorus.customer_evidence AS
SELECT c.meeting_id, a.customer_id, 2 AS rank, 'account ' || a.account_id AS evidence, c.is_main_call, c.call_id, c.started_at
  FROM chorus.customer_accounts a
       JOIN chorus.customers k ON k.customer_id = a.customer_id
       JOIN chorus.parties p ON p.account = a.account_key
       JOIN chorus.calls c ON c.party_id = p.party_id
 WHERE c.removed_at IS NULL AND c.meeting_id IS NOT NULL
UNION ALL
SELECT c.meeting_id, t.customer_id, 3, 'contact ' || t.email, c.is_main_call, c.call_id, c.started_at
  FROM chorus.customer_contacts t
       JOIN chorus.customers k ON k.customer_id = t.customer_id
       JOIN chorus.participants p ON chorus.address(p.email) = t.address
       JOIN chorus.calls c ON c.call_id = p.call_id
 WHERE c.removed_at IS NULL AND c.meeting_id IS NOT NULL
UNION ALL
-- A domain that several share says nothing where an account or an address has chosen among them.
SELECT c.meeting_id, h.customer_id, 4,
       'domain ' || h.domain || CASE WHEN h.shared THEN ', shared by several customers' ELSE '' END,
       c.is_main_call, c.call_id, c.started_at
  FROM chorus.host_customers h
       JOIN chorus.party_hosts p ON p.host = h.host
       JOIN chorus.calls c ON c.party_id = p.party_id
 WHERE c.removed_at IS NULL AND c.meeting_id IS NOT NULL
   AND (NOT h.shared OR NOT chorus.is_chosen(c.meeting_id, h.domain))
UNION ALL
SELECT d.meeting_id, d.customer_id, 1, 'by hand', c.is_main_call, c.call_id, c.started_at
  FROM chorus.decided_customers d
       JOIN chorus.customers k ON k.customer_id = d.customer_id
       JOIN chorus.calls c ON c.meeting_id = d.meeting_id
 WHERE d.decision = 'attached' AND c.is_main_call AND c.removed_at IS NULL;
COMMENT ON VIEW   chorus.customer_evidence              IS 'Everything that speaks for a meeting being one with a customer, before chorus_detach; chorus.meeting_customers has the strongest';
COMMENT ON COLUMN chorus.customer_evidence.meeting_id   IS 'chorus.meetings';
COMMENT ON COLUMN chorus.customer_evidence.customer_id  IS 'chorus.customers';
COMMENT ON COLUMN chorus.customer_evidence.rank         IS '1 manual, 2 account, 3 contact, 4 domain';
COMMENT ON COLUMN chorus.customer_evidence.evidence     IS 'What was found, in words';
COMMENT ON COLUMN chorus.customer_evidence.is_main_call IS 'Whether call_id is the main call of the meeting';
COMMENT ON COLUMN chorus.customer_evidence.call_id      IS 'The call that says so';
COMMENT ON COLUMN chorus.customer_evidence.started_at   IS 'Start of that call';

CREATE VIEW chorus.attachments AS
SELECT e.meeting_id,
       e.customer_id,
       min(e.rank) AS rank,
       min(e.rank || ' ' || e.evidence) AS evidence,
       -- Nearly always the main call speaks for itself; where only another recording does, it is looked up.
       coalesce(max(e.call_id) FILTER (WHERE e.is_main_call),
                (SELECT m.call_id FROM chorus.calls m
                  WHERE m.meeting_id = e.meeting_id AND m.is_main_call AND m.removed_at IS NULL LIMIT 1)) AS main_call_id,
       coalesce(max(e.started_at) FILTER (WHERE e.is_main_call),
                (SELECT m.started_at FROM chorus.calls m
                  WHERE m.meeting_id = e.meeting_id AND m.is_main_call AND m.removed_at IS NULL LIMIT 1)) AS started_at
  FROM chorus.customer_evidence e
 WHERE NOT EXISTS (SELECT FROM chorus.decided_customers d
                    WHERE d.meeting_id = e.meeting_id AND d.customer_id = e.customer_id AND d.decision = 'detached')
 GROUP BY e.meeting_id, e.customer_id;
COMMENT ON VIEW   chorus.attachments              IS 'Whom each meeting was held with: what chorus.meeting_customers and chorus.customer_meetings show';
COMMENT ON COLUMN chorus.attachments.meeting_id   IS 'chorus.meetings';
COMMENT ON COLUMN chorus.attachments.customer_id  IS 'chorus.customers';
COMMENT ON COLUMN chorus.attachments.rank         IS 'The strongest reason: 1 manual, 2 account, 3 contact, 4 domain';
COMMENT ON COLUMN chorus.attachments.evidence     IS 'The strongest evidence, its rank before it';
COMMENT ON COLUMN chorus.attachments.main_call_id IS 'Main call of the meeting';
COMMENT ON COLUMN chorus.attachments.started_at   IS 'Start of the main call';

CREATE VIEW chorus.meeting_customers AS
SELECT a.meeting_id,
       a.customer_id,
       CASE a.rank WHEN 1 THEN 'manual' WHEN 2 THEN 'account' WHEN 3 THEN 'contact' ELSE 'domain' END AS reason,
       substr(a.evidence, 3) AS evidence
  FROM chorus.attachments a;
COMMENT ON VIEW   chorus.meeting_customers             IS 'Whom each meeting was held with: a row per meeting and customer';
COMMENT ON COLUMN chorus.meeting_customers.meeting_id  IS 'chorus.meetings';
COMMENT ON COLUMN chorus.meeting_customers.customer_id IS 'chorus.customers';
COMMENT ON COLUMN chorus.meeting_customers.reason      IS 'The strongest: manual, account, contact, domain';
COMMENT ON COLUMN chorus.meeting_customers.evidence    IS 'What the reason rests on, in words';

CREATE VIEW chorus.meetings AS
SELECT m.meeting_id,
       m.title,
       m.started_at,
       m.duration_s,
       m.call_id AS main_call_id,
       (SELECT array_agg(DISTINCT c.source ORDER BY c.source) FROM chorus.calls c
         WHERE c.meeting_id = m.meeting_id AND c.removed_at IS NULL) AS sources,
       (SELECT count(*) FROM chorus.calls c
         WHERE c.meeting_id = m.meeting_id AND c.removed_at IS NULL) AS call_count,
       (SELECT CASE WHEN bool_or(p.side = 'external' AND NOT p.own) THEN 'external'
                    WHEN bool_or(p.side = 'unknown' AND NOT p.own) OR count(*) = 0 THEN 'unknown'
                    ELSE 'internal' END
          FROM (SELECT h.side, coalesce(chorus.is_internal(h.host), false) AS own
                  FROM chorus.calls c JOIN chorus.party_hosts h ON h.party_id = c.party_id
                 WHERE c.meeting_id = m.meeting_id AND c.removed_at IS NULL) p) AS scope
  FROM chorus.calls m
 WHERE m.is_main_call AND m.removed_at IS NULL AND m.meeting_id IS NOT NULL;
COMMENT ON VIEW   chorus.meetings              IS 'Every physical meeting once, however many recorders caught it';
COMMENT ON COLUMN chorus.meetings.meeting_id   IS 'Our number of the meeting: the smallest call_id of its calls';
COMMENT ON COLUMN chorus.meetings.title        IS 'Title of the main call';
COMMENT ON COLUMN chorus.meetings.started_at   IS 'Start of the main call';
COMMENT ON COLUMN chorus.meetings.duration_s   IS 'Seconds';
COMMENT ON COLUMN chorus.meetings.main_call_id IS 'The call whose title and transcript stand for the meeting';
COMMENT ON COLUMN chorus.meetings.sources      IS 'Which sources recorded it';
COMMENT ON COLUMN chorus.meetings.call_count   IS 'How many recordings there are of it';
COMMENT ON COLUMN chorus.meetings.scope        IS 'external: somebody from outside took part; internal: only own people; unknown: cannot be told';

CREATE VIEW chorus.customer_meetings AS
SELECT k.customer_id,
       k.name AS customer_name,
       m.meeting_id,
       m.main_call_id,
       (SELECT c.title FROM chorus.calls c WHERE c.call_id = m.main_call_id) AS title,
       m.started_at,
       (SELECT c.duration_s FROM chorus.calls c WHERE c.call_id = m.main_call_id) AS duration_s,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('name', p.name, 'email', p.email, 'side', p.side) ORDER BY p.side, p.name, p.email), '[]')
          FROM (SELECT DISTINCT ON (coalesce(q.email, q.name)) q.name, q.email,
                       CASE WHEN chorus.is_internal(chorus.host(q.email)) THEN 'internal' ELSE q.side END AS side
                  FROM chorus.calls c JOIN chorus.participants q ON q.call_id = c.call_id
                 WHERE c.meeting_id = m.meeting_id AND c.removed_at IS NULL AND coalesce(q.email, q.name) IS NOT NULL
                 ORDER BY coalesce(q.email, q.name), q.name, c.is_main_call DESC, q.participant_no) p) AS participants,
       (SELECT array_agg(DISTINCT c.source ORDER BY c.source) FROM chorus.calls c
         WHERE c.meeting_id = m.meeting_id AND c.removed_at IS NULL) AS sources,
       (SELECT c.summary FROM chorus.calls c WHERE c.call_id = m.main_call_id) AS summary,
       (SELECT c.action_items FROM chorus.calls c WHERE c.call_id = m.main_call_id) AS action_items,
       (SELECT t.state FROM chorus.transcripts t WHERE t.call_id = m.main_call_id) AS transcript_state,
       CASE m.rank WHEN 1 THEN 'manual' WHEN 2 THEN 'account' WHEN 3 THEN 'contact' ELSE 'domain' END AS reason
  FROM chorus.attachments m
       JOIN chorus.customers k ON k.customer_id = m.customer_id;
COMMENT ON VIEW   chorus.customer_meetings                  IS 'The meetings of each customer: a row per customer and meeting';
COMMENT ON COLUMN chorus.customer_meetings.customer_id      IS 'chorus.customers';
COMMENT ON COLUMN chorus.customer_meetings.customer_name    IS 'Name of the customer';
COMMENT ON COLUMN chorus.customer_meetings.meeting_id       IS 'chorus.meetings';
COMMENT ON COLUMN chorus.customer_meetings.main_call_id     IS 'The call whose title and transcript stand for the meeting';
COMMENT ON COLUMN chorus.customer_meetings.title            IS 'Title of the main call';
COMMENT ON COLUMN chorus.customer_meetings.started_at       IS 'Start of the main call';
COMMENT ON COLUMN chorus.customer_meetings.duration_s       IS 'Seconds';
COMMENT ON COLUMN chorus.customer_meetings.participants     IS 'Who took part, by all recordings: an array of objects with name, email, side';
COMMENT ON COLUMN chorus.customer_meetings.sources          IS 'Which sources recorded it';
COMMENT ON COLUMN chorus.customer_meetings.summary          IS 'Summary of the main call';
COMMENT ON COLUMN chorus.customer_meetings.action_items     IS 'Action items of the main call';
COMMENT ON COLUMN chorus.customer_meetings.transcript_state IS 'How far the transcript of the main call is: chorus.transcripts';
COMMENT ON COLUMN chorus.customer_meetings.reason           IS 'Why it belongs to the customer, the strongest reason: manual, account, contact, domain';

CREATE FUNCTION chorus.calls_of_contacts(addresses text[], customer_ids text[]) RETURNS TABLE (call_id bigint, customer_id text)
    LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN QUERY
    SELECT q.call_id, t.customer
      FROM unnest(addresses, customer_ids) AS t(address, customer)
           JOIN chorus.participants q ON chorus.address(q.email) = t.address;
END
$$;
COMMENT ON FUNCTION chorus.calls_of_contacts(text[], text[]) IS 'The calls that people with these addresses took part in, with the customer beside the address';

CREATE FUNCTION chorus.is_unattached(meeting_id bigint, main_call_id bigint, party_id bigint) RETURNS boolean
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1 AS 'MODULE_PATHNAME', 'is_unattached_wrapper';
COMMENT ON FUNCTION chorus.is_unattached(bigint, bigint, bigint) IS
    'Whether a meeting, the main call of which has this number and party, belongs to no customer and is not internal. Meant for a query that asks for many';

-- A function and no joins: what is right for a page is wrong for a count by a factor of a thousand, and the planner knows
-- too little of whose meetings these are to tell which is which. src/api/unattached.rs sees how many are asked for.
CREATE VIEW chorus.unattached_meetings AS
SELECT m.meeting_id,
       (SELECT c.title FROM chorus.calls c WHERE c.call_id = m.call_id) AS title,
       m.started_at,
       (SELECT c.duration_s FROM chorus.calls c WHERE c.call_id = m.call_id) AS duration_s,
       m.call_id AS main_call_id,
       (SELECT array_agg(DISTINCT c.source ORDER BY c.source) FROM chorus.calls c
         WHERE c.meeting_id = m.meeting_id AND c.removed_at IS NULL) AS sources,
       (SELECT CASE WHEN bool_or(p.side = 'external' AND NOT p.own) THEN 'external'
                    WHEN bool_or(p.side = 'unknown' AND NOT p.own) OR count(*) = 0 THEN 'unknown'
                    ELSE 'internal' END
          FROM (SELECT h.side, coalesce(chorus.is_internal(h.host), false) AS own
                  FROM chorus.calls c JOIN chorus.party_hosts h ON h.party_id = c.party_id
                 WHERE c.meeting_id = m.meeting_id AND c.removed_at IS NULL) p) AS scope,
       (SELECT array_agg(DISTINCT d.domain ORDER BY d.domain)
          FROM chorus.calls c
               JOIN chorus.party_hosts h ON h.party_id = c.party_id
               JOIN chorus.host_domains d ON d.host = h.host
         WHERE c.meeting_id = m.meeting_id AND c.removed_at IS NULL AND chorus.may_attach(h.host)) AS domains
  FROM chorus.calls m
 WHERE m.is_main_call AND m.removed_at IS NULL AND m.meeting_id IS NOT NULL
   AND chorus.is_unattached(m.meeting_id, m.call_id, m.party_id);
COMMENT ON VIEW   chorus.unattached_meetings              IS 'Meetings with somebody from outside, or nobody knows whom, that belong to no customer';
COMMENT ON COLUMN chorus.unattached_meetings.meeting_id   IS 'chorus.meetings';
COMMENT ON COLUMN chorus.unattached_meetings.title        IS 'Title of the main call';
COMMENT ON COLUMN chorus.unattached_meetings.started_at   IS 'Start of the main call';
COMMENT ON COLUMN chorus.unattached_meetings.duration_s   IS 'Seconds';
COMMENT ON COLUMN chorus.unattached_meetings.main_call_id IS 'The call whose title and transcript stand for the meeting';
COMMENT ON COLUMN chorus.unattached_meetings.sources      IS 'Which sources recorded it';
COMMENT ON COLUMN chorus.unattached_meetings.scope        IS 'external or unknown';
COMMENT ON COLUMN chorus.unattached_meetings.domains      IS 'Domains that would attach it: of people who are neither own nor at free mail, with all parents';
