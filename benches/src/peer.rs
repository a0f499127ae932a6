//! dlt's `rest_api` source into PostgreSQL, a tool that people use for such a job: benches/peers/dlt_rest_api.py.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use chorus_tests::Database;

use crate::Result;
use crate::contents::{GIST_OF_LIST, GIST_OF_TRANSCRIPTS, Gist};
use crate::measure::{Measured, run_program};
use crate::scenario::Scenario;
use crate::server::Server;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/dlt_rest_api.py");
/// Its tables under our names, so that one query reads both. It keeps people that a call lists twice, the others do not.
const VIEWS_OF_TRANSCRIPTS: &str = "
    CREATE SCHEMA gist;
    CREATE VIEW gist.utterances AS
    SELECT snippet AS text, snippet_time AS start_s FROM bench.conversations__attributes__recording__utterances";
const VIEWS_OF_LIST: &str = "
    CREATE SCHEMA gist;
    CREATE VIEW gist.calls AS SELECT subject AS title FROM bench.calls;
    CREATE VIEW gist.participants AS
    SELECT DISTINCT _dlt_parent_id, coalesce(email, person_id::text) FROM bench.calls__participants;
    CREATE VIEW gist.call_trackers AS SELECT num_matches AS count FROM bench.calls__tracker_matches";

pub struct Peer {
    python: PathBuf,
}

impl Peer {
    pub fn new(python: &Path) -> Peer {
        Peer {
            python: python.to_owned(),
        }
    }

    /// Time of its pipeline without Python's own start, which the program measures; all else as for others.
    pub fn measure(
        &self,
        server: &Server,
        database: &Database,
        scenario: &Scenario,
    ) -> Result<Measured> {
        let place = tempfile::tempdir()?;
        let mut program = Command::new(&self.python);
        program
            .arg(PROGRAM)
            .args(["--base-url", &scenario.tenant.base_url()])
            .args(["--api-key", scenario.tenant.api_key()])
            .args(["--since", &scenario.since()])
            .args(["--server", &server.url(database.name())])
            .arg("--place")
            .arg(place.path())
            .args(scenario.recorded.then_some("--details"))
            .current_dir(place.path());
        let (measured, printed) = run_program(server, scenario, &mut program)?;
        let seconds: f64 = printed.lines().last().unwrap_or_default().parse()?;
        Ok(Measured {
            elapsed: Duration::from_secs_f64(seconds),
            ..measured
        })
    }

    pub fn gist(&self, database: &Database, scenario: &Scenario) -> Result<Gist> {
        let (views, query) = match scenario.recorded {
            true => (VIEWS_OF_TRANSCRIPTS, GIST_OF_TRANSCRIPTS),
            false => (VIEWS_OF_LIST, GIST_OF_LIST),
        };
        let mut session = database.connect();
        session.batch_execute(&format!("{views}; SET search_path = gist"))?;
        Ok(Gist(session.query_one(query, &[])?.get(0)))
    }
}
