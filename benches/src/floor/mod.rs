//! The floor: a loader as a competent engineer would write it in a day.
//!
//! It lists, asks for 16 details at once, and copies everything into empty tables in one transaction. It does not
//! resume, update, retry, limit its memory by bytes or tolerate anything. It runs in a process of its own.

mod fetch;
mod rows;
mod tables;
mod wire;
mod write;

use std::process::Command;

use chorus_tests::Database;
use clap::Args;
use tokio::sync::mpsc;
use tokio_postgres::NoTls;

use crate::Result;
use crate::measure::{Measured, run_program};
use crate::scenario::Scenario;
use crate::server::Server;
use fetch::Tenant;
pub use tables::PRIMARY_KEYS;
use write::Writer;

/// Calls that wait between network and server.
const WAITING: usize = 128;

/// What to load from where into what.
#[derive(Args)]
pub struct Load {
    #[arg(long)]
    pub base_url: String,
    #[arg(long)]
    pub api_key: String,
    /// Start of the window, ISO 8601.
    #[arg(long)]
    pub since: String,
    /// As libpq writes it: host=… port=… user=… dbname=…
    #[arg(long)]
    pub server: String,
    #[arg(long)]
    pub schema: String,
}

pub fn run(load: Load) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(load_all(load))
}

async fn load_all(load: Load) -> Result<()> {
    let (mut session, connection) = tokio_postgres::connect(&load.server, NoTls).await?;
    tokio::spawn(connection);
    let tenant = Tenant::new(load.base_url, load.api_key)?;
    let (sender, mut fetched) = mpsc::channel(WAITING);
    let fetching = tokio::spawn(tenant.fetch_all(load.since, sender));
    let transaction = session.transaction().await?;
    let mut writer = Writer::new(&transaction, &load.schema).await?;
    while let Some(call) = fetched.recv().await {
        writer.write(call).await?;
    }
    fetching.await??;
    writer.send().await?;
    drop(writer);
    transaction.commit().await?;
    Ok(())
}

/// Where it loads into: tables with the columns and primary keys of the extension's.
pub const SCHEMA: &str = "floor";

/// One load into tables that are made before the clock starts.
pub fn measure(server: &Server, database: &Database, scenario: &Scenario) -> Result<Measured> {
    let tables: String = PRIMARY_KEYS
        .iter()
        .map(|(table, key)| {
            format!(
                "CREATE TABLE {SCHEMA}.{table} (LIKE chorus.{table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS, PRIMARY KEY ({key}));"
            )
        })
        .collect();
    database.sql(&format!("CREATE SCHEMA {SCHEMA}; {tables}"));
    let mut program = Command::new(std::env::current_exe()?);
    program
        .arg("floor")
        .args(["--base-url", &scenario.tenant.base_url()])
        .args(["--api-key", scenario.tenant.api_key()])
        .args(["--since", &scenario.since()])
        .args(["--server", &server.socket_address(database.name())])
        .args(["--schema", SCHEMA]);
    Ok(run_program(server, scenario, &mut program)?.0)
}
