//! The one server of a client, and the one function that sends to it.
//!
//! [`Server::get`] is the only way out, and GET the only thing it can say. The key goes nowhere else.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use tokio::time::{Instant, timeout_at};

use crate::answer::{self, Asked};
use crate::budget::Budget;
use crate::decode::{Unread, tolerantly};
use crate::pace::Pace;
use crate::persist::persist;
use crate::readable::readable;
use crate::{Config, Result, body, network};

/// What need not be escaped in a path segment or a query value (RFC 3986, "unreserved").
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Longest error answer that is read, in bytes.
const LONGEST_ERROR_BODY: usize = 64 << 10;

pub(crate) struct Server {
    config: Config,
    http: reqwest::Client,
    authorization: HeaderValue,
    pub(crate) pace: Pace,
    budget: Budget,
    sent: AtomicU64,
    /// It has answered as the API at least once.
    in_contact: AtomicBool,
}

/// What is asked for.
pub(crate) struct Question<'a> {
    /// As errors call it.
    route: &'static str,
    /// The record that the route is about, put in place of its `{id}`.
    id: Option<&'a str>,
    query: &'a [(&'static str, String)],
}

impl<'a> Question<'a> {
    pub(crate) fn new(route: &'static str, query: &'a [(&'static str, String)]) -> Question<'a> {
        Question {
            route,
            id: None,
            query,
        }
    }

    pub(crate) fn about(self, id: &'a str) -> Question<'a> {
        Question {
            id: Some(id),
            ..self
        }
    }

    /// The URL. Everything that is not plain is escaped: a blank is `%20`, and an id is one segment whatever it holds.
    fn url(&self, base_url: &str) -> String {
        let escaped = |text| utf8_percent_encode(text, ESCAPED).to_string();
        let path = match self.id {
            Some(id) => self.route.replace("{id}", &escaped(id)),
            None => self.route.to_owned(),
        };
        let mut url = format!("{base_url}{path}");
        for (n, (name, value)) in self.query.iter().enumerate() {
            url.push(if n == 0 { '?' } else { '&' });
            url += &format!("{}={}", escaped(name), escaped(value));
        }
        url
    }
}

impl Server {
    pub(crate) fn new(config: Config) -> Result<Server> {
        Ok(Server {
            http: network::connect(&config)?,
            authorization: config.api_key.header(),
            pace: Pace::new(
                config.max_concurrent_requests,
                config.max_requests_per_minute,
                config.learnt_pace,
                config.wait,
            ),
            budget: Budget::new(config.inflight_bytes),
            sent: AtomicU64::new(0),
            in_contact: AtomicBool::new(false),
            config,
        })
    }

    /// Requests sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Sends a GET, again where that makes sense, and reads the answer.
    pub(crate) async fn get<T>(
        &self,
        question: Question<'_>,
        read: impl Fn(&str) -> Result<T, Unread>,
    ) -> Result<T> {
        let url = question.url(self.config.base_url.as_str());
        let in_contact = || self.in_contact.load(Ordering::Relaxed);
        persist(&self.pace, in_contact, || {
            self.attempt(&question, &url, &read)
        })
        .await
    }

    /// One try.
    async fn attempt<T>(
        &self,
        question: &Question<'_>,
        url: &str,
        read: &impl Fn(&str) -> Result<T, Unread>,
    ) -> Result<T> {
        let asked = Asked {
            route: question.route,
            base_url: &self.config.base_url,
            of_record: question.id.is_some(),
            in_contact: self.in_contact.load(Ordering::Relaxed),
        };
        let v3 = asked.route.starts_with("/v3/");
        let media_type = if v3 {
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
            Ok(Err(error)) => return Err(network::unreachable(asked.route, error)),
            Err(_) => return Err(body::timed_out(asked.route)),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let ok = status == StatusCode::OK;
        let limit = if ok {
            self.config.max_response_bytes
        } else {
            LONGEST_ERROR_BODY
        };
        let mut held = self.budget.hold();
        let body = body::take(response, asked.route, limit, deadline, &mut held).await;
        if !ok {
            // The status says enough if the body cannot be had.
            return Err(answer::error(
                asked,
                status,
                &headers,
                &readable(&body.unwrap_or_default()),
            ));
        }
        let body = body?;
        let json = readable(&body);
        answer::check_not_html(asked, &headers, &json)?;
        match tolerantly(&json, read) {
            Ok(content) => {
                self.in_contact.store(true, Ordering::Relaxed);
                Ok(content)
            }
            Err(Unread::Missing(member)) => Err(answer::nothing_in(asked, &json, member)),
            Err(unread) => Err(unread.into_error(asked.route)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Question;

    #[test]
    fn ids_stay_one_segment_and_values_are_escaped() {
        let query = [("continuation_key", "1748870405.0 7C1D+/?".to_owned())];
        let question = Question::new("/x/{id}", &query).about("a/../b?c#d %é");
        assert_eq!(
            question.url("https://h/p"),
            "https://h/p/x/a%2F..%2Fb%3Fc%23d%20%25%C3%A9?continuation_key=1748870405.0%207C1D%2B%2F%3F"
        );
    }
}
