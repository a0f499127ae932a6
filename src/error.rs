//! The one error of the extension: an SQLSTATE, a line that says what is wrong, a hint that says what to do.
//!
//! `docs/errors.md` lists them all. An error never carries a key, a header or what was said in a call.

use chorus_client::{BaseUrlError, Error as ClientError, UnreachableKind};
use pgrx::pg_sys;
use pgrx::pg_sys::panic::{CaughtError, ErrorReport};
use pgrx::{PgLogLevel, PgSqlErrorCode};

pub type Result<T> = std::result::Result<T, Error>;

/// What a user is told when something cannot be done.
#[derive(Debug, Clone)]
pub struct Error {
    /// Five characters, as in `42704`.
    pub sqlstate: String,
    pub message: String,
    pub hint: Option<String>,
}

impl Error {
    pub fn new(sqlstate: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        Error {
            sqlstate: sqlstate.to_owned(),
            message: message.into(),
            hint: (!hint.is_empty()).then_some(hint),
        }
    }

    /// `22023`: an argument that cannot be meant.
    pub fn bad_argument(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Error::new("22023", message, hint)
    }

    /// `42704`: a connection, run or call that does not exist.
    pub fn unknown(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Error::new("42704", message, hint)
    }

    /// `42501`: not allowed.
    pub fn not_allowed(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Error::new("42501", message, hint)
    }

    /// `F0000`: a setting or the file of the sealing key cannot be used.
    pub fn unusable_setting(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Error::new("F0000", message, hint)
    }

    /// `28000`: a connection that came without its key, as from a dump.
    pub fn no_key(connection: &str) -> Self {
        Error::new(
            "28000",
            format!("Invalid credentials: connection \"{connection}\" has no API key"),
            "Keys are in no dump. Call chorus_connect() with the API key again.",
        )
    }

    /// `55000`: chorus_disconnect came before.
    pub fn disconnected(connection: &str) -> Self {
        Error::new(
            "55000",
            format!("connection \"{connection}\" is disconnected"),
            "chorus_connect() with an API key connects it again; its data is still there.",
        )
    }

    /// `42704`: no call, or one that was removed.
    pub fn no_call(call_id: i64) -> Self {
        Error::unknown(
            format!("there is no call {call_id}"),
            "SELECT call_id, title, started_at FROM chorus.calls WHERE removed_at IS NULL ORDER BY started_at DESC;",
        )
    }

    /// `57014`: somebody cancelled.
    pub fn is_cancel(&self) -> bool {
        self.sqlstate == "57014"
    }

    /// Raises it as a PostgreSQL error.
    pub fn raise(self) -> ! {
        self.report(PgLogLevel::ERROR);
        unreachable!("an error report of level ERROR does not return")
    }

    /// Says it and goes on.
    pub fn warn(self) {
        self.report(PgLogLevel::WARNING);
    }

    fn report(self, level: PgLogLevel) {
        let code = PgSqlErrorCode::from(encode_sqlstate(&self.sqlstate));
        let mut report = ErrorReport::new(code, self.message, "chorus_sync");
        if let Some(hint) = self.hint {
            report = report.set_hint(hint);
        }
        report.report(level);
    }

