//! Quirks of whole answers: those that strike before the tenant is asked.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use chrono::Utc;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout_at};

use super::set::{QuirkSet, Switched};
use crate::serve::answer::{Answer, JSON};
use crate::serve::house::House;
use crate::serve::listing::page_number;
use crate::serve::query::Query;
use crate::serve::route::Route;
use crate::serve::shown::Shown;
use crate::wire::errors;

/// Waits as `hang`, `slow`, `latency` and `summary-generation` ask for.
pub async fn wait(house: &House, route: &Route, path: &str, query: &Query) {
    hang(house, path).await;
    let shown = house.shown();
    let mut pause = Duration::ZERO;
    for entry in shown.quirks.on_route("slow", path) {
        pause += millis(entry.number("ms").unwrap_or(200.0));
    }
    for entry in shown.quirks.on_route("latency", path) {
        let most = entry.number("max_ms").unwrap_or(80.0);
        let least = entry.number("min_ms").unwrap_or(20.0).min(most);
        // The golden ratio spreads the steps evenly without a random source.
        let step = (entry.used() as f64 * 0.618_033_988_75).fract();
        pause += millis(least + (most - least) * step);
    }
    if let Route::Conversation(id) = route
        && let Some(entry) = shown.quirks.get("summary-generation")
        && !query.flag("skip_summary_generation")
        && entry.read(id) == 0
    {
        pause += millis(entry.number("ms").unwrap_or(1_000.0));
    }
    if !pause.is_zero() {
        sleep(pause).await;
    }
}

