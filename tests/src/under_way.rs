//! What is under way while a test goes on: a statement in a session of its own, and the runs of a workspace.

use std::thread::JoinHandle;
use std::time::Duration;

use postgres::types::FromSqlOwned;
use postgres::{CancelToken, Client, Error, NoTls, SimpleQueryMessage};

use crate::sessions::rows;
use crate::wait_until;
use crate::workspace::Workspace;

/// For what must happen at some time; a test that waits longer is broken.
pub const SOON: Duration = Duration::from_secs(30);

impl Workspace<'_> {
    /// From now on the tenant does not answer on this route, but does on all others.
    pub fn hang(&self, route: &str) {
        self.tenant.clear_quirk("hang");
        let quirk = serde_json::json!({"route": route, "seconds": 600});
        self.tenant.set_quirk("hang", quirk);
    }

    /// Until a request hangs on this route.
    pub fn wait_for_hanging(&self, route: &str) {
        wait_until("a request hangs", SOON, || {
            let asked = self.tenant.request_count(route) > 0;
            (asked && self.tenant.requests_in_flight() > 0).then_some(())
        });
    }

    /// Forgets old requests, runs the statement in a session of its own, and returns once the tenant is silent.
    pub fn run_until_hanging(&self, statement: &str, route: &str) -> Running {
        self.hang(route);
        self.tenant.forget_requests();
        let running = Running::start(self.database.connect(), statement);
        self.wait_for_hanging(route);
        running
    }

    /// Number of the newest run.
    pub fn last_run(&self) -> i64 {
        self.database.value("SELECT max(run_id) FROM chorus.runs")
    }

    pub fn state_of(&self, run_id: i64) -> String {
        self.of_run(run_id, "state")
    }

    /// A column of a run.
    pub fn of_run<T: FromSqlOwned>(&self, run_id: i64, column: &str) -> T {
        let query = format!("SELECT {column} FROM chorus.runs WHERE run_id = {run_id}");
        self.database.value(&query)
    }

    /// Until the run's row says so.
    pub fn wait_for_state(&self, run_id: i64, state: &str) {
        let mut session = self.database.connect();
        let query = format!("SELECT state FROM chorus.runs WHERE run_id = {run_id}");
        wait_until(&format!("run {run_id} is {state}"), SOON, || {
            let row = session.query_opt(&query, &[]).unwrap()?;
            (row.get::<_, String>(0) == state).then_some(())
        });
    }

    /// Process ids of the workers in this database.
    pub fn workers(&self) -> Vec<i32> {
        self.database.value(
            "SELECT coalesce(array_agg(pid), '{}') FROM pg_stat_activity
              WHERE backend_type = 'chorus_sync' AND datname = current_database()",
        )
    }

    pub fn wait_for_no_worker(&self) {
        wait_until("no worker is left", SOON, || {
            self.workers().is_empty().then_some(())
        });
    }
}

/// A statement that runs in a session of its own while the test goes on.
pub struct Running {
    pub pid: i32,
    token: CancelToken,
    thread: JoinHandle<Result<Vec<SimpleQueryMessage>, Error>>,
}

impl Running {
    pub fn start(mut session: Client, statement: &str) -> Self {
        let row = session.query_one("SELECT pg_backend_pid()", &[]);
        let token = session.cancel_token();
        let statement = statement.to_owned();
        Running {
            pid: row.expect("a process id").get(0),
            token,
            thread: std::thread::spawn(move || session.simple_query(&statement)),
        }
    }

    /// What Ctrl-C in psql does.
    pub fn cancel(&self) {
        self.token.cancel_query(NoTls).expect("a cancel request");
    }

    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Its result, when it has one.
    pub fn end(self) -> Result<Vec<Vec<String>>, Error> {
        let messages = self.thread.join().expect("the session's thread")?;
        Ok(rows(&messages))
    }
}
