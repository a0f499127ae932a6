//! The query string of a request. Unknown parameters are kept and never complained about.

use chrono::{DateTime, NaiveDate, Utc};
use url::form_urlencoded;

#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(raw: &str) -> Query {
        Query(
            form_urlencoded::parse(raw.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn flag(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    /// A comma list.
    pub fn list(&self, name: &str) -> Option<Vec<&str>> {
        self.get(name)
            .map(|value| value.split(',').map(str::trim).collect())
    }

    /// A parameter read as something; `Err` names the parameter when it cannot be.
    pub fn read<'a, T>(
        &self,
        name: &'a str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, &'a str> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or(name),
        }
    }
}

/// ISO 8601 with any offset, or a day.
pub fn time(text: &str) -> Option<DateTime<Utc>> {
    // A plus sign that was not percent-encoded arrives as a blank.
    DateTime::parse_from_rfc3339(&text.replace(' ', "+"))
        .map(|time| time.to_utc())
        .ok()
        .or_else(|| {
            Some(
                NaiveDate::parse_from_str(text, "%Y-%m-%d")
                    .ok()?
                    .and_hms_opt(0, 0, 0)?
                    .and_utc(),
            )
        })
}

/// Epoch seconds of ISO 8601.
pub fn epoch(text: &str) -> Option<f64> {
    time(text).map(|time| time.timestamp_micros() as f64 / 1e6)
}

/// `<from>:<to>`, two times that hold colons themselves, `*` for an open side.
pub fn range(text: &str) -> Option<[Option<DateTime<Utc>>; 2]> {
    let side = |text: &str| match text {
        "*" => Some(None),
        text => time(text).map(Some),
    };
    text.match_indices(':')
        .find_map(|(colon, _)| Some([side(&text[..colon])?, side(&text[colon + 1..])?]))
}
