//! The tenant as it is shown: the truth, bent by the quirks that are on, with answers rendered once.
//!
//! A `Shown` never changes. An edit or a switched quirk makes the next one; requests under way keep theirs.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::quirk::catalogue::Place;
use crate::quirk::set::QuirkSet;
use crate::quirk::{details, rows, staging, text};
use crate::tenant::{Call, Tenant, sort_newest_first};
use crate::wire::{conversation, emails, engagement};

pub struct Shown {
    /// Its calls are those that are shown, newest first.
    pub tenant: Tenant,
    pub quirks: Arc<QuirkSet>,
    by_id: HashMap<String, usize>,
    rendered: Vec<Arc<Rendered>>,
}

/// The answers about one call; the index of each pair is the yes-or-no parameter of its route.
#[derive(Default)]
struct Rendered {
    rows: [OnceLock<Bytes>; 2],
    details: [OnceLock<Bytes>; 2],
}

/// How a detail is asked for.
#[derive(Debug, Clone, Default)]
pub struct DetailRequest {
    pub metadata: bool,
    pub fields: Option<Vec<String>>,
}

impl Shown {
    pub fn new(truth: &Tenant, quirks: Arc<QuirkSet>, before: Option<&Shown>) -> Shown {
        let mut tenant = truth.clone();
        sort_newest_first(&mut tenant.calls);
        staging::stage(&mut tenant, &quirks);
        sort_newest_first(&mut tenant.calls);
        let by_id = tenant
            .calls
            .iter()
            .enumerate()
            .map(|(position, call)| (call.engagement_id.clone(), position))
            .collect();
        // What was rendered from the very same call stays right as long as nothing else takes part in it.
        let same = before.filter(|before| {
            quirks.is_empty() && before.quirks.is_empty() && before.tenant.users == tenant.users
        });
        let rendered = tenant
            .calls
            .iter()
            .map(|call| {
                same.and_then(|same| same.rendered_of(call))
                    .unwrap_or_default()
            })
            .collect();
        Shown {
            tenant,
            quirks,
            by_id,
            rendered,
        }
    }

    fn rendered_of(&self, call: &Arc<Call>) -> Option<Arc<Rendered>> {
        let position = self.position(&call.engagement_id)?;
        Arc::ptr_eq(&self.tenant.calls[position], call).then(|| self.rendered[position].clone())
    }

    pub fn position(&self, engagement_id: &str) -> Option<usize> {
        self.by_id.get(engagement_id).copied()
    }

    /// A row of the list.
    pub fn row(&self, position: usize, with_trackers: bool) -> Bytes {
        let slot = &self.rendered[position].rows[usize::from(with_trackers)];
        slot.get_or_init(|| {
            let call = &self.tenant.calls[position];
            let row = engagement::row(&self.tenant, call, with_trackers);
            if !self.quirks.any(|quirk| quirk.place == Place::Row) {
                return text::encode(&row);
            }
            let mut value = plain(&row);
            rows::bend(
                &self.quirks,
                position,
                self.tenant.calls.len(),
                call,
                &mut value,
            );
            text::encode(&value)
        })
        .clone()
    }

    /// The detail of a call. Rendered once unless a quirk or `fields` makes reads differ.
    pub fn detail(&self, position: usize, request: &DetailRequest) -> Bytes {
        let call = &self.tenant.calls[position];
        if call.is_email() {
            return text::encode(
                &serde_json::json!({"data": emails::resource(&self.tenant, call)}),
            );
        }
        let metadata = request.metadata || details::always_metadata(&self.quirks);
        let bent = self.quirks.any(|quirk| quirk.place == Place::Detail);
        if !bent && request.fields.is_none() {
            let slot = &self.rendered[position].details[usize::from(metadata)];
            return slot
                .get_or_init(|| text::encode(&conversation::document(&self.tenant, call, metadata)))
                .clone();
        }
        self.detail_of(position, call, request)
    }

    /// The detail with a call of the caller's making in place of the one that is shown.
    pub fn detail_of(&self, position: usize, call: &Call, request: &DetailRequest) -> Bytes {
        let metadata = request.metadata || details::always_metadata(&self.quirks);
        let mut value = plain(&conversation::document(&self.tenant, call, metadata));
        details::bend(
            &self.quirks,
            position,
            self.tenant.calls.len(),
            call,
            request,
            &mut value,
        );
        text::encode(&value)
    }

    /// Renders every row and detail, so that a benchmark measures its client alone.
    pub fn render_all(&self) {
        for position in 0..self.tenant.calls.len() {
            for flag in [false, true] {
                self.row(position, flag);
            }
            let request = DetailRequest {
                metadata: true,
                fields: None,
            };
            if self.tenant.calls[position].is_recorded() {
                self.detail(position, &request);
            }
        }
    }
}

fn plain(shape: &impl Serialize) -> Value {
    serde_json::to_value(shape).expect("wire shapes are plain JSON")
}
