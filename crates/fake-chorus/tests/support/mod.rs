//! A tenant and a client for the tests of this crate.
#![allow(dead_code)]

use chrono::{DateTime, Utc};
use fake_chorus::{FakeChorus, Generate, Tenant};
use reqwest::{Client, Response};
use serde_json::Value;

/// Every test lives on this day.
pub fn today() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

pub fn plan(calls: usize) -> Generate {
    Generate {
        calls,
        utterances_per_call: 14,
        until: today(),
        ..Generate::default()
    }
}

pub struct Desk {
    pub server: FakeChorus,
    http: Client,
}

pub async fn desk(calls: usize) -> Desk {
    desk_of(Tenant::generate(&plan(calls))).await
}

pub async fn desk_of(tenant: Tenant) -> Desk {
    let http = Client::builder()
        .no_gzip()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    Desk {
        server: FakeChorus::start(tenant).await.unwrap(),
        http,
    }
}

impl Desk {
    pub async fn ask(&self, path: &str) -> reqwest::Result<Response> {
        self.ask_as(path, Some(self.server.api_key())).await
    }

    pub async fn ask_as(
        &self,
        path: &str,
        authorization: Option<&str>,
    ) -> reqwest::Result<Response> {
        let mut request = self.http.get(format!("{}{path}", self.server.base_url()));
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        request.send().await
    }

    pub async fn status(&self, path: &str) -> u16 {
        self.ask(path).await.unwrap().status().as_u16()
    }

    pub async fn json(&self, path: &str) -> Value {
        let response = self.ask(path).await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{path}: {status}: {error}: {text:.200}"))
    }

    pub async fn detail(&self, id: &str) -> Value {
        let path = format!(
            "/api/v1/conversations/{id}?include_meeting_metadata=true&skip_summary_generation=true"
        );
        self.json(&path).await["data"]["attributes"].take()
    }

    pub async fn admin(&self, method: reqwest::Method, path: &str, body: &Value) -> Response {
        self.http
            .request(method, format!("{}/_fake/{path}", self.server.base_url()))
            .json(body)
            .send()
            .await
            .unwrap()
    }

    pub async fn send(&self, method: reqwest::Method, path: &str) -> Response {
        self.http
            .request(method, format!("{}{path}", self.server.base_url()))
            .send()
            .await
            .unwrap()
    }

    /// Walks the list as the reference advises, at most 50 pages. Rows in the order in which they came.
    pub async fn walk(&self, filters: &str) -> Vec<Vec<Value>> {
        let mut pages = Vec::new();
        let mut used: Vec<String> = Vec::new();
        loop {
            assert!(pages.len() < 50, "the list does not end");
            let key = used
                .last()
                .map(|key| format!("&continuation_key={}", key.replace(' ', "%20")))
                .unwrap_or_default();
            let page = self.json(&format!("/v3/engagements?{filters}{key}")).await;
            let rows = page["engagements"]
                .as_array()
                .expect("a page has rows")
                .clone();
            let empty = rows.is_empty();
            pages.push(rows);
            match page["continuation_key"].as_str() {
                Some(key)
                    if !key.trim().is_empty() && !empty && !used.iter().any(|old| old == key) =>
                {
                    used.push(key.to_owned());
                }
                _ => return pages,
            }
        }
    }

    /// Ids of calls that have a transcript, newest first.
    pub fn recorded(&self) -> Vec<String> {
        self.server.read(|tenant| {
            let calls = tenant.newest_first();
            calls
                .iter()
                .filter(|call| call.is_recorded())
                .map(|call| call.engagement_id.clone())
                .collect()
        })
    }

    /// Ids of all calls that are not private, newest first.
    pub fn listed(&self) -> Vec<String> {
        self.server.read(|tenant| {
            let calls = tenant.newest_first();
            calls
                .iter()
                .filter(|call| !call.private)
                .map(|call| call.engagement_id.clone())
                .collect()
        })
    }
}

pub fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter()
        .map(|row| row["engagement_id"].as_str().unwrap_or_default().to_owned())
        .collect()
}
