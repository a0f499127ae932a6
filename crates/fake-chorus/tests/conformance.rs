//! Without quirks every answer is what the OpenAPI document promises.

mod support;

use serde_json::{Map, Value, json};
use support::{desk, desk_of, plan};

/// The document with OpenAPI's `nullable` in the words of JSON Schema.
fn document() -> Value {
    let yaml = include_str!("openapi.yaml");
    let mut document: Value = serde_yaml_ng::from_str(yaml).unwrap();
    allow_null(&mut document);
    document
}

fn allow_null(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(allow_null),
        Value::Object(members) => {
            if members.get("nullable") == Some(&json!(true))
                && let Some(Value::String(kind)) = members.get("type").cloned()
            {
                members.insert("type".into(), json!([kind, "null"]));
            }
            members.values_mut().for_each(allow_null);
        }
        _ => {}
    }
}

/// Complaints about a value under a schema of the document.
fn complaints(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut root = Map::new();
    root.insert("allOf".into(), json!([schema]));
    root.insert("components".into(), document["components"].clone());
    let validator = jsonschema::draft4::new(&root.into()).unwrap();
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path))
        .collect()
}

/// Checks an answer against what the document says of its route, status and media type.
async fn check(desk: &support::Desk, document: &Value, route: &str, path: &str) -> Value {
    let response = desk.ask(path).await.unwrap();
    let status = response.status().as_str().to_owned();
    let media_type = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let mut declared = &document["paths"][route]["get"]["responses"][&status];
    if let Some(reference) = declared["$ref"].as_str() {
        declared = document.pointer(reference.trim_start_matches('#')).unwrap();
    }
    let schema = &declared["content"][&media_type]["schema"];
    assert!(
        schema.is_object(),
        "{path}: {status} with {media_type} is not declared"
    );
    let body: Value = response.json().await.unwrap();
    let found = complaints(document, schema, &body);
    assert!(found.is_empty(), "{path}: {}", found.join("\n"));
    body
}

#[tokio::test]
async fn every_route_follows_the_document() {
    let document = document();
    let desk = desk(450).await;
    let mut checked = 0;
    let mut key = String::new();
    loop {
        let path = format!("/v3/engagements?with_trackers=true{key}");
        let page = check(&desk, &document, "/v3/engagements", &path).await;
        for row in page["engagements"].as_array().unwrap() {
            let id = row["engagement_id"].as_str().unwrap();
            if row["engagement_type"] == "email" {
                let email = desk.json(&format!("/api/v1/conversations/{id}")).await;
                let schema = json!({"$ref": "#/components/schemas/Email"});
                assert_eq!(
                    complaints(&document, &schema, &email["data"]),
                    Vec::<String>::new()
                );
            } else {
                let path = format!("/api/v1/conversations/{id}?include_meeting_metadata=true");
                check(&desk, &document, "/api/v1/conversations/{id}", &path).await;
            }
            checked += 1;
        }
        match page["continuation_key"].as_str() {
            Some(next) if !next.trim().is_empty() => {
                key = format!("&continuation_key={}", next.replace(' ', "%20"))
            }
            _ => break,
        }
    }
    assert_eq!(checked, 450);
    for path in [
        "/v3/users",
        "/api/v1/users/me",
        "/api/v1/sessions/current",
        "/api/v1/teams",
        "/api/v1/scorecards",
        "/api/v1/emails",
        "/api/v1/playlists",
    ] {
        let answer = check(&desk, &document, path, path).await;
        let rows = answer.as_array().or(answer["data"].as_array());
        assert!(
            rows.is_none_or(|rows| !rows.is_empty()),
            "{path} has something to show"
        );
    }
    let moments = "/api/v1/moments?filter[shared_on]=2026-01-01T00:00:00Z:2026-04-01T00:00:00Z";
    let moments = check(&desk, &document, "/api/v1/moments", moments).await;
    assert!(!moments["data"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn refusals_follow_the_document() {
    let document = document();
    let desk = desk(30).await;
    for (route, path) in [
        ("/api/v1/conversations/{id}", "/api/v1/conversations/NOBODY"),
        ("/api/v1/scorecards", "/api/v1/scorecards?page[size]=0"),
        ("/api/v1/scorecards", "/api/v1/scorecards?page[size]=101"),
        ("/api/v1/emails", "/api/v1/emails?page[size]=101"),
        ("/api/v1/moments", "/api/v1/moments"),
        (
            "/api/v1/moments",
            "/api/v1/moments?filter[shared_on]=2024-01-01T00:00:00Z:2026-01-01T00:00:00Z",
        ),
        ("/v3/engagements", "/v3/engagements?min_date=yesterday"),
    ] {
        check(&desk, &document, route, path).await;
    }
    let moments = desk.json("/api/v1/moments").await;
    assert_eq!(
        moments["errors"][0]["source"]["parameter"],
        "filter[shared_on]"
    );
}

#[tokio::test]
async fn a_sparse_detail_follows_the_sparse_schema() {
    let document = document();
    let desk = desk(30).await;
    let id = desk.recorded()[0].clone();
    let fields = "name,status,owner,participants,recording,recording.duration,recording.utterances";
    let answer = desk
        .json(&format!("/api/v1/conversations/{id}?fields={fields}"))
        .await;
    let schema = json!({"$ref": "#/components/schemas/RecordingSparseDoc"});
    assert_eq!(
        complaints(&document, &schema, &answer),
        Vec::<String>::new()
    );
    let attributes = answer["data"]["attributes"].as_object().unwrap();
    assert!(!attributes.contains_key("account"));
    assert_eq!(attributes["recording"].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn played_meetings_follow_the_document() {
    let Some(path) = meetings() else { return };
    let document = document();
    let mut tenant = fake_chorus::Tenant::play(path, support::today(), 30).unwrap();
    tenant.calls.truncate(40);
    let desk = desk_of(tenant).await;
    check(
        &desk,
        &document,
        "/v3/engagements",
        "/v3/engagements?with_trackers=true",
    )
    .await;
    for id in desk.recorded() {
        check(
            &desk,
            &document,
            "/api/v1/conversations/{id}",
            &format!("/api/v1/conversations/{id}"),
        )
        .await;
    }
}

fn meetings() -> Option<std::path::PathBuf> {
    let path = std::env::var_os("CHORUS_MEETINGS")
        .map(Into::into)
        .unwrap_or_else(|| {
            std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../../../shared/meetings/meetings.jsonl.gz")
        });
    if !path.exists() {
        eprintln!("skipped: no meetings at {}", path.display());
        return None;
    }
    Some(path)
}

#[test]
fn the_validator_finds_what_is_wrong() {
    let document = document();
    let schema = json!({"$ref": "#/components/schemas/EngagementsPage"});
    assert!(
        !complaints(
            &document,
            &schema,
            &json!({"engagements": [{"engagement_id": 7}]})
        )
        .is_empty()
    );
    assert!(!plan(1).only_calls);
}
