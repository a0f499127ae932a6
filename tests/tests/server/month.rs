//! A month of a tenant's life, played in a minute: at its end the tables equal the tenant, and hardly a request was sent
//! that the rules of syncing do not ask for.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::Duration;

use chorus_tests::least::{Least, Requests};
use chorus_tests::life::Life;
use chorus_tests::postgres::Client;
use chorus_tests::{LOOKBACK_DAYS, Workspace};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// The schedule of whole runs.
const EVERY: TimeDelta = TimeDelta::hours(2);
/// At most so many times the least number of requests may be sent, and of details.
const AT_MOST: f64 = 1.05;
const AT_MOST_DETAILS: f64 = 1.10;

struct Month {
    life: Life,
    workspace: Workspace<'static>,
    session: Client,
    least: Least,
    runs: u64,
    failed: u64,
    was_slow: bool,
    /// Whether the connection has told that its key lost its view.
    missed: bool,
}

impl Month {
    fn begin(ended: DateTime<Utc>) -> Month {
        let life = Life::of_a_month(ended);
        let workspace = Workspace::of(life.tenant.clone());
        workspace.tenant.forget_requests();
        let mut session = workspace.database.connect();
        session.batch_execute("LOAD 'chorus_sync'").unwrap();
        Month {
            life,
            workspace,
            session,
            least: Least::default(),
            runs: 0,
            failed: 0,
            was_slow: false,
            missed: false,
        }
    }

    /// Runs by schedule, and in between whenever Chorus is to be asked again for what it had not finished.
    fn play(&mut self) {
        let mut scheduled = self.life.began;
        while scheduled <= self.life.ended {
            self.run_at(scheduled);
            let mut last = scheduled;
            scheduled += EVERY;
            while let Some(due) = self.next_attempt() {
                let due = due - self.life.clock_error() + TimeDelta::seconds(1);
                let at = due.max(last + TimeDelta::minutes(1));
                if at >= scheduled || self.life.is_out() {
                    break;
                }
                self.run_at(at);
                last = at;
            }
        }
    }

    /// One run at this time.
    fn run_at(&mut self, now: DateTime<Utc>) {
        self.life.go_on(now, &self.workspace.tenant);
        let ours = now + self.life.clock_error();
        self.set_clock(ours);
        if self.was_slow && !self.life.is_slow() {
            self.rotate_key();
        }
        self.was_slow = self.life.is_slow();
        self.runs += 1;
        let (state, problem) = self.run();
        if self.life.is_out() {
            assert_eq!(state, "failed", "at {now}");
            self.failed += 1;
            self.least.run_in_vain();
            return;
        }
        assert_eq!(state, "succeeded", "at {now}: {problem:?}");
        self.missed |= self.life.is_half_hidden() && problem.is_some();
        let rows = self.life.rows(&self.workspace.tenant);
        self.least.run(ours, &rows, &self.life);
    }

    fn set_clock(&mut self, ours: DateTime<Utc>) {
        let offset_s = (ours - Utc::now()).as_seconds_f64();
        let database = self.workspace.database.name();
        self.session
            .batch_execute(&format!(
                "SET chorus_sync.clock_offset = '{offset_s}';
                 ALTER DATABASE {database} SET chorus_sync.clock_offset = '{offset_s}'"
            ))
            .unwrap();
    }

    /// State and problem of a run. Not waited for with `wait => true`, which looks too seldom for so many runs.
    fn run(&mut self) -> (String, Option<String>) {
        let queue = "SELECT run_id FROM chorus_sync(wait => false)";
        let run_id: i64 = self.session.query_one(queue, &[]).unwrap().get(0);
        let look = "SELECT state, problem FROM chorus.runs WHERE run_id = $1";
        loop {
            let row = self.session.query_one(look, &[&run_id]).unwrap();
            let state: String = row.get(0);
            if state != "queued" && state != "running" {
                return (state, row.get(1));
            }
            sleep(Duration::from_millis(3));
        }
    }

    /// A new key forgets the pace that the old one was taught. That goes by the clock on the wall, by which the rest of
    /// the month takes some seconds.
    fn rotate_key(&mut self) {
        let tenant = &self.workspace.tenant;
        let key = format!("key-of-run-{}", self.runs);
        tenant.set_api_key(&key);
        let url = tenant.base_url();
        self.workspace.database.sql(&format!(
            "SELECT chorus_connect('{url}', '{key}', lookback_days => {LOOKBACK_DAYS}, schedule => NULL)"
        ));
        self.least.connect();
    }

