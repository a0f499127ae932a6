//! Keys of the list, and the seven ways in which it can end.

use std::sync::Arc;

use serde_json::{Value, json};

use super::filter::Filter;
use super::listing::{Next, PAGE, Page};
use super::shown::Shown;
use crate::tenant::Call;

/// A place in the order of the list, and how often the end was repeated (T7).
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    date_time: f64,
    id: String,
    pub repeat: u64,
}

impl Key {
    pub fn of(call: &Call) -> Key {
        Key {
            date_time: call.date_time,
            id: call.engagement_id.clone(),
            repeat: 0,
        }
    }

    pub fn parse(text: &str) -> Option<Key> {
        let (date_time, id) = text.split_once(' ')?;
        let (id, repeat) = match id.split_once('~') {
            Some((id, repeat)) => (id, repeat.parse().ok()?),
            None => (id, 0),
        };
        Some(Key {
            date_time: date_time.parse().ok()?,
            id: id.to_owned(),
            repeat,
        })
    }

    pub fn text(&self) -> String {
        match self.repeat {
            0 => format!("{:?} {}", self.date_time, self.id),
            repeat => format!("{:?} {}~{repeat}", self.date_time, self.id),
        }
    }

    /// The first place behind the key.
    pub fn next_position(&self, calls: &[Arc<Call>]) -> usize {
        calls.partition_point(|call| {
            call.date_time
                .total_cmp(&self.date_time)
                .then_with(|| call.engagement_id.as_str().cmp(&self.id))
                .is_ge()
        })
    }
}

/// The last answer of the list, in the shape that the quirk `end-of-list` asks for (T1 without it).
pub fn end(shown: &Shown, filter: &Filter, key: Option<&Key>, page: &mut Page) {
    let quirk = shown.quirks.get("end-of-list");
    let shape = quirk.and_then(|quirk| quirk.text("end")).unwrap_or("T1");
    let calls = &shown.tenant.calls;
    let last = page.rows.last().map(|last| Key::of(&calls[*last]).text());
    page.next = match shape {
        "T2" => Next::Json(Value::Null),
        "T3" => Next::Missing,
        "T4" => Next::Json(json!("")),
        "T5" => match (last, key) {
            (Some(last), _) => Next::Json(json!(last)),
            // Behind the last row: no rows, with a key only when asked for.
            (None, Some(key))
                if quirk.is_some_and(|quirk| quirk.extra("key") == Some(&json!(true))) =>
            {
                Next::Json(json!(key.text()))
            }
            _ => Next::Missing,
        },
        "T6" => match (key, last) {
            (Some(_), _)
                if quirk.is_some_and(|quirk| quirk.extra("which") == Some(&json!("earlier"))) =>
            {
                let first = (0..calls.len())
                    .filter(|position| filter.takes(shown, &calls[*position]))
                    .nth(PAGE - 1);
                Next::Json(json!(first.map(|first| Key::of(&calls[first]).text())))
            }
            (Some(key), _) => Next::Json(json!(key.text())),
            (None, Some(last)) => Next::Json(json!(last)),
            (None, None) => Next::Missing,
        },
        "T7" => {
            let repeats = quirk
                .and_then(|quirk| quirk.extra("repeats")?.as_u64())
                .unwrap_or(3);
            let repeat = key.map_or(0, |key| key.repeat);
            match last {
                Some(last) => Next::Json(json!(format!("{last}~1"))),
                None if repeat > 0 => {
                    let end = key.map_or(0, |key| key.next_position(calls));
                    let mut again: Vec<usize> = (0..end)
                        .rev()
                        .filter(|position| filter.takes(shown, &calls[*position]))
                        .take(PAGE)
                        .collect();
                    again.reverse();
                    page.rows = again;
                    match key {
                        Some(key) if repeat < repeats => Next::Json(json!(
                            Key {
                                repeat: repeat + 1,
                                ..key.clone()
                            }
                            .text()
                        )),
                        _ => Next::Json(json!(" ")),
                    }
                }
                None => Next::Json(json!(" ")),
            }
        }
        _ => Next::Json(json!(" ")),
    };
}
