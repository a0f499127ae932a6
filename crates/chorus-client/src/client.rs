//! The client: one method per route of the API, and the one function that sends.
//!
//! [`Client::get`] is the only way out, and GET the only thing it can say. Clones share connections, pace and budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

use futures_util::Stream;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use crate::answer::{self, Asked};
use crate::budget::Budget;
use crate::config::Config;
use crate::error::{Error, UnreachableKind, one_line};
use crate::lenient::{Lenient, from_json};
use crate::list::{
    self, ContinuationKey, EngagementFilter, EngagementPage, ScorecardFilter, ScorecardPage,
};
use crate::pace::Pace;
use crate::persist::persist;
use crate::readable::{mended, readable};
use crate::wire::document::{Document, Listing, Resource};
use crate::wire::{BadRecord, conversation, people, scorecard};
use crate::{Conversation, Engagement, Me, Result, Scorecard, Session, Team, User};
use crate::{body, network};

const ME: &str = "/api/v1/users/me";
const SESSION: &str = "/api/v1/sessions/current";
const USERS: &str = "/v3/users";
const TEAMS: &str = "/api/v1/teams";
const ENGAGEMENTS: &str = "/v3/engagements";
const SCORECARDS: &str = "/api/v1/scorecards";
pub(crate) const CONVERSATION: &str = "/api/v1/conversations/{id}";

/// What need not be escaped in a path segment or a query value (RFC 3986, "unreserved").
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Longest piece of an error answer that is read, in bytes.
const LONGEST_ERROR_BODY: usize = 64 << 10;

/// A client of one tenant with one key. Clones are cheap and share everything.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    config: Config,
    http: reqwest::Client,
    authorization: HeaderValue,
    pace: Pace,
    budget: Budget,
    sent: AtomicU64,
    /// The server has answered as the API at least once.
    in_contact: AtomicBool,
}

/// What is asked for.
struct Question<'a> {
    route: &'static str,
    /// The path behind the base URL, escaped.
    path: &'a str,
    query: &'a [(&'static str, String)],
    of_record: bool,
}

