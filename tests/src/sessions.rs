//! Sessions: what they answer, what they are told, and what they are refused.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use postgres::error::DbError;
use postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::database::{Database, expect_error};

/// The rows of an answer as text; NULL is empty.
pub fn rows(messages: &[SimpleQueryMessage]) -> Vec<Vec<String>> {
    let cells = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    cells
        .map(|row| {
            let cell = |n| row.get(n).unwrap_or_default().to_owned();
            (0..row.len()).map(cell).collect()
        })
        .collect()
}

/// What a session was told, and when.
pub type Notices = Arc<Mutex<Vec<(Instant, DbError)>>>;

/// A session of the superuser that keeps the notices and warnings it gets.
pub fn session_with_notices(database: &Database) -> (Client, Notices) {
    let notices = Notices::default();
    let kept = notices.clone();
    let session = Config::new()
        .host_path(database.cluster().socket_dir())
        .port(database.cluster().port())
        .user("postgres")
        .dbname(database.name())
        .notice_callback(move |notice| kept.lock().unwrap().push((Instant::now(), notice)))
        .connect(NoTls)
        .expect("a session");
    (session, notices)
}

/// A statement that must be refused: with this SQLSTATE, and with a hint that says what to do.
#[track_caller]
pub fn refused(session: &mut Client, statement: &str, sqlstate: &str) -> DbError {
    let answer = session.simple_query(statement);
    assert!(answer.is_err(), "it worked: {statement}");
    let refusal = expect_error(answer, sqlstate);
    let hint = refusal.hint().unwrap_or_default();
    assert!(!hint.is_empty(), "no hint: {refusal:?}");
    refusal
}

/// The rows that a query must answer, as text.
#[track_caller]
pub fn answer(session: &mut Client, query: &str) -> Vec<Vec<String>> {
    let answered = session.simple_query(query);
    rows(&answered.unwrap_or_else(|error| panic!("{query}: {error:?}")))
}
