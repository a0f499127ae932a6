//! Parties: who met, as far as customers are concerned. Whoever writes the account or the participants of calls settles
//! their parties in the same transaction.
//!
//! What a party is never changes, and its number is a hash of it, so that writers need not agree on numbers.

use crate::error::Result;
use crate::sql;
use crate::store::copy::copy_into;
use call_rows::{Rows, Target};
use customer_match::{account_key, domains, host};
use pgrx::pg_sys;
use std::collections::{HashMap, HashSet};
use xxhash_rust::xxh3::xxh3_64;

/// How many calls are looked at together.
const AT_ONCE: usize = 5_000;

static PARTIES: Target = Target {
    table: "parties",
    columns: &["party_id", "account"],
};
static PARTY_HOSTS: Target = Target {
    table: "party_hosts",
    columns: &["party_id", "side", "host"],
};
static HOST_DOMAINS: Target = Target {
    table: "host_domains",
    columns: &["host", "domain", "level"],
};

/// The account in the CRM, and the people of a call as `side host`, each once.
#[derive(Default)]
struct Party {
    account: Option<String>,
    people: Vec<String>,
}

impl Party {
    fn number(&mut self) -> i64 {
        self.people.sort_unstable();
        self.people.dedup();
        let mut whole = self.account.clone().unwrap_or_default();
        for one in &self.people {
            whole.push('\n');
            whole.push_str(one);
        }
        xxh3_64(whole.as_bytes()) as i64
    }
}

/// The parties of calls with these accounts, by their participants, which are written already. Parties that are new are
/// written. A call that nobody is known of has none.
pub fn of(calls: &[(i64, Option<&str>)]) -> Result<HashMap<i64, i64>> {
    // From here on forget_unused_parties waits for this transaction, and takes nothing away that is seen below.
    sql::execute("LOCK TABLE chorus.parties IN ROW EXCLUSIVE MODE", &[])?;
    let mut of_calls = HashMap::with_capacity(calls.len());
    for calls in calls.chunks(AT_ONCE) {
        let mut new: HashMap<i64, Party> = HashMap::new();
        for (call_id, mut party) in met(calls)? {
            if party.account.is_some() || !party.people.is_empty() {
                let party_id = party.number();
                of_calls.insert(call_id, party_id);
                new.entry(party_id).or_insert(party);
            }
        }
        for party_id in known(new.keys().copied().collect())? {
            new.remove(&party_id);
        }
        write(&new)?;
    }
    Ok(of_calls)
}

/// Who met in each of these calls.
fn met(calls: &[(i64, Option<&str>)]) -> Result<HashMap<i64, Party>> {
    let mut met: HashMap<i64, Party> = calls
        .iter()
        .map(|&(call_id, account_id)| {
            let party = Party {
                account: account_id.and_then(account_key).map(str::to_owned),
                ..Party::default()
            };
            (call_id, party)
        })
        .collect();
    // OFFSET 0 has every row looked up by its index, also where the planner knows nothing of the table.
    sql::each(
        "SELECT p.call_id, p.side, p.email
           FROM unnest($1) AS asked(call_id)
                CROSS JOIN LATERAL (SELECT q.call_id, q.side, q.email FROM chorus.participants q
                                     WHERE q.call_id = asked.call_id OFFSET 0) p",
        &[sql::int8s(met.keys().copied().collect())],
        |row| {
            if let (Some(call_id), Some(side)) = (row.int8(0), row.text(1))
                && let Some(party) = met.get_mut(&call_id)
            {
                let host = row.text(2).and_then(host).unwrap_or_default();
                party.people.push(format!("{side} {host}"));
            }
            Ok(())
        },
    )?;
    Ok(met)
}

/// Which of these parties are written. A snapshot that is kept may show what was deleted since; then they are written
/// again, which harms nothing.
fn known(party_ids: Vec<i64>) -> Result<Vec<i64>> {
    if unsafe { pg_sys::XactIsoLevel } > pg_sys::XACT_READ_COMMITTED as i32 {
        return Ok(Vec::new());
    }
    let mut known = Vec::with_capacity(party_ids.len());
    sql::each(
        "SELECT asked.party_id FROM unnest($1) AS asked(party_id)
          WHERE EXISTS (SELECT FROM chorus.parties k WHERE k.party_id = asked.party_id OFFSET 0)",
        &[sql::int8s(party_ids)],
        |row| {
            known.extend(row.int8(0));
            Ok(())
        },
    )?;
    Ok(known)
}