async fn hang(house: &House, path: &str) {
    let mut changes = house.changes();
    let started = Instant::now();
    let mut counted: Option<Arc<Switched>> = None;
    loop {
        let shown = house.shown();
        let Some(entry) = shown.quirks.on_route("hang", path).next().cloned() else {
            return;
        };
        // A request is counted once however often it looks again.
        if !counted
            .as_ref()
            .is_some_and(|counted| Arc::ptr_eq(counted, &entry))
        {
            if exhausted(&entry) {
                return;
            }
            counted = Some(entry.clone());
        }
        drop(shown);
        let seconds = entry.number("seconds").unwrap_or(600.0);
        let deadline = started + Duration::from_secs_f64(seconds.clamp(0.0, 86_400.0));
        match timeout_at(deadline, changes.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

/// Counts a use, and says whether `times` were had before.
fn exhausted(entry: &Switched) -> bool {
    let used = entry.used();
    entry
        .extra("times")
        .and_then(Value::as_u64)
        .is_some_and(|times| used >= times)
}

fn millis(ms: f64) -> Duration {
    Duration::from_secs_f64(ms.clamp(0.0, 3_600_000.0) / 1e3)
}

/// Whether the connection is to be closed without an answer.
pub fn resets(quirks: &QuirkSet, path: &str) -> bool {
    quirks
        .on_route("reset", path)
        .any(|entry| !exhausted(entry))
}

/// The answer that stands in for the tenant's own, if any.
pub fn instead(
    house: &House,
    shown: &Shown,
    route: &Route,
    path: &str,
    query: &Query,
    headers: &HeaderMap,
) -> Option<Answer> {
    let quirks = &shown.quirks;
    if quirks.is_on("web-app") {
        return Some(Answer::web_app());
    }
    if let Some(entry) = quirks.on_route("redirect", path).next() {
        let to = entry.text("to").unwrap_or("http://elsewhere.example");
        let status = entry.extra("status").and_then(Value::as_u64).unwrap_or(302) as u16;
        return Some(Answer::empty(status).with(
            header::LOCATION,
            format!("{}{path}", to.trim_end_matches('/')),
        ));
    }
    match route {
        Route::Invented => return Some(Answer::not_found()),
        Route::Outside => return Some(Answer::web_app()),
        _ => {}
    }
    if !is_known(quirks, &house.api_key(), headers) || is_revoked(quirks) {
        let edge = quirks.get("auth").is_some_and(|auth| auth.says("zi0001"));
        return Some(if edge {
            Answer::error(401, &errors::zi0001())
        } else {
            Answer::empty(401)
        });
    }
    if let Some(limit) = quirks.get("rate-limit")
        && let Some(answer) = too_fast(limit)
    {
        return Some(answer);
    }
    if *route == Route::ConversationList || is_forbidden(quirks, path) {
        return Some(Answer::error(403, &errors::forbidden()));
    }
    let failed = quirks
        .on_route("fail", path)
        .find_map(|entry| fail(entry, shown, route, query));
    failed.or_else(|| in_disguise(quirks, path, route))
}

fn is_known(quirks: &QuirkSet, key: &str, headers: &HeaderMap) -> bool {
    let auth = quirks.get("auth");
    let says = |word| auth.is_some_and(|auth| auth.says(word));
    let sent = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match sent.strip_prefix("Bearer ") {
        Some(token) => token == key && (says("bearer-only") || says("bearer-too")),
        None => sent == key && !says("bearer-only"),
    }
}

fn is_revoked(quirks: &QuirkSet) -> bool {
    quirks
        .get("revoke-after")
        .is_some_and(|entry| entry.used() >= entry.count("n").unwrap_or(0))
}

fn is_forbidden(quirks: &QuirkSet, path: &str) -> bool {
    fn covers(args: &Value, path: &str) -> bool {
        match args {
            Value::String(prefix) => path.starts_with(prefix.split('{').next().unwrap_or(prefix)),
            Value::Array(list) => list.iter().any(|item| covers(item, path)),
            Value::Object(members) => members
                .get("prefix")
                .or(members.get("route"))
                .is_some_and(|prefix| covers(prefix, path)),
            _ => true,
        }
    }
    quirks
        .get("forbid")
        .is_some_and(|entry| covers(&entry.args, path))
}

fn too_fast(limit: &Switched) -> Option<Answer> {
    let window = limit
        .extra("window_ms")
        .and_then(Value::as_u64)
        .unwrap_or(60_000)
        .max(1);
    if limit.hit(window) < limit.count("per_minute").unwrap_or(10) {
        return None;
    }
    let status = limit.extra("status").and_then(Value::as_u64).unwrap_or(429) as u16;
    let left = (window - limit.since.elapsed().as_millis() as u64 % window).div_ceil(1_000);
    let seconds = limit
        .extra("seconds")
        .and_then(Value::as_u64)
        .unwrap_or(left);
    let answer = Answer::empty(status);
    Some(match limit.extra("retry_after").and_then(Value::as_str) {
        Some("seconds") => answer.with(header::RETRY_AFTER, seconds.to_string()),
        Some("date") => {
            let at = Utc::now() + chrono::Duration::seconds(seconds as i64);
            answer.with(
                header::RETRY_AFTER,
                at.format("%a, %d %b %Y %H:%M:%S GMT").to_string(),
            )
        }
        Some("absurd") => answer.with(header::RETRY_AFTER, "99999999999"),
        _ => answer,
    })
}

fn fail(entry: &Switched, shown: &Shown, route: &Route, query: &Query) -> Option<Answer> {
    let option = |name: &str| entry.extra(name).and_then(Value::as_u64);
    if option("page").is_some() || option("from_page").is_some() {
        let page = match route {
            Route::Engagements => page_number(shown, query) as u64,
            _ => query
                .get("page[number]")
                .and_then(|number| number.parse().ok())
                .unwrap_or(1),
        };
        if option("page").is_some_and(|wanted| wanted != page)
            || option("from_page").is_some_and(|from| page < from)
        {
            return None;
        }
    }
    let after = option("after").unwrap_or(0);
    let used = entry.used();
    if used < after || option("times").is_some_and(|times| used >= after + times) {
        return None;
    }
    let status = entry.count("status").unwrap_or(500) as u16;
    let answer = match entry.extra("body").and_then(Value::as_str) {
        Some("html") => Answer::gateway_page(status),
        Some("envelope") => Answer::error(
            status,
            &errors::envelope(status, "Failure", "The tenant was told to fail."),
        ),
        _ => Answer::empty(status),
    };
    Some(match entry.extra("retry_after") {
        Some(Value::String(value)) => answer.with(header::RETRY_AFTER, value),
        Some(Value::Number(value)) => answer.with(header::RETRY_AFTER, value.to_string()),
        _ => answer,
    })
}

/// F13 and F14: failures with status 200.
fn in_disguise(quirks: &QuirkSet, path: &str, route: &Route) -> Option<Answer> {
    if let Some(entry) = quirks
        .on_route("errors-in-200", path)
        .find(|entry| !exhausted(entry))
    {
        let status = entry
            .extra("status")
            .and_then(|status| status.as_str()?.parse().ok())
            .unwrap_or(500);
        let envelope = errors::envelope(status, "Failure", "The tenant was told to fail.");
        return Some(Answer::json(JSON, &envelope));
    }
    quirks
        .on_route("missing-array", path)
        .find(|entry| !exhausted(entry))?;
    Some(Answer::json(
        JSON,
        &match route {
            Route::Conversation(id) => {
                json!({"data": {"id": id, "type": "recording", "attributes": {"status": "done"}}})
            }
            Route::Engagements => json!({"continuation_key": " "}),
            _ => json!({"meta": {}}),
        },
    ))
}
