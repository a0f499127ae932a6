//! `chorus_schedule`, and what users are told where nothing runs by itself.

use super::{answer, connection_name, refuse_read_only};
use crate::error::{Error, Result};
use crate::launcher::{self, Service};
use crate::owner::as_owner;
use crate::store::{connections, due};
use crate::{schedule, sql};
use chrono::{DateTime, Utc};
use pgrx::prelude::*;

#[pg_extern]
fn chorus_schedule(
    schedule: Option<&str>,
    connection: Option<&str>,
) -> Option<TimestampWithTimeZone> {
    let next = answer(connection_name(connection).and_then(|name| {
        refuse_read_only()?;
        as_owner(|| change(schedule, name))
    }));
    next.and_then(sql::timestamp)
}

/// `chorus.is_scheduled()`
#[pg_extern]
fn is_scheduled() -> bool {
    answer(launcher::service()) == Service::Scheduled
}

fn change(wanted: Option<&str>, name: &str) -> Result<Option<DateTime<Utc>>> {
    let wanted = wanted.map(schedule::parse).transpose()?;
    // The lock keeps a scheduler from starting a run by the old one.
    let (connection_id, state): (i64, String) = sql::one_json(
        "SELECT jsonb_build_array(connection_id, state) FROM chorus.connections WHERE name = $1 FOR NO KEY UPDATE",
        &[sql::text(name)],
    )?
    .ok_or_else(|| connections::unknown(name))?;
    match state.as_str() {
        "disconnected" => return Err(Error::disconnected(name)),
        "needs_key" => return Err(Error::no_key(name)),
        _ => {}
    }
    sql::execute(
        "UPDATE chorus.connections
            SET schedule = $2, state = CASE WHEN $2 IS NULL THEN 'paused' ELSE 'active' END, next_run_at = NULL
          WHERE connection_id = $1",
        &[sql::int8(connection_id), sql::text(wanted.as_deref())],
    )?;
    let Some(wanted) = wanted else {
        return Ok(None);
    };
    let next = due::plan_anew(connection_id)?;
    launcher::look_at_commit();
    tell(&wanted, name)?;
    Ok(next)
}

/// A NOTICE where nothing will run by itself; silence where it will.
pub fn tell(schedule: &str, connection: &str) -> Result<()> {
    match launcher::service()? {
        Service::Scheduled => {}
        Service::NoLauncher => pgrx::notice!(
            "no scheduler of chorus_sync runs in this server; pg_cron does the same:\n{}",
            pg_cron_line(schedule, connection)?
        ),
        Service::Off => pgrx::notice!("nothing runs by itself while chorus_sync.enabled is off"),
        Service::LeftOut => pgrx::notice!(
            "nothing runs by itself in this database: it is a template, or chorus_sync.databases does not name it"
        ),
    }
    Ok(())
}

/// The line that has pg_cron do what the built-in schedule would.
fn pg_cron_line(schedule: &str, connection: &str) -> Result<String> {
    let function = sql::one::<String>(
        "SELECT format('%I.chorus_sync', n.nspname) FROM pg_catalog.pg_extension e
           JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'chorus_sync'",
        &[],
    )?;
    let function = function.as_deref().unwrap_or("chorus_sync");
    let cron = schedule::as_cron(schedule).unwrap_or_else(|| "*/15 * * * *".to_owned());
    let arguments = if connection == "default" {
        "wait => false".to_owned()
    } else {
        format!(
            "connection => {}, wait => false",
            pgrx::spi::quote_literal(connection)
        )
    };
    let command = format!("SELECT {function}({arguments})");
    Ok(format!(
        "SELECT cron.schedule({}, {}, {});",
        pgrx::spi::quote_literal(format!("chorus_sync {connection}")),
        pgrx::spi::quote_literal(cron),
        pgrx::spi::quote_literal(command)
    ))
}
