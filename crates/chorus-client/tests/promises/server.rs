//! A server that plays one script: it speaks just enough HTTP, so that it can also misbehave byte by byte.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chorus_client::{ApiKey, BaseUrl, Client, Config};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the client sent.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// What the server answers.
#[derive(Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Bytes of the body after which the connection is closed.
    cut_at: Option<usize>,
    /// Nothing is sent at all.
    silent: bool,
    /// No length is announced: the end of the connection ends the body.
    unannounced: bool,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply {
            status,
            headers: vec![],
            body: body.into(),
            cut_at: None,
            silent: false,
            unannounced: false,
        }
    }

    pub fn json(body: impl Into<Vec<u8>>) -> Reply {
        Reply::new(200, body).with("content-type", "application/json")
    }

    pub fn silence() -> Reply {
        Reply {
            silent: true,
            ..Reply::new(200, "")
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }

    pub fn cut_at(self, bytes: usize) -> Reply {
        Reply {
            cut_at: Some(bytes),
            ..self
        }
    }

    pub fn unannounced(self) -> Reply {
        Reply {
            unannounced: true,
            ..self
        }
    }
}

/// A running server. It stops with the test's runtime.
pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers the n-th request (from 0) with what `script` makes of it.
    pub async fn start(
        script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, script) = (Arc::clone(&requests), Arc::new(script));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (seen, script) = (Arc::clone(&seen), Arc::clone(&script));
                tokio::spawn(async move {
                    serve(connection, |request| {
                        let mut seen = seen.lock().unwrap();
                        seen.push(request.clone());
                        script(seen.len() - 1, &request)
                    })
                    .await
                });
            }
        });
        Server { url, requests }
    }

    /// Answers in turn, and with the last reply from then on.
    pub async fn replying(replies: Vec<Reply>) -> Server {
        Server::start(move |n, _| replies[n.min(replies.len() - 1)].clone()).await
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn config(&self) -> Config {
        let trusted = vec!["127.0.0.1".to_owned()];
        let base_url = BaseUrl::parse(&self.url, &trusted).unwrap();
        Config {
            trusted_hosts: trusted,
            request_timeout: Duration::from_secs(5),
            ..Config::new(base_url, ApiKey::new("Bearer s3cret-key").unwrap())
        }
    }

    pub fn client(&self) -> Client {
        Client::new(self.config()).unwrap()
    }
}

async fn serve(mut connection: TcpStream, answer: impl FnOnce(Request) -> Reply) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match connection.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ').map(str::to_owned);
    let request = Request {
        method: first.next().unwrap(),
        target: first.next().unwrap(),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect(),
    };
    let reply = answer(request);
    if reply.silent {
        // Until the client gives up.
        let _ = connection.read_u8().await;
        return;
    }
    let mut text = format!("HTTP/1.1 {} x\r\nconnection: close\r\n", reply.status);
    if !reply.unannounced {
        text += &format!("content-length: {}\r\n", reply.body.len());
    }
    for (name, value) in &reply.headers {
        text += &format!("{name}: {value}\r\n");
    }
    let _ = connection.write_all(format!("{text}\r\n").as_bytes()).await;
    let _ = connection
        .write_all(&reply.body[..reply.cut_at.unwrap_or(reply.body.len())])
        .await;
    let _ = connection.shutdown().await;
}

/// A page of the list with these ids and this key, as JSON text.
pub fn page(ids: impl IntoIterator<Item = u32>, key: &str) -> String {
    let rows: Vec<String> = ids
        .into_iter()
        .map(|id| {
            format!(
                r#"{{"engagement_id":"E{id}","date_time":{},"engagement_type":"meeting"}}"#,
                1_748_876_464 - id
            )
        })
        .collect();
    let key = if key.is_empty() {
        String::new()
    } else {
        format!(r#""continuation_key":{key},"#)
    };
    format!(r#"{{{key}"engagements":[{}]}}"#, rows.join(","))
}