fn write(new: &HashMap<i64, Party>) -> Result<()> {
    let (mut parties, mut party_hosts) = (Rows::new(&PARTIES), Rows::new(&PARTY_HOSTS));
    let mut hosts = HashSet::new();
    for (&party_id, party) in new {
        parties.row().int8(party_id).text(party.account.as_deref());
        for one in &party.people {
            let (side, host) = one.split_once(' ').unwrap_or((one, ""));
            let host = Some(host).filter(|host| !host.is_empty());
            party_hosts.row().int8(party_id).text(side).text(host);
            hosts.extend(host);
        }
    }
    copy_into(&parties);
    copy_into(&party_hosts);
    let mut host_domains = Rows::new(&HOST_DOMAINS);
    sql::each(
        "SELECT asked.host FROM unnest($1) AS asked(host)
          WHERE NOT EXISTS (SELECT FROM chorus.host_domains k WHERE k.host = asked.host OFFSET 0)",
        &[sql::texts(hosts.into_iter().map(str::to_owned).collect())],
        |row| {
            let Some(host) = row.text(0) else {
                return Ok(());
            };
            for (level, domain) in (0..).zip(domains(host)) {
                host_domains.row().text(host).text(domain).int4(level);
            }
            Ok(())
        },
    )?;
    copy_into(&host_domains);
    Ok(())
}

/// A call, locked by this transaction.
struct Locked {
    call_id: i64,
    account_id: Option<String>,
    party_id: Option<i64>,
    is_recognised: bool,
}

/// Locks calls, in the order of their numbers. Their participants are to be read by a later statement: of two
/// transactions that change one call, the second waits for the first and then sees what it wrote.
fn lock(call_ids: &[i64]) -> Result<Vec<Locked>> {
    let mut calls = Vec::with_capacity(call_ids.len());
    sql::each(
        "SELECT c.call_id, c.account_id, c.party_id, c.meeting_id IS NOT NULL FROM chorus.calls c
          WHERE c.call_id = ANY ($1) ORDER BY c.call_id FOR NO KEY UPDATE",
        &[sql::int8s(call_ids.to_vec())],
        |row| {
            if let (Some(call_id), Some(is_recognised)) = (row.int8(0), row.boolean(3)) {
                calls.push(Locked {
                    call_id,
                    account_id: row.text(1).map(str::to_owned),
                    party_id: row.int8(2),
                    is_recognised,
                });
            }
            Ok(())
        },
    )?;
    Ok(calls)
}

fn of_locked(calls: &[Locked]) -> Result<HashMap<i64, i64>> {
    let accounts: Vec<_> = calls
        .iter()
        .map(|call| (call.call_id, call.account_id.as_deref()))
        .collect();
    of(&accounts)
}

/// The parties of calls that are given their first meeting, to be written with it.
pub fn of_recognised(call_ids: &[i64]) -> Result<HashMap<i64, i64>> {
    if call_ids.is_empty() {
        return Ok(HashMap::new());
    }
    of_locked(&lock(call_ids)?)
}

/// Sets the parties of calls whose account or participants may have changed. A call without a meeting is in no view: whoever
/// gives it one settles its party ([`of_recognised`]), so that pushing a million calls writes each of them once.
pub fn settle(mut call_ids: Vec<i64>) -> Result<()> {
    call_ids.sort_unstable();
    call_ids.dedup();
    for call_ids in call_ids.chunks(AT_ONCE) {
        let mut calls = lock(call_ids)?;
        calls.retain(|call| call.is_recognised);
        if calls.is_empty() {
            continue;
        }
        let parties = of_locked(&calls)?;
        calls.retain(|call| parties.get(&call.call_id) != call.party_id.as_ref());
        let (with, without): (Vec<_>, Vec<_>) = calls
            .iter()
            .map(|call| call.call_id)
            .partition(|call_id| parties.contains_key(call_id));
        if !with.is_empty() {
            sql::execute(
                "UPDATE chorus.calls c SET party_id = n.party_id
                   FROM unnest($1, $2) AS n(call_id, party_id) WHERE c.call_id = n.call_id",
                &[
                    sql::int8s(with.clone()),
                    sql::int8s(with.iter().map(|call_id| parties[call_id]).collect()),
                ],
            )?;
        }
        if !without.is_empty() {
            sql::execute(
                "UPDATE chorus.calls SET party_id = NULL WHERE call_id = ANY ($1)",
                &[sql::int8s(without)],
            )?;
        }
    }
    Ok(())
}
