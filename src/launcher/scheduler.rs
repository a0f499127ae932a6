//! The scheduler: connects to one database, queues the runs that are due, says when it is due next, and ends.
//!
//! It waits for no lock longer than a moment: whoever drops or alters the extension meanwhile has the right of way.

use super::agenda::{self, Answer};
use super::{Service, service};
use crate::background::{self, set};
use crate::error::{Error, Result};
use crate::store::due::{self, Scheduled};
use crate::store::runs::{self, Trigger};
use crate::transaction::{caught, transaction};
use crate::worker::wanted::Wanted;
use crate::{extension, locks, offload, settings, worker};
use chrono::{DateTime, TimeDelta, Utc};
use pgrx::{PgLogLevel, PgSqlErrorCode, ereport, pg_guard, pg_sys};
use std::time::{Duration, Instant};

/// Whoever holds a lock on our tables is in the middle of changing them.
const LOCK_TIMEOUT: &str = "2s";
/// How many locks a look waits for: it must not stay connected for as long as there are connections.
const LOCKED_AT_MOST: u32 = 2;
/// When a connection is looked at again whose row somebody is changing, or whose worker is about to start.
const AGAIN: TimeDelta = TimeDelta::seconds(10);
/// And one that could not be looked at, or whose worker did not come.
const AFTER_TROUBLE: TimeDelta = TimeDelta::minutes(1);
/// And one that fell due during the look. Whatever goes wrong, nothing is looked at in a tight loop.
const AT_ONCE: TimeDelta = TimeDelta::seconds(1);
/// For how long a look watches queued runs until their workers are at work, whose ends tell of themselves. A worker
/// cannot connect while somebody drops or copies the database, who in turn waits five seconds for us to leave.
const BEGINNING: Duration = Duration::from_secs(2);

/// Entry point of the scheduler; PostgreSQL calls it by name.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn chorus_sync_scheduler(database: pg_sys::Datum) {
    background::heed_signals();
    let database = database.value() as u32;
    background::connect(database);
    set("lock_timeout", LOCK_TIMEOUT);
    match caught(look) {
        Ok(looked) => {
            if let Some(next) = looked.next {
                agenda::not_later_than(database, agenda::real_time(next));
            }
            let answer = if looked.slot_missing {
                Answer::NoSlot
            } else {
                Answer::Done
            };
            agenda::answer(database, answer);
        }
        // Somebody holds our tables. It may be over soon, and nobody tells us when.
        Err(error) if error.sqlstate == "55P03" => {
            agenda::not_later_than(database, Utc::now() + AFTER_TROUBLE);
            agenda::answer(database, Answer::Done);
        }
        // Without an answer the launcher comes back later.
        Err(error) => complain(&error),
    }
}

fn complain(error: &Error) {
    ereport!(
        PgLogLevel::LOG,
        PgSqlErrorCode::ERRCODE_WARNING,
        format!("chorus_sync scheduler: {}", error.message)
    );
}

/// What a look came to.
#[derive(Default)]
struct Looked {
    /// When this database is due next, by its clock.
    next: Option<DateTime<Utc>>,
    /// When what is due already, and could not be started, is tried again.
    again: Option<DateTime<Utc>>,
    slot_missing: bool,
}

impl Looked {
    fn again_in(&mut self, pause: TimeDelta) {
        let time = settings::now() + pause;
        self.again = Some(self.again.map_or(time, |again| again.min(time)));
    }
}

