//! `chorus_connect` and `chorus_test_connection`: a key is checked against Chorus before anything is stored.

use super::hidden::hide_statement;
use super::{answer, connection_name, refuse_read_only};
use crate::error::{Error, Result};
use crate::offload::Offload;
use crate::owner::{as_owner, caller_may_read_files};
use crate::store::connections::Connection;
use crate::store::due;
use crate::store::pace::KeptPace;
use crate::{extension, files, launcher, locks, schedule, secret, settings, sql};
use chorus_client::{ApiKey, BaseUrl, Client, EngagementFilter, Me};
use chrono::{DateTime, TimeDelta, Utc};
use pgrx::prelude::*;
use std::path::Path;
use zeroize::Zeroizing;

type Connected = TableIterator<
    'static,
    (
        name!(workspace, Option<String>),
        name!(connected_as, Option<String>),
        name!(next_run_at, Option<TimestampWithTimeZone>),
    ),
>;

#[pg_extern]
fn chorus_connect(
    base_url: Option<&str>,
    api_key: Option<&str>,
    lookback_days: Option<i32>,
    schedule: Option<&str>,
    connection: Option<&str>,
    api_key_file: Option<&str>,
) -> Connected {
    hide_statement(c"SELECT chorus_connect(...) -- arguments are hidden");
    let connected = connection_name(connection).and_then(|connection| {
        connect(Request {
            base_url: base_url.unwrap_or("https://chorus.ai"),
            api_key,
            lookback_days: lookback_days.unwrap_or(30),
            schedule,
            connection,
            api_key_file,
        })
    });
    let (who, next_run_at) = answer(connected);
    let next_run_at = next_run_at.and_then(sql::timestamp);
    TableIterator::once((who.workspace, who.connected_as, next_run_at))
}

type Tested = TableIterator<
    'static,
    (
        name!(ok, bool),
        name!(workspace, Option<String>),
        name!(connected_as, Option<String>),
        name!(problem, Option<String>),
        name!(hint, Option<String>),
    ),
>;

#[pg_extern]
fn chorus_test_connection(base_url: Option<&str>, api_key: Option<&str>) -> Tested {
    hide_statement(c"SELECT chorus_test_connection(...) -- arguments are hidden");
    let tested = BaseUrl::parse(
        base_url.unwrap_or("https://chorus.ai"),
        &settings::trusted_hosts(),
    )
    .map_err(Error::from)
    .and_then(|base_url| {
        let api_key = key(api_key.unwrap_or_default())?;
        check(&base_url, api_key, &KeptPace::default(), 30)
    });
    TableIterator::once(match tested {
        Ok(who) => (true, who.workspace, who.connected_as, None, None),
        Err(error) if error.is_cancel() => error.raise(),
        Err(error) => (false, None, None, Some(error.message), error.hint),
    })
}

struct Request<'a> {
    base_url: &'a str,
    api_key: Option<&'a str>,
    lookback_days: i32,
    schedule: Option<&'a str>,
    connection: &'a str,
    api_key_file: Option<&'a str>,
}

/// Whose key it is.
struct Who {
    workspace: Option<String>,
    workspace_id: Option<String>,
    domain: Option<String>,
    connected_as: Option<String>,
}

