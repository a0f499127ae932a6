//! What Chorus's refusals have taught about the key of a connection, kept so that whoever uses the key next neither asks
//! before its time nor has to be refused to learn the same again.

use crate::error::Result;
use crate::{settings, sql};
use chorus_client::{Client, LONGEST_ASKED, LearntPace};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A pace that differs by less than this part is the same.
const NOTABLE: f64 = 0.1;

/// Columns of `chorus.connections`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct KeptPace {
    pub waits_until: Option<DateTime<Utc>>,
    pub pace_per_minute: Option<f64>,
    pub pace_steady_s: Option<f64>,
}

impl KeptPace {
    /// How long nothing may be sent, from `now` on. More than can have been asked for was told by a clock that has been
    /// set back since: nobody knows what is left of that.
    pub fn wait(&self, now: DateTime<Utc>) -> Option<Duration> {
        let wait = (self.waits_until? - now).to_std().ok()?;
        (wait <= LONGEST_ASKED).then_some(wait)
    }

    pub fn learnt(&self) -> Option<LearntPace> {
        Some(LearntPace {
            per_minute: self.pace_per_minute?,
            steady: Duration::try_from_secs_f64(self.pace_steady_s?).unwrap_or_default(),
        })
    }

    /// What this client knows that is not kept yet; None: nothing worth writing.
    pub fn news(&self, client: &Client) -> Option<KeptPace> {
        let learnt = client.learnt_pace();
        let same = match (self.pace_per_minute, learnt) {
            (Some(kept), Some(learnt)) => {
                (learnt.per_minute / kept - 1.0).abs() < NOTABLE
                    && self.pace_steady_s == Some(learnt.steady.as_secs_f64())
            }
            (kept, learnt) => kept.is_none() && learnt.is_none(),
        };
        let waits_until = client
            .waiting_until()
            .map(settings::by_our_clock)
            .or(self.waits_until);
        (!same || waits_until != self.waits_until).then(|| KeptPace {
            waits_until,
            pace_per_minute: learnt.map(|learnt| learnt.per_minute),
            pace_steady_s: learnt.map(|learnt| learnt.steady.as_secs_f64()),
        })
    }

    pub fn keep(&self, connection_id: i64) -> Result<()> {
        sql::execute(
            "UPDATE chorus.connections k
                SET waits_until = n.waits_until, pace_per_minute = n.pace_per_minute, pace_steady_s = n.pace_steady_s
               FROM json_to_record($2::json) AS n(
                    waits_until timestamptz, pace_per_minute double precision, pace_steady_s double precision)
              WHERE k.connection_id = $1",
            &[sql::int8(connection_id), sql::json(self)],
        )?;
        Ok(())
    }
}
