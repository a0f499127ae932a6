//! Access and failures: what strikes whole answers.

mod support;

use std::time::{Duration, Instant};

use fake_chorus::FakeChorus;
use reqwest::Method;
use serde_json::{Value, json};
use support::desk;

const LIST: &str = "/v3/engagements";
const ME: &str = "/api/v1/users/me";

#[tokio::test]
async fn the_key_is_checked() {
    let desk = desk(5).await;
    let status = async |authorization: Option<&str>| {
        desk.ask_as(ME, authorization)
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(status(Some("demo-key")).await, 200);
    for wrong in [None, Some("other"), Some("Bearer demo-key")] {
        let response = desk.ask_as(ME, wrong).await.unwrap();
        assert_eq!(
            (
                response.status().as_u16(),
                response.text().await.unwrap().as_str()
            ),
            (401, "")
        );
    }
    desk.server.set_quirk("auth", json!("bearer-only"));
    assert_eq!(
        (
            status(Some("demo-key")).await,
            status(Some("Bearer demo-key")).await
        ),
        (401, 200)
    );
    desk.server
        .set_quirk("auth", json!(["bearer-too", "zi0001"]));
    assert_eq!(
        (
            status(Some("demo-key")).await,
            status(Some("Bearer demo-key")).await
        ),
        (200, 200)
    );
    let refused: Value = desk.ask_as(ME, None).await.unwrap().json().await.unwrap();
    assert_eq!(refused["errors"][0]["code"], "ZI0001");
    desk.server.clear_quirks();
    desk.server.set_api_key("rotated");
    assert_eq!(
        (
            status(Some("demo-key")).await,
            status(Some("rotated")).await
        ),
        (401, 200)
    );
}

#[tokio::test]
async fn rights_end_or_are_missing() {
    let desk = desk(5).await;
    desk.server.set_quirk("revoke-after", json!(2));
    assert_eq!(
        [
            desk.status(ME).await,
            desk.status(LIST).await,
            desk.status(ME).await
        ],
        [200, 200, 401]
    );
    desk.server.clear_quirks();
    desk.server
        .set_quirk("forbid", json!({"prefix": "/api/v1"}));
    assert_eq!([desk.status(ME).await, desk.status(LIST).await], [403, 200]);
    desk.server.set_quirk("forbid", json!("/v3"));
    assert_eq!([desk.status(ME).await, desk.status(LIST).await], [200, 403]);
    desk.server.clear_quirks();
    let list = desk.json("/api/v1/conversations").await;
    assert_eq!(
        list["errors"][0]["detail"],
        "API may not be called using this token."
    );
}

#[tokio::test]
async fn other_paths_are_the_web_app_or_not_found() {
    let desk = desk(5).await;
    for path in [
        "/v3/engagements/ABC",
        "/api/v1/calls",
        "/api/v3/engagements",
        "/api/v1/users",
        "/api/v1/trackers",
    ] {
        assert_eq!(
            desk.ask_as(path, None).await.unwrap().status(),
            404,
            "{path}"
        );
    }
    for path in ["/", "/teams", "/docs"] {
        let page = desk.ask_as(path, None).await.unwrap();
        assert!(
            page.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/html")
        );
        assert!(page.text().await.unwrap().starts_with('<'));
    }
    desk.server.set_quirk("web-app", json!(true));
    assert!(
        desk.ask(ME)
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .starts_with('<')
    );
}

#[tokio::test]
async fn only_get_is_answered() {
    let desk = desk(5).await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::HEAD] {
        assert_eq!(desk.send(method, LIST).await.status(), 405);
    }
    desk.status("/v3/engagements?min_duration=5").await;
    assert_eq!(desk.server.non_get_requests(), 4);
    assert_eq!(desk.server.request_count(LIST), 5);
    let last = desk.server.requests().pop().unwrap();
    assert_eq!(
        (
            last.method.as_str(),
            last.path.as_str(),
            last.query.as_str()
        ),
        ("GET", LIST, "min_duration=5")
    );
}

