//! Which calls the next `chorus_dedup` looks at: `chorus.match_due`.

use crate::error::Result;
use crate::sql;

/// Marks calls whose facts changed, or that are gone. Each call once for this transaction's step, in their order.
pub fn mark(mut call_ids: Vec<i64>) -> Result<()> {
    call_ids.sort_unstable();
    call_ids.dedup();
    if call_ids.is_empty() {
        return Ok(());
    }
    sql::execute(
        "INSERT INTO chorus.match_due (call_id) SELECT unnest($1)",
        &[sql::int8s(call_ids)],
    )?;
    Ok(())
}
