//! Certificates: nobody is believed but the system's authorities and those that were named.

use std::sync::Arc;

use chorus_client::{ApiKey, BaseUrl, Client, Config, Error, UnreachableKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

const CALL: &str = r#"{"data":{"id":"A","type":"recording","attributes":{}}}"#;

/// A server for `name` with a certificate of its own making, which is returned as PEM with the port.
async fn serve(name: &str) -> (u16, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let Ok(mut connection) = acceptor.accept(connection).await else {
                continue;
            };
            let _ = connection.read(&mut [0; 4096]).await;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", CALL.len());
            let _ = connection
                .write_all(format!("{head}{CALL}").as_bytes())
                .await;
            let _ = connection.flush().await;
        }
    });
    (port, made.cert.pem().into_bytes())
}

fn client(port: u16, ca_pem: Option<Vec<u8>>) -> Client {
    let trusted_hosts = vec!["127.0.0.1".to_owned()];
    let base_url = BaseUrl::parse(&format!("https://127.0.0.1:{port}"), &trusted_hosts).unwrap();
    let key = ApiKey::new("k").unwrap();
    Client::new(Config {
        trusted_hosts,
        ca_pem,
        ..Config::new(base_url, key)
    })
    .unwrap()
}

#[tokio::test]
async fn a_named_authority_is_believed() {
    let (port, pem) = serve("127.0.0.1").await;
    assert_eq!(
        client(port, Some(pem)).conversation("A").await.unwrap().id,
        "A"
    );
}

#[tokio::test]
async fn an_unknown_authority_and_a_wrong_name_are_not() {
    let (port, _) = serve("127.0.0.1").await;
    let (other_port, other_pem) = serve("chorus.ai").await;
    for client in [client(port, None), client(other_port, Some(other_pem))] {
        let error = client.conversation("A").await.unwrap_err();
        let Error::Unreachable {
            kind: UnreachableKind::Tls,
            message,
            ..
        } = &error
        else {
            panic!("{error:?}")
        };
        assert!(message.contains("certificate"), "{message}");
        assert!(client.requests() == 1 && !error.is_transient());
    }
}
