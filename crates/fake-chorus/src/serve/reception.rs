//! Takes a request in, lets the quirks have their way with it, and asks the tenant.

use axum::body::Body;
use axum::http::{Method, Request, Response, header};
use chrono::Utc;

use super::answer::Answer;
use super::delivery::deliver;
use super::house::House;
use super::query::Query;
use super::route::Route;
use super::seen::SeenRequest;
use super::{conversation, listing, mailbox, paging, reads};
use crate::quirk::faults;
use crate::wire::errors;

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("reset by a quirk")]
pub struct Reset;

/// Answers one request of the API.
pub async fn receive(house: &House, request: Request<Body>) -> Result<Response<Body>, Reset> {
    let path = request.uri().path().to_owned();
    let raw_query = request.uri().query().unwrap_or_default().to_owned();
    let route = Route::of(&path);
    house.seen.note(
        route.template(),
        SeenRequest {
            method: request.method().to_string(),
            path: path.clone(),
            query: raw_query.clone(),
            at: Utc::now(),
        },
    );
    let _in_flight = house.seen.enter();
    if request.method() != Method::GET {
        let envelope = errors::envelope(405, "Method not allowed", "This tenant is read only.");
        return Ok(deliver(
            &Default::default(),
            &path,
            Answer::error(405, &envelope).with(header::ALLOW, "GET"),
        ));
    }
    let query = Query::parse(&raw_query);
    faults::wait(house, &route, &path, &query).await;
    let shown = house.shown();
    if faults::resets(&shown.quirks, &path) {
        return Err(Reset);
    }
    let answer = match faults::instead(house, &shown, &route, &path, &query, request.headers()) {
        Some(answer) => answer,
        None => match &route {
            Route::Engagements => {
                let (answer, page) = listing::answer(house, &shown, &query);
                if let Some(page) = page {
                    paging::after_page(house, &shown, &page);
                }
                answer
            }
            Route::Conversation(id) => conversation::answer(&shown, id, &query),
            Route::Users => {
                let version = request
                    .headers()
                    .get("x-al-version")
                    .and_then(|value| value.to_str().ok());
                reads::users(&shown, version)
            }
            Route::Me => reads::me(&shown),
            Route::Session => reads::session(&shown),
            Route::Teams => reads::teams(&shown),
            Route::Scorecards => reads::scorecards(&shown, &query),
            Route::Emails => mailbox::answer(&shown, &query),
            Route::Playlists => reads::playlists(&shown, &query),
            Route::Moments => reads::moments(&shown, &query),
            Route::ConversationList | Route::Invented | Route::Outside => Answer::not_found(),
        },
    };
    Ok(deliver(&shown.quirks, &path, answer))
}
