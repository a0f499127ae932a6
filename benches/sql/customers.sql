-- A million meetings of a company that sells: what `make bench ONLY=customers` looks at. Numbers are made by hashing, so
-- that every run has the same rows.
--
-- 20,000 companies, 12,000 of them customers; the largest has a tenth of the meetings. One meeting in ten is internal,
-- one in twenty is with free mail only, one in twenty was recorded by a second source as well.
SET check_function_bodies = off;
SET synchronous_commit = off;

CREATE FUNCTION pg_temp.draw(n bigint, what integer, below integer) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT ((hashint8extended(n, what) & 2147483647) % below)::integer $$;

INSERT INTO chorus.connections (name, base_url, lookback_days, state, workspace_domain, connected_at)
VALUES ('default', 'https://chorus.ai', 30, 'paused', 'ours.example', now());
INSERT INTO chorus.users (connection_id, user_id, name, email, active)
SELECT 1, n, 'Rep ' || n, format('rep%s@%s', n, CASE WHEN n % 50 = 0 THEN 'gmail.com' WHEN n % 10 = 0 THEN 'ours.test' ELSE 'ours.example' END), true
  FROM generate_series(1, 500) n;

-- kind: 0 internal, 1 free mail, otherwise with a company.
CREATE TEMPORARY TABLE met AS
SELECT n AS call_id,
       CASE WHEN pg_temp.draw(n, 1, 100) < 10 THEN 0 WHEN pg_temp.draw(n, 1, 100) < 15 THEN 1 ELSE 2 END AS kind,
       CASE WHEN pg_temp.draw(n, 2, 100) < 12 THEN 1
            ELSE 2 + least(pg_temp.draw(n, 3, 19999), pg_temp.draw(n, 4, 19999)) END AS company,
       timestamptz '2026-10-01' - make_interval(mins => n * 2) AS started_at
  FROM generate_series(1, 1000000) n;

-- Two of ours, two of theirs; the largest company has 2,000 people, every other one ten.
INSERT INTO chorus.participants (call_id, participant_no, name, email, email_domain, side)
SELECT m.call_id, p, 'Rep', format('rep%s@ours.example', 1 + pg_temp.draw(m.call_id, 10 + p, 500)), 'ours.example', 'internal'
  FROM met m CROSS JOIN generate_series(1, 2) p;
INSERT INTO chorus.participants (call_id, participant_no, name, email, email_domain, side)
SELECT m.call_id, p, 'Customer',
       CASE m.kind WHEN 1 THEN format('person%s@gmail.com', pg_temp.draw(m.call_id, 10 + p, 20000))
            ELSE format('person%s@%scompany%s.example', pg_temp.draw(m.call_id, 10 + p, CASE m.company WHEN 1 THEN 2000 ELSE 10 END),
                        CASE WHEN pg_temp.draw(m.call_id, 20, 20) = 0 THEN 'eu.' ELSE '' END, m.company) END,
       CASE m.kind WHEN 1 THEN 'gmail.com' ELSE format('company%s.example', m.company) END,
       CASE WHEN pg_temp.draw(m.call_id, 21, 20) = 0 THEN 'unknown' ELSE 'external' END
  FROM met m CROSS JOIN generate_series(3, 4) p
 WHERE m.kind > 0;
-- The second recording knows the attendees only.
INSERT INTO chorus.participants (call_id, participant_no, email, email_domain, side)
SELECT 1000000 + p.call_id, p.participant_no, p.email, p.email_domain, p.side
  FROM chorus.participants p
 WHERE p.call_id % 20 = 0;
ANALYZE chorus.participants;

CREATE TEMPORARY TABLE recorded AS
SELECT m.call_id, 'chorus' AS source, m.call_id AS meeting_id, true AS is_main_call, m.started_at,
       CASE WHEN m.kind = 2 AND pg_temp.draw(m.call_id, 30, 10) < 6 THEN '0014X000' || lpad(m.company::text, 7, '0') || 'QAA' END AS account_id
  FROM met m
UNION ALL
SELECT 1000000 + m.call_id, 'calendar', m.call_id, false, m.started_at, NULL FROM met m WHERE m.call_id % 20 = 0;

CREATE TEMPORARY TABLE settled AS
SELECT p.* FROM (SELECT array_agg(r.call_id) AS call_ids, array_agg(r.account_id) AS account_ids FROM recorded r) r,
     chorus.parties_of(r.call_ids, r.account_ids) p;
ANALYZE settled;

INSERT INTO chorus.calls (call_id, source, connection_id, source_call_id, call_type, title, started_at, duration_s, account_id,
                          summary, action_items, meeting_id, is_main_call, party_id, first_seen_at, updated_at, source_data)
SELECT r.call_id, r.source, CASE r.source WHEN 'chorus' THEN 1 END, r.call_id::text, 'meeting', 'Meeting ' || r.call_id, r.started_at,
       1800, r.account_id, repeat('They talked about the renewal. ', 10), '{"Send the offer"}', r.meeting_id, r.is_main_call,
       s.party_id, r.started_at, r.started_at, jsonb_build_object('engagement', jsonb_build_object('participants', repeat('x', 300)))
  FROM recorded r LEFT JOIN settled s USING (call_id);
INSERT INTO chorus.transcripts (call_id, state) SELECT r.call_id, 'ready' FROM recorded r;

INSERT INTO chorus.customers SELECT 'c' || n, 'Company ' || n FROM generate_series(1, 12000) n;
INSERT INTO chorus.customer_domains SELECT format('company%s.example', n), 'c' || n FROM generate_series(1, 12000) n WHERE n % 20 <> 0;
-- Two subsidiaries of one domain, and a customer known by its account alone.
INSERT INTO chorus.customer_domains SELECT format('company%s.example', n), 'c' || (n + 1) FROM generate_series(1, 11998) n WHERE n % 100 = 1 AND n > 1;
INSERT INTO chorus.customer_accounts SELECT '0014X000' || lpad(n::text, 7, '0'), 'c' || n FROM generate_series(1, 12000) n;
INSERT INTO chorus.customer_contacts SELECT format('person%s@company%s.example', p, n), 'c' || n FROM generate_series(1, 12000) n, generate_series(1, 3) p;
INSERT INTO chorus.customer_contacts SELECT format('person%s@gmail.com', n), 'c' || (1 + n % 12000) FROM generate_series(1, 2000) n;
INSERT INTO chorus.domain_rules VALUES ('company19999.example', 'ignore', NULL), ('company19998.example', 'internal', NULL);
INSERT INTO chorus.customer_decisions SELECT 1000 * n, 'c' || n, CASE WHEN n % 2 = 0 THEN 'detached' ELSE 'attached' END, now() FROM generate_series(1, 500) n;
