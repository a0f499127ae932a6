//! What is stored of the calls of a source, small enough for millions of them: 32 bytes each.

use crate::error::Result;
use crate::sql::{self, Cursor};
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_128;

/// What is stored of a call, and whether this reading has met it.
#[derive(Clone, Copy)]
pub struct Known {
    /// The call_id, 0 for one that is being written just now; the two lowest bits say [`REMOVED`] and [`SEEN`].
    call: i64,
    fingerprint: i64,
}

const REMOVED: i64 = 1;
const SEEN: i64 = 2;

impl Known {
    /// A call that this reading brings.
    pub const NEW: Known = Known {
        call: SEEN,
        fingerprint: 0,
    };

    /// A call without a fingerprint is as good as changed: 0 is nobody's.
    fn stored(call_id: i64, fingerprint: Option<i64>, is_removed: bool) -> Known {
        Known {
            call: call_id << 2 | if is_removed { REMOVED } else { 0 },
            fingerprint: fingerprint.unwrap_or_default(),
        }
    }

    pub fn call_id(self) -> Option<i64> {
        Some(self.call >> 2).filter(|call_id| *call_id != 0)
    }

    pub fn is_removed(self) -> bool {
        self.call & REMOVED != 0
    }

    pub fn is_seen(self) -> bool {
        self.call & SEEN != 0
    }

    pub fn see(&mut self) {
        self.call |= SEEN;
    }

    /// Whether a row of this fingerprint would change nothing.
    pub fn is_as(self, fingerprint: i64) -> bool {
        !self.is_removed() && self.fingerprint == fingerprint
    }
}

/// By what calls are found: a hash of their id that no two have in common.
pub fn key(source_call_id: &str) -> u128 {
    xxh3_128(source_call_id.as_bytes())
}

/// All calls of a source that are stored.
pub fn known(source: &str) -> Result<HashMap<u128, Known>> {
    let mut known = HashMap::new();
    let mut cursor = Cursor::open(
        "SELECT c.source_call_id, c.call_id, t.list_fingerprint, c.removed_at IS NOT NULL
           FROM chorus.calls c LEFT JOIN chorus.transcripts t USING (call_id)
          WHERE c.source = $1 AND c.connection_id IS NULL",
        &[sql::text(source)],
    );
    loop {
        let fetched = cursor.fetch(10_000);
        if fetched.is_empty() {
            break;
        }
        cursor.each(fetched, |row| {
            let key = key(row.text(0).unwrap_or_default());
            let stored = Known::stored(
                row.int8(1).unwrap_or_default(),
                row.int8(2),
                row.boolean(3).unwrap_or(false),
            );
            known.insert(key, stored);
            Ok(())
        })?;
    }
    cursor.close();
    Ok(known)
}
