//! What can go wrong, told apart the way section 2 (F1 to F19) of the wire reference tells it apart.
//!
//! An error is one line. It must never hold the key, a header's value, a query string or more than 200 characters of
//! what the server said.

use std::time::Duration;

/// The longest piece of a server's answer that an error repeats, in characters.
const LONGEST_DETAIL: usize = 200;

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreachableKind {
    /// The host name has no address.
    Dns,
    /// Nothing listens there.
    Refused,
    /// The certificate or the handshake was not acceptable.
    Tls,
    /// Connecting or answering took longer than allowed.
    Timeout,
    /// The connection or the answer ended early.
    Reset,
    /// Anything else between here and there.
    Other,
}

/// Why a request failed. Routes are written as in the API reference, with `{id}` for an id.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The key cannot be a key. Nothing was sent.
    #[error("the API key {problem}")]
    InvalidKey { problem: &'static str },
    /// A setting (certificates, proxy, user agent) cannot be used. Nothing was sent.
    #[error("{problem}")]
    InvalidConfig { problem: String },
    /// F3, F4: the key is missing, wrong or revoked. `zoominfo`: it was refused at ZoomInfo's edge (code ZI0001).
    #[error("Chorus refused the API key")]
    InvalidCredentials { zoominfo: bool },
    /// F5: the key is good, but its user's role lacks this route.
    #[error("the API key may not use {route}: {detail}")]
    Forbidden { route: &'static str, detail: String },
    /// F1, F2: the server found fault with the request. `source` names the parameter or pointer, when given.
    #[error("{route} refused the request ({status}): {detail}")]
    BadRequest {
        route: &'static str,
        status: u16,
        detail: String,
        source_parameter: Option<String>,
    },
    /// F6: absent, deleted, private or out of reach; the server does not say which.
    #[error("{route} was not found")]
    NotFound { route: &'static str },
    /// F18: 409 or 425, not ready to be read.
    #[error("{route} cannot be read yet ({status})")]
    NotYet { route: &'static str, status: u16 },
    /// F7 at first contact, F12 always: this base URL does not lead to the API.
    #[error("{base_url} is not the Chorus API: {problem}")]
    WrongBaseUrl { base_url: String, problem: String },
    /// F13, F14 and malformed answers: a 200 that is not what the route promises.
    #[error("unexpected answer from {route}: {what}")]
    Unexpected { route: &'static str, what: String },
    /// F8, F9 and 503. Obeyed inside the client, so a caller does not meet it.
    #[error("{route} asks to slow down")]
    RateLimited {
        route: &'static str,
        retry_after: Option<Duration>,
    },
    /// F10, F11: a fault of the server or of a gateway, after all tries.
    #[error("{route} failed with status {status}")]
    ServerFault { route: &'static str, status: u16 },
    /// F17: no complete answer, after all tries.
    #[error("{route}: {message}")]
    Unreachable {
        route: &'static str,
        kind: UnreachableKind,
        message: String,
    },
    /// The answer is larger than `limit` bytes (counted after decompression).
    #[error("the answer of {route} is larger than {limit} bytes")]
    TooLarge { route: &'static str, limit: usize },
    /// F19: the server points elsewhere, which is never followed.
    #[error("{route} redirects to {to_host}, which is not followed")]
    Redirected {
        route: &'static str,
        to_host: String,
    },
    /// The host has no address that may be contacted (see [`crate::address`]).
    #[error("{host} has no public address")]
    AddressNotAllowed { host: String },
    /// The id belongs to something that is not a recording, such as an e-mail. `kind` is its `data.type`.
    #[error("the record is of type {kind}, not a call")]
    NotACall { kind: String },
}

impl Error {
    /// The route asked, where the error belongs to one.
    pub fn route(&self) -> Option<&'static str> {
        match self {
            Error::Forbidden { route, .. }
            | Error::BadRequest { route, .. }
            | Error::NotFound { route }
            | Error::NotYet { route, .. }
            | Error::Unexpected { route, .. }
            | Error::RateLimited { route, .. }
            | Error::ServerFault { route, .. }
            | Error::Unreachable { route, .. }
            | Error::TooLarge { route, .. }
            | Error::Redirected { route, .. } => Some(route),
            Error::NotACall { .. } => Some(crate::client::CONVERSATION),
            _ => None,
        }
    }

    /// Whether the same request, unchanged, may well succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Error::RateLimited { .. } | Error::ServerFault { .. } | Error::NotYet { .. } => true,
            Error::Unreachable { kind, .. } => *kind != UnreachableKind::Tls,
            _ => false,
        }
    }
}

/// One line, without control characters, of at most 200 characters.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    let mut length = 0;
    for word in text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
    {
        if !line.is_empty() {
            line.push(' ');
            length += 1;
        }
        for c in word.chars() {
            if length >= LONGEST_DETAIL - 1 {
                line.push('…');
                return line;
            }
            line.push(c);
            length += 1;
        }
    }
    line
}
