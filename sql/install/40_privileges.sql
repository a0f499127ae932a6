-- Who may do what. PUBLIC has nothing; chorus_admin is a chorus_reader that may also connect and sync.

REVOKE ALL ON SCHEMA chorus FROM PUBLIC;
GRANT USAGE ON SCHEMA chorus TO chorus_reader;

-- A reader sees all but the sealed keys. Nobody gets TRIGGER: a trigger would run with the rights of our worker.
GRANT SELECT ON ALL TABLES IN SCHEMA chorus TO chorus_reader;
-- pg_dump asks for them.
GRANT SELECT ON ALL SEQUENCES IN SCHEMA chorus TO chorus_reader;
REVOKE ALL ON chorus.credentials FROM chorus_reader;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA chorus FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chorus.run_worker(bigint), chorus.run_progress(chorus.runs), chorus.clock(), chorus.is_scheduled(),
    chorus.flush_commits(), chorus.search_config(text), chorus.words_in(tsvector[]), chorus.excerpt(text, text, tsquery) TO chorus_reader;

REVOKE ALL ON FUNCTION
    @extschema@.chorus_connect(text, text, integer, text, text, text),
    @extschema@.chorus_test_connection(text, text),
    @extschema@.chorus_schedule(text, text),
    @extschema@.chorus_disconnect(text, boolean),
    @extschema@.chorus_sync(interval, text, boolean),
    @extschema@.chorus_cancel(bigint),
    @extschema@.chorus_retry(bigint),
    @extschema@.chorus_accept_removals(text),
    @extschema@.chorus_status(),
    @extschema@.chorus_transcript(bigint),
    @extschema@.chorus_events(bigint, integer),
    @extschema@.chorus_search(text, timestamptz, integer),
    @extschema@.chorus_meeting_transcript(bigint)
    FROM PUBLIC;
REVOKE ALL ON PROCEDURE @extschema@.chorus_wait(bigint) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION
    @extschema@.chorus_status(),
    @extschema@.chorus_transcript(bigint),
    @extschema@.chorus_events(bigint, integer),
    @extschema@.chorus_search(text, timestamptz, integer),
    @extschema@.chorus_meeting_transcript(bigint)
    TO chorus_reader;
GRANT EXECUTE ON PROCEDURE @extschema@.chorus_wait(bigint) TO chorus_reader;

-- They send requests from the database server and spend a key: for chorus_admin only.
GRANT EXECUTE ON FUNCTION
    @extschema@.chorus_connect(text, text, integer, text, text, text),
    @extschema@.chorus_test_connection(text, text),
    @extschema@.chorus_schedule(text, text),
    @extschema@.chorus_disconnect(text, boolean),
    @extschema@.chorus_sync(interval, text, boolean),
    @extschema@.chorus_cancel(bigint),
    @extschema@.chorus_retry(bigint),
    @extschema@.chorus_accept_removals(text)
    TO chorus_admin;

-- Customers. Views ask these functions with their reader's rights.
GRANT EXECUTE ON FUNCTION
    chorus.host(text), chorus.address(text), chorus.account_key(text), chorus.domains(text), chorus.registrable_domain(text),
    chorus.as_domain(text), chorus.as_email(text), chorus.listed_domains(), chorus.may_attach(text), chorus.is_internal(text),
    chorus.has_nearer_customer(text, integer), chorus.is_chosen(bigint, text), chorus.is_detached(bigint, text), chorus.is_unattached(bigint, bigint, bigint),
    chorus.calls_of_contacts(text[], text[])
    TO chorus_reader;
REVOKE ALL ON FUNCTION
    @extschema@.chorus_attach(bigint, text),
    @extschema@.chorus_detach(bigint, text),
    @extschema@.chorus_preview_domain(text)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.chorus_preview_domain(text) TO chorus_reader;
GRANT EXECUTE ON FUNCTION @extschema@.chorus_attach(bigint, text), @extschema@.chorus_detach(bigint, text) TO chorus_admin;
-- What chorus_attach and chorus_detach write; deleting a row leaves the meeting to the rules again.
GRANT EXECUTE ON FUNCTION chorus.decide_customer(bigint, text, text) TO chorus_admin;
GRANT INSERT, UPDATE, DELETE ON
    chorus.customers, chorus.customer_domains, chorus.customer_accounts, chorus.customer_contacts, chorus.domain_rules,
    chorus.customer_decisions
    TO chorus_admin;