#[tokio::test]
async fn a_rate_limit_speaks_or_is_silent() {
    let desk = desk(5).await;
    desk.server.set_quirk("rate-limit", json!(2));
    assert_eq!(
        [
            desk.status(ME).await,
            desk.status(LIST).await,
            desk.status(ME).await
        ],
        [200, 200, 429]
    );
    for (how, told) in [
        ("none", None),
        ("seconds", Some("7")),
        ("absurd", Some("99999999999")),
    ] {
        desk.server.set_quirk(
            "rate-limit",
            json!({"per_minute": 0, "retry_after": how, "seconds": 7}),
        );
        let response = desk.ask(ME).await.unwrap();
        assert_eq!(
            response
                .headers()
                .get("retry-after")
                .map(|value| value.to_str().unwrap()),
            told
        );
    }
    desk.server.set_quirk(
        "rate-limit",
        json!({"per_minute": 0, "retry_after": "date"}),
    );
    let response = desk.ask(ME).await.unwrap();
    assert!(
        response.headers()["retry-after"]
            .to_str()
            .unwrap()
            .ends_with(" GMT")
    );
    desk.server
        .set_quirk("rate-limit", json!({"per_minute": 1, "window_ms": 200}));
    desk.status(ME).await;
    let started = Instant::now();
    while desk.status(ME).await == 429 {
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "the window ends"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn failures_strike_where_and_as_often_as_asked() {
    let desk = desk(250).await;
    desk.server.set_quirk(
        "fail",
        json!({"route": LIST, "status": 503, "times": 2, "body": "html"}),
    );
    desk.server
        .set_quirk("fail", json!({"route": "/api/v1/teams", "status": 500}));
    assert_eq!(
        [
            desk.status(LIST).await,
            desk.status(LIST).await,
            desk.status(LIST).await
        ],
        [503, 503, 200]
    );
    assert_eq!(
        [
            desk.status("/api/v1/teams").await,
            desk.status("/api/v1/teams").await
        ],
        [500, 500]
    );
    assert_eq!(desk.status(ME).await, 200);
    desk.server.set_quirk(
        "fail",
        json!([{"route": LIST, "status": 504, "page": 2, "times": 1}]),
    );
    let first = desk.json(LIST).await;
    let next = format!(
        "{LIST}?continuation_key={}",
        first["continuation_key"]
            .as_str()
            .unwrap()
            .replace(' ', "%20")
    );
    assert_eq!(
        [
            desk.status(&next).await,
            desk.status(&next).await,
            desk.status(LIST).await
        ],
        [504, 200, 200]
    );
    desk.server.set_quirk("fail", json!([{"route": "/api/v1/conversations/{id}", "status": 409, "after": 1, "body": "envelope"}]));
    let detail = format!("/api/v1/conversations/{}", desk.recorded()[0]);
    assert_eq!(
        [desk.status(&detail).await, desk.status(&detail).await],
        [200, 409]
    );
    assert_eq!(desk.json(&detail).await["errors"][0]["status"], "409");
}

#[tokio::test]
async fn failures_can_hide() {
    let desk = desk(5).await;
    desk.server
        .set_quirk("errors-in-200", json!({"route": LIST}));
    let page = desk.json(LIST).await;
    assert!(page["errors"].is_array() && page.get("engagements").is_none());
    desk.server.clear_quirks();
    desk.server.set_quirk("missing-array", json!(true));
    assert!(desk.json(LIST).await.get("engagements").is_none());
    assert!(desk.json("/api/v1/teams").await.get("data").is_none());
    desk.server.clear_quirks();
    desk.server
        .set_quirk("redirect", json!("http://elsewhere.example"));
    let response = desk.ask(ME).await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(
        response.headers()["location"],
        "http://elsewhere.example/api/v1/users/me"
    );
}

#[tokio::test]
async fn connections_break() {
    let desk = desk(50).await;
    desk.server
        .set_quirk("truncate", json!({"route": LIST, "at": 700, "times": 1}));
    let response = desk.ask(LIST).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.is_err(), "the body ends early");
    assert_eq!(
        desk.json(LIST).await["engagements"]
            .as_array()
            .unwrap()
            .len(),
        50
    );
    desk.server.set_quirk(
        "truncate",
        json!({"route": LIST, "at": 700, "length": false}),
    );
    assert_eq!(
        desk.ask(LIST).await.unwrap().bytes().await.unwrap().len(),
        700
    );
    desk.server.clear_quirks();
    desk.server.set_quirk("reset", json!({"times": 1}));
    assert!(desk.ask(LIST).await.is_err());
    assert_eq!(desk.status(LIST).await, 200);
}

#[tokio::test]
async fn bodies_travel_in_other_ways() {
    let desk = desk(50).await;
    let plain = desk.ask(LIST).await.unwrap().bytes().await.unwrap();
    for (name, args) in [
        ("drip", json!({"bytes": 5000, "ms": 2})),
        ("chunked", json!(333)),
    ] {
        desk.server.clear_quirks();
        desk.server.set_quirk(name, args);
        let response = desk.ask(LIST).await.unwrap();
        assert!(response.headers().get("content-length").is_none());
        assert_eq!(response.bytes().await.unwrap(), plain);
    }
    desk.server.clear_quirks();
    desk.server.set_quirk("gzip", json!(true));
    let response = desk.ask(LIST).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert_eq!(response.bytes().await.unwrap()[..2], [0x1f, 0x8b]);
    desk.server.clear_quirks();
    desk.server
        .set_quirk("big", json!({"route": LIST, "mb": 2}));
    let big = desk.ask(LIST).await.unwrap().bytes().await.unwrap();
    assert_eq!(big.len(), plain.len() + 2_000_000);
    assert!(serde_json::from_slice::<Value>(&big).is_ok());
}

#[tokio::test]
async fn answers_are_late() {
    let desk = desk(5).await;
    let took = async || {
        let started = Instant::now();
        desk.status(ME).await;
        started.elapsed().as_millis()
    };
    desk.server
        .set_quirk("slow", json!({"route": ME, "ms": 150}));
    assert!(took().await >= 150);
    desk.server.clear_quirks();
    desk.server
        .set_quirk("latency", json!({"min_ms": 30, "max_ms": 60}));
    assert!(took().await >= 30);
}

#[tokio::test]
async fn a_hang_ends_when_it_is_cleared_or_its_time_is_up() {
    let desk = desk(5).await;
    desk.server
        .set_quirk("hang", json!({"route": ME, "seconds": 60}));
    assert_eq!(desk.status(LIST).await, 200, "other routes go on");
    let waiting = desk.ask(ME);
    let clearing = async {
        while desk.server.requests_in_flight() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // An unrelated change must not let the request go.
        desk.server.edit(|tenant| tenant.company.push('!'));
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(desk.server.requests_in_flight(), 1);
        desk.server.clear_quirk("hang");
    };
    let (response, ()) = tokio::join!(waiting, clearing);
    assert_eq!(response.unwrap().status(), 200);
    desk.server.set_quirk("hang", json!(0.1));
    assert_eq!(desk.status(ME).await, 200);
    desk.server.set_quirk("hang", json!({"times": 0}));
    assert_eq!(desk.status(ME).await, 200);
}

#[tokio::test]
async fn a_dropped_server_closes_its_connections() {
    let desk = desk(5).await;
    let (address, url) = (desk.server.address(), desk.server.base_url());
    desk.server.set_quirk("hang", json!(true));
    let waiting = tokio::spawn(reqwest::get(format!("{url}{ME}")));
    while desk.server.requests_in_flight() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(desk);
    assert!(waiting.await.unwrap().is_err());
    let again = FakeChorus::start_on(Default::default(), address)
        .await
        .unwrap();
    assert_eq!(again.base_url(), url);
}
