//! Recognising meetings within a run: the calls that it touched are compared as it goes, and what that leads to at its end.

use super::run::Run;
use crate::error::Result;
use crate::store::matching::due;
use crate::store::problems::{self, Problem};
use crate::transaction::transaction;
use crate::{locks, settings};
use std::time::{Duration, Instant};

/// What cannot be recognised, as `chorus.problems` names it.
const ROUTE: &str = "matching";

/// Every step reads the calls of a day around those it compares, so that many at once cost hardly more than a few.
const WORTH_A_STEP: usize = 2_000;
/// A run that Chorus answers slowly shows what it got so far all the same.
const AT_LEAST_EVERY: Duration = Duration::from_secs(10);

/// What a run has written since calls were last compared.
pub struct Unrecognised {
    calls: usize,
    since: Instant,
}

impl Unrecognised {
    pub fn none() -> Self {
        Unrecognised {
            calls: 0,
            since: Instant::now(),
        }
    }
}

impl Run {
    /// Compares calls whose details were written, now and then. What somebody else is at this moment writing meetings for
    /// is left to the end of the run.
    pub fn recognise_some(&mut self, written: usize) -> Result<()> {
        self.unrecognised.calls += written;
        if self.unrecognised.calls < WORTH_A_STEP
            && self.unrecognised.since.elapsed() < AT_LEAST_EVERY
        {
            return Ok(());
        }
        self.unrecognised = Unrecognised::none();
        let extension = self.assignment.extension;
        self.step("matching", |run, after| {
            if locks::try_hold_meetings(extension) {
                run.recognition.small_step()?;
                run.recognition.totals.count(after);
            }
            Ok(())
        })
    }

    /// Compares all that is due.
    pub fn recognise_all(&mut self) -> Result<()> {
        let (connection_id, began) = (self.assignment.connection_id, settings::now());
        let anything = transaction("looking whether calls are to be compared", || {
            problems::not_met_since(connection_id, ROUTE, began)?;
            due::any()
        })?;
        if !anything {
            return Ok(());
        }
        self.enter("matching")?;
        let extension = self.assignment.extension;
        loop {
            let step = self.step("matching", |run, after| {
                locks::hold_meetings(extension)?;
                let more = run.recognition.step()?;
                run.recognition.totals.count(after);
                Ok(more)
            });
            match step {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                // Somebody keeps an open transaction that writes meetings. What is due stays due.
                Err(error) if error.sqlstate == "55P03" => {
                    return transaction("recording a problem", || {
                        let problem = Problem {
                            route: ROUTE,
                            source_call_id: None,
                            problem: format!("calls wait to be recognised: {}", error.message),
                        };
                        problems::record(connection_id, &[problem], settings::now())
                    });
                }
                Err(error) => return Err(error),
            }
        }
    }
}
