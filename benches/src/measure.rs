//! One measurement: from a settled server to the moment a contestant is done.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;
use crate::process::{MemoryWatch, wait_for};
use crate::scenario::Scenario;
use crate::server::Server;

/// What one run of one contestant took.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    pub elapsed: Duration,
    /// Time on the processor of the contestant and of the server, without the tenant's.
    pub processor: Option<Duration>,
    /// Peak private memory of the contestant's own process, in KiB.
    pub peak_kb: Option<u64>,
    pub requests: Option<u64>,
}

/// A measurement under way.
pub struct Started<'a> {
    server: &'a Server,
    scenario: &'a Scenario,
    processor_before: Duration,
    began: Instant,
}

impl<'a> Started<'a> {
    pub fn now(server: &'a Server, scenario: &'a Scenario) -> Started<'a> {
        server.settle();
        scenario.tenant.forget_requests();
        let processor_before = server.processor_time();
        Started {
            server,
            scenario,
            processor_before,
            began: Instant::now(),
        }
    }

    /// Time since the start, for [`Started::end`]; sessions may be closed in between.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// The contestant is done since `elapsed`, and its sessions are closed.
    pub fn end(self, elapsed: Duration, own_processor: Duration, peak_kb: Option<u64>) -> Measured {
        let server = self.server.processor_time() - self.processor_before;
        Measured {
            elapsed,
            processor: Some(server + own_processor),
            peak_kb,
            requests: Some(self.scenario.requests()),
        }
    }
}

/// Runs a contestant that is a program, and gives back what it printed.
pub fn run_program(
    server: &Server,
    scenario: &Scenario,
    program: &mut Command,
) -> Result<(Measured, String)> {
    let mut printed = tempfile::tempfile()?;
    program.stdin(Stdio::null()).stdout(printed.try_clone()?);
    let started = Started::now(server, scenario);
    let child = program.spawn()?;
    let process = child.id();
    let watch = MemoryWatch::start(move || Some(process));
    let (status, processor) = wait_for(child)?;
    let elapsed = started.elapsed();
    let measured = started.end(elapsed, processor, watch.stop());
    if !status.success() {
        return Err(format!("{program:?}: {status}").into());
    }
    use std::io::{Read, Seek};
    let mut text = String::new();
    printed.rewind()?;
    printed.read_to_string(&mut text)?;
    Ok((measured, text))
}
