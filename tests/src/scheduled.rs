//! Runs of a workspace that begin by themselves.

use std::time::Duration;

use crate::wait_until;
use crate::workspace::Workspace;

/// For what a launcher must do at some time; a test that waits longer is broken.
pub const IN_TIME: Duration = Duration::from_secs(60);

impl Workspace<'_> {
    /// How many runs have ended, with this trigger and in this state.
    pub fn ended(&self, trigger: &str, state: &str) -> i64 {
        self.database.value(&format!(
            "SELECT count(*) FROM chorus.runs WHERE trigger = '{trigger}' AND state = '{state}'"
        ))
    }

    /// Until at least so many runs have ended so.
    pub fn wait_for_ended(&self, trigger: &str, state: &str, at_least: i64) {
        let query = format!(
            "SELECT count(*) FROM chorus.runs WHERE trigger = '{trigger}' AND state = '{state}'"
        );
        let mut session = self.database.connect();
        wait_until(
            &format!("{at_least} runs of the trigger {trigger} {state}"),
            IN_TIME,
            || {
                let count: i64 = session.query_one(&query, &[]).unwrap().get(0);
                (count >= at_least).then_some(())
            },
        );
    }

    /// Connects with a schedule and waits for the first run.
    pub fn connect_and_run(&self, schedule: &str) {
        self.database
            .sql(&self.connect_with(&format!("schedule => '{schedule}'")));
        self.wait_for_ended("connect", "succeeded", 1);
    }

    pub fn has_next_run(&self) -> bool {
        self.database
            .value("SELECT next_run_at IS NOT NULL FROM chorus.connections")
    }

    pub fn runs(&self) -> i64 {
        self.database.value("SELECT count(*) FROM chorus.runs")
    }
}
