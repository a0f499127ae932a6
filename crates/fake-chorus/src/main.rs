//! `fake-chorus`: a Chorus tenant as a program.

#![forbid(unsafe_code)]

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::Utc;
use clap::Parser;
use fake_chorus::{DEFAULT_API_KEY, FakeChorus, Generate, Play, QUIRKS, Tenant};
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

/// Serves a made-up Chorus tenant on 127.0.0.1, until SIGTERM or SIGINT.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Engagements to make up.
    #[arg(long, default_value_t = 200)]
    calls: usize,
    /// Utterances of each recorded call.
    #[arg(long, default_value_t = 60)]
    utterances: usize,
    /// Participants of each meeting.
    #[arg(long, default_value_t = 4)]
    participants: usize,
    /// Trackers of each recorded call, at most 12.
    #[arg(long, default_value_t = 3)]
    trackers: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The calls lie in this many days before now.
    #[arg(long, default_value_t = 30)]
    days: i64,
    /// The calls lie before this time (ISO 8601) instead of before now.
    #[arg(long)]
    until: Option<chrono::DateTime<Utc>>,
    /// The seller's domain.
    #[arg(long, default_value = "seller.example")]
    domain: String,
    /// Recorded meetings and dialer calls only: no e-mails, content views, unrecorded meetings or no-shows.
    #[arg(long)]
    only_calls: bool,
    /// Play the meetings of this .jsonl or .jsonl.gz file instead of making calls up.
    #[arg(long, value_name = "FILE")]
    meetings: Option<PathBuf>,
    /// With --meetings: a call for each line, not for each meeting.
    #[arg(long, requires = "meetings")]
    every_line: bool,
    /// Switch a quirk on; may be given several times.
    #[arg(long = "quirk", value_name = "NAME[=JSON]")]
    quirks: Vec<String>,
    /// The key that is accepted.
    #[arg(long, default_value = DEFAULT_API_KEY)]
    api_key: String,
    /// Write the port to this file once the tenant listens.
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
    /// Render all answers before listening is announced, for benchmarks.
    #[arg(long)]
    render_all: bool,
    /// Print all quirks and exit.
    #[arg(long)]
    list_quirks: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    if options.list_quirks {
        for quirk in QUIRKS {
            println!(
                "{:<24} {}\n{:24} arguments: {}",
                quirk.name, quirk.meaning, "", quirk.args
            );
        }
        return ExitCode::SUCCESS;
    }
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("fake-chorus: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    // Asked for first, so that a signal at any moment ends the program in order.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let quirks: Vec<(String, Value)> = options
        .quirks
        .iter()
        .map(|text| quirk(text))
        .collect::<Result<_, _>>()?;
    let tenant = tenant(&options)?;
    let calls = tenant.calls.len();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let server = FakeChorus::start_blocking_on(tenant, address, &options.api_key)?;
    for (name, args) in quirks {
        server.set_quirk(&name, args);
    }
    if options.render_all {
        server.render_all();
    }
    if let Some(file) = &options.port_file {
        std::fs::write(file, format!("{}\n", server.address().port()))?;
    }
    println!(
        "fake Chorus tenant at {} ({calls} calls, key {})",
        server.base_url(),
        options.api_key
    );
    std::io::stdout().flush()?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn tenant(options: &Options) -> std::io::Result<Tenant> {
    let until = options.until.unwrap_or_else(Utc::now);
    match &options.meetings {
        Some(path) => Tenant::play_with(
            path,
            &Play {
                one_per_meeting: !options.every_line,
                until,
                days: options.days,
                domain: options.domain.clone(),
                seed: options.seed,
            },
        ),
        None => Ok(Tenant::generate(&Generate {
            seed: options.seed,
            calls: options.calls,
            utterances_per_call: options.utterances,
            participants_per_call: options.participants,
            trackers_per_call: options.trackers,
            until,
            days: options.days,
            domain: options.domain.clone(),
            only_calls: options.only_calls,
            ..Generate::default()
        })),
    }
}

/// `name` or `name=JSON`; what is no JSON is taken as text, so that `end-of-list=T2` works.
fn quirk(text: &str) -> Result<(String, Value), String> {
    let (name, args) = match text.split_once('=') {
        Some((name, json)) => (
            name,
            serde_json::from_str(json).unwrap_or_else(|_| Value::from(json)),
        ),
        None => (text, Value::Bool(true)),
    };
    match QUIRKS.iter().any(|quirk| quirk.name == name) {
        true => Ok((name.to_owned(), args)),
        false => Err(format!(
            "there is no quirk called {name:?}; --list-quirks shows all"
        )),
    }
}
