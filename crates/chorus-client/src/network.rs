//! The connection to the one server of a client: TLS, proxy, name lookup, and what its failures mean.
//!
//! A name is looked up once per connection, the addresses that [`crate::address`] refuses are dropped, and the
//! connection goes to one of the rest: there is no second lookup that could answer something else. Redirects are not
//! followed. The environment's proxy variables are ignored. No message repeats a URL.

use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Proxy, redirect};

use crate::address;
use crate::config::Config;
use crate::error::{Error, UnreachableKind, one_line};

/// The HTTP client for `config`. It knows no key and sends nothing by itself.
///
/// # Errors
/// [`Error::InvalidConfig`] if the certificates, the proxy or the user agent cannot be used.
pub(crate) fn connect(config: &Config) -> Result<reqwest::Client, Error> {
    let unusable = |what: &str, error: reqwest::Error| Error::InvalidConfig {
        problem: one_line(&format!(
            "the {what} cannot be used: {}",
            causes(&error.without_url())
        )),
    };
    let mut trusted_hosts = config.trusted_hosts.clone();
    let mut builder = reqwest::Client::builder()
        .use_rustls_tls()
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .user_agent(&config.user_agent)
        .connect_timeout(config.connect_timeout)
        .pool_max_idle_per_host(config.max_concurrent_requests);
    if let Some(pem) = &config.ca_pem {
        let certificates =
            Certificate::from_pem_bundle(pem).map_err(|error| unusable("certificates", error))?;
        if certificates.is_empty() {
            return Err(Error::InvalidConfig {
                problem: "the certificate file holds no certificate".to_owned(),
            });
        }
        for certificate in certificates {
            builder = builder.add_root_certificate(certificate);
        }
    }
    if let Some(proxy) = &config.proxy {
        // Whoever may set a proxy may name a private host; the proxy then looks up the server's name itself.
        trusted_hosts.extend(
            url::Url::parse(proxy)
                .ok()
                .and_then(|url| url.host_str().map(str::to_owned)),
        );
        builder = builder.proxy(Proxy::all(proxy).map_err(|error| unusable("proxy", error))?);
    }
    builder
        .dns_resolver(Arc::new(PublicOnly {
            trusted_hosts: trusted_hosts.into(),
        }))
        .build()
        .map_err(|error| unusable("network settings", error))
}

/// Looks names up and keeps the addresses that may be contacted.
struct PublicOnly {
    trusted_hosts: Arc<[String]>,
}

/// Why a name gave no address to connect to.
#[derive(Debug, thiserror::Error)]
enum NoAddress {
    #[error("the name cannot be resolved: {0}")]
    Unknown(io::Error),
    #[error("none of its addresses may be contacted")]
    NotAllowed { host: String },
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let trusted = address::is_trusted(name.as_str(), &self.trusted_hosts);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0))
                .await
                .map_err(NoAddress::Unknown)?;
            let allowed: Vec<SocketAddr> = found
                .filter(|found| address::is_allowed(found.ip(), trusted))
                .collect();
            if allowed.is_empty() {
                return Err(NoAddress::NotAllowed {
                    host: name.as_str().to_owned(),
                }
                .into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// What a failure to get an answer means.
pub(crate) fn unreachable(route: &'static str, error: reqwest::Error) -> Error {
    let error = error.without_url();
    let mut kind = None;
    let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
    while let Some(this) = cause {
        match this.downcast_ref::<NoAddress>() {
            Some(NoAddress::NotAllowed { host }) => {
                return Error::AddressNotAllowed { host: host.clone() };
            }
            Some(NoAddress::Unknown(_)) => kind = Some(UnreachableKind::Dns),
            None => {}
        }
        kind = kind.or_else(|| this.downcast_ref::<io::Error>().and_then(kind_of_io));
        cause = cause_of(this);
    }
    let message = causes(&error);
    let kind = match kind {
        // Decompression reports broken data in the same way.
        Some(UnreachableKind::Tls) if !error.is_connect() => UnreachableKind::Reset,
        Some(kind) => kind,
        None if error.is_timeout() => UnreachableKind::Timeout,
        None if error.is_connect() => UnreachableKind::Other,
        None => UnreachableKind::Reset,
    };
    Error::Unreachable {
        route,
        kind,
        message: one_line(&message),
    }
}

/// What lies behind an error. An I/O error that wraps another one would otherwise skip it.
fn cause_of<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

fn kind_of_io(error: &io::Error) -> Option<UnreachableKind> {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::ConnectionRefused => Some(UnreachableKind::Refused),
        ErrorKind::TimedOut => Some(UnreachableKind::Timeout),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => Some(UnreachableKind::Reset),
        // How rustls reports a certificate or an answer that it does not accept.
        ErrorKind::InvalidData => Some(UnreachableKind::Tls),
        _ => None,
    }
}

/// An error with its causes, from general to particular.
fn causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(this) = cause {
        let particular = this.to_string();
        if !text.ends_with(&particular) {
            text = format!("{text}: {particular}");
        }
        cause = this.source();
    }
    text
}
