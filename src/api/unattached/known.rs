//! What the tables say about parties, hosts and meetings: asked for one by one, or read at once.

use crate::error::Result;
use crate::sql::{self, Statement};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Whether somebody is taken for one of ours by the source, and the host.
type People = Vec<(bool, Option<String>)>;
type Customers = Vec<Rc<str>>;

pub enum Known {
    Singly,
    Everything(Everything),
}

#[derive(Default)]
pub struct Everything {
    /// By party.
    people: FxHashMap<i64, People>,
    /// By party.
    by_account: FxHashMap<i64, Customers>,
    by_domain: FxHashMap<String, Customers>,
    /// By meeting: its calls that are not the main one, with their parties.
    others: FxHashMap<i64, Vec<(i64, Option<i64>)>>,
    /// By call.
    contacts: FxHashMap<i64, Customers>,
}

thread_local! {
    static DECISIONS: Statement = const { Statement::new(
        "SELECT d.meeting_id, d.customer_id, d.decision OPERATOR(pg_catalog.=) 'attached'
           FROM chorus.decided_customers d JOIN chorus.customers k ON k.customer_id OPERATOR(pg_catalog.=) d.customer_id") };
    // OFFSET 0 has everything looked up by its index, whether the planner knows the tables or not.
    static PARTY: Statement = const { Statement::new(
        "SELECT h.side, h.host FROM chorus.party_hosts h WHERE h.party_id OPERATOR(pg_catalog.=) $1
         UNION ALL
         SELECT 'account', k.customer_id
           FROM (SELECT q.account FROM chorus.parties q WHERE q.party_id OPERATOR(pg_catalog.=) $1 OFFSET 0) p
                CROSS JOIN LATERAL (SELECT b.customer_id FROM chorus.customer_accounts b
                                     WHERE b.account_key OPERATOR(pg_catalog.=) p.account OFFSET 0) a
                CROSS JOIN LATERAL (SELECT c.customer_id FROM chorus.customers c
                                     WHERE c.customer_id OPERATOR(pg_catalog.=) a.customer_id OFFSET 0) k") };
    static DOMAINS: Statement = const { Statement::new(
        "SELECT d.domain, k.customer_id
           FROM unnest($1) AS asked(domain)
                CROSS JOIN LATERAL (SELECT e.domain, e.customer_id FROM chorus.customer_domains e
                                     WHERE e.domain OPERATOR(pg_catalog.=) asked.domain OFFSET 0) d
                CROSS JOIN LATERAL (SELECT c.customer_id FROM chorus.customers c
                                     WHERE c.customer_id OPERATOR(pg_catalog.=) d.customer_id OFFSET 0) k") };
    static MEETING: Statement = const { Statement::new(
        "SELECT c.party_id, NULL::pg_catalog.text FROM chorus.calls c
          WHERE c.meeting_id OPERATOR(pg_catalog.=) $1 AND NOT c.is_main_call AND c.removed_at IS NULL AND c.party_id IS NOT NULL
         UNION ALL
         SELECT NULL, k.customer_id
           FROM (SELECT m.call_id FROM chorus.calls m
                  WHERE m.meeting_id OPERATOR(pg_catalog.=) $1 AND m.removed_at IS NULL OFFSET 0) c
                CROSS JOIN LATERAL (SELECT p.email FROM chorus.participants p
                                     WHERE p.call_id OPERATOR(pg_catalog.=) c.call_id OFFSET 0) q
                CROSS JOIN LATERAL (SELECT u.customer_id FROM chorus.customer_contacts u
                                     WHERE u.address OPERATOR(pg_catalog.=) chorus.address(q.email) OFFSET 0) t
                CROSS JOIN LATERAL (SELECT l.customer_id FROM chorus.customers l
                                     WHERE l.customer_id OPERATOR(pg_catalog.=) t.customer_id OFFSET 0) k") };
    static ALL_PEOPLE: Statement = const { Statement::new(
        "SELECT h.party_id, h.side OPERATOR(pg_catalog.=) 'internal', h.host FROM chorus.party_hosts h") };
    static ALL_ACCOUNTS: Statement = const { Statement::new(
        "SELECT p.party_id, a.customer_id
           FROM chorus.customer_accounts a
                JOIN chorus.customers k ON k.customer_id OPERATOR(pg_catalog.=) a.customer_id
                JOIN chorus.parties p ON p.account OPERATOR(pg_catalog.=) a.account_key") };
    static ALL_DOMAINS: Statement = const { Statement::new(
        "SELECT d.domain, d.customer_id
           FROM chorus.customer_domains d
                JOIN chorus.customers k ON k.customer_id OPERATOR(pg_catalog.=) d.customer_id") };
    static ALL_OTHERS: Statement = const { Statement::new(
        "SELECT c.meeting_id, c.call_id, c.party_id FROM chorus.calls c
          WHERE NOT c.is_main_call AND c.removed_at IS NULL AND c.meeting_id IS NOT NULL") };
    static CUSTOMER_CONTACTS: Statement = const { Statement::new(
        "SELECT t.address, t.customer_id FROM chorus.customer_contacts t
                JOIN chorus.customers k ON k.customer_id OPERATOR(pg_catalog.=) t.customer_id") };
    static CALLS_OF: Statement = const { Statement::new(
        "SELECT c.call_id, c.customer_id FROM chorus.calls_of_contacts($1, $2) c") };
}

/// Hands out what was decided by hand: meeting, customer that exists, whether attached.
pub fn each_decision(mut decision: impl FnMut(i64, Rc<str>, bool)) -> Result<()> {
    DECISIONS.with(|statement| {
        statement.each(&[], |row| {
            if let (Some(meeting), Some(customer)) = (row.int8(0), row.text(1)) {
                decision(meeting, customer.into(), row.boolean(2) == Some(true));
            }
        })
    })
}

/// Address, its host and customer of every contact whose customer exists.
pub fn contacts_of_customers() -> Result<Vec<(String, Option<String>, String)>> {
    let mut contacts = Vec::new();
    CUSTOMER_CONTACTS.with(|statement| {
        statement.each(&[], |row| {
            if let (Some(address), Some(customer)) = (row.text(0), row.text(1)) {
                let host = customer_match::host(address);
                contacts.push((address.to_owned(), host, customer.to_owned()));
            }
        })
    })?;
    Ok(contacts)
}

impl Known {
    /// The people of a party, and the customers of its account.
    pub fn party(&self, party_id: i64) -> Result<(People, Customers)> {
        let (mut people, mut customers) = (People::new(), Customers::new());
        match self {
            Known::Everything(all) => {
                people.extend(all.people.get(&party_id).into_iter().flatten().cloned());
                customers.extend(all.by_account.get(&party_id).into_iter().flatten().cloned());
            }
            Known::Singly => PARTY.with(|statement| {
                statement.each(&[sql::int8(party_id)], |row| match row.text(0) {
                    Some("account") => customers.extend(row.text(1).map(Rc::from)),
                    side => people.push((side == Some("internal"), row.text(1).map(str::to_owned))),
                })
            })?,
        }
        Ok((people, customers))
    }

    /// The customers of the most specific domain of a host that has any.
    pub fn host_customers(&self, host: &str) -> Result<Customers> {
        let domains = customer_match::domains(host);
        let first_in = |by_domain: &FxHashMap<String, Customers>| {
            let found = domains.iter().find_map(|domain| by_domain.get(*domain));
            found.cloned().unwrap_or_default()
        };
        if let Known::Everything(all) = self {
            return Ok(first_in(&all.by_domain));
        }
        let asked = domains.iter().map(|domain| domain.to_string()).collect();
        let mut by_domain = FxHashMap::default();
        DOMAINS.with(|statement| {
            statement.each(&[sql::texts(asked)], |row| {
                note(&mut by_domain, row.text(0).map(str::to_owned), row.text(1))
            })
        })?;
        Ok(first_in(&by_domain))
    }

    /// The parties of the other recordings of a meeting, and the customers whose contacts took part in any.
    pub fn meeting(&self, meeting_id: i64, main_call_id: i64) -> Result<(Vec<i64>, Customers)> {
        let (mut parties, mut customers) = (Vec::new(), Customers::new());
        match self {
            Known::Everything(all) => {
                let others = all.others.get(&meeting_id).into_iter().flatten();
                parties.extend(others.clone().filter_map(|(_, party)| *party));
                for call in others.map(|(call, _)| *call).chain([main_call_id]) {
                    customers.extend(all.contacts.get(&call).into_iter().flatten().cloned());
                }
            }
            Known::Singly => MEETING.with(|statement| {
                statement.each(&[sql::int8(meeting_id)], |row| {
                    parties.extend(row.int8(0));
                    customers.extend(row.text(1).map(Rc::from));
                })
            })?,
        }
        Ok((parties, customers))
    }

    /// Reads the calls of these contacts, once everything else is.
    pub fn read_contacts(&mut self, addresses: Vec<String>, customers: Vec<String>) -> Result<()> {
        let Known::Everything(all) = self else {
            return Ok(());
        };
        CALLS_OF.with(|statement| {
            statement.each(&[sql::texts(addresses), sql::texts(customers)], |row| {
                note(&mut all.contacts, row.int8(0), row.text(1))
            })
        })
    }
}

impl Everything {
    pub fn read() -> Result<Self> {
        let mut all = Everything::default();
        ALL_PEOPLE.with(|statement| {
            statement.each(&[], |row| {
                if let Some(party) = row.int8(0) {
                    let host = row.text(2).map(str::to_owned);
                    let people = all.people.entry(party).or_default();
                    people.push((row.boolean(1) == Some(true), host));
                }
            })
        })?;
        ALL_ACCOUNTS.with(|statement| {
            statement.each(&[], |row| {
                note(&mut all.by_account, row.int8(0), row.text(1))
            })
        })?;
        ALL_DOMAINS.with(|statement| {
            statement.each(&[], |row| {
                note(
                    &mut all.by_domain,
                    row.text(0).map(str::to_owned),
                    row.text(1),
                )
            })
        })?;
        ALL_OTHERS.with(|statement| {
            statement.each(&[], |row| {
                if let (Some(meeting), Some(call)) = (row.int8(0), row.int8(1)) {
                    let others = all.others.entry(meeting).or_default();
                    others.push((call, row.int8(2)));
                }
            })
        })?;
        Ok(all)
    }
}

fn note<K: std::hash::Hash + Eq>(
    of: &mut FxHashMap<K, Customers>,
    key: Option<K>,
    customer: Option<&str>,
) {
    if let (Some(key), Some(customer)) = (key, customer) {
        of.entry(key).or_default().push(customer.into());
    }
}
