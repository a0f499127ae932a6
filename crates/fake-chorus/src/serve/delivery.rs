//! How the bytes of an answer travel: at once, in drips, compressed, cut off.

use std::io::Write;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Response, header};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use serde_json::Value;

use super::answer::Answer;
use crate::quirk::set::{QuirkSet, Switched};

/// Long enough for what was written to leave before the connection goes.
const FLUSH: Duration = Duration::from_millis(30);

/// What is left to be sent.
struct Rest {
    body: Bytes,
    piece: usize,
    pause: Duration,
    /// Close the connection when nothing is left, as if the server had died.
    cut: bool,
}

/// Hands an answer over to the connection.
pub fn deliver(quirks: &QuirkSet, path: &str, mut answer: Answer) -> Response<Body> {
    if quirks.is_empty() {
        let body = std::mem::take(&mut answer.body);
        return answer.respond(body.into());
    }
    if let Some(entry) = quirks.on_route("big", path).find(|entry| still(entry)) {
        let extra = (entry.number("mb").unwrap_or(10.0) * 1e6) as usize;
        let mut padded = Vec::with_capacity(answer.body.len() + extra);
        padded.extend_from_slice(&answer.body);
        padded.resize(answer.body.len() + extra, b' ');
        answer.body = padded.into();
    }
    if quirks.on_route("gzip", path).next().is_some() && !answer.body.is_empty() {
        answer.body = gzip(&answer.body);
        answer = answer.with(header::CONTENT_ENCODING, "gzip");
    }
    let mut rest = Rest {
        piece: usize::MAX,
        pause: Duration::ZERO,
        cut: false,
        body: std::mem::take(&mut answer.body),
    };
    if let Some(entry) = quirks.on_route("truncate", path).find(|entry| still(entry)) {
        let whole = rest.body.len();
        let at = entry.count("at").unwrap_or(500) as usize;
        if at < whole {
            rest.body.truncate(at);
            if entry.extra("length") != Some(&Value::Bool(false)) {
                rest.cut = true;
                answer = answer.with(header::CONTENT_LENGTH, whole.to_string());
            }
        }
    }
    if let Some(entry) = quirks.on_route("drip", path).next() {
        rest.piece = entry.count("bytes").unwrap_or(1_024).max(1) as usize;
        let ms = entry.extra("ms").and_then(Value::as_u64).unwrap_or(10);
        rest.pause = Duration::from_millis(ms);
    } else if let Some(entry) = quirks.on_route("chunked", path).next() {
        rest.piece = entry.count("bytes").unwrap_or(1_000).max(1) as usize;
    } else if !rest.cut {
        return answer.respond(rest.body.into());
    }
    answer.respond(rest.into_body())
}

/// Counts a use, and says whether `times` were not had yet.
fn still(entry: &Switched) -> bool {
    let used = entry.used();
    entry
        .extra("times")
        .and_then(Value::as_u64)
        .is_none_or(|times| used < times)
}

impl Rest {
    fn into_body(self) -> Body {
        Body::from_stream(stream::unfold(Some(self), |rest| async {
            let mut rest = rest?;
            if rest.body.is_empty() {
                if !rest.cut {
                    return None;
                }
                tokio::time::sleep(FLUSH).await;
                return Some((Err(std::io::Error::other("cut off by a quirk")), None));
            }
            if !rest.pause.is_zero() {
                tokio::time::sleep(rest.pause).await;
            }
            let piece = rest.body.split_to(rest.piece.min(rest.body.len()));
            Some((Ok(piece), Some(rest)))
        }))
    }
}

fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder
        .write_all(body)
        .and_then(|()| encoder.finish())
        .expect("writing to memory does not fail")
        .into()
}