/// Whose key it is, and when the first run is due.
fn connect(request: Request) -> Result<(Who, Option<DateTime<Utc>>)> {
    refuse_read_only()?;
    let name = request.connection;
    if !(1..=3650).contains(&request.lookback_days) {
        return Err(Error::bad_argument(
            format!(
                "lookback_days must be from 1 to 3650, not {}",
                request.lookback_days
            ),
            "It says how many days the first run reaches back; 30 is usual.",
        ));
    }
    let given_key = given_key(&request)?;
    let base_url = BaseUrl::parse(request.base_url, &settings::trusted_hosts())?;
    let (schedule, stored) = as_owner(|| {
        let schedule = request.schedule.map(schedule::parse).transpose()?;
        let stored = sql::one_json::<Connection>(
            "SELECT to_jsonb(k) FROM chorus.connections k WHERE k.name = $1",
            &[sql::text(name)],
        )?;
        Ok((schedule, stored))
    })?;
    let api_key = match (&given_key, &stored) {
        (Some(given), _) => key(given)?,
        (None, Some(stored)) => stored_key(stored, &base_url)?,
        (None, None) => return Err(key_needed(name)),
    };
    // What Chorus has asked of this key it has not asked of another.
    let pace = match &stored {
        Some(stored) if stored_key(stored, &base_url).is_ok_and(|stored| stored == api_key) => {
            stored.pace
        }
        _ => KeptPace::default(),
    };
    let who = check(&base_url, api_key, &pace, request.lookback_days)?;
    if let Some(stored) = &stored
        && stored.workspace_domain.is_some()
        && stored.workspace_domain != who.domain
    {
        return Err(Error::bad_argument(
            format!(
                "this API key belongs to the workspace \"{}\", but connection \"{name}\" holds \"{}\"",
                who.domain.as_deref().unwrap_or("?"),
                stored.workspace_domain.as_deref().unwrap_or("?"),
            ),
            "Use another connection name for it, or chorus_disconnect(purge => true) first.",
        ));
    }
    let next_run_at = as_owner(|| {
        let connection_id = store(
            name,
            &request,
            schedule.as_deref(),
            &base_url,
            given_key.as_ref().map(|k| k.as_str()),
            stored.as_ref(),
            &who,
        )?;
        if let Some(stored) = &stored
            && stored.pace != pace
        {
            pace.keep(stored.connection_id)?;
        }
        let next_run_at = due::plan_now(connection_id)?;
        launcher::look_at_commit();
        if let Some(schedule) = &schedule {
            super::schedule::tell(schedule, name)?;
        }
        Ok(next_run_at)
    })?;
    Ok((who, next_run_at))
}

fn key_needed(name: &str) -> Error {
    Error::bad_argument(
        format!("connection \"{name}\" needs an API key"),
        "Pass api_key_file => '/path/to/file' (recommended) or api_key => '…'.",
    )
}

fn key(text: &str) -> Result<ApiKey> {
    ApiKey::new(text).map_err(|error| Error::from_client(&error, ""))
}

/// The key as text, from the argument or from the file. A file is only read for those who may read the server's files.
fn given_key(request: &Request) -> Result<Option<Zeroizing<String>>> {
    match (request.api_key, request.api_key_file) {
        (Some(_), Some(_)) => Err(Error::bad_argument(
            "api_key and api_key_file were both given",
            "Pass one of them; api_key_file keeps the key out of statement logs.",
        )),
        (Some(key), None) => Ok(Some(Zeroizing::new(key.to_owned()))),
        (None, None) => Ok(None),
        (None, Some(path)) => {
            if !caller_may_read_files() {
                return Err(Error::not_allowed(
                    "only superusers and members of pg_read_server_files may use api_key_file",
                    "Pass api_key instead, or have an operator: GRANT pg_read_server_files TO …;",
                ));
            }
            let unusable = |error: String| {
                Error::unusable_setting(
                    format!("cannot read the API key from \"{path}\": {error}"),
                    "The file lies on the database server and must be readable by the user that runs PostgreSQL.",
                )
            };
            let (content, _) =
                files::read(Path::new(path)).map_err(|error| unusable(error.to_string()))?;
            let text =
                std::str::from_utf8(&content).map_err(|_| unusable("it is not text".to_owned()))?;
            Ok(Some(Zeroizing::new(text.trim().to_owned())))
        }
    }
}

/// The key of an existing connection, which may only go where it went before.
fn stored_key(stored: &Connection, base_url: &BaseUrl) -> Result<ApiKey> {
    let sealed = as_owner(|| {
        sql::one::<Vec<u8>>(
            "SELECT sealed_key FROM chorus.credentials WHERE connection_id = $1",
            &[sql::int8(stored.connection_id)],
        )
    })?;
    let sealed = sealed.ok_or_else(|| key_needed(&stored.name))?;
    let before = BaseUrl::parse(&stored.base_url, &settings::trusted_hosts()).ok();
    if before.is_none_or(|before| before.origin() != base_url.origin()) {
        return Err(Error::bad_argument(
            format!(
                "connection \"{}\" moves to another host, so it needs its API key again",
                stored.name
            ),
            "A stored key is never sent to a host that it was not given for. Pass api_key_file or api_key too.",
        ));
    }
    secret::open(&sealed, stored.connection_id, base_url)
}

