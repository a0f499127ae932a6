//! One database of a server, for one test.

use std::fmt::Debug;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use postgres::Client;
use postgres::error::DbError;
use postgres::types::FromSqlOwned;

use crate::cluster::{Cluster, SUPERUSER, run_to_end};

/// A database with a name of its own. It goes when this is dropped, whoever is still connected.
pub struct Database<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl<'a> Database<'a> {
    pub(crate) fn create(cluster: &'a Cluster) -> Self {
        Self::create_from(cluster, "template1", "wal_log")
    }

    /// One that holds the same. Settings of a database are not copied, and nobody may be connected to this one.
    pub fn copy(&self) -> Self {
        // The other strategy copies sequences that give the same numbers again after a crash, because PostgreSQL takes
        // it that the next 32 are in the WAL already.
        Self::create_from(self.cluster, &self.name, "file_copy")
    }

    fn create_from(cluster: &'a Cluster, template: &str, strategy: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        cluster
            .connect_to("postgres")
            .batch_execute(&format!(
                "CREATE DATABASE {name} TEMPLATE {template} STRATEGY {strategy}"
            ))
            .unwrap_or_else(|error| panic!("create {name}: {error:?}"));
        Self { cluster, name }
    }

    /// The same with `CREATE EXTENSION chorus_sync`.
    pub fn with_extension(self) -> Self {
        self.sql("CREATE EXTENSION chorus_sync");
        self
    }

    /// Lets it reach tenants on this machine, in sessions from now on.
    pub fn trust_this_machine(&self) {
        self.sql(&format!(
            "ALTER DATABASE {} SET chorus_sync.trusted_hosts = '127.0.0.1'",
            self.name
        ));
    }

    /// Has `pg_dump` write it to a file.
    pub fn dump(&self, format: &str, file: &Path) {
        let mut pg_dump = self.cluster.bin("pg_dump");
        pg_dump.arg(format!("--format={format}")).arg("--file");
        run_to_end(pg_dump.arg(file).arg(&self.name));
    }

    /// Has psql run a file, such as a plain dump.
    pub fn run_file(&self, file: &Path) {
        let mut psql = self.cluster.bin("psql");
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1"]);
        run_to_end(psql.args(["-d", &self.name, "-f"]).arg(file));
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn cluster(&self) -> &'a Cluster {
        self.cluster
    }

    /// A session of the superuser.
    pub fn connect(&self) -> Client {
        self.cluster.connect_to(&self.name)
    }

    /// A session of `role`, which must exist and may log in.
    pub fn connect_as(&self, role: &str) -> Client {
        self.cluster
            .try_connect(&self.name, role)
            .unwrap_or_else(|error| panic!("connect to {} as {role}: {error}", self.name))
    }

    /// Runs statements as the superuser in a session of their own: settings and temporary tables do not last.
    pub fn sql(&self, statements: &str) {
        self.connect()
            .batch_execute(statements)
            .unwrap_or_else(|error| panic!("{statements}: {error:?}"));
    }

    /// The only column of the only row, in a session of its own as [`Database::sql`].
    pub fn value<T: FromSqlOwned>(&self, query: &str) -> T {
        self.connect()
            .query_one(query, &[])
            .and_then(|row| row.try_get(0))
            .unwrap_or_else(|error| panic!("{query}: {error:?}"))
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        // A test that crashed its server has nothing left to drop.
        if let Ok(mut session) = self.cluster.try_connect("postgres", SUPERUSER) {
            let _ =
                session.batch_execute(&format!("DROP DATABASE IF EXISTS {} (FORCE)", self.name));
        }
    }
}

/// What the server said, where a test expects it to refuse.
///
/// # Panics
/// If the statement worked, the connection broke, or the SQLSTATE is another one.
#[track_caller]
pub fn expect_error<T: Debug>(result: Result<T, postgres::Error>, sqlstate: &str) -> DbError {
    let error = match result {
        Ok(value) => panic!("expected SQLSTATE {sqlstate}, but it worked: {value:?}"),
        Err(error) => error,
    };
    let Some(refusal) = error.as_db_error() else {
        panic!("expected SQLSTATE {sqlstate}, but the connection broke: {error:?}");
    };
    assert_eq!(refusal.code().code(), sqlstate, "{refusal:?}");
    refusal.clone()
}
