//! `chorus.may_attach` and `chorus.is_internal`: what a host is for us, by what is decided, learnt and built in.
//!
//! Rules are read once for each place in a query that asks, with the query's own snapshot, and kept as long as the query
//! runs: so a change shows in the next statement of the same transaction, and a million hosts cost a million look-ups in
//! memory.

use super::answer;
use crate::error::Result;
use crate::kept::kept_by_query;
use crate::sql::Statement;
use customer_match::{Rule, Rules, Standing};
use pgrx::prelude::*;

#[pg_extern]
fn may_attach(host: &str, fcinfo: pg_sys::FunctionCallInfo) -> bool {
    rules_of(fcinfo).standing(host) == Standing::Open
}

#[pg_extern]
fn is_internal(host: &str, fcinfo: pg_sys::FunctionCallInfo) -> bool {
    rules_of(fcinfo).standing(host) == Standing::Internal
}

fn rules_of<'a>(fcinfo: pg_sys::FunctionCallInfo) -> &'a mut Rules {
    // SAFETY: nobody else keeps anything in the places of these functions.
    answer(unsafe { kept_by_query(fcinfo, read_rules) })
}

thread_local! {
    static DECIDED: Statement = const { Statement::new("SELECT r.domain, r.rule FROM chorus.domain_rules r") };
    static OWN: Statement = const { Statement::new("SELECT o.domain FROM chorus.own_domains o") };
}

pub fn read_rules() -> Result<Rules> {
    let mut rules = Rules::default();
    DECIDED.with(|statement| {
        statement.each(&[], |row| {
            if let (Some(domain), Some(rule)) = (row.text(0), row.text(1).and_then(Rule::from_name))
            {
                rules.decided.insert(domain.to_owned(), rule);
            }
        })
    })?;
    OWN.with(|statement| {
        statement.each(&[], |row| rules.own.extend(row.text(0).map(str::to_owned)))
    })?;
    Ok(rules)
}
