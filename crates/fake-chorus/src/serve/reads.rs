//! People, scorecards, playlists and moments.

use chrono::Duration;
use serde_json::{Value, json};

use super::answer::{Answer, JSON, JSON_API};
use super::query::{Query, range};
use super::shown::Shown;
use crate::wire::{people, scorecards, shared};

/// `GET /v3/users`
pub fn users(shown: &Shown, version: Option<&str>) -> Answer {
    if version.is_some_and(|version| version.trim() == "2") {
        return Answer::bad_parameter("x-al-version");
    }
    let hidden = shown.quirks.get("missing-user");
    let count = shown.tenant.users.len();
    let rows: Vec<Value> = shown
        .tenant
        .users
        .iter()
        .enumerate()
        .filter(|(_, user)| match hidden.map(|quirk| &quirk.args) {
            None => true,
            Some(Value::Array(ids)) => !ids.contains(&json!(user.id)),
            // Without ids the last one hired is left out.
            Some(_) => user.id != shown.tenant.users[count - 1].id,
        })
        .map(|(_, user)| people::user_row(user))
        .collect();
    match shown.quirks.get("wrapped-users") {
        Some(quirk) if !shown.quirks.is_on("bare-users") => {
            let mut wrapped = serde_json::Map::new();
            wrapped.insert(
                quirk.text("member").unwrap_or("users").to_owned(),
                rows.into(),
            );
            Answer::json(JSON, &wrapped.into())
        }
        _ => Answer::json(JSON, &rows.into()),
    }
}

pub fn me(shown: &Shown) -> Answer {
    people::me(&shown.tenant).map_or_else(Answer::not_found, |me| Answer::json(JSON_API, &me))
}

pub fn session(shown: &Shown) -> Answer {
    Answer::json(JSON_API, &people::session(&shown.tenant))
}

pub fn teams(shown: &Shown) -> Answer {
    let teams: Vec<Value> = shown.tenant.teams.iter().map(people::team).collect();
    Answer::json(JSON_API, &json!({"data": teams}))
}

/// `page[size]` and `page[number]`; `Err` names the one that is out of range.
pub fn page_of(query: &Query, most: usize) -> Result<(usize, usize), &'static str> {
    let whole = |text: &str| text.parse::<usize>().ok();
    let size = query.read("page[size]", whole)?.unwrap_or(20);
    let number = query.read("page[number]", whole)?.unwrap_or(1);
    match (size, number) {
        (0, _) => Err("page[size]"),
        (size, _) if size > most => Err("page[size]"),
        (_, 0) => Err("page[number]"),
        both => Ok(both),
    }
}

/// `GET /api/v1/scorecards`
pub fn scorecards(shown: &Shown, query: &Query) -> Answer {
    let (size, number) = match page_of(query, 100) {
        Ok(page) => page,
        Err(parameter) => return Answer::bad_parameter(parameter),
    };
    let Ok(submitted) = query.read("filter[submitted]", range) else {
        return Answer::bad_parameter("filter[submitted]");
    };
    let ids = |name: &str| {
        query.list(name).map(|list| {
            list.iter()
                .filter_map(|id| id.parse::<i64>().ok())
                .collect::<Vec<_>>()
        })
    };
    let (recipients, reviewers) = (ids("filter[recipients]"), ids("filter[reviewers]"));
    let initiative = query
        .get("filter[initiative]")
        .and_then(|id| id.parse::<i64>().ok());
    let mut cards: Vec<_> = shown
        .tenant
        .scorecards
        .iter()
        .filter(|card| {
            within(submitted, card.submitted)
                && recipients
                    .as_ref()
                    .is_none_or(|ids| ids.contains(&card.recipient_id))
                && reviewers
                    .as_ref()
                    .is_none_or(|ids| ids.contains(&card.reviewer_id))
                && initiative.is_none_or(|id| id == card.initiative_id)
        })
        .collect();
    cards.sort_by_key(|card| {
        (
            std::cmp::Reverse(card.submitted),
            std::cmp::Reverse(card.id),
        )
    });
    let quirk = shown.quirks.get("scorecard-pages");
    if quirk.is_some_and(|quirk| quirk.says("full-last-page")) {
        cards.truncate(cards.len() / size * size);
    }
    let mut start = (number - 1) * size;
    if number > 1 && quirk.is_some_and(|quirk| quirk.says("drift")) {
        // A card was added in front while the client paged: everything moved down by one.
        start -= 1;
    }
    let rows: Vec<Value> = cards
        .iter()
        .skip(start)
        .take(size)
        .map(|card| scorecards::resource(&shown.tenant, card))
        .collect();
    Answer::json(JSON_API, &json!({"data": rows}))
}

pub fn within<T: PartialOrd>(bounds: Option<[Option<T>; 2]>, value: T) -> bool {
    let Some([from, to]) = bounds else {
        return true;
    };
    from.is_none_or(|from| value >= from) && to.is_none_or(|to| value <= to)
}

/// `GET /api/v1/playlists`
pub fn playlists(shown: &Shown, query: &Query) -> Answer {
    let (size, number) = match page_of(query, 1000) {
        Ok(page) => page,
        Err(parameter) => return Answer::bad_parameter(parameter),
    };
    let mut lists: Vec<_> = shown
        .tenant
        .playlists
        .iter()
        .filter(|list| {
            query
                .get("filter[name]")
                .is_none_or(|name| list.name.to_lowercase().contains(&name.to_lowercase()))
        })
        .collect();
    lists.sort_by_key(|list| (std::cmp::Reverse(list.modified_at), list.id));
    let pages = lists.len().div_ceil(size);
    let rows: Vec<Value> = lists
        .iter()
        .skip((number - 1) * size)
        .take(size)
        .map(|list| shared::playlist(&shown.tenant, list))
        .collect();
    match shown.quirks.is_on("playlists-without-meta") {
        true => Answer::json(JSON_API, &json!({"data": rows})),
        false => Answer::json(
            JSON_API,
            &json!({"data": rows, "meta": {"total_pages": pages, "page_number": number}}),
        ),
    }
}

/// `GET /api/v1/moments`: a range of at most 365 days is a must.
pub fn moments(shown: &Shown, query: &Query) -> Answer {
    let bounds = query.get("filter[shared_on]").and_then(range);
    let Some([Some(from), Some(to)]) = bounds else {
        return Answer::bad_parameter("filter[shared_on]");
    };
    if to - from > Duration::days(365) {
        return Answer::bad_parameter("filter[shared_on]");
    }
    let rows: Vec<Value> = shown
        .tenant
        .moments
        .iter()
        .filter(|clip| clip.shared_on >= from && clip.shared_on <= to)
        .map(|clip| shared::moment(&shown.tenant, clip))
        .collect();
    Answer::json(JSON_API, &json!({"data": rows}))
}
