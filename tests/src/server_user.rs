//! PostgreSQL refuses to run as root: when the tests do, the server belongs to another OS user.

use std::ffi::CStr;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

struct OsUser {
    uid: u32,
    gid: u32,
}

/// `None`: the tests are not root, and the server runs as whoever runs them.
fn other_user() -> Option<&'static OsUser> {
    static USER: OnceLock<Option<OsUser>> = OnceLock::new();
    USER.get_or_init(|| {
        // SAFETY: geteuid has no preconditions.
        if unsafe { libc::geteuid() } != 0 {
            return None;
        }
        let user = [c"postgres", c"nobody"].into_iter().find_map(find_user);
        Some(user.expect("root needs an OS user `postgres` or `nobody` to run a server as"))
    })
    .as_ref()
}

fn find_user(name: &CStr) -> Option<OsUser> {
    // SAFETY: the name ends in NUL. The answer lies in a static buffer and is copied before anyone asks again:
    // the only caller is inside a OnceLock.
    unsafe { libc::getpwnam(name.as_ptr()).as_ref() }.map(|entry| OsUser {
        uid: entry.pw_uid,
        gid: entry.pw_gid,
    })
}

/// Makes `command` run as the user the servers belong to, with nothing of the tests' environment that changes what a
/// server says or where a client connects. (RUST_BACKTRACE would put 40 frames into the DETAIL of every error.)
pub fn run_as_server_user(command: &mut Command) -> &mut Command {
    command.env_clear().current_dir("/");
    for name in ["PATH", "LD_LIBRARY_PATH", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    match other_user() {
        Some(user) => command.uid(user.uid).gid(user.gid),
        None => command,
    }
}

/// Gives a directory to the user the servers belong to.
pub fn give_to_server_user(path: &Path) {
    if let Some(user) = other_user() {
        chown(path, Some(user.uid), Some(user.gid))
            .unwrap_or_else(|error| panic!("chown {}: {error}", path.display()));
    }
}
