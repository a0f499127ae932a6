//! What an answer means before anything is read from it: section 2 of the wire reference, F1 to F19.
//!
//! It decides by status and envelope only. Nothing of a body but a fault's own words (cut short) ends up in an error.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, LOCATION, RETRY_AFTER};

use crate::BaseUrl;
use crate::error::{Error, one_line};
use crate::lenient;
use crate::wire::document::{Fault, Faults};

/// What was asked.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub route: &'static str,
    pub base_url: &'a BaseUrl,
    /// The route names one record, so that 404 is about the record and not about the path.
    pub of_record: bool,
    /// This server has answered as the API before.
    pub in_contact: bool,
}

/// The error that a status other than 200 stands for. `body` may be cut short.
pub(crate) fn error(asked: Asked, status: StatusCode, headers: &HeaderMap, body: &str) -> Error {
    let route = asked.route;
    if status.is_redirection() {
        return Error::Redirected {
            route,
            to_host: target_host(asked.base_url, headers),
        };
    }
    let faults = faults(body);
    let fault = faults.first().cloned().unwrap_or_default();
    by_status(
        asked,
        status.as_u16(),
        &fault,
        retry_after(headers),
        is_html(headers, body),
    )
}

fn by_status(
    asked: Asked,
    status: u16,
    fault: &Fault,
    retry_after: Option<Duration>,
    html: bool,
) -> Error {
    let route = asked.route;
    match status {
        401 => Error::InvalidCredentials {
            zoominfo: fault.code.as_deref() == Some("ZI0001"),
        },
        403 => Error::Forbidden {
            route,
            detail: words(fault, "the role of its user lacks this right"),
        },
        404 | 410 if !asked.in_contact && (!asked.of_record || html) => Error::WrongBaseUrl {
            base_url: asked.base_url.to_string(),
            problem: format!("it has no {route} ({status})"),
        },
        404 | 410 => Error::NotFound { route },
        408 => Error::ServerFault { route, status },
        409 | 425 => Error::NotYet { route, status },
        429 | 503 => Error::RateLimited { route, retry_after },
        400..=499 => Error::BadRequest {
            route,
            status,
            detail: words(fault, "no reason given"),
            source_parameter: fault
                .source
                .as_ref()
                .and_then(|source| source.parameter.clone().or_else(|| source.pointer.clone()))
                .map(|source| one_line(&source)),
        },
        500..=599 => Error::ServerFault { route, status },
        _ => Error::Unexpected {
            route,
            what: format!("status {status}"),
        },
    }
}

/// F12: the web app answered.
pub(crate) fn check_not_html(asked: Asked, headers: &HeaderMap, body: &str) -> Result<(), Error> {
    if is_html(headers, body) {
        let problem = "it answers with a web page".to_owned();
        return Err(Error::WrongBaseUrl {
            base_url: asked.base_url.to_string(),
            problem,
        });
    }
    Ok(())
}

/// F13, F14: a 200 without what the route promises. If it carries faults, what their status stands for.
pub(crate) fn nothing_in(asked: Asked, body: &str, missing: &str) -> Error {
    let faults = faults(body);
    let Some(fault) = faults.first() else {
        return Error::Unexpected {
            route: asked.route,
            what: format!("no {missing} in it"),
        };
    };
    match fault
        .status
        .and_then(|status| u16::try_from(status).ok())
        .filter(|status| *status >= 400)
    {
        Some(status) => by_status(asked, status, fault, None, false),
        None => Error::Unexpected {
            route: asked.route,
            what: words(fault, "an error without a reason"),
        },
    }
}

fn faults(body: &str) -> Vec<Fault> {
    lenient::from_json::<Faults>(body)
        .map(|faults| faults.errors)
        .unwrap_or_default()
}

fn words(fault: &Fault, otherwise: &str) -> String {
    one_line(
        fault
            .detail
            .as_deref()
            .or(fault.title.as_deref())
            .unwrap_or(otherwise),
    )
}

fn is_html(headers: &HeaderMap, body: &str) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    kind.trim_start()
        .to_ascii_lowercase()
        .starts_with("text/html")
        || body.trim_start().starts_with('<')
}

/// Only the host of where a redirect points: the rest may hold what was asked.
fn target_host(base_url: &BaseUrl, headers: &HeaderMap) -> String {
    let target = headers
        .get(LOCATION)
        .and_then(|target| target.to_str().ok());
    let here = url::Url::parse(base_url.as_str()).ok();
    let target = target
        .zip(here)
        .and_then(|(target, here)| here.join(target).ok());
    one_line(
        target
            .as_ref()
            .and_then(url::Url::host_str)
            .unwrap_or("nowhere"),
    )
}

/// `Retry-After` as seconds or as a date (by the server's own clock, if it tells), else `RateLimit-Reset` in seconds.
/// Whoever waits applies a cap.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    };
    let seconds = |text: &str| {
        text.parse()
            .ok()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    };
    if let Some(asked) = text(RETRY_AFTER.as_str()) {
        let until_date = || {
            let now = text(DATE.as_str()).and_then(|date| httpdate::parse_http_date(date).ok());
            let at = httpdate::parse_http_date(asked).ok()?;
            Some(
                at.duration_since(now.unwrap_or_else(SystemTime::now))
                    .unwrap_or_default(),
            )
        };
        if let Some(wait) = seconds(asked).or_else(until_date) {
            return Some(wait);
        }
    }
    text("ratelimit-reset").and_then(seconds)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn retry_after_is_understood_in_every_form() {
        fn seconds(pairs: &[(&'static str, &'static str)]) -> Option<f64> {
            retry_after(&headers(pairs)).map(|wait| wait.as_secs_f64())
        }
        assert_eq!(seconds(&[("retry-after", "30")]), Some(30.0));
        assert_eq!(seconds(&[("retry-after", " 1.5 ")]), Some(1.5));
        assert_eq!(
            seconds(&[("retry-after", "99999999999")]),
            Some(99_999_999_999.0)
        );
        let now = ("date", "Wed, 21 Oct 2015 07:28:00 GMT");
        assert_eq!(
            seconds(&[("retry-after", "Wed, 21 Oct 2015 07:29:10 GMT"), now]),
            Some(70.0)
        );
        assert_eq!(
            seconds(&[("retry-after", "Wed, 21 Oct 2015 07:00:00 GMT"), now]),
            Some(0.0)
        );
        assert_eq!(seconds(&[("ratelimit-reset", "12")]), Some(12.0));
        for nonsense in ["", "soon", "-5", "NaN", "1e400"] {
            assert_eq!(seconds(&[("retry-after", nonsense)]), None, "{nonsense}");
        }
    }
}
