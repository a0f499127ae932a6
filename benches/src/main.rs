//! `make bench`: the extension beside a hand-written loader, a plain COPY and other tools, in one sitting.
//!
//! All contestants pull the same tenant, which answers from memory, into the same throw-away server, and take turns.
//! What each of them wrote is compared with what the others wrote before any time is believed.

mod contents;
mod customers;
mod extension;
mod floor;
mod measure;
mod peer;
mod plain_copy;
mod process;
mod recognition;
mod report;
mod scenario;
mod search;
mod server;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use contents::Contents;
use peer::Peer;
use report::{Line, Report};
use scenario::{Scenario, scenarios};
use server::Server;

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Measures a first sync of several tenants; see docs/benchmarks.md.
#[derive(Parser)]
struct Options {
    /// How often each contestant runs; the median is shown.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Only the scenarios whose names begin so.
    #[arg(long, default_value = "")]
    only: String,
    /// A Python that has dlt.
    #[arg(long)]
    python: Option<std::path::PathBuf>,
    #[command(subcommand)]
    contestant: Option<Contestant>,
}

/// What runs in a process of its own, so that its time and memory can be told apart.
#[derive(Subcommand)]
enum Contestant {
    /// The hand-written loader alone.
    Floor(floor::Load),
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match options.contestant {
        Some(Contestant::Floor(load)) => floor::run(load),
        None => bench(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("bench: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn bench(options: &Options) -> Result<()> {
    let server = Server::start("256MB");
    println!("{}", server.describe());
    let peer = options.python.as_deref().map(Peer::new);
    if peer.is_none() {
        println!("dlt is not here and is left out: make bench installs it from PyPI where it can");
    }
    for scenario in scenarios()
        .into_iter()
        .filter(|scenario| scenario.name.starts_with(&options.only))
    {
        let Some(tenant) = (scenario.tenant)()? else {
            println!(
                "\n{}: left out, there is no {}",
                scenario.name, scenario.needs
            );
            continue;
        };
        let running = scenario.start(tenant)?;
        println!(
            "\n{}",
            compare(&server, &running, peer.as_ref(), options.runs)?
        );
    }
    if customers::NAME.starts_with(&options.only) {
        customers::run(&server)?;
    }
    if recognition::NAME.starts_with(&options.only) {
        recognition::run()?;
    }
    if search::NAME.starts_with(&options.only) {
        search::run(&server)?;
    }
    Ok(())
}

/// All contestants in turn, `runs` times.
fn compare(
    server: &Server,
    scenario: &Scenario,
    peer: Option<&Peer>,
    runs: usize,
) -> Result<Report> {
    let mut report = Report::default();
    for run in 1..=runs {
        eprintln!("{}: run {run} of {runs}", scenario.name);
        let contents = extension(server, scenario, &mut report)?;

        let database = server.database();
        let loaded = floor::measure(server, &database, scenario)?;
        contents.must_equal("floor", &Contents::of(&database, floor::SCHEMA)?)?;
        report.add(Line::Floor, loaded);
        drop(database);

        if let Some(peer) = peer.filter(|_| scenario.suits_peers) {
            let database = server.database();
            let loaded = peer.measure(server, &database, scenario)?;
            contents
                .gist
                .must_equal("dlt", &peer.gist(&database, scenario)?)?;
            report.add(Line::Dlt, loaded);
        }
        report.describe(scenario, &contents);
    }
    Ok(report)
}

/// The extension's first sync, what follows it, and the plain COPY of what it wrote.
fn extension(server: &Server, scenario: &Scenario, report: &mut Report) -> Result<Contents> {
    let database = server.database();
    extension::connect(&database, &scenario.tenant)?;
    let first = extension::sync(server, &database, scenario, None)?;
    let contents = Contents::of(&database, "chorus")?;
    if let Some(listed) = first.listed.filter(|_| scenario.shows_list) {
        report.add(Line::FirstList, listed);
    }
    report.add(Line::First, first.measured);

    let (copied_out, copied_in) = plain_copy::measure(server, &database, scenario)?;
    contents.must_equal("plain COPY", &Contents::of(&database, plain_copy::SCHEMA)?)?;
    report.add(Line::CopyOut, copied_out);
    report.add(Line::CopyIn, copied_in);

    if scenario.shows_again {
        let whole = extension::sync(server, &database, scenario, Some(scenario::WINDOW))?;
        report.add(Line::AgainWhole, whole.measured);
        let recent = extension::sync(server, &database, scenario, None)?;
        report.add(Line::AgainRecent, recent.measured);
        contents.must_equal("no-change sync", &Contents::of(&database, "chorus")?)?;
    }
    Ok(contents)
}
