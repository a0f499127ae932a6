//! The settings `chorus_sync.*`, their units and their sane ranges.
//!
//! Settings are read on the main thread only; what the network needs is handed over as plain values.

mod texts;

use self::texts::{check_offset, check_rereads, check_timezone, offset, rereads};
use crate::error::{Error, Result};
use crate::files;
use crate::store::pace::KeptPace;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting, pg_sys};
use std::ffi::CString;
use std::path::Path;
use std::time::{Duration, SystemTime};

type Text = GucSetting<Option<CString>>;

static ENABLED: GucSetting<bool> = GucSetting::<bool>::new(true);
static DATABASES: Text = Text::new(Some(c""));
static MAX_CONCURRENT_REQUESTS: GucSetting<i32> = GucSetting::<i32>::new(16);
static MAX_REQUESTS_PER_MINUTE: GucSetting<i32> = GucSetting::<i32>::new(0);
static REQUEST_TIMEOUT_MS: GucSetting<i32> = GucSetting::<i32>::new(60_000);
static MAX_RESPONSE_BYTES: GucSetting<i32> = GucSetting::<i32>::new(64 * 1024 * 1024);
static OVERLAP_S: GucSetting<i32> = GucSetting::<i32>::new(3 * 24 * 3600);
static TRANSCRIPT_RETRY_DAYS: GucSetting<i32> = GucSetting::<i32>::new(14);
static DETAIL_REREADS: Text = Text::new(Some(c"1 hour, 1 day, 3 days, 7 days, 30 days"));
static EVENT_RETENTION_S: GucSetting<i32> = GucSetting::<i32>::new(30 * 24 * 3600);
static SEARCH_INDEX: GucSetting<bool> = GucSetting::<bool>::new(true);
static RUN_RETENTION_S: GucSetting<i32> = GucSetting::<i32>::new(30 * 24 * 3600);
static TRUSTED_HOSTS: Text = Text::new(Some(c""));
static CA_FILE: Text = Text::new(Some(c""));
static PROXY: Text = Text::new(Some(c""));
static SECRET_KEY_FILE: Text = Text::new(Some(c""));
static TIMEZONE: Text = Text::new(Some(c"UTC"));
static CLOCK_OFFSET: Text = Text::new(Some(c"0"));

