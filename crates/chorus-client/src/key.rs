//! The API key. It is wiped from memory when the last copy goes, and no `Debug`, `Display` or error shows it.

use std::fmt;

use bytes::Bytes;
use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

use crate::Error;

/// A token of a Chorus user, as made in Personal Settings, API Access. Copies share one buffer.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(Bytes);

impl ApiKey {
    /// Takes the key as people paste it: blanks around it and a leading `Bearer ` are dropped.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] if nothing is left, or if anything in it is not visible ASCII.
    pub fn new(pasted: &str) -> Result<ApiKey, Error> {
        let mut key = pasted.trim();
        if let Some((scheme, rest)) = key.split_once(char::is_whitespace)
            && scheme.eq_ignore_ascii_case("bearer")
        {
            key = rest.trim_start();
        }
        if key.is_empty() || key.eq_ignore_ascii_case("bearer") {
            return Err(Error::InvalidKey {
                problem: "is empty",
            });
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::InvalidKey {
                problem: "holds a blank or a character that is not plain ASCII",
            });
        }
        Ok(ApiKey(Bytes::from_owner(Zeroizing::new(
            key.as_bytes().to_vec(),
        ))))
    }

    /// The value of the `Authorization` header: the key alone, no scheme word. It shares the wiped buffer.
    pub(crate) fn header(&self) -> HeaderValue {
        let mut value = HeaderValue::from_maybe_shared(self.0.clone())
            .expect("visible ASCII is a valid header value");
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_scheme_word_and_blanks_are_dropped() {
        for pasted in ["abc123", "  abc123\n", "Bearer abc123", "bearer   abc123 "] {
            assert_eq!(ApiKey::new(pasted).unwrap().header(), "abc123");
        }
    }

    #[test]
    fn what_cannot_be_a_key_is_refused() {
        for pasted in [
            "",
            "  ",
            "Bearer ",
            "abc 123",
            "abc\u{e9}",
            "abc\r\nHost: x",
            "abc\u{0}",
        ] {
            assert!(
                matches!(ApiKey::new(pasted), Err(Error::InvalidKey { .. })),
                "{pasted:?}"
            );
        }
    }

    #[test]
    fn the_key_is_never_shown() {
        let key = ApiKey::new("s3cret").unwrap();
        let shown = format!("{key} {key:?} {:?}", key.header());
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