fn look() -> Result<Looked> {
    let mut looked = Looked::default();
    let found = transaction("looking what is due", || {
        let Some(extension) = extension::oid() else {
            return Ok(None);
        };
        if service()? != Service::Scheduled {
            due::plan_nothing()?;
            return Ok(None);
        }
        Ok(Some((extension, due::scheduled()?)))
    })?;
    let Some((extension, connections)) = found else {
        return Ok(looked);
    };
    let until = Instant::now() + BEGINNING;
    let mut locked = 0;
    for connection_id in connections {
        let seen = transaction("looking what is due", || look_at(extension, connection_id));
        match seen {
            Ok(Seen::Nothing) => {}
            Ok(Seen::Busy) => looked.again_in(AGAIN),
            Ok(Seen::Queued(run_id)) => {
                if !has_begun(run_id, until)? {
                    looked.again_in(AFTER_TROUBLE);
                }
            }
            Err(error) if error.sqlstate == "53000" => {
                looked.slot_missing = true;
                transaction("noting that no slot is free", || {
                    due::note_problem(connection_id, &worker::no_slot())
                })?;
            }
            // It is one connection that is being started by hand, or a table that all of them need.
            Err(error) if error.sqlstate == "55P03" => {
                looked.again_in(AFTER_TROUBLE);
                locked += 1;
                if locked == LOCKED_AT_MOST {
                    break;
                }
            }
            // One connection must not keep the others from running.
            Err(error) => {
                complain(&error);
                looked.again_in(AFTER_TROUBLE);
            }
        }
    }
    let now = settings::now();
    let next = transaction("looking what is due next", || due::of_this_database(now))?;
    looked.next = match next {
        // The launcher knows when to try it again.
        Some(next) if next <= now && looked.slot_missing => None,
        Some(next) if next <= now => Some(looked.again.unwrap_or(now + AT_ONCE)),
        next => next.into_iter().chain(looked.again).min(),
    };
    Ok(looked)
}

/// What became of one connection.
enum Seen {
    /// It is not due, or a run is under way whose end says what comes next.
    Nothing,
    /// Somebody is changing it.
    Busy,
    Queued(i64),
}

fn look_at(extension: u32, connection_id: i64) -> Result<Seen> {
    locks::deciding_about(extension, connection_id, || {
        let Some(connection) = due::locked(connection_id)? else {
            return Ok(Seen::Busy);
        };
        let now = settings::now();
        let unfinished = runs::latest_unfinished(connection_id)?;
        if unfinished.iter().any(|run| run.worker.is_some()) {
            return Ok(Seen::Nothing);
        }
        let died = runs::mark_dead(connection_id, now)?;
        let waiting = runs::latest_unfinished(connection_id)?;
        if !waiting.is_empty() {
            return Ok(Seen::Busy);
        }
        let planned = match died {
            0 => due::planned(&connection, now)?,
            _ => None,
        };
        let next = match planned {
            Some(next) => Some(next),
            None => due::plan_from_history(&connection, now)?,
        };
        if next.is_some_and(|next| next <= now) {
            due::plan_while_running(&connection, now)?;
            let trigger = if due::has_run_since_connecting(connection_id)? {
                Trigger::Schedule
            } else {
                Trigger::Connect
            };
            return queue(extension, connection, trigger);
        }
        if due::next_retry(connection_id)?.is_some_and(|retry| retry <= now) {
            return queue(extension, connection, Trigger::Retry);
        }
        Ok(Seen::Nothing)
    })
}

fn queue(extension: u32, connection: Scheduled, trigger: Trigger) -> Result<Seen> {
    let now = settings::now();
    let wanted = Wanted {
        connection_id: connection.of.connection_id,
        extension,
        // One that lists nothing has an empty window: nobody who wants a listing joins it.
        window_from: match trigger {
            Trigger::Retry => now,
            _ => connection.of.window_from(now)?,
        },
        trigger,
    };
    Ok(Seen::Queued(wanted.queue()?.run_id))
}

/// Waits until the worker of a run holds its lock, or has done all of its work already. False: it never came.
fn has_begun(run_id: i64, until: Instant) -> Result<bool> {
    loop {
        let begun = transaction("waiting for the run to begin", || {
            let run = runs::latest(run_id)?;
            Ok(run.is_none_or(|run| run.worker.is_some() || run.state != "queued"))
        })?;
        if begun {
            return Ok(true);
        }
        if Instant::now() >= until {
            return Ok(false);
        }
        offload::wait_for_latch(None, Some(Duration::from_millis(20)));
    }
}
