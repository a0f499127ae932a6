//! Takes the body of an answer as it arrives: never more than the cap, never more than the shared budget, never longer
//! than the deadline. Time spent waiting for the budget is not the server's and does not count.

use bytes::BytesMut;
use reqwest::Response;
use tokio::time::{Instant, timeout_at};

use crate::budget::Held;
use crate::error::{Error, UnreachableKind};
use crate::network;

/// The whole body, decompressed.
///
/// # Errors
/// [`Error::TooLarge`] as soon as it is known; [`Error::Unreachable`] if the body ends early or takes too long.
pub(crate) async fn take(
    mut response: Response,
    route: &'static str,
    limit: usize,
    mut deadline: Instant,
    held: &mut Held,
) -> Result<BytesMut, Error> {
    let announced = response
        .content_length()
        .and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Error::TooLarge { route, limit });
    }
    let mut body = BytesMut::new();
    if let Some(length) = announced {
        wait_for(held, length, &mut deadline).await;
        body.reserve(length);
    }
    loop {
        let chunk = match timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => return Ok(body),
            Ok(Err(error)) => return Err(network::unreachable(route, error)),
            Err(_) => return Err(timed_out(route)),
        };
        if body.len() + chunk.len() > limit {
            return Err(Error::TooLarge { route, limit });
        }
        wait_for(held, body.len() + chunk.len(), &mut deadline).await;
        body.extend_from_slice(&chunk);
    }
}

async fn wait_for(held: &mut Held, bytes: usize, deadline: &mut Instant) {
    let begun = Instant::now();
    held.grow_to(bytes).await;
    *deadline += begun.elapsed();
}

pub(crate) fn timed_out(route: &'static str) -> Error {
    Error::Unreachable {
        route,
        kind: UnreachableKind::Timeout,
        message: "no complete answer in time".to_owned(),
    }
}
