//! The routes beside the list of calls.

use chrono::Duration;
use serde_json::{Value, json};

use super::answer::{Answer, JSON, JSON_API};
use super::query::{Query, range};
use super::shown::{DetailRequest, Shown};
use crate::quirk::choice::Choice;
use crate::quirk::details::{Unfinished, unfinished};
use crate::tenant::Call;
use crate::wire::{emails, people, scorecards, shared};

/// `GET /api/v1/conversations/{id}`
pub fn conversation(shown: &Shown, id: &str, query: &Query) -> Answer {
    let Some(position) = shown.position(id) else {
        return Answer::not_found();
    };
    let call = &shown.tenant.calls[position];
    let total = shown.tenant.calls.len();
    let gone = shown
        .quirks
        .get("not-found")
        .is_some_and(|quirk| Choice::of(&quirk.args).has(id, position, total));
    let email_404 = call.is_email()
        && shown
            .quirks
            .get("email-detail")
            .is_some_and(|quirk| quirk.says("404"));
    let secret = call.private
        && shown
            .quirks
            .get("private-rows")
            .is_some_and(|quirk| quirk.says("404"));
    if gone || email_404 || secret {
        return Answer::not_found();
    }
    let fields = match fields(shown, query) {
        Ok(fields) => fields,
        Err(parameter) => return Answer::bad_parameter(parameter),
    };
    let request = DetailRequest {
        metadata: query.flag("include_meeting_metadata"),
        fields,
    };
    match unfinished(&shown.quirks, position, total, call) {
        Unfinished::NotFound => Answer::not_found(),
        Unfinished::Partial(share) => {
            let mut early = Call::clone(call);
            early.processing_state = "processing".into();
            let kept = (early.utterances.len() as f64 * share) as usize;
            early.utterances.truncate(kept);
            early.trackers.clear();
            early.summary = None;
            Answer::bytes(JSON_API, shown.detail_of(position, &early, &request))
        }
        Unfinished::No => Answer::bytes(JSON_API, shown.detail(position, &request)),
    }
}

/// The members that `fields` names and the server honours.
fn fields<'a>(shown: &Shown, query: &Query) -> Result<Option<Vec<String>>, &'a str> {
    const KNOWN: &str = "account company_name _created_at _modified_at deal disposition language metrics meeting.id \
        name owner owner.email participants private recording recording.audio_only recording.autojoin \
        recording.autojoin_reason recording.clusters recording.duration recording.end_reason recording.recordable \
        recording.schedule_end_time recording.schedule_start_time recording.start_time recording.thumbnails \
        recording.trackers recording.utterances source status user_company_name";
    let Some(names) = query.list("fields") else {
        return Ok(None);
    };
    match shown.quirks.get("fields") {
        Some(quirk) if quirk.says("ignored") => Ok(None),
        Some(quirk)
            if quirk.says("strict")
                && names
                    .iter()
                    .any(|name| !KNOWN.split_whitespace().any(|known| known == *name)) =>
        {
            Err("fields")
        }
        _ => Ok(Some(names.into_iter().map(str::to_owned).collect())),
    }
}

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

/// `page[size]` and `page[number]`.
fn page_of(query: &Query, most: usize) -> Result<(usize, usize), &'static str> {
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

fn within<T: PartialOrd>(bounds: Option<[Option<T>; 2]>, value: T) -> bool {
    let Some([from, to]) = bounds else {
        return true;
    };
    from.is_none_or(|from| value >= from) && to.is_none_or(|to| value <= to)
}

/// `GET /api/v1/emails`
pub fn emails(shown: &Shown, query: &Query) -> Answer {
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

type Bounds = Option<[Option<chrono::DateTime<chrono::Utc>>; 2]>;

fn is_wanted_email(shown: &Shown, call: &Call, query: &Query, sent: Bounds) -> bool {
    let part = |name: &str, value: &str| {
        query
            .get(name)
            .is_none_or(|wanted| value.to_lowercase().contains(&wanted.to_lowercase()))
    };
    let owner = shown.tenant.user(call.user_id);
    let any = |name: &str, pick: fn(&crate::tenant::Participant) -> Option<&str>| {
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
