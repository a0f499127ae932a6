//! The SQL functions that are written in Rust. Their declarations, defaults and help stand in `sql/install`.

mod cancel;
mod connect;
mod decide;
mod dedup;
mod disconnect;
mod domains;
mod explain;
mod feed;
mod hidden;
mod parties;
mod retry;
mod schedule;
mod sources;
mod standing;
mod sync;
mod unattached;
mod watch;

use crate::error::{Error, Result};
use pgrx::prelude::*;

/// `chorus.clock()`
#[pg_extern]
fn clock() -> TimestampWithTimeZone {
    crate::sql::timestamp(crate::settings::now()).unwrap_or_else(|| {
        Error::bad_argument("chorus_sync.clock_offset leads out of the calendar", "").raise()
    })
}

/// `25006` on a standby and in a read-only transaction, where nothing can be written.
fn refuse_read_only() -> Result<()> {
    if unsafe { pg_sys::RecoveryInProgress() } {
        return Err(Error::new(
            "25006",
            "this server is a standby: chorus_sync cannot write here",
            "Call the function on the primary.",
        ));
    }
    if unsafe { pg_sys::XactReadOnly } {
        return Err(Error::new(
            "25006",
            "chorus_sync cannot write in a read-only transaction",
            "Call the function in a transaction of its own that is READ WRITE.",
        ));
    }
    Ok(())
}

/// The name of a connection as people mean it. A missing one is no name: it must not act on another connection.
fn connection_name(name: Option<&str>) -> Result<&str> {
    const LONGEST: usize = 200;
    let name = name
        .map(str::trim)
        .filter(|name| !name.is_empty() && name.len() <= LONGEST);
    name.ok_or_else(|| {
        Error::bad_argument(
            "a connection needs a name of at most 200 characters",
            "Leave connection away for 'default'.",
        )
    })
}

fn two_calls(a: Option<i64>, b: Option<i64>) -> Result<(i64, i64)> {
    a.zip(b).ok_or_else(|| {
        Error::bad_argument(
            "two calls are needed",
            "SELECT * FROM chorus.possible_duplicates; names pairs that may be one meeting.",
        )
    })
}

/// None beyond what PostgreSQL can say.
fn interval(micros: i64) -> Option<Interval> {
    Interval::new(0, 0, micros).ok()
}

/// Raises the error, or returns the value to PostgreSQL.
fn answer<T>(result: Result<T>) -> T {
    result.unwrap_or_else(|error| error.raise())
}