/// Asks Chorus who this is, and for one page of the call list: rights can differ from route to route.
fn check(base_url: &BaseUrl, api_key: ApiKey, pace: &KeptPace, lookback_days: i32) -> Result<Who> {
    let shown = base_url.as_str().to_owned();
    let config = settings::client_config(base_url.clone(), api_key, pace)?;
    let client = Client::new(config).map_err(|error| Error::from_client(&error, &shown))?;
    let now = settings::now();
    let filter = EngagementFilter {
        min_date: Some(now - TimeDelta::days(i64::from(lookback_days))),
        max_date: Some(now),
        ..EngagementFilter::default()
    };
    let watched = client.clone();
    let mut told = None;
    let tell_of_wait = || {
        let until = watched.waiting_until().map(settings::by_our_clock);
        if let Some(until) = until
            && told.replace(until) != Some(until)
        {
            pgrx::notice!(
                "Chorus asks to slow down: the check goes on in {} seconds",
                (until - settings::now()).num_seconds() + 1
            );
        }
    };
    let asked = async move {
        let me = client.me().await?;
        client.engagements_page(&filter, None).await?;
        // Not every key may use the session route; nothing depends on it.
        let session = client.session().await.ok();
        Ok::<_, chorus_client::Error>((me, session))
    };
    let asked = Offload::start(1)?.run(asked, tell_of_wait)?;
    let (me, session) = asked.map_err(|error| Error::from_client(&error, &shown))?;
    let Me {
        domain,
        email,
        name,
        ..
    } = me;
    let domain = domain
        .map(|domain| domain.trim().to_lowercase())
        .filter(|domain| !domain.is_empty());
    Ok(Who {
        workspace: domain.clone(),
        workspace_id: session
            .and_then(|session| session.customer_id)
            .map(|id| id.to_string()),
        domain,
        connected_as: email.or(name),
    })
}

/// The number of a connection that nobody else makes at this moment.
fn new_connection_id(name: &str) -> Result<i64> {
    locks::hold_name(extension::required()?, name);
    // A new statement, so that it sees what the other session has committed.
    let made: Option<bool> = sql::latest_json(
        "SELECT to_jsonb(true) FROM chorus.connections WHERE name = $1",
        &[sql::text(name)],
    )?;
    if made.is_some() {
        return Err(Error::new(
            "55000",
            format!("connection \"{name}\" was made by another session at this moment"),
            "Call chorus_connect() again to change it.",
        ));
    }
    let id = sql::one(
        "SELECT nextval('chorus.connections_connection_id_seq')",
        &[],
    )?;
    Ok(id.unwrap_or(0))
}

fn store(
    name: &str,
    request: &Request,
    schedule: Option<&str>,
    base_url: &BaseUrl,
    given_key: Option<&str>,
    stored: Option<&Connection>,
    who: &Who,
) -> Result<i64> {
    let connection_id = match stored {
        Some(stored) => stored.connection_id,
        None => new_connection_id(name)?,
    };
    // The key comes first: a connection that is inserted without one counts as restored from a dump.
    if let Some(given) = given_key {
        let sealed = secret::seal(given, connection_id, base_url)?;
        sql::execute(
            "INSERT INTO chorus.credentials (connection_id, sealed_key) VALUES ($1, $2)
             ON CONFLICT (connection_id) DO UPDATE SET sealed_key = excluded.sealed_key",
            &[sql::int8(connection_id), sql::bytea(&sealed)],
        )?;
    }
    sql::execute(
        "INSERT INTO chorus.connections AS k (connection_id, name, base_url, lookback_days, schedule, state, workspace_id,
                                              workspace, workspace_domain, connected_as, connected_at)
         VALUES ($1, $2, $3, $4, $5, CASE WHEN $5 IS NULL THEN 'paused' ELSE 'active' END, $6, $7, $8, $9, $10)
         ON CONFLICT (connection_id) DO UPDATE
         SET base_url = excluded.base_url, lookback_days = excluded.lookback_days, schedule = excluded.schedule,
             state = excluded.state, workspace_id = coalesce(excluded.workspace_id, k.workspace_id),
             workspace = excluded.workspace, workspace_domain = excluded.workspace_domain,
             connected_as = excluded.connected_as, connected_at = excluded.connected_at, problem = NULL, hint = NULL",
        &[
            sql::int8(connection_id),
            sql::text(name),
            sql::text(base_url.as_str()),
            sql::int4(request.lookback_days),
            sql::text(schedule),
            sql::text(who.workspace_id.as_deref()),
            sql::text(who.workspace.as_deref()),
            sql::text(who.domain.as_deref()),
            sql::text(who.connected_as.as_deref()),
            sql::time(settings::now()),
        ],
    )?;
    Ok(connection_id)
}
