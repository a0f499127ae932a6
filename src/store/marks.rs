//! Which calls the next `chorus_dedup` looks at: `chorus.match_due`.

use crate::error::Result;
use crate::store::copy::copy_into;
use call_rows::{Rows, Target};

static MARKS: Target = Target {
    table: "match_due",
    columns: &["call_id"],
};

/// Marks calls whose facts changed, or that are gone. Each call once for this transaction's step, in their order.
pub fn mark(mut call_ids: Vec<i64>) -> Result<()> {
    call_ids.sort_unstable();
    call_ids.dedup();
    if call_ids.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::new(&MARKS);
    for call_id in call_ids {
        rows.row().int8(call_id);
    }
    copy_into(&rows);
    Ok(())
}
