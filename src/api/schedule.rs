//! Schedules as users write them: an interval, or five fields of cron.

use crate::error::{Error, Result};
use crate::sql;
use std::str::FromStr;

/// A schedule that can be kept: trimmed, as it was written.
pub fn parse(schedule: &str) -> Result<String> {
    let schedule = schedule.trim();
    let hint = "A schedule is an interval such as '15 minutes', a cron expression such as '*/15 * * * *', or NULL for none.";
    if schedule.split_whitespace().count() == 5 && croner::Cron::from_str(schedule).is_ok() {
        return Ok(schedule.to_owned());
    }
    let unmeant = || Error::bad_argument(format!("\"{schedule}\" is not a schedule"), hint);
    // PostgreSQL skips punctuation in an interval: '99 * * * *' would be 99 seconds.
    if schedule.contains(|c: char| c.is_ascii_punctuation() && !".,:+-@".contains(c)) {
        return Err(unmeant());
    }
    let interval = crate::transaction::caught(|| {
        sql::one::<f64>(
            "SELECT extract(epoch FROM $1::interval)::float8",
            &[sql::text(schedule)],
        )
    });
    match interval {
        Ok(Some(seconds)) if seconds >= 1.0 => Ok(schedule.to_owned()),
        Ok(_) => Err(Error::bad_argument(
            format!("schedule \"{schedule}\" is shorter than a second"),
            hint,
        )),
        Err(_) => Err(unmeant()),
    }
}

/// The line that has pg_cron do what the built-in schedule would.
pub fn pg_cron_line(schedule: &str, connection: &str, function: &str) -> String {
    let cron = as_cron(schedule).unwrap_or_else(|| "*/15 * * * *".to_owned());
    let arguments = if connection == "default" {
        "wait => false".to_owned()
    } else {
        format!(
            "connection => {}, wait => false",
            pgrx::spi::quote_literal(connection)
        )
    };
    let command = format!("SELECT {function}({arguments})");
    format!(
        "SELECT cron.schedule({}, {}, {});",
        pgrx::spi::quote_literal(format!("chorus_sync {connection}")),
        pgrx::spi::quote_literal(cron),
        pgrx::spi::quote_literal(command)
    )
}

/// The nearest cron expression; None if the interval has none.
fn as_cron(schedule: &str) -> Option<String> {
    if schedule.split_whitespace().count() == 5 {
        return Some(schedule.to_owned());
    }
    let seconds = sql::one::<f64>(
        "SELECT extract(epoch FROM $1::interval)::float8",
        &[sql::text(schedule)],
    )
    .ok()??;
    let minutes = (seconds / 60.0).round().max(1.0) as i64;
    Some(match minutes {
        1 => "* * * * *".to_owned(),
        2..60 => format!("*/{minutes} * * * *"),
        60..1440 => format!("0 */{} * * *", minutes / 60),
        _ => "0 3 * * *".to_owned(),
    })
}

/// What the user is told where nothing runs by itself.
pub fn tell_how(schedule: &str, connection: &str, function: &str) {
    pgrx::notice!(
        "no scheduler of chorus_sync runs in this server; pg_cron does the same:\n{}",
        pg_cron_line(schedule, connection, function)
    );
}
