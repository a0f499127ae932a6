//! The sides of people in calls of other sources go by whose domains are our own. When those change, which is rare (a first
//! connection, a user of a new domain), the sides that are stored follow, a bounded number of calls in each transaction.
//! The sides of Chorus' own calls are what Chorus says.

use crate::error::Result;
use crate::sql;
use crate::store::feed::{self, Kind};
use crate::store::own_domains::OwnDomains;
use crate::store::parties;
use chrono::{DateTime, Utc};

/// Calls that are looked at in one transaction.
const AT_ONCE: i64 = 2_000;

/// Whether sides were derived by other domains than are our own now, or are not all derived yet.
pub fn is_due() -> Result<bool> {
    let due = sql::one(
        "SELECT CASE WHEN s.one THEN s.done_to IS NOT NULL OR s.own_domains <> o.domains ELSE o.domains <> '{}' END
           FROM (SELECT ARRAY(SELECT DISTINCT d.domain FROM chorus.own_domains d ORDER BY d.domain) AS domains) o
                LEFT JOIN chorus.sides_state s ON s.one",
        &[],
    )?;
    Ok(due.unwrap_or(false))
}

/// From the first call on, unless that was begun with the domains of now.
pub fn begin() -> Result<()> {
    sql::execute(
        "INSERT INTO chorus.sides_state AS s (own_domains, done_to)
         SELECT ARRAY(SELECT DISTINCT d.domain FROM chorus.own_domains d ORDER BY d.domain), 0
         ON CONFLICT (one) DO UPDATE SET own_domains = excluded.own_domains, done_to = 0
          WHERE s.own_domains <> excluded.own_domains",
        &[],
    )?;
    Ok(())
}

/// The next calls. False: there are no more, or somebody else is at it.
pub fn step(now: DateTime<Utc>) -> Result<bool> {
    let done_to: Option<i64> = sql::one(
        "SELECT s.done_to FROM chorus.sides_state s WHERE s.done_to IS NOT NULL FOR UPDATE SKIP LOCKED",
        &[],
    )?;
    let Some(done_to) = done_to else {
        return Ok(false);
    };
    let call_ids: Vec<i64> = sql::one(
        "SELECT array_agg(c.call_id ORDER BY c.call_id)
           FROM (SELECT k.call_id FROM chorus.calls k WHERE k.call_id > $1 AND k.source <> 'chorus' ORDER BY k.call_id LIMIT $2) c",
        &[sql::int8(done_to), sql::int8(AT_ONCE)],
    )?
    .unwrap_or_default();
    let reached = call_ids.last().copied();
    derive(call_ids, now)?;
    sql::execute(
        "UPDATE chorus.sides_state SET done_to = $1",
        &[sql::int8(reached)],
    )?;
    Ok(reached.is_some())
}

/// A side stays where the address does not tell.
fn derive(call_ids: Vec<i64>, now: DateTime<Utc>) -> Result<()> {
    let mut own = OwnDomains::read()?;
    let (mut changed, mut numbers, mut sides) = (Vec::new(), Vec::new(), Vec::new());
    sql::each(
        "SELECT p.call_id, p.participant_no::bigint, p.email, p.side
           FROM unnest($1) AS asked(call_id)
                CROSS JOIN LATERAL (SELECT q.call_id, q.participant_no, q.email, q.side FROM chorus.participants q
                                     WHERE q.call_id = asked.call_id AND q.email IS NOT NULL OFFSET 0) p",
        &[sql::int8s(call_ids)],
        |row| {
            let (Some(call_id), Some(number), Some(email)) = (row.int8(0), row.int8(1), row.text(2))
            else {
                return Ok(());
            };
            if let (_, Some(side)) = own.of(email)
                && row.text(3) != Some(side.name())
            {
                changed.push(call_id);
                numbers.push(number);
                sides.push(side.name().to_owned());
            }
            Ok(())
        },
    )?;
    if changed.is_empty() {
        return Ok(());
    }
    sql::execute(
        "UPDATE chorus.participants p SET side = n.side
           FROM unnest($1, $2, $3) AS n(call_id, participant_no, side)
          WHERE p.call_id = n.call_id AND p.participant_no = n.participant_no",
        &[
            sql::int8s(changed.clone()),
            sql::int8s(numbers),
            sql::texts(sides),
        ],
    )?;
    changed.sort_unstable();
    changed.dedup();
    feed::record_of_calls(Kind::CallUpdated, &changed, now)?;
    parties::settle(changed)
}
