//! Connections: what a run needs to know of one, and what it says of calls that are held back.

use crate::error::{Error, Result};
use crate::store::pace::KeptPace;
use crate::store::removals;
use crate::{settings, sql};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use sync_plan::listing::{self, Covered};

/// What a run needs to know of its connection.
#[derive(Debug, Clone, Deserialize)]
pub struct Connection {
    pub connection_id: i64,
    pub name: String,
    pub base_url: String,
    pub state: String,
    pub lookback_days: i64,
    pub workspace_domain: Option<String>,
    /// The stretch of time in which the list was read without a gap.
    pub listed_from: Option<DateTime<Utc>>,
    pub listed_to: Option<DateTime<Utc>>,
    pub whole_listed_at: Option<DateTime<Utc>>,
    pub overlap_s: Option<f64>,
    #[serde(flatten)]
    pub pace: KeptPace,
}

impl Connection {
    /// What was listed without a gap.
    pub fn covered(&self) -> Option<Covered> {
        Some(Covered {
            from: self.listed_from?,
            to: self.listed_to?,
            whole_at: self.whole_listed_at,
        })
    }

    /// How far back an incremental run lists.
    pub fn window_from(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
        let held_from = removals::held_from(self.connection_id)?;
        let (lookback, overlap) = (self.lookback(), self.overlap());
        Ok(listing::window_from(
            now,
            lookback,
            overlap,
            self.covered(),
            held_from,
        ))
    }

    pub fn lookback(&self) -> TimeDelta {
        TimeDelta::days(self.lookback_days)
    }

    /// The overlap in force: as set, or what the last run made of it.
    pub fn overlap(&self) -> TimeDelta {
        let in_force_s = self.overlap_s.unwrap_or_default();
        settings::overlap().max(TimeDelta::seconds(in_force_s as i64))
    }
}

/// The connection of that name, as it is committed at this moment or was changed by the caller's own transaction,
/// and the transaction that wrote its row.
pub fn by_name(name: &str) -> Result<(Connection, u32)> {
    #[derive(Deserialize)]
    struct Found {
        #[serde(flatten)]
        connection: Connection,
        written_by: u32,
    }
    let found: Option<Found> = sql::latest_json(
        "SELECT to_jsonb(k) || jsonb_build_object('written_by', k.xmin::text::bigint) FROM chorus.connections k WHERE k.name = $1",
        &[sql::text(name)],
    )?;
    found
        .map(|found| (found.connection, found.written_by))
        .ok_or_else(|| unknown(name))
}

pub fn unknown(name: &str) -> Error {
    Error::unknown(
        format!("there is no connection \"{name}\""),
        "SELECT chorus_connect(api_key_file => '…') makes one; SELECT name FROM chorus.connections lists them.",
    )
}

/// What a connection says of calls that are held back, after their number.
const HELD_BACK: &str = "not listed any more, which looks like a key that lost its view";

/// A person has decided: nothing is held back any more, and the connection does not say so either.
pub fn forget_held_back(connection_id: i64) -> Result<()> {
    sql::execute(
        "UPDATE chorus.connections SET problem = NULL, hint = NULL
          WHERE connection_id = $1 AND strpos(problem, $2) > 0",
        &[sql::int8(connection_id), sql::text(HELD_BACK)],
    )?;
    Ok(())
}

/// What a good run leaves to a person: calls that are missing and were not removed.
pub fn held_back(connection_id: i64) -> Result<(Option<String>, Option<String>)> {
    Ok(match removals::held(connection_id)? {
        0 => (None, None),
        held => (
            Some(format!(
                "{held} {} {HELD_BACK}: none was removed",
                if held == 1 { "call is" } else { "calls are" }
            )),
            Some(
                "See in Chorus what the key's user may see. If the calls are really gone: SELECT chorus_accept_removals();"
                    .to_owned(),
            ),
        ),
    })
}
