//! Asks for the list, page by page, and for the details of recorded calls, several at once.

use std::sync::Arc;

use reqwest::header::AUTHORIZATION;
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::wire::{Conversation, Document, Engagement, Page};
use crate::Result;

const REQUESTS_AT_ONCE: usize = 16;

/// A call, and its detail if it was recorded.
pub type Fetched = (Engagement, Option<Conversation>);

#[derive(Clone)]
pub struct Tenant {
    client: reqwest::Client,
    base_url: String,
    api_key: String,
}

impl Tenant {
    pub fn new(base_url: String, api_key: String) -> Result<Tenant> {
        let client = reqwest::Client::builder().build()?;
        Ok(Tenant {
            client,
            base_url,
            api_key,
        })
    }

    /// Sends every call from `since` on, in no order; returns when all are sent.
    pub async fn fetch_all(self, since: String, sender: mpsc::Sender<Fetched>) -> Result<()> {
        let slots = Arc::new(Semaphore::new(REQUESTS_AT_ONCE));
        let mut details = JoinSet::new();
        let mut key = None;
        loop {
            let mut query = vec![("with_trackers", "true"), ("min_date", since.as_str())];
            query.extend(key.as_deref().map(|key| ("continuation_key", key)));
            let page: Page = self.get("/v3/engagements", &query).await?;
            for call in page.engagements {
                if !call.is_recorded() {
                    sender.send((call, None)).await?;
                    continue;
                }
                let slot = slots.clone().acquire_owned().await?;
                let (tenant, sender) = (self.clone(), sender.clone());
                details.spawn(async move {
                    let detail = tenant.detail(&call.engagement_id).await?;
                    drop(slot);
                    sender.send((call, Some(detail))).await?;
                    Result::Ok(())
                });
                while let Some(ended) = details.try_join_next() {
                    ended??;
                }
            }
            key = page.continuation_key.filter(|key| !key.trim().is_empty());
            if key.is_none() {
                break;
            }
        }
        while let Some(ended) = details.join_next().await {
            ended??;
        }
        Ok(())
    }

    async fn detail(&self, id: &str) -> Result<Conversation> {
        let query = [("include_meeting_metadata", "true")];
        let document: Document = self
            .get(&format!("/api/v1/conversations/{id}"), &query)
            .await?;
        Ok(document.data.attributes)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T> {
        let url = format!("{}{path}", self.base_url);
        let request = self
            .client
            .get(url)
            .header(AUTHORIZATION, &self.api_key)
            .query(query);
        let body = request.send().await?.error_for_status()?.bytes().await?;
        Ok(serde_json::from_slice(&body)?)
    }
}
