//! What is sent, how large and slow an answer may be, and which addresses are contacted.

use std::io::Write;
use std::time::{Duration, Instant};

use chorus_client::{
    ApiKey, BaseUrl, Client, Config, EngagementFilter, Error, ScorecardFilter, UnreachableKind,
};
use flate2::{Compression, write::GzEncoder};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::{Reply, Server, page};

const CALL: &str = r#"{"data":{"id":"A","type":"recording","attributes":{}}}"#;

fn gzipped(body: &[u8]) -> Reply {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    Reply::json(encoder.finish().unwrap()).with("content-encoding", "gzip")
}

#[tokio::test]
async fn only_get_is_sent_with_the_raw_key_and_the_media_type_of_the_family() {
    let server = Server::replying(vec![Reply::json("{}")]).await;
    let client = server.client();
    let _ = client.me().await;
    let _ = client.session().await;
    let _ = client.users().await;
    let _ = client.teams().await;
    let _ = client
        .engagements_page(&EngagementFilter::default(), None)
        .await;
    let _ = client.conversation("a/b").await;
    let _ = client.scorecards(ScorecardFilter::default()).next().await;
    let requests = server.requests();
    let paths: Vec<_> = requests.iter().map(|request| request.path()).collect();
    assert_eq!(
        paths,
        [
            "/api/v1/users/me",
            "/api/v1/sessions/current",
            "/v3/users",
            "/api/v1/teams",
            "/v3/engagements",
            "/api/v1/conversations/a%2Fb",
            "/api/v1/scorecards",
        ]
    );
    assert!(
        requests[5]
            .target
            .ends_with("?include_meeting_metadata=true&skip_summary_generation=true")
    );
    for request in &requests {
        assert_eq!(request.method, "GET");
        assert_eq!(request.header("authorization"), Some("s3cret-key"));
        let v3 = request.path().starts_with("/v3/");
        assert_eq!(
            request.header("accept"),
            Some(if v3 {
                "application/json"
            } else {
                "application/vnd.api+json"
            })
        );
        assert_eq!(request.header("accept-encoding"), Some("gzip"));
        assert!(
            request
                .header("user-agent")
                .unwrap()
                .starts_with("chorus_sync/")
        );
        assert!(request.header("x-al-version").is_none() && request.header("referer").is_none());
    }
}

