//! F1 to F19, one by one: what arrives and what it is taken for.

use std::time::{Duration, Instant};

use chorus_client::{Error, UnreachableKind};

use crate::server::{Reply, Server};

const ME: &str = r#"{"data":{"id":"301","type":"user","attributes":{"name":"Rae Rep","domain":"seller.example"}}}"#;
const CALL: &str =
    r#"{"data":{"id":"A","type":"recording","attributes":{"status":"done","recording":{}}}}"#;

/// The error of the first request to a server that answers like this.
async fn first(reply: Reply) -> Error {
    Server::replying(vec![reply])
        .await
        .client()
        .me()
        .await
        .unwrap_err()
}

/// The error of a detail read when the API has answered before.
async fn later(reply: Reply) -> Error {
    let server = Server::replying(vec![Reply::json(ME), reply]).await;
    let client = server.client();
    client.me().await.unwrap();
    client.conversation("A").await.unwrap_err()
}

fn envelope(status: u16, inner: &str) -> Reply {
    Reply::new(status, format!(r#"{{"errors":[{{{inner}}}]}}"#))
        .with("content-type", "application/vnd.api+json")
}

#[tokio::test]
async fn f1_f2_a_bad_request_tells_what_the_server_says() {
    let inner = r#""id":null,"code":null,"detail":"Invalid value.","source":{"parameter":"page[size]","pointer":null}"#;
    let Error::BadRequest {
        status: 400,
        detail,
        source_parameter,
        ..
    } = later(envelope(400, inner)).await
    else {
        panic!()
    };
    assert_eq!(
        (detail.as_str(), source_parameter.as_deref()),
        ("Invalid value.", Some("page[size]"))
    );
    assert!(matches!(
        later(Reply::new(422, "<p>no</p>")).await,
        Error::BadRequest { status: 422, .. }
    ));
}

#[tokio::test]
async fn f3_f4_a_refused_key_with_and_without_zoominfo() {
    assert_eq!(
        first(Reply::new(401, "")).await,
        Error::InvalidCredentials { zoominfo: false }
    );
    let zoominfo = envelope(401, r#""code":"ZI0001","title":"Unauthorized""#);
    assert_eq!(
        first(zoominfo).await,
        Error::InvalidCredentials { zoominfo: true }
    );
}

#[tokio::test]
async fn f5_a_missing_right_names_the_route() {
    let error = later(envelope(
        403,
        r#""detail":"API may not be called using this token.""#,
    ))
    .await;
    assert_eq!(error.route(), Some("/api/v1/conversations/{id}"));
    assert!(
        matches!(&error, Error::Forbidden { detail, .. } if detail == "API may not be called using this token.")
    );
}

#[tokio::test]
async fn f6_f7_not_found_is_a_record_later_and_a_wrong_base_url_at_first() {
    let inner =
        r#""detail":"The server has not found anything matching the Request-URI.","status":"404""#;
    assert!(matches!(
        later(envelope(404, inner)).await,
        Error::NotFound { .. }
    ));
    assert!(matches!(
        first(envelope(404, inner)).await,
        Error::WrongBaseUrl { .. }
    ));
}

#[tokio::test]
async fn f8_f9_slowing_down_is_obeyed_and_shown() {
    for status in [429, 503] {
        let server = Server::replying(vec![
            Reply::new(status, "").with("retry-after", "2"),
            Reply::json(ME),
        ])
        .await;
        let (client, begun) = (server.client(), Instant::now());
        let watching = client.clone();
        let answer = tokio::spawn(async move { client.me().await });
        while watching.waiting_until().is_none() {
            tokio::task::yield_now().await;
        }
        assert!(answer.await.unwrap().is_ok());
        assert!(begun.elapsed() >= Duration::from_millis(1900));
        assert_eq!((watching.requests(), watching.waiting_until()), (2, None));
    }
}

#[tokio::test]
async fn f10_f11_server_faults_are_tried_three_times() {
    let server = Server::replying(vec![
        Reply::new(504, "<html>gateway</html>").with("content-type", "text/html"),
    ])
    .await;
    let error = server.client().me().await.unwrap_err();
    assert_eq!(
        error,
        Error::ServerFault {
            route: "/api/v1/users/me",
            status: 504
        }
    );
    assert_eq!(server.requests().len(), 3);
    let server = Server::replying(vec![Reply::new(500, ""), Reply::json(ME)]).await;
    assert!(server.client().me().await.is_ok());
}

#[tokio::test]
async fn f12_a_web_page_is_a_wrong_base_url() {
    assert!(matches!(
        first(Reply::new(200, "\n<!doctype html>")).await,
        Error::WrongBaseUrl { .. }
    ));
    let page = Reply::new(200, "").with("content-type", "text/html; charset=utf-8");
    assert!(matches!(first(page).await, Error::WrongBaseUrl { .. }));
}

#[tokio::test]
async fn f13_errors_in_a_200_are_taken_for_the_status_inside() {
    assert_eq!(
        first(envelope(200, r#""status":"401""#)).await,
        Error::InvalidCredentials { zoominfo: false }
    );
    assert!(matches!(
        later(envelope(200, r#""status":404"#)).await,
        Error::NotFound { .. }
    ));
    let error = later(envelope(200, r#""detail":"Something   went\nwrong""#)).await;
    assert!(matches!(&error, Error::Unexpected { what, .. } if what == "Something went wrong"));
}

#[tokio::test]
async fn f14_a_200_without_data_is_unexpected() {
    for body in [
        "{}",
        r#"{"data":null}"#,
        r#"{"data":[]}"#,
        r#"{"data":{"id":"A"}}"#,
        r#"{"data":{"attributes":7}}"#,
        "[1]",
        "tru",
        "{]",
    ] {
        assert!(
            matches!(
                later(Reply::json(body)).await,
                Error::Unexpected { .. } | Error::Unreachable { .. }
            ),
            "{body}"
        );
    }
}

#[tokio::test]
async fn f15_a_detail_without_utterances_is_a_detail() {
    let server = Server::replying(vec![Reply::json(
        r#"{"data":{"id":"A","type":"recording","attributes":{"status":"Processing"}}}"#,
    )])
    .await;
    let call = server.client().conversation("A").await.unwrap();
    assert_eq!(
        (call.status.as_str(), call.recording.utterances.len()),
        ("processing", 0)
    );
}

#[tokio::test]
async fn f17_an_answer_cut_short_is_tried_again() {
    for cut in [
        Reply::json(CALL).cut_at(20),
        Reply::json(&CALL[..20]),
        Reply::json(CALL).cut_at(20).unannounced(),
        Reply::json(""),
    ] {
        let server = Server::replying(vec![cut.clone(), Reply::json(CALL)]).await;
        assert_eq!(server.client().conversation("A").await.unwrap().id, "A");
        let server = Server::replying(vec![cut]).await;
        let error = server.client().conversation("A").await.unwrap_err();
        assert!(
            matches!(
                error,
                Error::Unreachable {
                    kind: UnreachableKind::Reset,
                    ..
                }
            ),
            "{error:?}"
        );
        assert_eq!(server.requests().len(), 3);
    }
}

#[tokio::test]
async fn f18_a_conflict_is_not_yet() {
    for status in [409, 425] {
        let error = later(Reply::new(status, "")).await;
        assert!(matches!(error, Error::NotYet { .. }) && error.is_transient());
    }
}

#[tokio::test]
async fn f19_redirects_are_not_followed_wherever_they_lead() {
    let other = Server::replying(vec![Reply::json(ME)]).await;
    for target in [
        format!("{}/x", other.url),
        "/elsewhere".to_owned(),
        "https://login.example/?token=1".to_owned(),
    ] {
        let error = first(Reply::new(302, "").with("location", target)).await;
        let Error::Redirected { to_host, .. } = error else {
            panic!("{error:?}")
        };
        assert!(["127.0.0.1", "login.example"].contains(&to_host.as_str()));
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn an_e_mail_is_not_a_call() {
    let reply = Reply::json(r#"{"data":{"attributes":{"email":{}},"id":"E55","type":"email"}}"#);
    assert_eq!(
        later(reply).await,
        Error::NotACall {
            kind: "email".to_owned()
        }
    );
}

#[tokio::test]
async fn errors_are_one_short_line_without_the_key() {
    let long = "x\n".repeat(5000);
    let error = later(Reply::new(
        400,
        serde_json::json!({"errors":[{"detail": long}]}).to_string(),
    ))
    .await
    .to_string();
    assert!(
        error.len() < 400 && !error.contains('\n') && !error.contains("s3cret"),
        "{error}"
    );
}
