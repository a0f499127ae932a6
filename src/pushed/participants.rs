//! A row of `chorus.participants` that somebody inserts, changes or deletes.

use super::marks;
use super::row::{Event, Row, RowTrigger, places};
use crate::error::Result;
use crate::store::own_domains::OwnDomains;
use meeting_match::email;
use pgrx::pg_sys;

places!(Columns: call_id, name, email, email_domain, side);

/// What all rows of a statement are looked at with.
struct Statement {
    columns: Columns,
    domains: OwnDomains,
}

pub fn look_at(trigger: &mut RowTrigger) -> Result<pg_sys::HeapTuple> {
    let statement = trigger.for_statement(|columns| {
        Ok(Statement {
            columns: Columns::of(columns),
            domains: OwnDomains::read()?,
        })
    })?;
    let call_id = statement.columns.call_id;
    match trigger.event() {
        Event::Insert { mut new } => {
            statement.derive(&mut new);
            marks::attended(new.get(call_id));
            Ok(new.into_tuple())
        }
        Event::Update { old, mut new } => {
            statement.derive(&mut new);
            marks::attended(new.get(call_id));
            marks::left(old.get(call_id));
            Ok(new.into_tuple())
        }
        Event::Delete { old } => {
            marks::left(old.get(call_id));
            Ok(old.into_tuple())
        }
    }
}

impl Statement {
    /// A side that was given stays where the address does not tell.
    fn derive(&mut self, new: &mut Row) {
        let columns = &self.columns;
        if let Some(name) = new.text(columns.name) {
            let trimmed = name.trim().to_owned();
            new.set_text(
                columns.name,
                Some(trimmed.as_str()).filter(|name| !name.is_empty()),
            );
        }
        let address = new.text(columns.email).and_then(email);
        let (domain, side) = match &address {
            Some(address) => self.domains.of(address),
            None => (None, None),
        };
        new.set_text(columns.email, address.as_deref());
        new.set_text(columns.email_domain, domain);
        if let Some(side) = side {
            new.set_text(columns.side, Some(side.name()));
        }
    }
}
