//! What a [`Client`](crate::Client) needs to know before its first request. Plain values; nothing is read from anywhere.

use std::fmt;
use std::time::Duration;

use crate::{ApiKey, BaseUrl, LearntPace};

/// Settings of a client. [`Config::new`] fills in what a sync of one tenant wants.
#[derive(Clone)]
pub struct Config {
    /// The only server that is contacted.
    pub base_url: BaseUrl,
    /// Sent with every request, to that server only.
    pub api_key: ApiKey,
    /// Hosts (without ports) that may have a private address. The same list that the base URL was parsed with.
    pub trusted_hosts: Vec<String>,
    /// Longest time for one try, from sending to the last byte. Default 60 s.
    pub request_timeout: Duration,
    /// Longest time for name lookup, TCP and TLS together. Default 10 s.
    pub connect_timeout: Duration,
    /// Largest answer, in bytes after decompression. Default 64 MiB.
    pub max_response_bytes: usize,
    /// What the answers in flight may hold together, in bytes; one larger than that runs alone. Default 32 MiB.
    pub inflight_bytes: usize,
    /// Requests under way at the same time. Default 16, at least 1.
    pub max_concurrent_requests: usize,
    /// Requests are spaced so that no minute sees more. Default 0: no such limit.
    pub max_requests_per_minute: u32,
    /// What an earlier client of this key has learnt. Default: nothing, so that only the two limits above hold.
    pub learnt_pace: Option<LearntPace>,
    /// Nothing is sent for so long: a wait that an earlier client was asked for and did not live to keep. At most an hour.
    pub wait: Option<Duration>,
    /// Further trusted certificate authorities, PEM, one or several.
    pub ca_pem: Option<Vec<u8>>,
    /// `http://host:port` of a proxy. The environment's proxy variables are not looked at.
    pub proxy: Option<String>,
    /// Value of the `User-Agent` header.
    pub user_agent: String,
}

impl Config {
    /// A configuration with the defaults named at each member.
    pub fn new(base_url: BaseUrl, api_key: ApiKey) -> Config {
        Config {
            base_url,
            api_key,
            trusted_hosts: Vec::new(),
            request_timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
            max_response_bytes: 64 << 20,
            inflight_bytes: 32 << 20,
            max_concurrent_requests: 16,
            max_requests_per_minute: 0,
            learnt_pace: None,
            wait: None,
            ca_pem: None,
            proxy: None,
            user_agent: concat!("chorus_sync/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Without the key, and without the proxy, whose URL may hold a password.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