/// Defines the settings; called once from `_PG_init`.
pub fn define() {
    let none = GucFlags::default();
    let hidden = GucFlags::SUPERUSER_ONLY | GucFlags::NO_SHOW_ALL;
    GucRegistry::define_bool_guc(
        c"chorus_sync.enabled",
        c"Whether runs start by themselves.",
        c"A run under way goes on. chorus_sync() works in any case.",
        &ENABLED,
        GucContext::Suset,
        none,
    );
    GucRegistry::define_string_guc(
        c"chorus_sync.databases",
        c"Databases, separated by commas, in which runs start by themselves.",
        c"Empty: all but templates.",
        &DATABASES,
        GucContext::Sighup,
        none,
    );
    GucRegistry::define_int_guc(
        c"chorus_sync.max_concurrent_requests",
        c"How many requests to Chorus may be under way at once.",
        c"Per run. More is faster until Chorus complains.",
        &MAX_CONCURRENT_REQUESTS,
        1,
        64,
        GucContext::Suset,
        none,
    );
    GucRegistry::define_int_guc(
        c"chorus_sync.max_requests_per_minute",
        c"Caps the requests to Chorus per minute; 0 leaves the pace to what Chorus allows.",
        c"Chorus publishes no limit; what it answers with 429 is obeyed in any case.",
        &MAX_REQUESTS_PER_MINUTE,
        0,
        60_000,
        GucContext::Suset,
        none,
    );
    GucRegistry::define_int_guc(
        c"chorus_sync.request_timeout",
        c"How long one request may take, from connecting to the last byte.",
        c"A request over it is tried again a few times.",
        &REQUEST_TIMEOUT_MS,
        100,
        600_000,
        GucContext::Suset,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_int_guc(
        c"chorus_sync.max_response_bytes",
        c"The largest answer that is read, after decompression.",
        c"A larger one is recorded in chorus.problems and skipped.",
        &MAX_RESPONSE_BYTES,
        64 * 1024,
        1024 * 1024 * 1024,
        GucContext::Suset,
        GucFlags::UNIT_BYTE,
    );
    GucRegistry::define_int_guc(
        c"chorus_sync.overlap",
        c"How far behind the last run an incremental run lists again.",
        c"Chorus lists by meeting time, so calls appear behind any high-water mark.",
        &OVERLAP_S,
        3600,
        90 * 24 * 3600,
        GucContext::Suset,
        GucFlags::UNIT_S,
    );
    GucRegistry::define_int_guc(
        c"chorus_sync.transcript_retry_days",
        c"For how many days after the meeting an unfinished transcript is asked for again.",
        c"After that its state is failed.",
        &TRANSCRIPT_RETRY_DAYS,
        1,
        365,
        GucContext::Suset,
        none,
    );
    unsafe {
        GucRegistry::define_string_guc_with_hooks(
            c"chorus_sync.detail_rereads",
            c"At which ages of a meeting its detail is read again.",
            c"Up to 20 intervals, separated by commas, from a minute to a year. Edits need not show in the call list. Empty: never.",
            &DETAIL_REREADS,
            GucContext::Suset,
            none,
            Some(check_rereads),
            None,
            None,
        );
    }
    GucRegistry::define_int_guc(
        c"chorus_sync.event_retention",
        c"For how long events are kept in chorus.events, the change feed.",
        c"A reader that stays away for longer has to read the tables anew.",
        &EVENT_RETENTION_S,
        3600,
        10 * 365 * 24 * 3600,
        GucContext::Suset,
        GucFlags::UNIT_S,
    );
    GucRegistry::define_bool_guc(
        c"chorus_sync.search_index",
        c"Whether runs keep the index of chorus_search() up to date.",
        c"Off: what is said from now on is not found; the first run after it is on again makes up for it.",
        &SEARCH_INDEX,
        GucContext::Suset,
        none,
    );
    GucRegistry::define_int_guc(
        c"chorus_sync.run_retention",
        c"For how long runs are kept in chorus.runs.",
        c"Runs in which nothing changed are kept for a day at most.",
        &RUN_RETENTION_S,
        3600,
        10 * 365 * 24 * 3600,
        GucContext::Suset,
        GucFlags::UNIT_S,
    );
    GucRegistry::define_string_guc(
        c"chorus_sync.trusted_hosts",
        c"Hosts, separated by commas and without ports, that may be private and plain http.",
        c"For self-hosted tenants and tests. Every other base URL must be https and lead to a public address.",
        &TRUSTED_HOSTS, GucContext::Suset, none,
    );
    GucRegistry::define_string_guc(
        c"chorus_sync.ca_file",
        c"File with certificates, in PEM, that are trusted beside the system's.",
        c"Read by the server at each run.",
        &CA_FILE,
        GucContext::Suset,
        hidden,
    );
    GucRegistry::define_string_guc(
        c"chorus_sync.proxy",
        c"Proxy for requests to Chorus, such as http://proxy.example:3128.",
        c"Empty: none. The environment of the server is not looked at.",
        &PROXY,
        GucContext::Suset,
        hidden,
    );
    GucRegistry::define_string_guc(
        c"chorus_sync.secret_key_file",
        c"File with the key that seals the API keys.",
        c"Empty: chorus_sync.key in the data directory, made on first use with mode 0600.",
        &SECRET_KEY_FILE,
        GucContext::Suset,
        hidden,
    );
    unsafe {
        GucRegistry::define_string_guc_with_hooks(
            c"chorus_sync.timezone",
            c"Time zone in which cron schedules are meant.",
            c"A name of the IANA database such as Europe/Berlin.",
            &TIMEZONE,
            GucContext::Suset,
            none,
            Some(check_timezone),
            None,
            None,
        );
        GucRegistry::define_string_guc_with_hooks(
            c"chorus_sync.clock_offset",
            c"Added to every time that chorus_sync reads; for tests.",
            c"Seconds, or a number with a unit such as 3d or '-2 hours'.",
            &CLOCK_OFFSET,
            GucContext::Suset,
            GucFlags::NO_SHOW_ALL,
            Some(check_offset),
            None,
            None,
        );
    }
    // From here on a misspelt chorus_sync.* is refused instead of silently accepted.
    unsafe { pg_sys::MarkGUCPrefixReserved(c"chorus_sync".as_ptr()) };
}

fn text(setting: &Text) -> String {
    setting
        .get()
        .map(|value| value.to_string_lossy().trim().to_owned())
        .unwrap_or_default()
}

fn optional(setting: &Text) -> Option<String> {
    Some(text(setting)).filter(|value| !value.is_empty())
}

/// What is separated by commas.
fn list(setting: &Text) -> Vec<String> {
    let named = text(setting);
    let names = named.split(',').map(str::trim);
    let names = names.filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// The time by which everything is decided: the server's clock plus `chorus_sync.clock_offset`. To the microsecond, as
/// PostgreSQL keeps it: a window that was stored is asked for in the same words again.
pub fn now() -> DateTime<Utc> {
    by_our_clock(SystemTime::now())
}

/// A time of the system's clock by ours.
pub fn by_our_clock(time: SystemTime) -> DateTime<Utc> {
    let time = DateTime::<Utc>::from(time).trunc_subsecs(6);
    let offset = offset(&text(&CLOCK_OFFSET)).unwrap_or_default();
    time.checked_add_signed(offset).unwrap_or(time)
}

pub fn enabled() -> bool {
    ENABLED.get()
}

/// None is named: all but templates.
pub fn databases() -> Vec<String> {
    list(&DATABASES)
}

pub fn timezone() -> String {
    text(&TIMEZONE)
}

pub fn detail_rereads() -> Vec<TimeDelta> {
    rereads(&text(&DETAIL_REREADS)).unwrap_or_default()
}

pub fn event_retention() -> TimeDelta {
    TimeDelta::seconds(i64::from(EVENT_RETENTION_S.get()))
}

pub fn search_index() -> bool {
    SEARCH_INDEX.get()
}

pub fn run_retention() -> TimeDelta {
    TimeDelta::seconds(i64::from(RUN_RETENTION_S.get()))
}

pub fn trusted_hosts() -> Vec<String> {
    let mut hosts = list(&TRUSTED_HOSTS);
    hosts
        .iter_mut()
        .for_each(|host| host.make_ascii_lowercase());
    hosts
}

pub fn secret_key_file() -> Option<String> {
    optional(&SECRET_KEY_FILE)
}

pub fn overlap() -> TimeDelta {
    TimeDelta::seconds(i64::from(OVERLAP_S.get()))
}

pub fn transcript_retry() -> TimeDelta {
    TimeDelta::days(i64::from(TRANSCRIPT_RETRY_DAYS.get()))
}

pub fn max_concurrent_requests() -> usize {
    MAX_CONCURRENT_REQUESTS.get() as usize
}

/// What a client needs besides base URL, key and what was learnt of that key's pace. Reads `chorus_sync.ca_file`;
/// `F0000` if that fails.
pub fn client_config(
    base_url: chorus_client::BaseUrl,
    api_key: chorus_client::ApiKey,
    pace: &KeptPace,
) -> Result<chorus_client::Config> {
    let mut config = chorus_client::Config::new(base_url, api_key);
    config.wait = pace.wait(now());
    config.learnt_pace = pace.learnt();
    config.trusted_hosts = trusted_hosts();
    config.request_timeout = Duration::from_millis(REQUEST_TIMEOUT_MS.get() as u64);
    config.max_response_bytes = MAX_RESPONSE_BYTES.get() as usize;
    config.max_concurrent_requests = max_concurrent_requests();
    config.max_requests_per_minute = MAX_REQUESTS_PER_MINUTE.get() as u32;
    config.proxy = optional(&PROXY);
    config.user_agent = concat!("chorus_sync/", env!("CARGO_PKG_VERSION")).to_owned();
    if let Some(path) = optional(&CA_FILE) {
        let (content, _) = files::read(Path::new(&path)).map_err(|error| {
            Error::unusable_setting(
                format!("cannot read chorus_sync.ca_file \"{path}\": {error}"),
                "The file must be readable by the user that runs PostgreSQL.",
            )
        })?;
        config.ca_pem = Some(content.to_vec());
    }
    Ok(config)
}
