//! `chorus.is_unattached`: whether a meeting waits for a customer. `chorus.unattached_meetings` asks it of one meeting
//! after the other.
//!
//! What it finds out is kept as long as the query runs, by party. A page looks at some hundred meetings, so each party is
//! looked up when it comes. A query that asks for more wants them all: then everything that bears on it is read at once,
//! which costs what some thousand look-ups would.

mod known;

use self::known::{Everything, Known};
use super::answer;
use super::standing::read_rules;
use crate::error::Result;
use crate::kept::kept_by_query;
use customer_match::{Rules, Standing};
use pgrx::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// Meetings that are looked up one by one, until all is read.
const SINGLY: u32 = 1_500;

#[pg_extern]
fn is_unattached(
    meeting_id: i64,
    main_call_id: i64,
    party_id: Option<i64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> bool {
    // SAFETY: nobody else keeps anything in the places of this function.
    let meetings = answer(unsafe { kept_by_query(fcinfo, Meetings::new) });
    answer(meetings.is_unattached(meeting_id, main_call_id, party_id))
}

/// What a party says by itself.
#[derive(Clone, Default)]
struct Party {
    own_people: bool,
    outsiders: bool,
    customers: Vec<Rc<str>>,
}

/// What a host is for us, and whose it is.
type Host = (Standing, Rc<[Rc<str>]>);

struct Meetings {
    rules: Rules,
    decisions: FxHashMap<i64, Vec<(Rc<str>, bool)>>,
    detached: FxHashSet<Rc<str>>,
    known: Known,
    asked: u32,
    parties: FxHashMap<i64, Rc<Party>>,
    hosts: FxHashMap<String, Host>,
}

impl Meetings {
    fn new() -> Result<Self> {
        let mut decisions: FxHashMap<i64, Vec<(Rc<str>, bool)>> = FxHashMap::default();
        let mut detached = FxHashSet::default();
        known::each_decision(|meeting_id, customer, attached| {
            if !attached {
                detached.insert(customer.clone());
            }
            decisions
                .entry(meeting_id)
                .or_default()
                .push((customer, attached));
        })?;
        Ok(Meetings {
            rules: read_rules()?,
            decisions,
            detached,
            known: Known::Singly,
            asked: 0,
            parties: FxHashMap::default(),
            hosts: FxHashMap::default(),
        })
    }

    fn is_unattached(
        &mut self,
        meeting_id: i64,
        main_call_id: i64,
        party_id: Option<i64>,
    ) -> Result<bool> {
        self.asked = self.asked.saturating_add(1);
        if self.asked == SINGLY {
            self.read_everything()?;
        }
        let party = self.party(party_id)?;
        if self.attaches(meeting_id, &party.customers) {
            return Ok(false);
        }
        let (other_parties, contacts) = self.known.meeting(meeting_id, main_call_id)?;
        let (mut own_people, mut outsiders) = (party.own_people, party.outsiders);
        for other in other_parties {
            let party = self.party(Some(other))?;
            if self.attaches(meeting_id, &party.customers) {
                return Ok(false);
            }
            own_people |= party.own_people;
            outsiders |= party.outsiders;
        }
        let internal = own_people && !outsiders;
        let by_hand =
            |decisions: &Vec<(Rc<str>, bool)>| decisions.iter().any(|(_, attached)| *attached);
        Ok(!internal
            && !self.decisions.get(&meeting_id).is_some_and(by_hand)
            && !self.attaches(meeting_id, &contacts))
    }

    /// Whether any of these customers was not detached from the meeting by hand.
    fn attaches(&self, meeting_id: i64, customers: &[Rc<str>]) -> bool {
        match self.decisions.get(&meeting_id) {
            None => !customers.is_empty(),
            Some(decisions) => customers.iter().any(|customer| {
                !decisions
                    .iter()
                    .any(|(decided, attached)| decided == customer && !attached)
            }),
        }
    }

    fn party(&mut self, party_id: Option<i64>) -> Result<Rc<Party>> {
        let Some(party_id) = party_id else {
            return Ok(Rc::default());
        };
        if let Some(party) = self.parties.get(&party_id) {
            return Ok(party.clone());
        }
        let (people, customers) = self.known.party(party_id)?;
        let mut party = Party {
            customers,
            ..Party::default()
        };
        for (own, host) in people {
            let (standing, customers) = match host {
                Some(host) => self.host(&host)?,
                None => (Standing::Open, Rc::default()),
            };
            if own || standing == Standing::Internal {
                party.own_people = true;
            } else {
                party.outsiders = true;
            }
            party.customers.extend(customers.iter().cloned());
        }
        let party = Rc::new(party);
        self.parties.insert(party_id, party.clone());
        Ok(party)
    }

    /// What a host is for us, and whose it is.
    fn host(&mut self, host: &str) -> Result<Host> {
        if let Some(found) = self.hosts.get(host) {
            return Ok(found.clone());
        }
        let standing = self.rules.standing(host);
        let customers = match standing {
            Standing::Open => self.known.host_customers(host)?.into(),
            Standing::Closed | Standing::Internal => Rc::default(),
        };
        self.hosts.insert(host.to_owned(), (standing, customers));
        Ok(self.hosts[host].clone())
    }

    fn read_everything(&mut self) -> Result<()> {
        self.known = Known::Everything(Everything::read()?);
        // A contact at a host of a customer adds nothing, unless that customer was detached from some meeting.
        let (mut addresses, mut customers) = (Vec::new(), Vec::new());
        for (address, host, customer) in known::contacts_of_customers()? {
            let covered = match host {
                Some(host) => {
                    let (_, of_host) = self.host(&host)?;
                    !of_host.is_empty()
                        && !of_host
                            .iter()
                            .any(|customer| self.detached.contains(customer))
                }
                None => false,
            };
            if !covered {
                addresses.push(address);
                customers.push(customer);
            }
        }
        self.known.read_contacts(addresses, customers)
    }
}
