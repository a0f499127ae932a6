//! Whose domains are internal: by these, rows of other sources are given a side.

use crate::error::Result;
use crate::owner::as_owner;
use crate::sql;
use call_rows::Side;
use customer_match::registrable_domain;
use std::collections::{HashMap, HashSet};

/// Hosts whose domain is remembered; a statement rarely meets more.
const MOST_HOSTS: usize = 10_000;

/// Internal or external, by the address.
#[derive(Default)]
pub struct OwnDomains {
    internal: HashSet<String>,
    /// By host.
    registrable: HashMap<String, Option<String>>,
}

impl OwnDomains {
    /// Domains of the workspaces and of those who work there, but for free mail.
    pub fn read() -> Result<Self> {
        let own: Option<Vec<String>> =
            as_owner(|| sql::one("SELECT array_agg(o.domain) FROM chorus.own_domains o", &[]))?;
        let own = own.unwrap_or_default();
        Ok(OwnDomains {
            internal: own
                .into_iter()
                .filter(|domain| customer_match::listed(domain).is_none())
                .collect(),
            registrable: HashMap::new(),
        })
    }

    /// The registrable domain of an address, and the side it speaks for. None: it cannot be told.
    pub fn of(&mut self, email: &str) -> (Option<&str>, Option<Side>) {
        let host = email.rsplit_once('@').map_or(email, |(_, host)| host);
        if !self.registrable.contains_key(host) {
            if self.registrable.len() >= MOST_HOSTS {
                self.registrable.clear();
            }
            self.registrable
                .insert(host.to_owned(), registrable_domain(host));
        }
        let Some(domain) = self.registrable[host].as_deref() else {
            return (None, None);
        };
        let side = match self.internal.contains(domain) {
            true => Some(Side::Internal),
            false if self.internal.is_empty() => None,
            false => Some(Side::External),
        };
        (Some(domain), side)
    }
}
