//! The admin API under `/_fake/`: quirks, requests and the truth of a tenant that runs as a program.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::house::House;
use crate::quirk::catalogue::QUIRKS;
use crate::tenant::{Call, Tenant};

type Shared = State<Arc<House>>;

pub fn routes(house: Arc<House>) -> Router {
    Router::new()
        .route("/_fake/quirks", get(list_quirks).delete(clear_quirks))
        .route("/_fake/quirks/{name}", put(set_quirk).delete(clear_quirk))
        .route("/_fake/requests", get(requests).delete(forget_requests))
        .route("/_fake/tenant", get(tenant))
        .route("/_fake/calls", post(add_call))
        .route(
            "/_fake/calls/{id}",
            get(call).delete(remove_call).patch(patch_call),
        )
        .with_state(house)
}

async fn list_quirks(State(house): Shared) -> Json<Value> {
    let shown = house.shown();
    Json(
        QUIRKS
            .iter()
            .map(|quirk| {
                json!({
                    "name": quirk.name, "meaning": quirk.meaning, "args": quirk.args, "items": quirk.items,
                    "on": shown.quirks.is_on(quirk.name), "set_to": shown.quirks.args(quirk.name),
                })
            })
            .collect(),
    )
}

async fn set_quirk(State(house): Shared, Path(name): Path<String>, body: String) -> Response {
    let args = if body.trim().is_empty() {
        Ok(json!(true))
    } else {
        serde_json::from_str(&body)
    };
    match args {
        Err(error) => refuse(StatusCode::BAD_REQUEST, &error.to_string()),
        Ok(args) => match house.set_quirk(&name, args) {
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
            Err(error) => refuse(StatusCode::NOT_FOUND, &error.to_string()),
        },
    }
}

async fn clear_quirk(State(house): Shared, Path(name): Path<String>) -> StatusCode {
    house.change_quirks(|quirks| quirks.clear(&name));
    StatusCode::NO_CONTENT
}

async fn clear_quirks(State(house): Shared) -> StatusCode {
    house.change_quirks(|quirks| quirks.clear_all());
    StatusCode::NO_CONTENT
}

async fn requests(State(house): Shared) -> Json<Value> {
    let seen = &house.seen;
    let recent = seen.recent();
    let last = &recent[recent.len().saturating_sub(100)..];
    Json(json!({
        "routes": seen.routes(), "non_get": seen.non_get(), "in_flight": seen.in_flight(),
        "max_in_flight": seen.max_in_flight(), "last": last,
    }))
}

async fn forget_requests(State(house): Shared) -> StatusCode {
    house.seen.forget();
    StatusCode::NO_CONTENT
}

async fn tenant(State(house): Shared) -> Json<Tenant> {
    Json(house.truth().clone())
}

async fn call(State(house): Shared, Path(id): Path<String>) -> Response {
    match house.truth().call(&id) {
        Some(call) => Json(call).into_response(),
        None => no_such_call(&id),
    }
}

/// Adds a call. What the body leaves out is taken from the newest call, so that `{}` is a valid call as well.
async fn add_call(State(house): Shared, Json(changes): Json<Value>) -> Response {
    house.edit(|tenant| {
        let mut call = tenant
            .newest_first()
            .first()
            .map(|call| Call::clone(call))
            .unwrap_or_default();
        let digits = format!("{:016X}", chrono::Utc::now().timestamp_micros());
        call.engagement_id = format!(
            "ADDED{}",
            digits.repeat(2).chars().take(27).collect::<String>()
        );
        call.date_time += 1.0;
        match merged(&call, changes) {
            Err(error) => refuse(StatusCode::BAD_REQUEST, &error.to_string()),
            Ok(call) => {
                let answer = (
                    StatusCode::CREATED,
                    Json(json!({"engagement_id": call.engagement_id})),
                );
                tenant.add_call(call);
                answer.into_response()
            }
        }
    })
}

async fn remove_call(State(house): Shared, Path(id): Path<String>) -> Response {
    match house.edit(|tenant| tenant.remove_call(&id)) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => no_such_call(&id),
    }
}

/// Changes members of a call; what the body does not name stays.
async fn patch_call(
    State(house): Shared,
    Path(id): Path<String>,
    Json(changes): Json<Value>,
) -> Response {
    house.edit(|tenant| {
        let Some(call) = tenant.call_mut(&id) else {
            return no_such_call(&id);
        };
        match merged(call, changes) {
            Err(error) => refuse(StatusCode::BAD_REQUEST, &error.to_string()),
            Ok(changed) => {
                *call = changed;
                StatusCode::NO_CONTENT.into_response()
            }
        }
    })
}

fn merged(call: &Call, changes: Value) -> serde_json::Result<Call> {
    let mut members = serde_json::to_value(call)?;
    if let (Value::Object(members), Value::Object(changes)) = (&mut members, changes) {
        members.extend(changes);
    }
    serde_json::from_value(members)
}

fn no_such_call(id: &str) -> Response {
    refuse(StatusCode::NOT_FOUND, &format!("there is no call {id}"))
}

fn refuse(status: StatusCode, problem: &str) -> Response {
    (status, Json(json!({"problem": problem}))).into_response()
}
