//! One run: its phases in order, and what they share.

use super::Assignment;
use super::matching::Unrecognised;
use super::sides::derive_sides;
use super::statistics::renew_statistics;
use crate::error::{Error, Result};
use crate::offload::Offload;
use crate::store::calls::Mark;
use crate::store::connections::Connection;
use crate::store::matching::Recognition;
use crate::store::pace::KeptPace;
use crate::store::runs::{self, Counters, Trigger};
use crate::store::trackers::TrackerNumbers;
use crate::transaction::transaction;
use crate::{secret, settings, sql};
use chorus_client::{BaseUrl, Client};
use chrono::{DateTime, Utc};
use customer_match::registrable_domain;
use pgrx::pg_sys;
use std::cell::Cell;
use std::collections::HashSet;
use std::ffi::CString;

/// Threads that talk to Chorus and turn answers into rows, while the main thread writes.
const NETWORK_THREADS: usize = 2;

pub struct Run {
    pub assignment: Assignment,
    pub connection: Connection,
    pub began: DateTime<Utc>,
    pub numbers: TrackerNumbers,
    /// Calls that the list does not have any more, for the phase that reads details.
    pub unlisted: HashSet<i64>,
    /// How far earlier runs had listed.
    pub mark: Option<Mark>,
    /// The calls of the pages written so far that were stored before.
    pub seen: Vec<i64>,
    counters: Counters,
    pub(super) recognition: Recognition,
    pub(super) unrecognised: Unrecognised,
    link: Option<Link>,
    /// What the connection's row says of its key's pace.
    pub(super) kept_pace: Cell<KeptPace>,
    /// The wait that this run's row tells of.
    pub(super) told_wait: Cell<Option<DateTime<Utc>>>,
}

/// The way to Chorus.
pub struct Link {
    pub client: Client,
    pub offload: Offload,
}

impl Run {
    pub fn new(assignment: Assignment, began: DateTime<Utc>) -> Self {
        Run {
            assignment,
            connection: Connection {
                connection_id: assignment.connection_id,
                name: String::new(),
                base_url: String::new(),
                state: String::new(),
                lookback_days: 0,
                workspace_domain: None,
                listed_from: None,
                listed_to: None,
                whole_listed_at: None,
                overlap_s: None,
                pace: KeptPace::default(),
            },
            began,
            numbers: TrackerNumbers::default(),
            unlisted: HashSet::new(),
            mark: None,
            seen: Vec::new(),
            counters: Counters::default(),
            recognition: Recognition::default(),
            unrecognised: Unrecognised::none(),
            link: None,
            kept_pace: Cell::default(),
            told_wait: Cell::default(),
        }
    }

    /// What was committed so far, and the requests sent.
    pub fn counters(&self) -> Counters {
        let requests = self
            .link
            .as_ref()
            .map_or(0, |link| link.client.requests() as i64);
        Counters {
            requests,
            ..self.counters.clone()
        }
    }

    /// All phases. What one of them has committed stays, whatever happens to the next, and can be found even if the run
    /// fails; one that is cancelled ends at once.
    pub fn go(&mut self) -> Result<()> {
        let pulled = self.pull();
        if pulled.as_ref().is_err_and(Error::is_cancel) {
            return pulled;
        }
        let indexed = renew_statistics(&self.assignment).and_then(|()| self.index_what_was_said());
        pulled.and(indexed)
    }

    /// Everything that Chorus is asked for.
    fn pull(&mut self) -> Result<()> {
        let link = self.link()?;
        self.link = Some(link);
        if self.assignment.trigger == Trigger::Retry {
            self.enter("transcripts")?;
            self.read_details()?;
            return self.recognise_all();
        }
        self.enter("checking key")?;
        self.check_key()?;
        self.enter("users and teams")?;
        self.read_people()?;
        derive_sides(&self.assignment)?;
        self.enter("calls")?;
        let (listed, left_out) = match self.read_list() {
            // A list that Chorus does not hand out now is no reason to leave what was listed before unread.
            Err(error) if error.sqlstate.starts_with("08") => (None, Some(error)),
            listed => listed?,
        };
        if let Some(listed) = &listed {
            self.look_for_missing(listed)?;
        }
        self.enter("transcripts")?;
        // A role that may list but not read details still gets the rest, and then hears of it.
        let details = self.read_details();
        if details
            .as_ref()
            .is_err_and(|error| error.sqlstate != "28000")
        {
            return details;
        }
        if let Some(listed) = &listed {
            self.note_listing(listed)?;
        }
        self.enter("scorecards")?;
        self.read_scorecards()?;
        self.recognise_all()?;
        details.and(left_out.map_or(Ok(()), Err))
    }

