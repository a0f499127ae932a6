//! What the planner knows of our tables. A first run or a push fills tables that were empty, and until autovacuum comes
//! by, which may be switched off, the planner guesses: pages of customers then take minutes instead of milliseconds. So a
//! run that ends looks after that.

use crate::error::Result;
use crate::sql;

/// What views and the functions of customers read, by whoever fills it.
const LOOKED_AFTER: [&str; 17] = [
    "calls",
    "participants",
    "transcripts",
    "utterances",
    "trackers",
    "call_trackers",
    "tracker_mentions",
    "call_metrics",
    "users",
    "parties",
    "party_hosts",
    "host_domains",
    "customers",
    "customer_domains",
    "customer_accounts",
    "customer_contacts",
    "customer_decisions",
];
/// A table of fewer bytes is read at once, whatever the plan.
const SMALL: i64 = 64 * 1024;
/// Rows that may change in a table before it is looked at again, and the part of its rows besides. Autovacuum, where it
/// is on, is faster than this by itself.
const ROWS: i64 = 20_000;
const PART: f64 = 0.2;

/// Tables of which the planner knows nothing, or nothing that is still true.
pub fn outdated() -> Result<Vec<String>> {
    let outdated = sql::one(
        "SELECT array_agg(c.relname::text ORDER BY c.relname)
           FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
          WHERE c.relnamespace = 'chorus'::regnamespace AND c.relkind = 'r' AND c.relname = ANY ($1) AND pg_relation_size(c.oid) > $2
            AND (NOT EXISTS (SELECT FROM pg_statistic known WHERE known.starelid = c.oid)
                 OR s.n_mod_since_analyze > $3 + $4 * greatest(c.reltuples, 0))",
        &[
            sql::texts(LOOKED_AFTER.map(str::to_owned).to_vec()),
            sql::int8(SMALL),
            sql::int8(ROWS),
            sql::float8(PART),
        ],
    )?;
    Ok(outdated.unwrap_or_default())
}

/// Samples one of our tables; leaves it to whoever has it locked, such as autovacuum.
pub fn renew(table: &str) -> Result<()> {
    // Some ten thousand rows are sampled and kept in memory. That somebody has it locked is no reason for a warning.
    sql::execute(
        "SELECT set_config('default_statistics_target', '30', true), set_config('log_min_messages', 'error', true)",
        &[],
    )?;
    sql::execute(&format!("ANALYZE (SKIP_LOCKED) chorus.{table}"), &[])?;
    Ok(())
}
