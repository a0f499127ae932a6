//! A hot standby of a running server.

use crate::cluster::{Cluster, run_to_end};

impl Cluster {
    /// Copies this server with pg_basebackup and starts the copy as its streaming hot standby.
    pub fn basebackup_standby(&self) -> Cluster {
        let standby = Cluster::prepare(|directory| {
            run_to_end(
                self.bin_as_server_user("pg_basebackup")
                    .arg("--pgdata")
                    .arg(directory.join("primary"))
                    .args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]),
            );
        });
        standby.configure(&[("hot_standby", "on")]);
        standby.start_again();
        standby
    }

    /// Ends recovery: the standby becomes a server of its own. Waits until it takes writes.
    pub fn promote(&self) {
        self.connect_to("postgres")
            .execute("SELECT pg_promote(true, 60)", &[])
            .expect("pg_promote");
    }
}
