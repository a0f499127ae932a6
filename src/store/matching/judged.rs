//! How two calls are judged, for people to look at.

use super::{counts, pairs, remake};
use crate::error::{Error, Result};
use crate::sql;
use meeting_match::{Common, Fact, Findings, Rarity, counted};

pub struct Judged {
    pub findings: Findings,
    /// Words, if both have some.
    pub common: Option<Common>,
    /// What a person said: the same, or not.
    pub decision: Option<bool>,
    /// They are in one meeting, or not; None: one of them has not been compared yet.
    pub are_joined: Option<bool>,
}

/// Judges two calls by what is stored of them now.
pub fn judged(a: i64, b: i64) -> Result<Judged> {
    let (first, second) = (remake::as_it_is(a)?, remake::as_it_is(b)?);
    let (Some(first), Some(second)) = (first, second) else {
        return Err(Error::unknown(
            "one of the calls is gone",
            "SELECT call_id, title, started_at FROM chorus.calls WHERE removed_at IS NULL ORDER BY started_at DESC;",
        ));
    };
    let mut rarity = Rarity::default();
    let things = |fact: &Fact| counted(fact).collect::<Vec<_>>();
    counts::learn(&mut rarity, [things(&first), things(&second)].concat())?;
    let are_joined = sql::one::<bool>(
        "SELECT a.meeting_id = b.meeting_id FROM chorus.calls a, chorus.calls b WHERE a.call_id = $1 AND b.call_id = $2",
        &[sql::int8(a), sql::int8(b)],
    )?;
    Ok(Judged {
        findings: Findings::of(&first, &second, &rarity),
        common: first.words.common(&second.words),
        decision: pairs::decisions(&[a])?.about(a, b),
        are_joined,
    })
}
