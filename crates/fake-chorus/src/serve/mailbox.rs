//! `GET /api/v1/emails`: pages by cursor.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::answer::{Answer, JSON_API};
use super::query::{Query, range};
use super::reads::{page_of, within};
use super::shown::Shown;
use crate::tenant::{Call, Participant};
use crate::wire::emails;

/// One page of the e-mails that the filters take.
pub fn answer(shown: &Shown, query: &Query) -> Answer {
    let size = match page_of(query, 100) {
        Ok((size, _)) => size,
        Err(parameter) => return Answer::bad_parameter(parameter),
    };
    let Ok(sent) = query.read("filter[email.sent]", range) else {
        return Answer::bad_parameter("filter[email.sent]");
    };
    let start: usize = match query
        .get("page[after]")
        .map(|cursor| cursor.trim_start_matches("after-").parse())
    {
        None => 0,
        Some(Ok(start)) => start,
        Some(Err(_)) => return Answer::bad_parameter("page[after]"),
    };
    let found: Vec<&Call> = shown
        .tenant
        .calls
        .iter()
        .map(|call| &**call)
        .filter(|call| is_wanted_email(shown, call, query, sent))
        .collect();
    let quirk = shown.quirks.get("email-pages");
    let says = |word: &str| quirk.is_some_and(|quirk| quirk.says(word));
    let empty_turn = says("empty")
        && query
            .get("page[after]")
            .is_some_and(|cursor| !cursor.starts_with("after-"));
    let taken = match () {
        () if empty_turn => 0,
        () if says("short") => size.div_ceil(2),
        () => size,
    };
    let rows: Vec<Value> = found
        .iter()
        .skip(start)
        .take(taken)
        .map(|call| emails::resource(&shown.tenant, call))
        .collect();
    let next = start + rows.len();
    let more = next < found.len();
    // `after-5` and `5` are the same place; the quirk `empty` answers the second form without rows.
    let cursor = match more {
        true if says("empty") && !empty_turn => json!(next.to_string()),
        true => json!(format!("after-{next}")),
        false => Value::Null,
    };
    let body = match () {
        () if more => json!({"data": rows, "meta": {"page": {"cursor": cursor}}}),
        () if says("no-meta") => json!({"data": rows}),
        () if says("empty-page-object") => json!({"data": rows, "meta": {"page": {}}}),
        () => json!({"data": rows, "meta": {"page": {"cursor": null}}}),
    };
    Answer::json(JSON_API, &body)
}

type Bounds = Option<[Option<DateTime<Utc>>; 2]>;

fn is_wanted_email(shown: &Shown, call: &Call, query: &Query, sent: Bounds) -> bool {
    let part = |name: &str, value: &str| {
        query
            .get(name)
            .is_none_or(|wanted| value.to_lowercase().contains(&wanted.to_lowercase()))
    };
    let owner = shown.tenant.user(call.user_id);
    let any = |name: &str, pick: fn(&Participant) -> Option<&str>| {
        query.list(name).is_none_or(|wanted| {
            call.participants
                .iter()
                .filter_map(pick)
                .any(|own| wanted.iter().any(|wanted| own.eq_ignore_ascii_case(wanted)))
        })
    };
    call.is_email()
        && within(sent, crate::generate::instant(call.date_time))
        && part("filter[name]", &call.subject)
        && part(
            "filter[owner.name]",
            &owner.map(|owner| owner.name()).unwrap_or_default(),
        )
        && part(
            "filter[owner.email]",
            owner.map(|owner| owner.email.as_str()).unwrap_or_default(),
        )
        && query.get("filter[thread]").is_none_or(|thread| {
            call.email
                .as_ref()
                .is_some_and(|email| email.thread == thread)
        })
        && query
            .list("filter[ids]")
            .is_none_or(|ids| ids.contains(&call.engagement_id.as_str()))
        && any("filter[participants.name]", |person| person.name.as_deref())
        && any("filter[participants.email]", |person| {
            person.email.as_deref()
        })
}
