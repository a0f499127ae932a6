//! When a connection's next run is due.
//!
//! After a run that ended well the schedule alone decides. After failures the next run waits longer with each, up to an
//! hour, but never for the rest of a long period; after runs whose worker died it waits too, so that a run that takes
//! the server down with it leaves time to step in. A run that was due while nothing could run is made up once: its time
//! lies in the past, it runs, and the next one counts from there.

use crate::wall_clock::WallClock;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use std::str::FromStr;

/// The longest wait after runs that failed or died.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);
/// The wait after a run whose worker died; it doubles with each.
const AFTER_DEATH: TimeDelta = TimeDelta::seconds(10);
/// Details that are due are read at most so often between two listings.
const BETWEEN_RETRIES: TimeDelta = TimeDelta::seconds(60);
/// No period is longer.
const LONGEST_PERIOD_S: f64 = 100.0 * 365.25 * 86_400.0;
/// A failing connection waits a little more or less than others that began to fail at the same moment.
const JITTER: f64 = 0.125;

/// When runs are wanted.
#[derive(Debug, Clone)]
pub enum Schedule {
    /// So long after the beginning of the last one.
    Every(TimeDelta),
    /// Whenever the clock on the wall of a place matches.
    Cron(Box<WallClock>),
}

/// Why something is no schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSchedule {
    /// Neither an interval nor five fields of cron.
    NotUnderstood,
    /// Under a second.
    TooShort,
    /// It is well written, but no day ever matches, such as the 31st of February.
    Never,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Succeeded,
    Failed,
    /// A person stopped it, which says nothing about the next one.
    Cancelled,
    /// Its worker died.
    Interrupted,
}

/// The last run, and what went wrong since one ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    pub began: DateTime<Utc>,
    pub ended: DateTime<Utc>,
    pub outcome: Outcome,
    pub failures: u32,
    pub interruptions: u32,
}

/// Whether this is a time zone that cron expressions can be meant in.
pub fn is_time_zone(name: &str) -> bool {
    Tz::from_str(name).is_ok()
}

impl Schedule {
    pub fn every(seconds: f64) -> Result<Self, NoSchedule> {
        if seconds.is_nan() || seconds < 1.0 {
            return Err(NoSchedule::TooShort);
        }
        let micros = seconds.min(LONGEST_PERIOD_S) * 1e6;
        Ok(Schedule::Every(TimeDelta::microseconds(micros as i64)))
    }

    /// Five fields, in `zone`. `now` is where the search for a first match begins.
    pub fn cron(expression: &str, zone: &str, now: DateTime<Utc>) -> Result<Self, NoSchedule> {
        let zone = Tz::from_str(zone).unwrap_or(Tz::UTC);
        let clock = WallClock::new(expression, zone).ok_or(NoSchedule::NotUnderstood)?;
        let schedule = Schedule::Cron(Box::new(clock));
        schedule.after(now).ok_or(NoSchedule::Never)?;
        Ok(schedule)
    }

    /// The next run after one that began and ended then. None: never.
    pub fn next(&self, began: DateTime<Utc>, ended: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Schedule::Every(period) => Some(began.checked_add_signed(*period)?.max(ended)),
            Schedule::Cron(..) => self.after(ended),
        }
    }

    /// What is due when, after this history. `chance` is a random number from 0 to 1.
    pub fn next_after(&self, last: &History, chance: f64) -> Option<DateTime<Utc>> {
        match last.outcome {
            Outcome::Succeeded | Outcome::Cancelled => self.next(last.began, last.ended),
            Outcome::Failed => {
                let pause = pause_after_failures(self.period(last.ended), last.failures);
                last.ended.checked_add_signed(jittered(pause, chance))
            }
            Outcome::Interrupted => last
                .ended
                .checked_add_signed(pause_after_deaths(last.interruptions)),
        }
    }

    /// The latest time that can have been planned by `now` after this history. One that lies further ahead was planned
    /// by a clock that has been set back since.
    pub fn latest(&self, last: Option<&History>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let ended_now = last.map(|last| History {
            began: now,
            ended: now,
            ..*last
        });
        let after_trouble = ended_now.and_then(|last| self.next_after(&last, 1.0));
        self.next(now, now).max(after_trouble)
    }

    /// The next match of the clock on the wall, after `time`.
    fn after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Schedule::Every(period) => time.checked_add_signed(*period),
            Schedule::Cron(clock) => clock.after(time),
        }
    }

    /// How far apart two runs are at that time.
    fn period(&self, time: DateTime<Utc>) -> TimeDelta {
        let gap = self
            .after(time)
            .and_then(|first| Some(self.after(first)? - first));
        gap.unwrap_or(LONGEST_PAUSE)
    }
}

/// When details that are due at `due` are read without a listing. `last` is the last run of any kind; None: never, as
/// after a person stopped it, or when there was none, where only a listing goes on.
pub fn next_retry(due: DateTime<Utc>, last: &History, chance: f64) -> Option<DateTime<Utc>> {
    let pause = match last.outcome {
        Outcome::Cancelled => return None,
        Outcome::Succeeded => BETWEEN_RETRIES,
        Outcome::Failed => jittered(pause_after_failures(BETWEEN_RETRIES, last.failures), chance),
        Outcome::Interrupted => pause_after_deaths(last.interruptions).max(BETWEEN_RETRIES),
    };
    Some(due.max(last.ended.checked_add_signed(pause)?))
}

fn pause_after_failures(period: TimeDelta, failures: u32) -> TimeDelta {
    let times = i32::try_from(failures.clamp(1, 3600)).unwrap_or(1);
    // A period of an hour or more need not be multiplied, and could not be.
    if period >= LONGEST_PAUSE {
        return LONGEST_PAUSE;
    }
    (period * times).min(LONGEST_PAUSE)
}

fn pause_after_deaths(deaths: u32) -> TimeDelta {
    let doublings = deaths.saturating_sub(1).min(16);
    (AFTER_DEATH * (1 << doublings)).min(LONGEST_PAUSE)
}

fn jittered(pause: TimeDelta, chance: f64) -> TimeDelta {
    let factor = 1.0 + JITTER * (2.0 * chance.clamp(0.0, 1.0) - 1.0);
    let micros = pause.num_microseconds().unwrap_or(i64::MAX) as f64;
    TimeDelta::microseconds((micros * factor) as i64)
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
