-- What pg_dump carries: all data and settings, and no key. One table per statement, or PostgreSQL refuses.
-- Rows that CREATE EXTENSION makes itself are left out, or a restore would bring them twice.

SELECT pg_catalog.pg_extension_config_dump('chorus.connections', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.connections_connection_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.runs', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.runs_run_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.problems', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.problems_problem_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.users', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.teams', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.team_members', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.sources', $$WHERE source <> 'chorus'$$);
SELECT pg_catalog.pg_extension_config_dump('chorus.calls', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.calls_call_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.participants', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.transcripts', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.utterances', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.trackers', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.trackers_tracker_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.call_trackers', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.tracker_mentions', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.call_metrics', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.scorecards', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.scorecard_scores', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.match_due', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.match_due_due_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.match_facts', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.match_counts', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.match_progress', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.match_scores', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.match_decisions', '');
-- The feed is not carried, but its numbers go on: no reader's last event comes again.
SELECT pg_catalog.pg_extension_config_dump('chorus.events_event_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.customers', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.customer_domains', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.customer_accounts', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.customer_contacts', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.customer_decisions', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.domain_rules', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.parties', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.party_hosts', '');
SELECT pg_catalog.pg_extension_config_dump('chorus.host_domains', '');