    /// One transaction of this run: checks that the connection is still wanted, lets `write` write and count, and
    /// commits both. Counts and remembered numbers follow the commit.
    pub fn step<T>(
        &mut self,
        activity: &str,
        write: impl FnOnce(&mut Self, &mut Counters) -> Result<T>,
    ) -> Result<T> {
        let before = self.counters();
        let mut after = before.clone();
        let run_id = self.assignment.run_id;
        let activity = format!("chorus_sync run {run_id}: {activity}");
        let pace = self.news_of_pace();
        let written = transaction(&activity, || {
            self.still_wanted()?;
            let value = write(self, &mut after)?;
            runs::count(run_id, &after)?;
            if let Some(pace) = pace {
                pace.keep(self.assignment.connection_id)?;
            }
            Ok(value)
        });
        match &written {
            Ok(_) => {
                self.counters = after;
                self.told_wait.set(None);
                self.kept_pace.set(pace.unwrap_or(self.kept_pace.get()));
            }
            Err(_) => self.numbers.forget(),
        }
        written
    }

    /// What Chorus has taught of its key's pace that the connection's row does not say yet.
    pub(super) fn news_of_pace(&self) -> Option<KeptPace> {
        self.kept_pace.get().news(&self.link.as_ref()?.client)
    }

    /// The way to Chorus; only after [`Self::go`] has opened it.
    pub fn open_link(&self) -> &Link {
        self.link.as_ref().expect("a run opens its link first")
    }

    /// The workspace's registrable domain: its addresses are internal.
    pub fn workspace_domain(&self) -> Option<String> {
        registrable_domain(self.connection.workspace_domain.as_deref()?)
    }

    pub fn client_error(&self, error: &chorus_client::Error) -> Error {
        Error::from_client(error, &self.connection.base_url)
    }

    /// Says what the run does from now on.
    pub fn enter(&mut self, phase: &'static str) -> Result<()> {
        self.step(phase, |run, after| {
            runs::set_phase(run.assignment.run_id, phase, after, settings::now())
        })
    }

    /// Reads settings, connection and key, and makes the client.
    fn link(&mut self) -> Result<Link> {
        let connection_id = self.assignment.connection_id;
        let (connection, sealed) = transaction("reading the connection", || {
            let connection = sql::one_json::<Connection>(
                "SELECT to_jsonb(k) FROM chorus.connections k WHERE k.connection_id = $1",
                &[sql::int8(connection_id)],
            )?;
            let sealed = sql::one::<Vec<u8>>(
                "SELECT sealed_key FROM chorus.credentials WHERE connection_id = $1",
                &[sql::int8(connection_id)],
            )?;
            Ok((connection, sealed))
        })?;
        let connection = connection.ok_or_else(stopped)?;
        let name = CString::new(format!("chorus_sync {}", connection.name)).unwrap_or_default();
        unsafe { pg_sys::pgstat_report_appname(name.as_ptr()) };
        self.kept_pace.set(connection.pace);
        self.connection = connection;
        let sealed = sealed.ok_or_else(|| Error::no_key(&self.connection.name))?;
        let base_url = BaseUrl::parse(&self.connection.base_url, &settings::trusted_hosts())?;
        let api_key = secret::open(&sealed, connection_id, &base_url)?;
        let config = settings::client_config(base_url, api_key, &self.connection.pace)?;
        let client = Client::new(config).map_err(|error| self.client_error(&error))?;
        Ok(Link {
            client,
            offload: Offload::start(NETWORK_THREADS)?,
        })
    }

    fn check_key(&mut self) -> Result<()> {
        let client = self.open_link().client.clone();
        let me = self.ask(async move { client.me().await })?;
        let me = me.map_err(|error| self.client_error(&error))?;
        let domain = me.domain.map(|domain| domain.trim().to_lowercase());
        if domain.is_some()
            && self.connection.workspace_domain.is_some()
            && domain != self.connection.workspace_domain
        {
            return Err(Error::bad_argument(
                "the API key now belongs to another Chorus workspace",
                "Pass a key of the same workspace to chorus_connect(), or use another connection name.",
            ));
        }
        Ok(())
    }

    /// A connection that was disconnected or purged in the meantime stops its run before the next write. The lock on
    /// its row makes a purge wait for this transaction, and this transaction for a purge.
    fn still_wanted(&self) -> Result<()> {
        if !self.assignment.is_current() {
            return Err(stopped());
        }
        let state = sql::one::<String>(
            "SELECT state FROM chorus.connections WHERE connection_id = $1 FOR SHARE",
            &[sql::int8(self.assignment.connection_id)],
        )?;
        match state.as_deref() {
            None | Some("disconnected") => Err(stopped()),
            Some(_) => Ok(()),
        }
    }
}

fn stopped() -> Error {
    Error::new("57014", "the connection was disconnected", "")
}
