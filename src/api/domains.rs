//! Addresses and domains for SQL: thin shells around the crate `customer-match`.

use super::answer;
use crate::error::Error;
use customer_match::{Listed, Misfit};
use pgrx::prelude::*;

#[pg_extern]
fn host(email: &str) -> Option<String> {
    customer_match::host(email)
}

#[pg_extern]
fn address(email: &str) -> Option<String> {
    customer_match::address(email).map(|address| address.into_owned())
}

#[pg_extern]
fn account_key(account_id: &str) -> Option<&str> {
    customer_match::account_key(account_id)
}

#[pg_extern]
fn domains(host: &str) -> Vec<&str> {
    customer_match::domains(host)
}

#[pg_extern]
fn registrable_domain(address_or_host: &str) -> Option<String> {
    customer_match::registrable_domain(address_or_host)
}

#[pg_extern]
fn as_domain(typed: &str) -> String {
    let shown: String = typed.chars().take(80).collect();
    const LIKE: &str = "A domain looks like larkspur.com; a URL or an address of it will do.";
    answer(
        customer_match::domain(typed).map_err(|misfit| match misfit {
            Misfit::Malformed => Error::bad_argument(format!("\"{shown}\" is not a domain"), LIKE),
            Misfit::Machine => Error::bad_argument(
                format!("\"{shown}\" is the address of a machine, not a domain"),
                LIKE,
            ),
            Misfit::Suffix => Error::bad_argument(
                format!("\"{shown}\" is a public suffix: everybody registers below it"),
                LIKE,
            ),
        }),
    )
}

#[pg_extern]
fn as_email(typed: &str) -> String {
    answer(customer_match::typed(typed).ok_or_else(|| {
        let shown: String = typed.chars().take(80).collect();
        Error::bad_argument(
            format!("\"{shown}\" is not an e-mail address"),
            "An address looks like kim@larkspur.com; each has a row of its own.",
        )
    }))
}

#[pg_extern]
fn listed_domains()
-> TableIterator<'static, (name!(domain, &'static str), name!(kind, &'static str))> {
    TableIterator::new(customer_match::all_listed().map(|(domain, listed)| {
        let kind = match listed {
            Listed::FreeMail => "free_mail",
            Listed::Disposable => "disposable",
        };
        (domain, kind)
    }))
}
