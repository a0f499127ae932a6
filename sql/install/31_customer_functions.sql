-- What a person says about the customers of a meeting.

CREATE FUNCTION chorus.decide_customer(meeting_id bigint, customer_id text, decision text) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    main_call bigint;
BEGIN
    SELECT m.main_call_id INTO main_call FROM chorus.meetings m WHERE m.meeting_id = decide_customer.meeting_id;
    IF main_call IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object',
            MESSAGE = format('there is no meeting %s', coalesce(decide_customer.meeting_id::text, 'NULL')),
            HINT = 'SELECT meeting_id, title, started_at FROM chorus.meetings ORDER BY started_at DESC;';
    END IF;
    IF NOT EXISTS (SELECT FROM chorus.customers k WHERE k.customer_id = decide_customer.customer_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object',
            MESSAGE = format('there is no customer "%s"', coalesce(decide_customer.customer_id, 'NULL')),
            HINT = 'SELECT customer_id, name FROM chorus.customers;';
    END IF;
    -- What was said before about other recordings of this meeting holds no longer.
    DELETE FROM chorus.customer_decisions d USING chorus.calls c
     WHERE c.call_id = d.call_id AND c.meeting_id = decide_customer.meeting_id
       AND d.customer_id = decide_customer.customer_id AND d.call_id <> main_call;
    INSERT INTO chorus.customer_decisions AS d (call_id, customer_id, decision, decided_at)
    VALUES (main_call, decide_customer.customer_id, decide_customer.decision, chorus.clock())
    ON CONFLICT ON CONSTRAINT customer_decisions_pkey DO UPDATE
        SET decision = excluded.decision, decided_at = excluded.decided_at;
END
$$;
COMMENT ON FUNCTION chorus.decide_customer(bigint, text, text) IS 'What chorus_attach and chorus_detach do';

CREATE FUNCTION @extschema@.chorus_attach(meeting_id bigint, customer_id text) RETURNS void
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT chorus.decide_customer(meeting_id, customer_id, 'attached')
$$;
COMMENT ON FUNCTION @extschema@.chorus_attach(bigint, text) IS
    'Says by hand that a meeting was held with a customer, whatever accounts, addresses and domains say';

CREATE FUNCTION @extschema@.chorus_detach(meeting_id bigint, customer_id text) RETURNS void
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT chorus.decide_customer(meeting_id, customer_id, 'detached')
$$;
COMMENT ON FUNCTION @extschema@.chorus_detach(bigint, text) IS
    'Says by hand that a meeting was not held with a customer, whatever accounts, addresses and domains say';

CREATE FUNCTION @extschema@.chorus_preview_domain(domain text)
    RETURNS TABLE (meeting_id bigint, title text, started_at timestamptz, emails text[])
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    wanted text := chorus.as_domain($1);
BEGIN
    RETURN QUERY
    SELECT m.meeting_id, m.title, m.started_at, who.emails
      FROM (SELECT DISTINCT c.meeting_id
              FROM chorus.host_domains h
                   JOIN chorus.party_hosts p ON p.host = h.host
                   JOIN chorus.calls c ON c.party_id = p.party_id
             WHERE h.domain = wanted AND c.removed_at IS NULL AND c.meeting_id IS NOT NULL
               AND chorus.may_attach(h.host) AND NOT chorus.has_nearer_customer(h.host, h.level)) met
           JOIN chorus.calls m ON m.meeting_id = met.meeting_id AND m.is_main_call AND m.removed_at IS NULL
           CROSS JOIN LATERAL (
               SELECT array_agg(DISTINCT q.email ORDER BY q.email) AS emails
                 FROM chorus.calls c JOIN chorus.participants q ON q.call_id = c.call_id
                WHERE c.meeting_id = m.meeting_id AND c.removed_at IS NULL
                  AND wanted = ANY (chorus.domains(chorus.host(q.email)))) who
     ORDER BY m.started_at DESC, m.meeting_id;
END
$$;
COMMENT ON FUNCTION @extschema@.chorus_preview_domain(text) IS
    'The meetings that would attach to a customer by this domain, newest first, and whose addresses they are. Nothing for free mail and own domains';
