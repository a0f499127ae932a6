//! `GET /v3/engagements`: pages of the rows that a filter takes, in the order of the list.

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::{Value, json};

use super::answer::{Answer, JSON};
use super::ends::{Key, end};
use super::filter::Filter;
use super::house::House;
use super::query::Query;
use super::shown::Shown;

/// Rows of a full page. Fixed, nothing asks for another size.
pub const PAGE: usize = 100;

/// What becomes of `continuation_key`.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    Missing,
    Json(Value),
}

/// A page by the positions of its rows.
pub struct Page {
    pub rows: Vec<usize>,
    /// Counts from 1; right only while a quirk is on.
    pub number: usize,
    pub next: Next,
    full: bool,
}

/// The page of a request; `key` is what the client sent, unless blank.
fn page(shown: &Shown, filter: &Filter, key: Option<&Key>) -> Page {
    let calls = &shown.tenant.calls;
    let span = filter.span(calls);
    let start = key
        .map_or(0, |key| key.next_position(calls))
        .clamp(span.start, span.end);
    let takes = |position: &usize| filter.takes(shown, &calls[*position]);
    let mut rows: Vec<usize> = (start..span.end).filter(takes).take(PAGE + 1).collect();
    let full = rows.len() > PAGE;
    rows.truncate(PAGE);
    // Counting what was paged already costs more than the page, and only quirks want to know.
    let before = if shown.quirks.is_empty() {
        0
    } else {
        (span.start..start).filter(takes).count()
    };
    let next = match rows.last() {
        Some(last) if full => Next::Json(json!(Key::of(&calls[*last]).text())),
        _ => Next::Missing,
    };
    let mut page = Page {
        rows,
        number: before / PAGE + 1,
        next,
        full,
    };
    if !full {
        end(shown, filter, key, &mut page);
    }
    page
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
