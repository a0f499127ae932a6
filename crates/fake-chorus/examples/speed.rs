//! How fast the tenant answers: 500 pages of 100 calls, and 2,000 details of 300 utterances, over one connection.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use fake_chorus::{FakeChorus, Generate, Tenant};

fn main() -> Result<(), Box<dyn Error>> {
    measure(
        "list",
        &Generate {
            calls: 50_000,
            utterances_per_call: 3,
            only_calls: true,
            dialer_share: 0.0,
            ..Generate::default()
        },
        list,
    )?;
    measure(
        "details",
        &Generate {
            calls: 2_000,
            utterances_per_call: 300,
            only_calls: true,
            ..Generate::default()
        },
        details,
    )
}

type Measured = fn(&FakeChorus, &mut Connection) -> Result<(usize, usize), Box<dyn Error>>;

fn measure(what: &str, plan: &Generate, run: Measured) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let server = FakeChorus::start_blocking(Tenant::generate(plan))?;
    println!(
        "{what}: {} calls made up in {:.2?}",
        plan.calls,
        started.elapsed()
    );
    for state in ["rendering", "from memory"] {
        let mut connection = Connection::open(&server)?;
        let started = Instant::now();
        let (answers, bytes) = run(&server, &mut connection)?;
        println!(
            "{what}: {answers} answers, {:.1} MB, {state}: {:.3?}",
            bytes as f64 / 1e6,
            started.elapsed()
        );
    }
    Ok(())
}

fn list(_: &FakeChorus, connection: &mut Connection) -> Result<(usize, usize), Box<dyn Error>> {
    let (mut pages, mut bytes, mut key) = (0, 0, String::new());
    loop {
        let body = connection.get(&format!("/v3/engagements?with_trackers=true{key}"))?;
        pages += 1;
        bytes += body.len();
        // The key is the first member; nothing else of the page needs to be read here.
        let head = std::str::from_utf8(&body[..body.len().min(120)]).unwrap_or_default();
        match head.split('"').nth(3) {
            Some(next) if !next.trim().is_empty() => {
                key = format!("&continuation_key={}", next.replace(' ', "%20"))
            }
            _ => return Ok((pages, bytes)),
        }
    }
}

fn details(
    server: &FakeChorus,
    connection: &mut Connection,
) -> Result<(usize, usize), Box<dyn Error>> {
    let ids: Vec<String> = server.read(|tenant| {
        tenant
            .calls
            .iter()
            .map(|call| call.engagement_id.clone())
            .collect()
    });
    let mut bytes = 0;
    for id in &ids {
        bytes += connection
            .get(&format!(
                "/api/v1/conversations/{id}?include_meeting_metadata=true"
            ))?
            .len();
    }
    Ok((ids.len(), bytes))
}

/// The least a client can be, so that the tenant is what is measured.
struct Connection {
    stream: BufReader<TcpStream>,
    key: String,
}

impl Connection {
    fn open(server: &FakeChorus) -> std::io::Result<Connection> {
        let stream = TcpStream::connect(server.address())?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream: BufReader::with_capacity(256 * 1024, stream),
            key: server.api_key().to_owned(),
        })
    }

    fn get(&mut self, path: &str) -> Result<Vec<u8>, Box<dyn Error>> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n",
            self.key
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }
}
