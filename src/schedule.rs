//! Schedules as users write them: an interval, or five fields of cron.

use crate::error::{Error, Result};
use crate::{settings, sql};
use sync_plan::schedule::{NoSchedule, Schedule};

const HINT: &str = "A schedule is an interval such as '15 minutes', a cron expression such as '*/15 * * * *', or NULL for none.";

/// A schedule that can be kept: trimmed, as it was written.
pub fn parse(schedule: &str) -> Result<String> {
    let schedule = schedule.trim();
    read(schedule).map(|_| schedule.to_owned())
}

/// What it says. PostgreSQL reads the interval; cron is meant in `chorus_sync.timezone`.
pub fn read(schedule: &str) -> Result<Schedule> {
    let unmeant = || Error::bad_argument(format!("\"{schedule}\" is not a schedule"), HINT);
    match Schedule::cron(schedule, &settings::timezone(), settings::now()) {
        Ok(cron) => return Ok(cron),
        Err(NoSchedule::Never) => {
            return Err(Error::bad_argument(
                format!("schedule \"{schedule}\" names a day that never comes"),
                HINT,
            ));
        }
        Err(_) => {}
    }
    // PostgreSQL skips punctuation in an interval: '99 * * * *' would be 99 seconds.
    if schedule.contains(|c: char| c.is_ascii_punctuation() && !".,:+-@".contains(c)) {
        return Err(unmeant());
    }
    let seconds = crate::transaction::caught(|| seconds(schedule)).map_err(|_| unmeant())?;
    Schedule::every(seconds.unwrap_or(0.0)).map_err(|_| {
        Error::bad_argument(
            format!("schedule \"{schedule}\" is shorter than a second"),
            HINT,
        )
    })
}

fn seconds(interval: &str) -> Result<Option<f64>> {
    sql::one::<f64>(
        "SELECT extract(epoch FROM $1::interval)::float8",
        &[sql::text(interval)],
    )
}

/// The nearest cron expression; None if the interval has none.
pub fn as_cron(schedule: &str) -> Option<String> {
    if schedule.split_whitespace().count() == 5 {
        return Some(schedule.to_owned());
    }
    let minutes = (seconds(schedule).ok()?? / 60.0).round().max(1.0) as i64;
    Some(match minutes {
        1 => "* * * * *".to_owned(),
        2..60 => format!("*/{minutes} * * * *"),
        60..1440 => format!("0 */{} * * *", minutes / 60),
        _ => "0 3 * * *".to_owned(),
    })
}
