//! Moments and lengths of time. What is absurd counts as absent, so that later arithmetic cannot overflow.

use std::marker::PhantomData;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc};
use serde::de::{DeserializeSeed, Deserializer, Visitor};

use super::{Lenient, absent};

/// A moment between 1970 and 2200, to the microsecond: ISO 8601 text (UTC when it names no offset) or epoch seconds.
impl Lenient for DateTime<Utc> {
    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<Option<DateTime<Utc>>, D::Error> {
        struct Moment;
        impl<'de> Visitor<'de> for Moment {
            type Value = Option<DateTime<Utc>>;
            absent!(null bool array object);
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(moment_from_text(text.trim()))
            }
            fn visit_i64<E>(self, seconds: i64) -> Result<Self::Value, E> {
                Ok(moment_from_micros(seconds.checked_mul(1_000_000)))
            }
            fn visit_u64<E>(self, seconds: u64) -> Result<Self::Value, E> {
                Ok(moment_from_micros(
                    i64::try_from(seconds)
                        .ok()
                        .and_then(|seconds| seconds.checked_mul(1_000_000)),
                ))
            }
            fn visit_f64<E>(self, seconds: f64) -> Result<Self::Value, E> {
                Ok(moment_from_seconds(seconds))
            }
        }
        json.deserialize_any(Moment)
    }
}

fn moment_from_seconds(seconds: f64) -> Option<DateTime<Utc>> {
    // `as` saturates, and saturated values fall out of the range of years.
    moment_from_micros(seconds.is_finite().then(|| (seconds * 1e6).round() as i64))
}

fn moment_from_micros(micros: Option<i64>) -> Option<DateTime<Utc>> {
    sane(DateTime::from_timestamp_micros(micros?)?)
}

fn moment_from_text(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return moment_from_micros(Some(moment.timestamp_micros()));
    }
    if let Ok(moment) = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z") {
        return moment_from_micros(Some(moment.timestamp_micros()));
    }
    for form in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"] {
        if let Ok(moment) = NaiveDateTime::parse_from_str(text, form) {
            return moment_from_micros(Some(moment.and_utc().timestamp_micros()));
        }
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return sane(day.and_hms_opt(0, 0, 0)?.and_utc());
    }
    moment_from_seconds(text.parse().ok()?)
}

fn sane(moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (1970..=2200).contains(&moment.year()).then_some(moment)
}

/// Reads a length of time or an offset in seconds: neither negative nor longer than thirty years.
pub(crate) struct Seconds<T>(PhantomData<T>);

impl<T> Seconds<T> {
    pub(crate) fn new() -> Seconds<T> {
        Seconds(PhantomData)
    }
}

impl<'de> DeserializeSeed<'de> for Seconds<Option<f64>> {
    type Value = Option<f64>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Option<f64>, D::Error> {
        Ok(f64::read(json)?.filter(|seconds| (0.0..1e9).contains(seconds)))
    }
}

impl<'de> DeserializeSeed<'de> for Seconds<f64> {
    type Value = f64;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<f64, D::Error> {
        Ok(Seconds::<Option<f64>>::new()
            .deserialize(json)?
            .unwrap_or_default())
    }
}