#[tokio::test]
async fn ids_that_are_no_path_segment_are_not_sent() {
    let server = Server::replying(vec![Reply::json(CALL)]).await;
    for id in ["", ".", ".."] {
        assert!(matches!(
            server.client().conversation(id).await,
            Err(Error::NotFound { .. })
        ));
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn gzip_is_understood() {
    let server = Server::replying(vec![gzipped(CALL.as_bytes())]).await;
    assert_eq!(server.client().conversation("A").await.unwrap().id, "A");
}

#[tokio::test]
async fn answers_over_the_cap_are_refused_counted_after_decompression() {
    let large = format!(r#"{{"data":{{"id":"{}"}}}}"#, "x".repeat(200_000));
    for reply in [
        Reply::json(large.clone()),
        Reply::json(large.clone()).unannounced(),
        gzipped(large.as_bytes()),
    ] {
        let server = Server::replying(vec![reply]).await;
        let client = Client::new(Config {
            max_response_bytes: 100_000,
            ..server.config()
        })
        .unwrap();
        assert!(matches!(
            client.conversation("A").await,
            Err(Error::TooLarge { limit: 100_000, .. })
        ));
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn many_answers_larger_than_the_budget_all_arrive() {
    let large = page(0..2000, "null");
    let server = Server::replying(vec![gzipped(large.as_bytes())]).await;
    let client = Client::new(Config {
        inflight_bytes: 50_000,
        ..server.config()
    })
    .unwrap();
    let filter = EngagementFilter::default();
    let pages =
        futures_util::future::join_all((0..12).map(|_| client.engagements_page(&filter, None)))
            .await;
    assert!(
        pages
            .into_iter()
            .all(|page| page.unwrap().rows.len() == 2000)
    );
}

#[tokio::test]
async fn a_silent_server_runs_into_the_timeout() {
    let server = Server::replying(vec![Reply::silence()]).await;
    let client = Client::new(Config {
        request_timeout: Duration::from_millis(100),
        ..server.config()
    })
    .unwrap();
    let error = client.me().await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Unreachable {
                kind: UnreachableKind::Timeout,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_dropped_request_stops_at_once() {
    let server = Server::replying(vec![Reply::silence()]).await;
    let (client, begun) = (server.client(), Instant::now());
    assert!(
        tokio::time::timeout(Duration::from_millis(50), client.me())
            .await
            .is_err()
    );
    assert!(begun.elapsed() < Duration::from_millis(300));
}

#[tokio::test]
async fn a_refused_connection_is_told_from_an_unknown_name() {
    let server = Server::replying(vec![Reply::silence()]).await;
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let trusted = server.config().trusted_hosts;
    let base_url = BaseUrl::parse(&format!("http://{gone}"), &trusted).unwrap();
    let error = Client::new(Config {
        base_url,
        ..server.config()
    })
    .unwrap()
    .me()
    .await
    .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Unreachable {
                kind: UnreachableKind::Refused,
                ..
            }
        ),
        "{error:?}"
    );

    let base_url = BaseUrl::parse("https://no-such-host.invalid", &[]).unwrap();
    let error = Client::new(Config::new(base_url, ApiKey::new("k").unwrap()))
        .unwrap()
        .me()
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Unreachable {
                kind: UnreachableKind::Dns,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_server_without_tls_is_a_tls_fault_and_not_tried_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = connection
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await;
            let _ = connection.read(&mut [0; 4096]).await;
        }
    });
    let trusted_hosts = vec!["127.0.0.1".to_owned()];
    let base_url = BaseUrl::parse(&url, &trusted_hosts).unwrap();
    let config = Config {
        trusted_hosts,
        ..Config::new(base_url, ApiKey::new("k").unwrap())
    };
    let client = Client::new(config).unwrap();
    let error = client.me().await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Unreachable {
                kind: UnreachableKind::Tls,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(client.requests(), 1);
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_only_for_trusted_hosts() {
    let server = Server::replying(vec![Reply::json(CALL)]).await;
    let trusted = vec!["localhost".to_owned()];
    let base_url = BaseUrl::parse(&server.url.replace("127.0.0.1", "localhost"), &trusted).unwrap();
    let config = Config {
        base_url,
        trusted_hosts: trusted,
        ..server.config()
    };
    assert!(
        Client::new(config.clone())
            .unwrap()
            .conversation("A")
            .await
            .is_ok()
    );

    let error = Client::new(Config {
        trusted_hosts: vec![],
        ..config
    })
    .unwrap()
    .me()
    .await
    .unwrap_err();
    assert_eq!(
        error,
        Error::AddressNotAllowed {
            host: "localhost".to_owned()
        }
    );
}

#[tokio::test]
async fn unusable_settings_are_told_before_anything_is_sent() {
    let server = Server::replying(vec![Reply::json(CALL)]).await;
    for config in [
        Config {
            ca_pem: Some(b"nonsense".to_vec()),
            ..server.config()
        },
        Config {
            proxy: Some("::not a url::".to_owned()),
            ..server.config()
        },
        Config {
            user_agent: "a\nb".to_owned(),
            ..server.config()
        },
    ] {
        assert!(matches!(
            Client::new(config).err(),
            Some(Error::InvalidConfig { .. })
        ));
    }
}

#[tokio::test]
async fn the_proxy_gets_the_request_when_one_is_set() {
    let proxy = Server::replying(vec![Reply::json(CALL)]).await;
    let base_url =
        BaseUrl::parse("http://tenant.internal", &["tenant.internal".to_owned()]).unwrap();
    let config = Config {
        base_url,
        proxy: Some(proxy.url.clone()),
        ..proxy.config()
    };
    Client::new(config)
        .unwrap()
        .conversation("A")
        .await
        .unwrap();
    assert!(
        proxy.requests()[0]
            .target
            .starts_with("http://tenant.internal/api/v1/conversations/A?")
    );
}