impl<'a> Question<'a> {
    fn new(route: &'static str, query: &'a [(&'static str, String)]) -> Question<'a> {
        Question {
            route,
            path: route,
            query,
            of_record: false,
        }
    }
}

/// What could not be made of a body.
enum Unread {
    NoJson(serde_json::Error),
    /// The named member is missing.
    Missing(&'static str),
    Other(Error),
}

impl From<serde_json::Error> for Unread {
    fn from(error: serde_json::Error) -> Unread {
        Unread::NoJson(error)
    }
}

impl Client {
    /// A client for `config`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`] if the certificates, the proxy or the user agent cannot be used.
    pub fn new(config: Config) -> Result<Client> {
        Ok(Client(Arc::new(Shared {
            http: network::connect(&config)?,
            authorization: config.api_key.header(),
            pace: Pace::new(
                config.max_concurrent_requests,
                config.max_requests_per_minute,
            ),
            budget: Budget::new(config.inflight_bytes),
            sent: AtomicU64::new(0),
            in_contact: AtomicBool::new(false),
            config,
        })))
    }

    /// The user whose key this is. A 404 here means that the base URL is wrong.
    pub async fn me(&self) -> Result<Me> {
        let (id, me) = self.resource::<Me>(ME).await?;
        Ok(Me {
            user_id: id.and_then(|id| id.trim().parse().ok()),
            ..me
        })
    }

    /// The session behind the key. Not every key may ask.
    pub async fn session(&self) -> Result<Session> {
        Ok(self.resource::<Session>(SESSION).await?.1)
    }

    /// All users of the tenant.
    pub async fn users(&self) -> Result<Vec<Result<User, BadRecord>>> {
        self.rows(
            Question::new(USERS, &[]),
            "",
            "list of users",
            people::User::read,
        )
        .await
    }

    /// All teams of the tenant.
    pub async fn teams(&self) -> Result<Vec<Result<Team, BadRecord>>> {
        self.rows(
            Question::new(TEAMS, &[]),
            "data",
            "data",
            people::Team::read,
        )
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
        self.get(Question::new(ENGAGEMENTS, &query), |json| {
            let listing = Listing::read(json, "engagements")?;
            let rows = listing.rows.ok_or(Unread::Missing("engagements"))?;
            let next = listing.next.and_then(ContinuationKey::new);
            Ok(EngagementPage {
                next: next.filter(|next| !rows.is_empty() && Some(next) != after),
                rows: rows.into_iter().map(Engagement::read).collect(),
            })
        })
        .await
    }

    /// The call list from `from` (or the newest) to its end. After an error the stream ends.
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
        let path = format!("/api/v1/conversations/{}", utf8_percent_encode(id, ESCAPED));
        let query = [
            ("include_meeting_metadata", "true".to_owned()),
            ("skip_summary_generation", "true".to_owned()),
        ];
        let question = Question {
            route: CONVERSATION,
            path: &path,
            query: &query,
            of_record: true,
        };
        self.get(question, |json| {
            let document: Document<conversation::Attributes> = from_json(json)?;
            let data = document.data.ok_or(Unread::Missing("data"))?;
            if let Some(kind) = data
                .kind
                .filter(|kind| kind.to_ascii_lowercase().contains("email"))
            {
                return Err(Unread::Other(Error::NotACall {
                    kind: one_line(&kind),
                }));
            }
            let attributes = data.attributes.ok_or(Unread::Missing("attributes"))?;
            Ok(Conversation::new(
                data.id.unwrap_or_else(|| id.to_owned()),
                attributes,
            ))
        })
        .await
    }

    /// All scorecards, page by page, each once. After an error the stream ends.
    pub fn scorecards(
        &self,
        filter: ScorecardFilter,
    ) -> impl Stream<Item = Result<ScorecardPage>> + Send + Unpin + 'static + use<> {
        list::scorecards(self.clone(), filter)
    }

    /// Requests sent so far by all clones, repetitions included.
    pub fn requests(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// Until when the server has asked this key to wait, if it has. Requests made meanwhile wait by themselves.
    pub fn waiting_until(&self) -> Option<SystemTime> {
        self.0.pace.waiting_until()
    }

    pub(crate) async fn scorecards_page(
        &self,
        filter: &ScorecardFilter,
        page: usize,
    ) -> Result<ScorecardPage> {
        let query = filter.query(page);
        let rows: Vec<Result<Scorecard, BadRecord>> = self
            .rows(
                Question::new(SCORECARDS, &query),
                "data",
                "data",
                scorecard::Scorecard::read,
            )
            .await?;
        Ok(ScorecardPage { rows })
    }

    /// The id and the attributes of a document with one resource.
    async fn resource<A: Lenient>(&self, route: &'static str) -> Result<(Option<String>, A)> {
        self.get(Question::new(route, &[]), |json| {
            let Resource { id, attributes, .. } = from_json::<Document<A>>(json)?
                .data
                .ok_or(Unread::Missing("data"))?;
            Ok((id, attributes.ok_or(Unread::Missing("attributes"))?))
        })
        .await
    }

    /// The rows of a list that comes in one piece.
    async fn rows<T>(
        &self,
        question: Question<'_>,
        member: &str,
        missing: &'static str,
        read: fn(&RawValue) -> Result<T, BadRecord>,
    ) -> Result<Vec<Result<T, BadRecord>>> {
        self.get(question, |json| {
            let rows = Listing::read(json, member)?
                .rows
                .ok_or(Unread::Missing(missing))?;
            Ok(rows.into_iter().map(read).collect())
        })
        .await
    }

    /// Sends a GET, again where that makes sense, and reads the answer. The only function that sends.
    async fn get<T>(
        &self,
        question: Question<'_>,
        read: impl Fn(&str) -> Result<T, Unread>,
    ) -> Result<T> {
        let shared = &*self.0;
        let mut url = format!("{}{}", shared.config.base_url, question.path);
        for (n, (name, value)) in question.query.iter().enumerate() {
            let (name, value) = (
                utf8_percent_encode(name, ESCAPED),
                utf8_percent_encode(value, ESCAPED),
            );
            url += &format!("{}{name}={value}", if n == 0 { '?' } else { '&' });
        }
        let in_contact = || shared.in_contact.load(Ordering::Relaxed);
        persist(&shared.pace, in_contact, || {
            shared.attempt(&question, &url, &read)
        })
        .await
    }
}

impl Shared {
    /// One try.
    async fn attempt<T>(
        &self,
        question: &Question<'_>,
        url: &str,
        read: &impl Fn(&str) -> Result<T, Unread>,
    ) -> Result<T> {
        let route = question.route;
        let asked = Asked {
            route,
            base_url: &self.config.base_url,
            of_record: question.of_record,
            in_contact: self.in_contact.load(Ordering::Relaxed),
        };
        let media_type = if route.starts_with("/v3/") {
            "application/json"
        } else {
            "application/vnd.api+json"
        };
        let request = self
            .http
            .get(url)
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, HeaderValue::from_static(media_type));
        self.sent.fetch_add(1, Ordering::Relaxed);
        let deadline = Instant::now() + self.config.request_timeout;
        let response = match timeout_at(deadline, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(network::unreachable(route, error)),
            Err(_) => return Err(body::timed_out(route)),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let mut held = self.budget.hold();
        if status != StatusCode::OK {
            // The status says enough if the body cannot be had.
            let body = body::take(response, route, LONGEST_ERROR_BODY, deadline, &mut held)
                .await
                .unwrap_or_default();
            return Err(answer::error(asked, status, &headers, &readable(&body)));
        }
        let body = body::take(
            response,
            route,
            self.config.max_response_bytes,
            deadline,
            &mut held,
        )
        .await?;
        let json = readable(&body);
        answer::check_not_html(asked, &headers, &json)?;
        let outcome = match read(&json) {
            Err(Unread::NoJson(error)) if !error.is_eof() => match mended(&json) {
                Some(mended) => read(&mended),
                None => Err(Unread::NoJson(error)),
            },
            outcome => outcome,
        };
        match outcome {
            Ok(answer) => {
                self.in_contact.store(true, Ordering::Relaxed);
                Ok(answer)
            }
            Err(Unread::Other(error)) => Err(error),
            Err(Unread::Missing(member)) => Err(answer::nothing_in(asked, &json, member)),
            Err(Unread::NoJson(error)) if error.is_eof() => Err(Error::Unreachable {
                route,
                kind: UnreachableKind::Reset,
                message: "the answer ends early".to_owned(),
            }),
            Err(Unread::NoJson(error)) => Err(Error::Unexpected {
                route,
                what: one_line(&format!("not JSON: {error}")),
            }),
        }
    }
}
