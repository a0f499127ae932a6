//! The same rows by `COPY … TO` and `COPY … FROM` of the server alone, into tables of the same definition.

use chorus_tests::Database;

use crate::Result;
use crate::floor::PRIMARY_KEYS;
use crate::measure::{Measured, Started};
use crate::scenario::Scenario;
use crate::server::Server;
use std::time::Duration;

pub const SCHEMA: &str = "plain";

/// Times to write all rows to files and to read them into empty tables, indexes and all, in one transaction.
pub fn measure(
    server: &Server,
    database: &Database,
    scenario: &Scenario,
) -> Result<(Measured, Measured)> {
    let tables = PRIMARY_KEYS.map(|(table, _)| table);
    let file = |table: &str| {
        server
            .directory()
            .join(format!("{table}.copy"))
            .display()
            .to_string()
    };
    let make: String = tables
        .iter()
        .map(|table| format!("CREATE TABLE {SCHEMA}.{table} (LIKE chorus.{table} INCLUDING ALL);"))
        .collect();
    let write: String = tables
        .iter()
        .map(|table| format!("COPY chorus.{table} TO '{}' (FORMAT binary);", file(table)))
        .collect();
    let read: String = tables
        .iter()
        .map(|table| {
            format!(
                "COPY {SCHEMA}.{table} FROM '{}' (FORMAT binary);",
                file(table)
            )
        })
        .collect();
    database.sql(&format!("CREATE SCHEMA {SCHEMA}; {make}"));
    let written = timed(server, database, scenario, &write)?;
    let taken_in = timed(server, database, scenario, &read)?;
    for table in tables {
        // The files belong to the server's user, their directory too: it goes with the server at the latest.
        let _ = std::fs::remove_file(file(table));
    }
    Ok((written, taken_in))
}

/// Several statements in one string are one transaction.
fn timed(
    server: &Server,
    database: &Database,
    scenario: &Scenario,
    statements: &str,
) -> Result<Measured> {
    let mut session = database.connect();
    let started = Started::now(server, scenario);
    session.batch_execute(statements)?;
    let elapsed = started.elapsed();
    drop(session);
    let measured = started.end(elapsed, Duration::ZERO, None);
    Ok(Measured {
        requests: None,
        ..measured
    })
}
