//! What rows are judged by: whose domains are internal, and which sources are read from a relation.

use crate::error::Result;
use crate::owner::as_owner;
use crate::sql;
use meeting_match::registrable_domain;
use std::collections::{HashMap, HashSet};

/// Hosts whose domain is remembered; a statement rarely meets more.
const MOST_HOSTS: usize = 10_000;

/// Internal or external, by the address.
#[derive(Default)]
pub struct Domains {
    internal: HashSet<String>,
    /// By host.
    registrable: HashMap<String, Option<String>>,
}

impl Domains {
    /// Domains of the workspaces and of those who work there.
    pub fn read() -> Result<Self> {
        let own: Option<Vec<String>> = as_owner(|| {
            sql::one(
                "SELECT array_agg(own.host) FROM (
                     SELECT k.workspace_domain FROM chorus.connections k
                     UNION SELECT substring(u.email FROM '@(.*)$') FROM chorus.users u) AS own(host)
                  WHERE own.host IS NOT NULL",
                &[],
            )
        })?;
        let own = own.unwrap_or_default();
        Ok(Domains {
            internal: own
                .iter()
                .filter_map(|host| registrable_domain(host))
                .collect(),
            registrable: HashMap::new(),
        })
    }

    /// The registrable domain of an address, and the side it speaks for. None: it cannot be told.
    pub fn of(&mut self, email: &str) -> (Option<&str>, Option<&'static str>) {
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
            true => Some("internal"),
            false if self.internal.is_empty() => None,
            false => Some("external"),
        };
        (Some(domain), side)
    }
}

/// Sources that are read from a relation, with its name.
pub fn read_sources() -> Result<HashMap<String, String>> {
    let read = as_owner(|| {
        sql::one_json(
            "SELECT jsonb_object_agg(s.source, s.relation) FROM chorus.sources s WHERE s.relation IS NOT NULL",
            &[],
        )
    })?;
    Ok(read.unwrap_or_default())
}
