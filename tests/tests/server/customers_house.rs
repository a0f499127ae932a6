//! A database with meetings that nobody pulled: for tests of whose customers they were held with.

use chorus_tests::postgres::Client;
use chorus_tests::{Cluster, Database};

pub struct House {
    pub database: Database<'static>,
    pub session: Client,
}

impl House {
    /// The extension, and a workspace `ours.example` with two users: one there, one with free mail.
    pub fn new() -> Self {
        let database = Cluster::shared().database().with_extension();
        let mut session = database.connect();
        session
            .batch_execute(
                "INSERT INTO chorus.connections (connection_id, name, base_url, lookback_days, state, workspace_domain, connected_at)
                 VALUES (1, 'default', 'https://chorus.ai', 30, 'paused', 'ours.example', now());
                 INSERT INTO chorus.users (connection_id, user_id, email)
                 VALUES (1, 1, 'ria@ours.example'), (1, 2, 'rob@gmail.com')",
            )
            .unwrap();
        House { database, session }
    }

    /// A meeting of one call with these attendees; `-` before an address marks whom the source takes for one of ours.
    /// Returns its number.
    pub fn meeting(&mut self, attendees: &str) -> i64 {
        self.call_of(None, "gong", attendees)
    }

    /// A meeting with an account in the CRM.
    pub fn meeting_of_account(&mut self, account: &str, attendees: &str) -> i64 {
        let meeting = self.meeting(attendees);
        self.run(&format!(
            "UPDATE chorus.calls SET account_id = '{account}' WHERE call_id = {meeting}"
        ));
        meeting
    }

    /// One more recording of a meeting, by another source.
    pub fn another_call(&mut self, meeting: i64, attendees: &str) -> i64 {
        self.call_of(Some(meeting), "calendar", attendees)
    }

    fn call_of(&mut self, meeting: Option<i64>, source: &str, attendees: &str) -> i64 {
        let call: i64 = self
            .session
            .query_one("SELECT nextval('chorus.calls_call_id_seq')", &[])
            .unwrap()
            .get(0);
        let main = meeting.is_none();
        let meeting = meeting.unwrap_or(call);
        self.run(&format!(
            "INSERT INTO chorus.calls (call_id, source, source_call_id, title, started_at)
             VALUES ({call}, '{source}', '{call}', 'Meeting {call}', now() - interval '{call} hours')"
        ));
        self.recognise(&format!(
            "meeting_id = {meeting}, is_main_call = {main} WHERE call_id = {call}"
        ));
        for (place, attendee) in attendees.split_whitespace().enumerate() {
            let (side, email) = match attendee.strip_prefix('-') {
                Some(own) => ("internal", own),
                None => ("external", attendee),
            };
            self.run(&format!(
                "INSERT INTO chorus.participants (call_id, participant_no, email, email_domain, side)
                 VALUES ({call}, {}, '{email}', chorus.registrable_domain('{email}'), '{side}')",
                place + 1
            ));
        }
        call
    }

    /// Changes calls as recognising meetings and removing calls do, which nobody else may.
    pub fn recognise(&mut self, change: &str) {
        self.run(&format!(
            "SET check_function_bodies = off;
             UPDATE chorus.calls SET {change};
             SELECT chorus.settle_parties(ARRAY(SELECT call_id FROM chorus.calls WHERE party_id IS NULL));
             RESET check_function_bodies"
        ));
    }

    /// Customers, named by their ids.
    pub fn customers(&mut self, ids: &str) {
        for id in ids.split_whitespace() {
            self.run(&format!(
                "INSERT INTO chorus.customers VALUES ('{id}', 'Customer {id}')"
            ));
        }
    }

    pub fn run(&mut self, statements: &str) {
        self.session
            .batch_execute(statements)
            .unwrap_or_else(|error| panic!("{statements}: {error:?}"));
    }

    /// `customer reason` of a meeting, by customer. It is the same in every view, or this fails.
    #[track_caller]
    pub fn whose(&mut self, meeting: i64) -> Vec<String> {
        let mut ask = |query: &str| -> Vec<String> {
            let rows = self.session.query(query, &[&meeting]).unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        };
        let by_meeting = ask(
            "SELECT customer_id || ' ' || reason FROM chorus.meeting_customers WHERE meeting_id = $1 ORDER BY 1",
        );
        let by_customer = ask(
            "SELECT m.customer_id || ' ' || m.reason
               FROM chorus.customers k JOIN chorus.customer_meetings m USING (customer_id) WHERE m.meeting_id = $1 ORDER BY 1",
        );
        assert_eq!(by_meeting, by_customer, "two views of meeting {meeting}");
        let scope = ask("SELECT scope FROM chorus.meetings WHERE meeting_id = $1");
        let waits =
            !ask("SELECT title FROM chorus.unattached_meetings WHERE meeting_id = $1").is_empty();
        let expected =
            by_meeting.is_empty() && scope.first().is_some_and(|scope| scope != "internal");
        assert_eq!(
            waits, expected,
            "whether meeting {meeting} ({scope:?}) is unattached"
        );
        by_meeting
    }

    pub fn scope(&mut self, meeting: i64) -> String {
        let row = self.session.query_one(
            "SELECT scope FROM chorus.meetings WHERE meeting_id = $1",
            &[&meeting],
        );
        row.unwrap().get(0)
    }

    pub fn evidence(&mut self, meeting: i64, customer: &str) -> String {
        let query = "SELECT evidence FROM chorus.meeting_customers WHERE meeting_id = $1 AND customer_id = $2";
        self.session
            .query_one(query, &[&meeting, &customer])
            .unwrap()
            .get(0)
    }
}
