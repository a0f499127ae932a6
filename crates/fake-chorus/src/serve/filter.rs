//! The filters of `GET /v3/engagements`. Unknown ones are ignored.

use std::ops::Range;
use std::sync::Arc;

use super::query::{Query, epoch};
use super::shown::Shown;
use crate::tenant::Call;

/// The filters of one request.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    min_date: Option<f64>,
    max_date: Option<f64>,
    /// Bounds count as outside.
    exclusive: bool,
    engagement_type: Option<String>,
    content_type: bool,
    ids: Option<Vec<String>>,
    email: Option<String>,
    user_ids: Option<Vec<i64>>,
    team_ids: Option<Vec<i64>>,
    min_duration: Option<f64>,
    max_duration: Option<f64>,
    compliance: Option<String>,
    dispositions: [Option<bool>; 4],
    pub with_trackers: bool,
}

impl Filter {
    /// `Err` names the parameter that cannot be read.
    pub fn parse<'a>(query: &Query, exclusive: bool) -> Result<Filter, &'a str> {
        let number = |text: &str| text.parse::<f64>().ok();
        let numbers = |name| -> Option<Vec<i64>> {
            Some(
                query
                    .list(name)?
                    .into_iter()
                    .filter_map(|text| text.parse().ok())
                    .collect(),
            )
        };
        let yes_or_no = |name| {
            query
                .get(name)
                .map(|value| value.eq_ignore_ascii_case("true"))
        };
        Ok(Filter {
            min_date: query.read("min_date", epoch)?,
            max_date: query.read("max_date", epoch)?,
            exclusive,
            engagement_type: query.get("engagement_type").map(str::to_owned),
            content_type: query.get("content_type").is_some(),
            ids: query
                .list("engagement_id")
                .map(|list| list.into_iter().map(str::to_owned).collect()),
            email: query.get("participants_email").map(str::to_lowercase),
            user_ids: numbers("user_id"),
            team_ids: numbers("team_id"),
            min_duration: query.read("min_duration", number)?,
            max_duration: query.read("max_duration", number)?,
            compliance: query.get("compliance").map(str::to_lowercase),
            dispositions: [
                yes_or_no("disposition_connected"),
                yes_or_no("disposition_gatekeeper"),
                yes_or_no("disposition_tree"),
                yes_or_no("disposition_voicemail"),
            ],
            with_trackers: query.flag("with_trackers"),
        })
    }

    /// The positions that the window of dates leaves of a list that is sorted newest first, bounds included.
    pub fn span(&self, calls: &[Arc<Call>]) -> Range<usize> {
        let newest = self.max_date.map_or(0, |bound| {
            calls.partition_point(|call| call.date_time > bound)
        });
        let oldest = self.min_date.map_or(calls.len(), |bound| {
            calls.partition_point(|call| call.date_time >= bound)
        });
        newest..oldest.max(newest)
    }

    /// Whether the row lies in the window of dates.
    pub fn in_window(&self, date_time: f64) -> bool {
        let above = |bound: f64| {
            if self.exclusive {
                date_time > bound
            } else {
                date_time >= bound
            }
        };
        let below = |bound: f64| {
            if self.exclusive {
                date_time < bound
            } else {
                date_time <= bound
            }
        };
        self.min_date.is_none_or(above) && self.max_date.is_none_or(below)
    }

    pub fn takes(&self, shown: &Shown, call: &Call) -> bool {
        let is = |wanted: &Option<String>, value: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == value)
        };
        let ended = call.disposition;
        self.in_window(call.date_time)
            && is(&self.engagement_type, &call.engagement_type)
            && (!self.content_type || call.engagement_type == "content_viewed")
            && self
                .ids
                .as_ref()
                .is_none_or(|ids| ids.contains(&call.engagement_id))
            && self
                .user_ids
                .as_ref()
                .is_none_or(|ids| ids.contains(&call.user_id))
            && self.team_ids.as_ref().is_none_or(|ids| {
                shown
                    .tenant
                    .user(call.user_id)
                    .is_some_and(|user| user.team_ids.iter().any(|id| ids.contains(id)))
            })
            && self.min_duration.is_none_or(|bound| call.duration >= bound)
            && self.max_duration.is_none_or(|bound| call.duration <= bound)
            && is(
                &self.compliance,
                call.compliance.as_deref().unwrap_or("unknown"),
            )
            && self.email.as_ref().is_none_or(|email| {
                call.participants.iter().any(|person| {
                    person
                        .email
                        .as_deref()
                        .is_some_and(|own| own.eq_ignore_ascii_case(email))
                })
            })
            && [
                ended.connected,
                ended.gatekeeper,
                ended.tree,
                ended.voicemail,
            ]
            .iter()
            .zip(self.dispositions)
            .all(|(is, wanted)| wanted.is_none_or(|wanted| wanted == *is))
    }
}