    /// What Chorus, or the way to it, answered; `base_url` is named in the message.
    pub fn from_client(error: &ClientError, base_url: &str) -> Self {
        match error {
            ClientError::InvalidCredentials { .. } => Error::new(
                "28000",
                "Invalid credentials: Chorus refused the API key",
                "Make a new key in Chorus under Personal Settings, API Access, and pass it to chorus_connect().",
            ),
            ClientError::Forbidden { route, .. } => Error::new(
                "28000",
                format!("Invalid credentials: this API key may not read {route}"),
                "The key was recognised, but the role of its user lacks API rights: an administrator of Chorus can grant them.",
            ),
            ClientError::InvalidKey { .. } => Error::bad_argument(
                "this does not look like an API key of Chorus",
                "Copy the key from Personal Settings, API Access in Chorus: one line of visible characters.",
            ),
            ClientError::AddressNotAllowed { host } => Error::not_allowed(
                format!("host \"{host}\" does not lead to a public address"),
                "For a self-hosted tenant a superuser may list the host in chorus_sync.trusted_hosts.",
            ),
            ClientError::WrongBaseUrl { .. } => wrong_base_url(base_url),
            ClientError::Redirected { to_host, .. } => Error::new(
                "08001",
                format!("Wrong base URL {base_url}: it redirects to {to_host}"),
                "The key is never sent to another host. If that host is Chorus, pass it as base_url.",
            ),
            ClientError::Unreachable { kind, message, .. } => {
                let hint = match kind {
                    UnreachableKind::Dns => {
                        "The host name was not found: check the base URL and the server's DNS."
                    }
                    UnreachableKind::Tls => {
                        "The server's certificate was not accepted: check the clock, the package ca-certificates, or set chorus_sync.ca_file."
                    }
                    UnreachableKind::Timeout => {
                        "Check firewall and chorus_sync.proxy, or raise chorus_sync.request_timeout."
                    }
                    _ => {
                        "Check the base URL, the firewall of the database server and chorus_sync.proxy."
                    }
                };
                Error::new(
                    "08001",
                    format!("Cannot reach Chorus at {base_url}: {message}"),
                    hint,
                )
            }
            ClientError::ServerFault { status, .. } => Error::new(
                "08001",
                format!("Cannot reach Chorus at {base_url}: it answers with status {status}"),
                "Chorus has a problem of its own. Try again later; the next run goes on from here.",
            ),
            ClientError::NotFound { .. } => wrong_base_url(base_url),
            other => Error::new(
                "08P01",
                format!("Unexpected answer from Chorus: {other}"),
                "Try again; if it stays, the base URL may lead to something that is not the Chorus API.",
            ),
        }
    }

    /// From an error that PostgreSQL, or a panic, raised below us.
    pub fn from_caught(caught: CaughtError) -> Self {
        match caught {
            CaughtError::PostgresError(report) | CaughtError::ErrorReport(report) => {
                Error::from_report(&report)
            }
            CaughtError::RustPanic { ereport, .. } => Error::from_report(&ereport),
        }
    }

    fn from_report(report: &pg_sys::panic::ErrorReportWithLevel) -> Self {
        Error {
            sqlstate: decode_sqlstate(report.sql_error_code() as i32),
            message: report.message().to_owned(),
            hint: report.hint().map(str::to_owned),
        }
    }
}

fn wrong_base_url(base_url: &str) -> Error {
    Error::new(
        "08001",
        format!("Wrong base URL {base_url}: what answers there is not the Chorus API"),
        "Use https://chorus.ai unless Chorus gave you another address; no path such as /api/v1 behind it.",
    )
}

impl From<BaseUrlError> for Error {
    fn from(error: BaseUrlError) -> Self {
        let message = error.to_string();
        match error {
            BaseUrlError::Malformed(_) => {
                Error::bad_argument(message, "A base URL looks like https://chorus.ai")
            }
            BaseUrlError::NotAllowed(_) => Error::not_allowed(
                message,
                "Use https and a public host. For a self-hosted tenant or a test a superuser may list the host in chorus_sync.trusted_hosts.",
            ),
        }
    }
}

impl From<pgrx::spi::Error> for Error {
    fn from(error: pgrx::spi::Error) -> Self {
        Error::new(
            "XX000",
            format!("an internal statement failed: {error}"),
            "",
        )
    }
}

/// PostgreSQL packs the five characters into six bits each, first character lowest.
fn encode_sqlstate(text: &str) -> i32 {
    text.bytes().take(5).enumerate().fold(0, |code, (i, byte)| {
        code | (((byte.wrapping_sub(b'0')) as i32 & 0x3f) << (6 * i))
    })
}

fn decode_sqlstate(code: i32) -> String {
    (0..5)
        .map(|i| (((code >> (6 * i)) & 0x3f) as u8 + b'0') as char)
        .collect()
}
