//! `chorus_disconnect`: the key goes, the data stays unless it is to be purged.

use super::{answer, cancel, connection_name, refuse_read_only};
use crate::error::Result;
use crate::extension;
use crate::owner::as_owner;
use crate::settings;
use crate::sql;
use crate::store::deletion::OF_CALLS;
use crate::store::{connections, feed, matching, runs};
use pgrx::prelude::*;

/// Tables whose rows belong to a connection; the connection goes last.
const OF_CONNECTIONS: [&str; 9] = [
    "calls",
    "users",
    "teams",
    "team_members",
    "trackers",
    "scorecards",
    "scorecard_scores",
    "problems",
    "runs",
];

#[pg_extern]
fn chorus_disconnect(connection: Option<&str>, purge: Option<bool>) {
    answer(connection_name(connection).and_then(|name| disconnect(name, purge.unwrap_or(false))));
}

fn disconnect(name: &str, purge: bool) -> Result<()> {
    refuse_read_only()?;
    as_owner(|| {
        // The update locks the row: a run finds the connection gone before it writes again.
        let connection_id = sql::one::<i64>(
            "UPDATE chorus.connections SET state = 'disconnected', schedule = NULL, next_run_at = NULL, problem = NULL, hint = NULL
              WHERE name = $1 RETURNING connection_id",
            &[sql::text(name)],
        )?
        .ok_or_else(|| connections::unknown(name))?;
        let id = || [sql::int8(connection_id)];
        sql::execute(
            "DELETE FROM chorus.credentials WHERE connection_id = $1",
            &id(),
        )?;
        for run in runs::latest_unfinished(connection_id)? {
            cancel::cancel(run.run_id)?;
        }
        if purge {
            feed::record_purge(connection_id, settings::now())?;
            matching::forget_connection(connection_id)?;
            for table in OF_CALLS.into_iter().chain(["search_due"]) {
                sql::execute(
                    &format!(
                        "DELETE FROM chorus.{table} t USING chorus.calls c
                          WHERE t.call_id = c.call_id AND c.connection_id = $1"
                    ),
                    &id(),
                )?;
            }
            for table in OF_CONNECTIONS {
                sql::execute(
                    &format!("DELETE FROM chorus.{table} WHERE connection_id = $1"),
                    &id(),
                )?;
            }
            matching::forget_gone(extension::required()?)?;
            sql::execute("SELECT chorus.forget_unused_parties()", &[])?;
            sql::execute(
                "DELETE FROM chorus.connections WHERE connection_id = $1",
                &id(),
            )?;
        }
        Ok(())
    })?;
    pgrx::notice!(
        "the API key is deleted here, but still valid in Chorus: revoke it under Personal Settings, API Access"
    );
    Ok(())
}
