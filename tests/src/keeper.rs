//! The directory of one throw-away server, and the process that removes both once the tests let go of it.

use std::fs::{Permissions, canonicalize, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::server_user::give_to_server_user;

const KEEPER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/cluster-keeper.sh");

/// A socket's path may have 107 bytes, of which `/.s.PGSQL.65535` takes 15.
const LONGEST_DIRECTORY: usize = 90;

/// A directory for one server: its data directory, its socket and its log.
///
/// The keeper waits for the end of its input, which this process holds: it works for a drop, for the end of a process
/// that never drops its statics, and for SIGKILL.
pub struct KeptDirectory {
    path: PathBuf,
    keeper: Child,
}

impl KeptDirectory {
    pub fn create() -> Self {
        let temporary = canonicalize(std::env::temp_dir()).expect("the temporary directory");
        let place = if temporary.as_os_str().len() + "/chorus.XXXXXX".len() > LONGEST_DIRECTORY {
            PathBuf::from("/tmp")
        } else {
            temporary
        };
        let path = tempfile::Builder::new()
            .prefix("chorus.")
            .tempdir_in(place)
            .expect("a directory for a server")
            .keep();
        set_permissions(&path, Permissions::from_mode(0o755)).expect("chmod of our own directory");
        give_to_server_user(&path);
        let keeper = Command::new(KEEPER)
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C goes to the whole process group; the keeper must still be there afterwards.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{KEEPER}: {error}"));
        Self { path, keeper }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for KeptDirectory {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
