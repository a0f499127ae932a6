//! The base URL of a tenant: where, and only where, requests go.
//!
//! Parsing settles what can be settled without the network. What a name resolves to is checked when it is resolved.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use crate::address;

/// `https://host[:port][/prefix]`, normalised: no trailing slash, query or fragment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    text: String,
    origin: String,
    host: String,
}

/// Why a base URL was not accepted. The first kind is a slip (SQLSTATE 22023), the second a matter of permission (42501).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Not a URL of the form `https://host[:port][/prefix]`.
    #[error("not a usable base URL: {0}")]
    Malformed(String),
    /// Plain http, or an address that is not public, and the host is not trusted.
    #[error("{0}")]
    NotAllowed(String),
}

impl BaseUrl {
    /// Parses what people type. Hosts in `trusted_hosts` (without ports) may be plain http, private or loopback.
    pub fn parse(typed: &str, trusted_hosts: &[String]) -> Result<BaseUrl, BaseUrlError> {
        let malformed = |problem: &str| BaseUrlError::Malformed(problem.to_owned());
        let url =
            Url::parse(typed.trim()).map_err(|error| BaseUrlError::Malformed(error.to_string()))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(malformed("it must begin with https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(malformed("it must not hold a user name or password"));
        }
        let (host, port) = match (url.host(), url.port_or_known_default()) {
            (Some(host), Some(port)) => (host, port),
            _ => return Err(malformed("it has no host")),
        };
        let name = host.to_string();
        check_host(&url, &host, address::is_trusted(&name, trusted_hosts))?;
        let shown_port = url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        let prefix = url.path().trim_end_matches('/');
        Ok(BaseUrl {
            text: format!("{}://{name}{shown_port}{prefix}", url.scheme()),
            origin: format!("{}://{name}:{port}", url.scheme()),
            host: name,
        })
    }

    /// The normalised URL, without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `scheme://host:port`, the port always spelt out: two URLs with the same origin are the same server.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host: a name in lower case, or an address (IPv6 in brackets).
    pub fn host(&self) -> &str {
        &self.host
    }
}

fn check_host(url: &Url, host: &Host<&str>, trusted: bool) -> Result<(), BaseUrlError> {
    let literal = match host {
        Host::Ipv4(v4) => Some(IpAddr::V4(*v4)),
        Host::Ipv6(v6) => Some(IpAddr::V6(*v6)),
        Host::Domain(_) => None,
    };
    if literal.is_some_and(address::is_link_local) {
        return Err(BaseUrlError::NotAllowed(format!(
            "{host} is a link-local address, which is never contacted"
        )));
    }
    if trusted {
        return Ok(());
    }
    if literal.is_some_and(|ip| !address::is_public(ip)) || is_this_machine(host) {
        return Err(BaseUrlError::NotAllowed(format!(
            "{host} is not a public address and not a trusted host"
        )));
    }
    if url.scheme() == "http" {
        return Err(BaseUrlError::NotAllowed(format!(
            "plain http is only for trusted hosts, and {host} is not one"
        )));
    }
    Ok(())
}

/// Names that mean loopback wherever they are resolved.
fn is_this_machine(host: &Host<&str>) -> bool {
    matches!(host, Host::Domain(name) if {
        let name = name.trim_end_matches('.');
        name == "localhost" || name.ends_with(".localhost")
    })
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(typed: &str) -> Result<BaseUrl, BaseUrlError> {
        BaseUrl::parse(
            typed,
            &[
                "tenant.internal".to_owned(),
                "127.0.0.1".to_owned(),
                "::1".to_owned(),
                "169.254.1.1".to_owned(),
            ],
        )
    }

    #[test]
    fn a_prefix_is_kept_and_the_rest_normalised() {
        let base = parse(" https://Chorus.AI/eu//?x=1#y ").unwrap();
        assert_eq!(
            (base.as_str(), base.origin(), base.host()),
            ("https://chorus.ai/eu", "https://chorus.ai:443", "chorus.ai")
        );
        assert_eq!(
            parse("https://chorus.ai").unwrap(),
            parse("https://chorus.ai:443/").unwrap()
        );
        assert_eq!(
            parse("http://127.0.0.1:8080/").unwrap().as_str(),
            "http://127.0.0.1:8080"
        );
        assert_eq!(
            parse("http://[::1]:8080").unwrap().origin(),
            "http://[::1]:8080"
        );
    }

    #[test]
    fn slips_are_malformed() {
        for typed in [
            "",
            "chorus.ai",
            "ftp://chorus.ai",
            "https://",
            "https://user:pw@chorus.ai",
            "https://user@chorus.ai",
            "file:///etc/passwd",
        ] {
            assert!(
                matches!(parse(typed), Err(BaseUrlError::Malformed(_))),
                "{typed}"
            );
        }
    }

    #[test]
    fn plain_http_and_private_addresses_need_trust() {
        for typed in [
            "http://chorus.ai",
            "https://10.0.0.1",
            "https://192.168.1.1:8443",
            "https://0x0a.1/x",
            "https://167772161",
            "https://localhost",
            "https://a.localhost.",
            "https://[fd00::1]",
            "https://[::ffff:10.0.0.1]",
            "https://0.0.0.0",
        ] {
            assert!(
                matches!(parse(typed), Err(BaseUrlError::NotAllowed(_))),
                "{typed}"
            );
        }
        assert!(parse("http://tenant.internal:8080").is_ok());
    }

    #[test]
    fn link_local_is_refused_even_when_trusted() {
        assert!(matches!(
            parse("http://169.254.1.1"),
            Err(BaseUrlError::NotAllowed(_))
        ));
    }
}
