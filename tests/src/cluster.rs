//! One PostgreSQL server of the staged copy: started, stopped, crashed, read.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use postgres::{Client, Config, NoTls};

use crate::database::Database;
use crate::keeper::KeptDirectory;
use crate::server_user::run_as_server_user;
use crate::wait_until;

const STARTING: Duration = Duration::from_secs(60);
const STOPPING: Duration = Duration::from_secs(60);

/// The bootstrap superuser of every cluster.
pub(crate) const SUPERUSER: &str = "postgres";

/// What may differ between servers. The default is what [`Cluster::shared`] runs with.
#[derive(Clone, Copy, Default)]
pub struct ClusterOptions<'a> {
    /// Settings for `postgresql.conf`, values without quotes. They win over the harness's own.
    pub conf: &'a [(&'a str, &'a str)],
    /// Only what survives a machine's crash needs it; [`Cluster::kill9`] does not.
    pub fsync: bool,
}

/// A throw-away server, reached by Unix socket and on 127.0.0.1. It goes when this is dropped.
pub struct Cluster {
    postmaster: Mutex<Option<Child>>,
    port: u16,
    // After `postmaster`: fields are dropped in order, and the keeper ends a server that still runs.
    directory: KeptDirectory,
}

impl Cluster {
    /// The server that all tests of this process share, started by the first that asks.
    /// `shared_preload_libraries` is empty.
    pub fn shared() -> &'static Cluster {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Cluster::start(ClusterOptions::default()))
    }

    /// A server of the test's own.
    pub fn start(options: ClusterOptions) -> Cluster {
        let cluster = Self::prepare(|directory| copy_template(&directory.join("primary")));
        let mut conf = vec![
            ("fsync", if options.fsync { "on" } else { "off" }),
            ("max_connections", "200"),
            ("max_worker_processes", "64"),
            ("max_wal_senders", "10"),
        ];
        conf.extend_from_slice(options.conf);
        cluster.configure(&conf);
        cluster.start_again();
        cluster
    }

    /// A cluster whose data directory `fill` makes; not started.
    pub(crate) fn prepare(fill: impl FnOnce(&Path)) -> Cluster {
        let directory = KeptDirectory::create();
        fill(directory.path());
        let cluster = Cluster {
            postmaster: Mutex::new(None),
            port: free_port(),
            directory,
        };
        let (port, socket) = (cluster.port.to_string(), cluster.socket_dir());
        cluster.configure(&[
            ("port", &port),
            ("listen_addresses", "127.0.0.1"),
            ("unix_socket_directories", &socket.to_string_lossy()),
        ]);
        cluster
    }

    /// Appends to `postgresql.conf`; what is there already loses. Takes effect at the next start or reload.
    pub fn configure(&self, conf: &[(&str, &str)]) {
        let mut file = OpenOptions::new()
            .append(true)
            .open(self.data_dir().join("postgresql.conf"))
            .expect("postgresql.conf");
        for (name, value) in conf {
            writeln!(file, "{name} = '{}'", value.replace('\'', "''")).expect("postgresql.conf");
        }
    }

    /// Starts a stopped or crashed server, and waits until it answers.
    pub fn start_again(&self) {
        let mut postmaster = self.postmaster.lock().unwrap();
        assert!(postmaster.is_none(), "the server is running already");
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_file())
            .expect("the server's log file");
        let mut server = Command::new(bindir().join("postgres"));
        let mut child = run_as_server_user(&mut server)
            .arg("-D")
            .arg(self.data_dir())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the server's log file"))
            .stderr(log)
            // Ctrl-C goes to the whole process group: the server is ended by its keeper instead.
            .process_group(0)
            .spawn()
            .expect("a server program in CHORUS_PG_BINDIR");
        wait_until("the server answers", STARTING, || {
            if let Some(status) = child.try_wait().expect("wait for our own child") {
                panic!("the server did not start ({status}):\n{}", self.log());
            }
            self.try_connect("postgres", SUPERUSER).ok()
        });
        *postmaster = Some(child);
    }

    /// Disconnects everybody, writes everything, ends: what an administrator does.
    pub fn stop_fast(&self) -> ExitStatus {
        self.stop(libc::SIGINT)
    }

    /// Ends without a checkpoint; the next start recovers.
    pub fn stop_immediate(&self) -> ExitStatus {
        self.stop(libc::SIGQUIT)
    }

    /// SIGKILL to the postmaster and to all of its children at once, as when the machine's memory runs out.
    pub fn kill9(&self) {
        let mut child = self.take_postmaster();
        // Stopped first, so that it neither restarts children nor cleans up after them.
        kill(child.id(), libc::SIGSTOP);
        let children = children_of(child.id());
        for process in children.iter().copied().chain([child.id()]) {
            kill(process, libc::SIGKILL);
        }
        child.wait().expect("wait for our own child");
        wait_until("killed backends are gone", STOPPING, || {
            children
                .iter()
                .all(|process| is_gone(*process))
                .then_some(())
        });
    }

    fn stop(&self, signal: libc::c_int) -> ExitStatus {
        let mut child = self.take_postmaster();
        kill(child.id(), signal);
        wait_until("the server has stopped", STOPPING, || {
            child.try_wait().expect("wait for our own child")
        })
    }

    fn take_postmaster(&self) -> Child {
        let running = self.postmaster.lock().unwrap().take();
        running.expect("the server is not running")
    }

    pub fn postmaster_pid(&self) -> Option<u32> {
        self.postmaster.lock().unwrap().as_ref().map(Child::id)
    }

    /// A fresh, empty database with a name of its own.
    pub fn database(&self) -> Database<'_> {
        Database::create(self)
    }

    /// A session of the superuser in `database`.
    pub fn connect_to(&self, database: &str) -> Client {
        self.try_connect(database, SUPERUSER)
            .unwrap_or_else(|error| panic!("connect to {database}: {error}\n{}", self.log()))
    }

    /// A session that may be refused.
    pub fn try_connect(&self, database: &str, role: &str) -> Result<Client, postgres::Error> {
        Config::new()
            .host_path(self.socket_dir())
            .port(self.port)
            .user(role)
            .dbname(database)
            .application_name("chorus-tests")
            .connect(NoTls)
    }

    /// A program of the staged copy, such as `pg_dump`, that connects to this server.
    pub fn bin(&self, program: &str) -> Command {
        let mut command = Command::new(bindir().join(program));
        self.point_here(&mut command);
        command
    }

    /// The same, run by the OS user who owns the data directory: for what reads or writes data directories.
    pub fn bin_as_server_user(&self, program: &str) -> Command {
        let mut command = Command::new(bindir().join(program));
        run_as_server_user(&mut command);
        self.point_here(&mut command);
        command
    }

    fn point_here(&self, command: &mut Command) {
        command
            .env("PGHOST", self.socket_dir())
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", SUPERUSER)
            .env_remove("PGDATABASE");
    }

    /// Everything the server has logged so far, over all its starts.
    pub fn log(&self) -> String {
        fs::read(self.log_file()).map_or_else(
            |_| String::new(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join("server.log")
    }

    pub fn data_dir(&self) -> PathBuf {
        self.directory.path().join("primary")
    }

    pub fn socket_dir(&self) -> &Path {
        self.directory.path()
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The keeper cannot tell a server that has ended from one that is ending, unless somebody collects it.
        if let Some(mut child) = self
            .postmaster
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .take()
        {
            kill(child.id(), libc::SIGQUIT);
            let _ = child.wait();
        }
    }
}

/// Where the staged programs are.
///
/// # Panics
/// Says what to do if nobody has staged any.
pub(crate) fn bindir() -> PathBuf {
    std::env::var_os("CHORUS_PG_BINDIR")
        .map(PathBuf::from)
        .expect(
            "these tests need a staged PostgreSQL: run `make test`, \
         or `export CHORUS_PG_BINDIR=$(make stage | tail -n 1)` once",
        )
}

/// A data directory in 30 ms instead of initdb's half second.
fn copy_template(data_dir: &Path) {
    static TEMPLATE: OnceLock<KeptDirectory> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let directory = KeptDirectory::create();
        let mut initdb = Command::new(bindir().join("initdb"));
        run_to_end(
            run_as_server_user(&mut initdb)
                .arg("-D")
                .arg(directory.path().join("template"))
                .args(["-U", SUPERUSER, "-A", "trust", "--no-sync"])
                .args(["--locale=C.UTF-8", "--encoding=UTF8"]),
        );
        directory
    });
    let mut copy = Command::new("cp");
    run_to_end(
        run_as_server_user(&mut copy)
            .arg("-a")
            .arg(template.path().join("template"))
            .arg(data_dir),
    );
}

/// Runs a program and shows what it said if it fails.
pub fn run_to_end(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("a bound address").port()
}

fn kill(process: u32, signal: libc::c_int) {
    // SAFETY: kill touches no memory of ours. Callers name a child that was not collected yet, or one of its children.
    unsafe { libc::kill(process as libc::pid_t, signal) };
}

/// State letter and parent of a process, from /proc: `pid (name) S ppid …`.
fn state_and_parent(process: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

fn children_of(parent: u32) -> Vec<u32> {
    fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|process| state_and_parent(*process).is_some_and(|(_, of)| of == parent))
        .collect()
}

/// In a container nobody may collect orphans: a zombie is gone, too.
fn is_gone(process: u32) -> bool {
    state_and_parent(process).is_none_or(|(state, _)| state == 'Z')
}
