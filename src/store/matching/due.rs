//! The queue of calls whose facts may have changed. A mark is only ever added, and taken together with what comes of it:
//! whatever commits after a mark was taken has left a mark of its own.

use crate::error::Result;
use crate::sql;
use crate::store::copy::copy_into;
use call_rows::{Rows, Target};
use chrono::{DateTime, Utc};
use meeting_match::Words;
use std::collections::{HashMap, HashSet};

static DUE: Target = Target {
    table: "match_due",
    columns: &["call_id", "words"],
};

/// Marks calls that were added, changed or removed. Each once, in their order.
pub fn mark(mut call_ids: Vec<i64>) -> Result<()> {
    call_ids.sort_unstable();
    call_ids.dedup();
    let mut rows = Rows::new(&DUE);
    for call_id in call_ids {
        rows.row().int8(call_id).null();
    }
    copy_into(&rows);
    Ok(())
}

/// Marks calls whose transcript was written, with its sketch; an empty one: there is no text any more.
pub fn mark_words<'a>(calls: impl IntoIterator<Item = (i64, &'a Words)>) {
    let mut rows = Rows::new(&DUE);
    for (call_id, words) in calls {
        rows.row().int8(call_id).bytes(&words.to_bytes()[..]);
    }
    copy_into(&rows);
}

/// Marks the calls that begin from then on.
pub fn mark_since(since: DateTime<Utc>) -> Result<u64> {
    sql::execute(
        "INSERT INTO chorus.match_due (call_id)
         SELECT call_id FROM chorus.calls WHERE started_at >= $1
         UNION ALL
         SELECT call_id FROM chorus.calls WHERE started_at IS NULL AND scheduled_start >= $1",
        &[sql::time(since)],
    )
}

/// Takes all marks that say no more than that a call may have changed.
pub fn take_plain() -> Result<u64> {
    sql::execute("DELETE FROM chorus.match_due WHERE words IS NULL", &[])
}

/// What was taken from the queue.
#[derive(Default)]
pub struct Taken {
    pub calls: HashSet<i64>,
    /// The new sketches of some of them.
    pub words: HashMap<i64, Vec<u8>>,
    /// The last mark.
    pub last: i64,
}

/// Takes marks after the one named, in their order. Only one who holds the lock of meetings may.
pub fn take(after: i64, at_most: usize) -> Result<Taken> {
    let mut marks = Vec::new();
    sql::each(
        "DELETE FROM chorus.match_due
          WHERE due_id = ANY (ARRAY(SELECT due_id FROM chorus.match_due WHERE due_id > $1 ORDER BY due_id LIMIT $2))
         RETURNING due_id, call_id, words",
        &[sql::int8(after), sql::int8(at_most as i64)],
        |row| {
            if let (Some(due_id), Some(call_id)) = (row.int8(0), row.int8(1)) {
                marks.push((due_id, call_id, row.bytes(2).map(<[u8]>::to_vec)));
            }
            Ok(())
        },
    )?;
    marks.sort_unstable_by_key(|(due_id, ..)| *due_id);
    let mut taken = Taken {
        last: after,
        ..Taken::default()
    };
    for (due_id, call_id, words) in marks {
        taken.last = due_id;
        taken.calls.insert(call_id);
        taken.words.extend(words.map(|words| (call_id, words)));
    }
    Ok(taken)
}

/// Whether there is anything to do.
pub fn any() -> Result<bool> {
    let any = sql::one::<bool>(
        "SELECT EXISTS (SELECT FROM chorus.match_due) OR EXISTS (SELECT FROM chorus.match_progress)",
        &[],
    )?;
    Ok(any.unwrap_or(false))
}

/// Whether there are more marks than this.
pub fn more_than(count: usize) -> Result<bool> {
    let found = sql::one::<i64>(
        "SELECT count(*) FROM (SELECT FROM chorus.match_due LIMIT $1) d",
        &[sql::int8(count as i64 + 1)],
    )?;
    Ok(found.unwrap_or(0) > count as i64)
}
