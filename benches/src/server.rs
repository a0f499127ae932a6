//! The throw-away server that all contestants write to.

use std::path::PathBuf;
use std::time::Duration;

use chorus_tests::{Cluster, ClusterOptions, Database};

use crate::process;

/// What an administrator would set on a small machine; everything else is as PostgreSQL comes.
const SETTINGS: [(&str, &str); 3] = [
    ("max_wal_size", "4GB"),
    ("checkpoint_timeout", "30min"),
    ("chorus_sync.trusted_hosts", "127.0.0.1"),
];

/// Processes of ended sessions are collected by the postmaster within this time.
const COLLECTING: Duration = Duration::from_millis(100);

pub struct Server(Cluster);

impl Server {
    pub fn start(shared_buffers: &str) -> Server {
        let conf = [&SETTINGS[..], &[("shared_buffers", shared_buffers)]].concat();
        Server(Cluster::start(ClusterOptions {
            conf: &conf,
            fsync: true,
        }))
    }

    /// A fresh database with the extension installed.
    pub fn database(&self) -> Database<'_> {
        self.0.database().with_extension()
    }

    /// Machine, version and settings, for the head of the report.
    pub fn describe(&self) -> String {
        let mut session = self.0.connect_to("postgres");
        let mut setting = |name: &str| -> String {
            let row = session.query_one("SELECT current_setting($1)", &[&name]);
            row.map_or_else(|error| error.to_string(), |row| row.get(0))
        };
        let settings = [
            "shared_buffers",
            "max_wal_size",
            "fsync",
            "synchronous_commit",
            "wal_level",
            "autovacuum",
        ]
        .map(|name| format!("{name}={}", setting(name)));
        format!(
            "{} cores, {}\nPostgreSQL {}: {}",
            std::thread::available_parallelism().map_or(0, usize::from),
            process::processor(),
            setting("server_version"),
            settings.join(" ")
        )
    }

    /// Writes everything to disk, so that no contestant pays for the one before.
    pub fn settle(&self) {
        self.0
            .connect_to("postgres")
            .batch_execute("CHECKPOINT")
            .expect("a superuser may ask for a checkpoint");
    }

    /// Time on the processor that the server has used so far, background processes and ended sessions included.
    pub fn processor_time(&self) -> Duration {
        std::thread::sleep(COLLECTING);
        process::family_time(self.0.postmaster_pid().expect("the server runs"))
    }

    /// How libpq and its like reach a database by socket.
    pub fn socket_address(&self, database: &str) -> String {
        let directory = self.0.socket_dir().display();
        format!(
            "host={directory} port={} user=postgres dbname={database}",
            self.0.port()
        )
    }

    /// The same as a URL and by TCP. The server asks for no password; some clients refuse to go without.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgresql://postgres:trusted@127.0.0.1:{}/{database}",
            self.0.port()
        )
    }

    /// A directory that the server may write to.
    pub fn directory(&self) -> PathBuf {
        self.0.socket_dir().to_owned()
    }
}