    fn next_attempt(&mut self) -> Option<DateTime<Utc>> {
        let next = "SELECT min(t.next_attempt_at) FROM chorus.transcripts t JOIN chorus.calls c USING (call_id)
                     WHERE t.state IN ('pending', 'processing') AND c.removed_at IS NULL";
        self.session.query_one(next, &[]).unwrap().get(0)
    }

    fn sent(&self) -> Requests {
        let tenant = &self.workspace.tenant;
        let count = |route: &&str| tenant.request_count(route);
        let of_every_run = [
            "/api/v1/users/me",
            "/v3/users",
            "/api/v1/teams",
            "/api/v1/scorecards",
        ];
        Requests {
            of_every_run: of_every_run.iter().map(count).sum(),
            list: count(&"/v3/engagements"),
            details: count(&"/api/v1/conversations/{id}"),
        }
    }

    /// Ids that a query finds.
    fn ids(&self, query: &str) -> BTreeSet<String> {
        let ids: Vec<String> = self.workspace.database.value(&format!(
            "SELECT coalesce(array_agg(id), '{{}}') FROM ({query}) AS found (id)"
        ));
        ids.into_iter().collect()
    }

    fn assert_tables_equal_the_tenant(&self) {
        let (gone, private) = (self.life.gone(), self.life.private());
        let (mut expected, mut stored) =
            (self.workspace.expected(), self.workspace.database.stored());
        let silent: BTreeSet<String> = gone.union(&private).cloned().collect();
        expected.leave_out_calls(&silent);
        stored.leave_out_calls(&silent);
        expected.assert_stored(&stored);
        self.workspace.database.assert_sound();

        // What is left of the others: no word.
        assert_eq!(
            self.ids("SELECT source_call_id FROM chorus.calls WHERE removed_at IS NOT NULL"),
            gone
        );
        assert_eq!(
            self.ids("SELECT source_call_id FROM chorus.calls WHERE private"),
            private
        );
        let words = self.ids(
            "SELECT source_call_id FROM chorus.calls c
              WHERE summary IS NOT NULL OR action_items <> '{}'
                 OR EXISTS (SELECT FROM chorus.utterances u WHERE u.call_id = c.call_id)",
        );
        assert!(
            words.is_disjoint(&silent),
            "{:?}",
            words.intersection(&silent)
        );
        let shown = self.ids(
            "SELECT c.source_call_id FROM chorus.meetings m JOIN chorus.calls c ON c.call_id = m.main_call_id",
        );
        assert!(shown.is_disjoint(&gone), "{:?}", shown.intersection(&gone));
    }
}

#[test]
fn a_month_ends_in_the_tenants_truth_with_hardly_a_request_too_many() {
    let mut month = Month::begin(Utc::now().duration_trunc(TimeDelta::hours(1)).unwrap());
    month.play();

    let (sent, least) = (month.sent(), month.least.requests);
    let ratio = |sent: u64, least: u64| sent as f64 / least as f64;
    let (of_all, of_details) = (
        ratio(sent.total(), least.total()),
        ratio(sent.details, least.details),
    );
    println!(
        "{} runs, {} of them during outages",
        month.runs, month.failed
    );
    println!("sent  {:5} requests: {sent:?}", sent.total());
    println!("least {:5} requests: {least:?}", least.total());
    println!("{of_all:.3} times the least; of details {of_details:.3} times");
    println!(
        "removed {}, private {}, late {}",
        month.life.gone().len(),
        month.life.private().len(),
        month.least.late.len()
    );

    month.assert_tables_equal_the_tenant();
    assert_eq!(month.workspace.problems(), 0);
    assert!(
        month.missed,
        "the connection did not tell that its key lost its view"
    );
    let problem: Option<String> = month
        .workspace
        .database
        .value("SELECT problem FROM chorus.connections");
    assert_eq!(problem, None);
    let gone = month.life.gone();
    let late: BTreeSet<String> = month.least.late.difference(&gone).cloned().collect();
    assert_eq!(
        month.ids("SELECT source_call_id FROM chorus.late_arrivals"),
        late
    );
    assert!((1.0..AT_MOST).contains(&of_all), "{of_all}");
    assert!(of_details < AT_MOST_DETAILS, "{of_details}");
}
