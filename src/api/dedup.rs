//! `chorus_dedup`: recognises recordings of one meeting, in a worker.

use super::watch::{Watch, refuse_unseen};
use super::{answer, interval, refuse_read_only};
use crate::error::{Error, Result};
use crate::extension;
use crate::owner::as_owner;
use crate::sql;
use crate::store::runs::{NO_CONNECTION, Seen, Trigger};
use crate::worker::dedup::{BEGINNING, END};
use crate::worker::{self, wanted::Wanted};
use chrono::{DateTime, Utc};
use pgrx::prelude::*;

type Recognised = TableIterator<
    'static,
    (
        name!(calls, i64),
        name!(meetings, i64),
        name!(merged, i64),
        name!(separated, i64),
        name!(pairs_scored, i64),
        name!(elapsed, Option<Interval>),
        name!(matching, Option<Interval>),
    ),
>;

#[pg_extern]
fn chorus_dedup(since: Option<TimestampWithTimeZone>) -> Recognised {
    let seen = answer(dedup(since));
    let counters = seen.counters;
    TableIterator::once((
        counters.calls_matched,
        counters.meetings_matched,
        counters.meetings_merged,
        counters.meetings_separated,
        counters.pairs_scored,
        seen.elapsed_us.and_then(interval),
        interval((counters.matching_s * 1e6) as i64),
    ))
}

fn dedup(since: Option<TimestampWithTimeZone>) -> Result<Seen> {
    refuse_read_only()?;
    // Before our own statements, which count as writing.
    if unsafe { pg_sys::GetTopTransactionIdIfAny() } != pg_sys::InvalidTransactionId {
        warn_of_own_rows();
    }
    let seen = as_owner(|| {
        refuse_unseen(&[])?;
        let wanted = Wanted {
            connection_id: NO_CONNECTION,
            extension: extension::required()?,
            window_from: since.map_or(END, moment),
            trigger: Trigger::Dedup,
        };
        let run_id = Wanted::next_run_id()?;
        let worker = worker::start(wanted.assignment(run_id, None))?;
        Watch::started(run_id, worker).end()
    })?;
    match seen.state.as_str() {
        "succeeded" => Ok(seen),
        _ => Err(ended_early(seen)),
    }
}

/// The answer has no column for it, and counts of a part must not pass for the whole.
fn ended_early(seen: Seen) -> Error {
    Error::new(
        "57014",
        format!("run {} of chorus_dedup was {}", seen.run_id, seen.state),
        "What was committed stays. SELECT * FROM chorus_dedup(); goes on from there.",
    )
}

/// '-infinity' is the beginning of our calendar, 'infinity' its end.
fn moment(since: TimestampWithTimeZone) -> DateTime<Utc> {
    let since = since.into_inner();
    let infinite = if since < 0 { BEGINNING } else { END };
    sql::moment(since).unwrap_or(infinite).max(BEGINNING)
}

fn warn_of_own_rows() {
    let warning = Error::new(
        "01000",
        "chorus_dedup() does not see what this transaction has written",
        "COMMIT first.",
    );
    warning.warn();
}
