//! A database with the extension beside the Chorus tenant that it pulls from, and statements that run meanwhile.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chorus_tests::fake_chorus::{FakeChorus, Generate, Tenant};
use chorus_tests::postgres::error::DbError;
use chorus_tests::postgres::types::FromSqlOwned;
use chorus_tests::postgres::{CancelToken, Client, Config, Error, NoTls, SimpleQueryMessage};
use chorus_tests::{Cluster, Database, expect_error, wait_until};

/// For what must happen at some time; a test that waits longer is broken.
pub const SOON: Duration = Duration::from_secs(30);

/// A tenant and a database that may reach it.
pub struct Workplace<'a> {
    pub tenant: FakeChorus,
    pub database: Database<'a>,
}

/// A dozen short calls of the last twenty days.
pub fn small_tenant() -> Tenant {
    Tenant::generate(&Generate {
        calls: 12,
        utterances_per_call: 6,
        participants_per_call: 3,
        days: 20,
        only_calls: true,
        scorecard_share: 0.5,
        ..Default::default()
    })
}

impl Workplace<'static> {
    /// On the shared server, with a small tenant. Nothing is connected yet.
    pub fn new() -> Self {
        Workplace::on(Cluster::shared())
    }

    /// The same, connected to the tenant.
    pub fn connected() -> Self {
        let place = Workplace::new();
        place.database.sql(&place.connect());
        place
    }
}

impl<'a> Workplace<'a> {
    pub fn on(cluster: &'a Cluster) -> Self {
        let tenant = FakeChorus::start_blocking(small_tenant()).expect("a tenant");
        let database = cluster.database().with_extension();
        trust_this_machine(&database);
        Workplace { tenant, database }
    }

    /// The statement that connects `default` to the tenant, without a schedule.
    pub fn connect(&self) -> String {
        self.connect_with("schedule => NULL")
    }

    /// The same with other arguments behind base URL and key.
    pub fn connect_with(&self, arguments: &str) -> String {
        let (url, key) = (self.tenant.base_url(), self.tenant.api_key());
        format!("SELECT * FROM chorus_connect('{url}', '{key}', {arguments})")
    }

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

/// Lets the database reach tenants on this machine, in sessions from now on.
pub fn trust_this_machine(database: &Database) {
    database.sql(&format!(
        "ALTER DATABASE {} SET chorus_sync.trusted_hosts = '127.0.0.1'",
        database.name()
    ));
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

/// The rows of an answer as text; NULL is empty.
pub fn rows(messages: &[SimpleQueryMessage]) -> Vec<Vec<String>> {
    let cells = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    cells
        .map(|row| {
            let cell = |n| row.get(n).unwrap_or_default().to_owned();
            (0..row.len()).map(cell).collect()
        })
        .collect()
}

/// What a session was told, and when.
pub type Notices = Arc<Mutex<Vec<(Instant, DbError)>>>;

/// A session of the superuser that keeps the notices and warnings it gets.
pub fn session_with_notices(database: &Database) -> (Client, Notices) {
    let notices = Notices::default();
    let kept = notices.clone();
    let session = Config::new()
        .host_path(database.cluster().socket_dir())
        .port(database.cluster().port())
        .user("postgres")
        .dbname(database.name())
        .notice_callback(move |notice| kept.lock().unwrap().push((Instant::now(), notice)))
        .connect(NoTls)
        .expect("a session");
    (session, notices)
}

/// A statement that must be refused: with this SQLSTATE, and with a hint that says what to do.
#[track_caller]
pub fn refused(session: &mut Client, statement: &str, sqlstate: &str) -> DbError {
    let answer = session.simple_query(statement);
    assert!(answer.is_err(), "it worked: {statement}");
    let refusal = expect_error(answer, sqlstate);
    let hint = refusal.hint().unwrap_or_default();
    assert!(!hint.is_empty(), "no hint: {refusal:?}");
    refusal
}
