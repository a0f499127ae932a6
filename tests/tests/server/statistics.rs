//! The planner knows what it plans for, with autovacuum or without.

use chorus_tests::Cluster;

#[test]
fn tables_that_were_filled_are_known_to_the_planner_when_the_run_ends() {
    let database = Cluster::shared().database().with_extension();
    database.sql(
        "INSERT INTO chorus.calls (call_id, source, source_call_id, title, started_at)
         SELECT n, 'gong', 'g' || n, 'Call ' || n, now() - make_interval(hours => n) FROM generate_series(1, 3000) n",
    );
    database.sql(
        "INSERT INTO chorus.participants (call_id, participant_no, email)
         SELECT n, 1, format('kim@company%s.example', n) FROM generate_series(1, 3000) n",
    );
    database.sql("INSERT INTO chorus.customers SELECT 'c' || n FROM generate_series(1, 5000) n");
    database.sql("SELECT chorus_dedup()");
    let unknown: Vec<String> = database.value(
        "SELECT coalesce(array_agg(t.name), '{}') FROM unnest(ARRAY['calls', 'participants', 'parties', 'party_hosts', 'host_domains', 'customers']) t(name)
          WHERE NOT EXISTS (SELECT FROM pg_stats s WHERE s.schemaname = 'chorus' AND s.tablename = t.name)",
    );
    assert!(unknown.is_empty(), "{unknown:?}");
}
