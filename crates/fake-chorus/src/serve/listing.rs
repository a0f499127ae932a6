//! `GET /v3/engagements`: filters, order, pages, and the seven ways in which a list can end.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::{Value, json};

use super::answer::{Answer, JSON};
use super::house::House;
use super::query::{Query, epoch};
use super::shown::Shown;
use crate::tenant::Call;

/// Rows of a full page. Fixed, nothing asks for another size.
pub const PAGE: usize = 100;

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

    /// Whether the row lies in the window of dates.
    fn in_window(&self, date_time: f64) -> bool {
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

    fn takes(&self, shown: &Shown, call: &Call) -> bool {
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

/// A place in the order of the list, and how often the end was repeated (T7).
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    date_time: f64,
    id: String,
    repeat: u64,
}

impl Key {
    fn of(call: &Call) -> Key {
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

    fn text(&self) -> String {
        match self.repeat {
            0 => format!("{:?} {}", self.date_time, self.id),
            repeat => format!("{:?} {}~{repeat}", self.date_time, self.id),
        }
    }

    /// The first place behind the key.
    fn next_position(&self, calls: &[Arc<Call>]) -> usize {
        calls.partition_point(|call| {
            call.date_time
                .total_cmp(&self.date_time)
                .then_with(|| call.engagement_id.as_str().cmp(&self.id))
                .is_ge()
        })
    }
}

/// What becomes of `continuation_key`.
#[derive(Debug, Clone, PartialEq)]
enum Next {
    Missing,
    Json(Value),
}

/// A page by the positions of its rows.
pub struct Page {
    pub rows: Vec<usize>,
    /// Counts from 1.
    pub number: usize,
    next: Next,
    full: bool,
}

/// The page of a request; `key` is what the client sent, unless blank.
fn page(shown: &Shown, filter: &Filter, key: Option<&Key>) -> Page {
    let calls = &shown.tenant.calls;
    let start = key.map_or(0, |key| key.next_position(calls));
    let matching = |range: std::ops::Range<usize>| {
        range.filter(|position| filter.takes(shown, &calls[*position]))
    };
    let before = if key.is_some() {
        matching(0..start).count()
    } else {
        0
    };
    let mut rows: Vec<usize> = matching(start..calls.len()).take(PAGE + 1).collect();
    let full = rows.len() > PAGE;
    rows.truncate(PAGE);
    let number = before / PAGE + 1;
    let next = match rows.last() {
        Some(last) if full => Next::Json(json!(Key::of(&calls[*last]).text())),
        _ => Next::Missing,
    };
    let mut page = Page {
        rows,
        number,
        next,
        full,
    };
    if !full {
        end(shown, filter, key, &mut page);
    }
    page
}

/// The last answer of the list, in the shape that the quirk `end-of-list` asks for (T1 without it).
fn end(shown: &Shown, filter: &Filter, key: Option<&Key>, page: &mut Page) {
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

/// The answer, with the page that was served.
pub fn answer(house: &House, shown: &Shown, query: &Query) -> (Answer, Option<Page>) {
    let exclusive = shown.quirks.is_on("bounds-exclusive");
    let mut filter = match Filter::parse(query, exclusive) {
        Ok(filter) => filter,
        Err(parameter) => return (Answer::bad_parameter(parameter), None),
    };
    let sent = query.get("continuation_key");
    let blank = sent.is_some_and(|key| key.trim().is_empty());
    if blank
        && shown
            .quirks
            .get("blank-key")
            .is_none_or(|quirk| !quirk.says("first-page"))
    {
        let page = Page {
            rows: Vec::new(),
            number: 1,
            next: Next::Json(json!(" ")),
            full: false,
        };
        return (Answer::bytes(JSON, write(shown, &page, false)), Some(page));
    }
    let key = match sent.filter(|_| !blank) {
        None => None,
        Some(text) => match Key::parse(text) {
            Some(key) => Some(key),
            None => return (Answer::bad_parameter("continuation_key"), None),
        },
    };
    if let Some(quirk) = shown.quirks.get("key-without-filters")
        && quirk.says("remembered")
        && let Some(text) = sent
        && let Some(remembered) = house.remembered_filter(text)
    {
        filter = remembered;
    }
    let mut page = page(shown, &filter, key.as_ref());
    slip_in_strangers(shown, &filter, &mut page);
    if let Next::Json(Value::String(next)) = &page.next
        && shown.quirks.is_on("key-without-filters")
    {
        house.remember_filter(next.clone(), filter.clone());
    }
    if is_bad(shown, &page) {
        return (bad_page(shown), Some(page));
    }
    (
        Answer::bytes(JSON, write(shown, &page, filter.with_trackers)),
        Some(page),
    )
}

/// The number of the page that a request asks for, for faults that strike on one page.
pub fn page_number(shown: &Shown, query: &Query) -> usize {
    let exclusive = shown.quirks.is_on("bounds-exclusive");
    let Some(key) = query.get("continuation_key").and_then(Key::parse) else {
        return 1;
    };
    match Filter::parse(query, exclusive) {
        Ok(filter) => page(shown, &filter, Some(&key)).number,
        Err(_) => 1,
    }
}

/// `outside-window`: rows that the filter of dates should have kept out.
fn slip_in_strangers(shown: &Shown, filter: &Filter, page: &mut Page) {
    let Some(quirk) = shown.quirks.get("outside-window") else {
        return;
    };
    let wanted = quirk.count("rows").unwrap_or(3) as usize;
    let calls = &shown.tenant.calls;
    let strangers = (0..calls.len())
        .filter(|position| !filter.in_window(calls[*position].date_time))
        .take(wanted);
    page.rows.extend(strangers);
    page.rows.sort_unstable();
}

/// `bad-page`: whether the page holds the row that nobody can read.
fn is_bad(shown: &Shown, page: &Page) -> bool {
    let Some(quirk) = shown.quirks.get("bad-page") else {
        return false;
    };
    let calls = &shown.tenant.calls;
    let poison = match quirk.extra("id").and_then(Value::as_str) {
        Some(id) => shown.position(id),
        None => {
            let number = quirk.count("page").unwrap_or(2).max(1) as usize;
            Some(((number - 1) * PAGE + PAGE / 2).min(calls.len().saturating_sub(1)))
        }
    };
    poison.is_some_and(|poison| page.rows.contains(&poison))
}

fn bad_page(shown: &Shown) -> Answer {
    let how = shown
        .quirks
        .get("bad-page")
        .and_then(|quirk| quirk.extra("how")?.as_str().map(str::to_owned));
    match how.as_deref() {
        Some("500") => Answer::empty(500),
        Some("html") => Answer::gateway_page(504),
        Some("missing-array") => Answer::json(JSON, &json!({"continuation_key": " "})),
        _ => Answer::bytes(
            JSON,
            Bytes::from_static(b"{\"continuation_key\":\" \",\"engagements\":[{\"engagement_id\":"),
        ),
    }
}

fn write(shown: &Shown, page: &Page, with_trackers: bool) -> Bytes {
    let rows: Vec<Bytes> = page
        .rows
        .iter()
        .map(|position| shown.row(*position, with_trackers))
        .collect();
    let mut body =
        BytesMut::with_capacity(rows.iter().map(|row| row.len() + 1).sum::<usize>() + 128);
    body.put_u8(b'{');
    if let Next::Json(key) = &page.next {
        body.put_slice(format!("\"continuation_key\":{key},").as_bytes());
    }
    body.put_slice(b"\"engagements\":[");
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            body.put_u8(b',');
        }
        body.put_slice(row);
    }
    body.put_slice(b"]}");
    body.freeze()
}

impl Page {
    /// Whether rows follow.
    pub fn has_more(&self) -> bool {
        self.full
    }
}
