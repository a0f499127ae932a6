//! What a run does last, before its words are indexed: it tells the planner what has become of the tables.

use super::Assignment;
use crate::error::Result;
use crate::store::statistics;
use crate::transaction::transaction;

/// Renews what is outdated, a transaction for each table.
pub fn renew_statistics(assignment: &Assignment) -> Result<()> {
    const ACTIVITY: &str = "chorus_sync: telling the planner";
    for table in transaction(ACTIVITY, statistics::outdated)? {
        transaction(ACTIVITY, || match assignment.is_current() {
            true => statistics::renew(&table),
            false => Ok(()),
        })?;
    }
    Ok(())
}
