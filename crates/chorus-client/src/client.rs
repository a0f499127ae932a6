//! The client: one method per route of the API. Clones share connections, pace and budget.

use std::sync::Arc;
use std::time::SystemTime;

use futures_util::Stream;

use crate::list::{self, EngagementPage, ScorecardPage};
use crate::server::{Question, Server};
use crate::{
    BadRecord, Config, ContinuationKey, Conversation, EngagementFilter, Error, LearntPace, Me,
    Result, Scorecard, ScorecardFilter, Session, Team, User, decode,
};

const ME: &str = "/api/v1/users/me";
const SESSION: &str = "/api/v1/sessions/current";
const USERS: &str = "/v3/users";
const TEAMS: &str = "/api/v1/teams";
const SCORECARDS: &str = "/api/v1/scorecards";
pub(crate) const ENGAGEMENTS: &str = "/v3/engagements";
pub(crate) const CONVERSATION: &str = "/api/v1/conversations/{id}";

/// A client of one tenant with one key. Clones are cheap and share everything.
///
/// Every method waits while the server asks to slow down, tries faults three times, and can be abandoned at any moment
/// by dropping its future.
#[derive(Clone)]
pub struct Client(Arc<Server>);

impl Client {
    /// A client for `config`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`] if the certificates, the proxy or the user agent cannot be used.
    pub fn new(config: Config) -> Result<Client> {
        Ok(Client(Arc::new(Server::new(config)?)))
    }

    /// The user whose key this is. As the first request, a 404 means that the base URL is wrong.
    pub async fn me(&self) -> Result<Me> {
        let (id, me) = self
            .0
            .get(Question::new(ME, &[]), decode::resource::<Me>)
            .await?;
        Ok(Me {
            user_id: id.and_then(|id| id.trim().parse().ok()),
            ..me
        })
    }

    /// The session behind the key. Not every key may ask.
    pub async fn session(&self) -> Result<Session> {
        let (_, session) = self
            .0
            .get(Question::new(SESSION, &[]), decode::resource)
            .await?;
        Ok(session)
    }

    /// All users of the tenant.
    pub async fn users(&self) -> Result<Vec<Result<User, BadRecord>>> {
        self.0
            .get(Question::new(USERS, &[]), |json| {
                decode::rows(json, "", User::read)
            })
            .await
    }

    /// All teams of the tenant.
    pub async fn teams(&self) -> Result<Vec<Result<Team, BadRecord>>> {
        self.0
            .get(Question::new(TEAMS, &[]), |json| {
                decode::rows(json, "data", Team::read)
            })
            .await
    }

    /// One page of the call list, newest first. `after` is the [`EngagementPage::next`] of the page before, to be used
    /// with the same filter. `next` is absent by the rules T1 to T5, and if it is `after` again.
    pub async fn engagements_page(
        &self,
        filter: &EngagementFilter,
        after: Option<&ContinuationKey>,
    ) -> Result<EngagementPage> {
        let mut query = filter.query();
        query.extend(after.map(|key| ("continuation_key", key.to_string())));
        self.0
            .get(Question::new(ENGAGEMENTS, &query), |json| {
                decode::page(json, after)
            })
            .await
    }

    /// The call list from `from` (or the newest) to its end, by the rules T1 to T7. After an error the stream ends.
    pub fn engagements(
        &self,
        filter: EngagementFilter,
        from: Option<ContinuationKey>,
    ) -> impl Stream<Item = Result<EngagementPage>> + Send + Unpin + 'static + use<> {
        list::engagements(self.clone(), filter, from)
    }

    /// One call with its transcript. Chorus is asked not to make a summary for the occasion.
    ///
    /// # Errors
    /// [`Error::NotACall`] if the id belongs to an e-mail; [`Error::NotFound`] if it is absent, deleted or out of reach.
    pub async fn conversation(&self, id: &str) -> Result<Conversation> {
        // These would lead to another route: no segment at all, or one that URLs resolve away.
        if matches!(id, "" | "." | "..") {
            return Err(Error::NotFound {
                route: CONVERSATION,
            });
        }
        let query = [
            ("include_meeting_metadata", "true".to_owned()),
            ("skip_summary_generation", "true".to_owned()),
        ];
        let question = Question::new(CONVERSATION, &query).about(id);
        self.0.get(question, |json| decode::detail(json, id)).await
    }

    /// All scorecards, page by page, each once. After an error the stream ends.
    pub fn scorecards(
        &self,
        filter: ScorecardFilter,
    ) -> impl Stream<Item = Result<ScorecardPage>> + Send + Unpin + 'static + use<> {
        list::scorecards(self.clone(), filter)
    }

    pub(crate) async fn scorecards_page(
        &self,
        filter: &ScorecardFilter,
        number: usize,
    ) -> Result<ScorecardPage> {
        let query = filter.query(number);
        let read = |json: &str| decode::rows(json, "data", Scorecard::read);
        let rows = self.0.get(Question::new(SCORECARDS, &query), read).await?;
        Ok(ScorecardPage { rows })
    }

    /// Requests sent so far by all clones, repetitions included.
    pub fn requests(&self) -> u64 {
        self.0.sent()
    }

    /// Until when the server has asked this key to wait, if it has. Requests made meanwhile wait by themselves.
    pub fn waiting_until(&self) -> Option<SystemTime> {
        self.0.pace.waiting_until()
    }

    /// The pace that refusals have taught, for [`Config::learnt_pace`] of the next client. None: there were none, or the
    /// key has shown since that it may go as fast as its requests come.
    pub fn learnt_pace(&self) -> Option<LearntPace> {
        self.0.pace.learnt()
    }
}
