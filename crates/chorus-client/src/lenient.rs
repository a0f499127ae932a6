//! Reading JSON whose members may be null, missing, unknown or of another type.
//!
//! Reading never fails over a value's type: what cannot be read as asked counts as absent. Only broken JSON is an error.
//! Values that are not wanted are skipped in place; nothing is buffered, which is why serde's `flatten` and `untagged`
//! are not used.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;

/// Something that can be read from any JSON value, or be absent.
pub(crate) trait Lenient: Sized {
    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Self>, D::Error>;
}

/// A member of a record: what `read` found, or the type's idea of nothing.
pub(crate) trait Member: Sized {
    fn member<'de, D: Deserializer<'de>>(json: D) -> Result<Self, D::Error>;
}

impl<T: Lenient> Member for Option<T> {
    fn member<'de, D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        T::read(json)
    }
}

/// Members that are never absent: nothing is their default.
macro_rules! never_absent {
    ($($type:ty),*) => {$(
        impl Member for $type {
            fn member<'de, D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
                Ok(<$type as Lenient>::read(json)?.unwrap_or_default())
            }
        }
    )*};
}
never_absent!(String, bool, i64, f64);

impl<T: Lenient> Member for Vec<T> {
    fn member<'de, D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        Ok(<Vec<T> as Lenient>::read(json)?.unwrap_or_default())
    }
}

/// Lets serde hand a value to [`Member::member`].
pub(crate) struct Read<T>(PhantomData<T>);

impl<T> Read<T> {
    pub(crate) fn new() -> Read<T> {
        Read(PhantomData)
    }
}

impl<'de, T: Member> DeserializeSeed<'de> for Read<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<T, D::Error> {
        T::member(json)
    }
}

/// The name of a member, borrowed from the body unless it holds escapes.
pub(crate) struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// The methods of a [`Visitor`] for the kinds of JSON value that a type does not want.
macro_rules! absent {
    ($($kind:ident)*) => {
        fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
            f.write_str("any value")
        }
        $($crate::lenient::absent!(@$kind);)*
    };
    (@bool) => { fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> { Ok(None) } };
    (@number) => {
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> { Ok(None) }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> { Ok(None) }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> { Ok(None) }
    };
    (@text) => { fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> { Ok(None) } };
    (@null) => { fn visit_unit<E>(self) -> Result<Self::Value, E> { Ok(None) } };
    (@array) => {
        fn visit_seq<Array: serde::de::SeqAccess<'de>>(self, mut array: Array) -> Result<Self::Value, Array::Error> {
            while array.next_element::<serde::de::IgnoredAny>()?.is_some() {}
            Ok(None)
        }
    };
    (@object) => {
        fn visit_map<Object: serde::de::MapAccess<'de>>(self, mut object: Object) -> Result<Self::Value, Object::Error> {
            while object.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {}
            Ok(None)
        }
    };
}
pub(crate) use absent;

/// Text; numbers and truth values become text, since ids come as either. Empty text is absent.
impl Lenient for String {
    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<Option<String>, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Option<String>;
            absent!(null array object);
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok((!text.is_empty()).then(|| text.to_owned()))
            }
            fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
                Ok(Some(truth.to_string()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Some(number.to_string()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Some(number.to_string()))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Some(number.to_string()))
            }
        }
        json.deserialize_any(Text)
    }
}

/// A finite number, or text that is one.
impl Lenient for f64 {
    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<Option<f64>, D::Error> {
        struct Number;
        impl<'de> Visitor<'de> for Number {
            type Value = Option<f64>;
            absent!(null array object);
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(text
                    .trim()
                    .parse()
                    .ok()
                    .filter(|number: &f64| number.is_finite()))
            }
            fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
                Ok(Some(f64::from(u8::from(truth))))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Some(number as f64))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Some(number as f64))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Some(number).filter(|number| number.is_finite()))
            }
        }
        json.deserialize_any(Number)
    }
}

/// A whole number, or a fraction without a fractional part, or text that is one.
impl Lenient for i64 {
    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<Option<i64>, D::Error> {
        struct Whole;
        impl<'de> Visitor<'de> for Whole {
            type Value = Option<i64>;
            absent!(null array object);
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                let text = text.trim();
                Ok(text
                    .parse()
                    .ok()
                    .or_else(|| text.parse().ok().and_then(whole)))
            }
            fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
                Ok(Some(i64::from(truth)))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Some(number))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(number.try_into().ok())
            }
            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                Ok(whole(number))
            }
        }
        json.deserialize_any(Whole)
    }
}

/// A float as a whole number, where a float can still tell whole numbers apart.
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < (1_i64 << 53) as f64).then_some(number as i64)
}

/// A truth value, or the numbers and words that stand for one.
impl Lenient for bool {
    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<Option<bool>, D::Error> {
        struct Truth;
        impl<'de> Visitor<'de> for Truth {
            type Value = Option<bool>;
            absent!(null array object);
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(match text.trim().to_ascii_lowercase().as_str() {
                    "true" | "t" | "yes" | "1" => Some(true),
                    "false" | "f" | "no" | "0" => Some(false),
                    _ => None,
                })
            }
            fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
                Ok(Some(truth))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Some(number != 0))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Some(number != 0))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Some(number != 0.0))
            }
        }
        json.deserialize_any(Truth)
    }
}

/// The elements that can be read; the others are left out.
impl<T: Lenient> Lenient for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Vec<T>>, D::Error> {
        struct Elements<T>(PhantomData<T>);
        impl<'de, T: Lenient> Visitor<'de> for Elements<T> {
            type Value = Option<Vec<T>>;
            absent!(null bool number text object);
            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = array.next_element_seed(Read::<Option<T>>::new())? {
                    elements.extend(element);
                }
                Ok(Some(elements))
            }
        }
        json.deserialize_any(Elements(PhantomData))
    }
}

/// Any JSON but null.
impl Lenient for Value {
    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Value>, D::Error> {
        let value: Value = serde::Deserialize::deserialize(json)?;
        Ok((!value.is_null()).then_some(value))
    }
}

/// What is not wanted, skipped.
impl Member for IgnoredAny {
    fn member<'de, D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_ignored_any(IgnoredAny)
    }
}

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

/// Declares a struct together with how its members are read: `member: type = "wire name" | "other name"`, with `in Seconds`
/// behind it for times in seconds.
/// With `..extra` every member that is not named (and not listed after `drop`) is kept there as JSON, unless null.
macro_rules! record {
    (
        $(#[$meta:meta])* pub struct $record:ident {
            $($(#[$doc:meta])* pub $member:ident: $type:ty = $wire:literal $(| $other:literal)* $(in $unit:ident)?,)*
            $(; $(#[$extra_doc:meta])* pub ..$extra:ident $(drop $($dropped:literal),+)?)?
        }
    ) => {
        $(#[$meta])*
        pub struct $record {
            $($(#[$doc])* pub $member: $type,)*
            $($(#[$extra_doc])* pub $extra: serde_json::Map<String, serde_json::Value>,)?
        }

        impl $crate::lenient::Lenient for $record {
            fn read<'de, D: serde::Deserializer<'de>>(json: D) -> Result<Option<Self>, D::Error> {
                struct Members;
                impl<'de> serde::de::Visitor<'de> for Members {
                    type Value = Option<$record>;
                    $crate::lenient::absent!(null bool number text array);
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
                        let mut record = $record::default();
                        while let Some(name) = object.next_key_seed($crate::lenient::Name)? {
                            match &*name {
                                $($wire $(| $other)* => {
                                    record.$member = object.next_value_seed($crate::lenient::seed!($type $(, $unit)?))?;
                                })*
                                $($($($dropped)|+ => { object.next_value::<serde::de::IgnoredAny>()?; })?)?
                                $(_ => {
                                    if let Some(value) = object.next_value_seed($crate::lenient::Read::<Option<serde_json::Value>>::new())? {
                                        record.$extra.insert(name.into_owned(), value);
                                    }
                                })?
                                #[allow(unreachable_patterns)]
                                _ => { object.next_value::<serde::de::IgnoredAny>()?; }
                            }
                        }
                        Ok(Some(record))
                    }
                }
                json.deserialize_any(Members)
            }
        }

        impl $crate::lenient::Member for $record {
            fn member<'de, D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
                Ok(<Self as $crate::lenient::Lenient>::read(json)?.unwrap_or_default())
            }
        }

        impl $crate::fingerprint::Fingerprint for $record {
            fn absorb(&self, into: &mut $crate::fingerprint::Hasher) {
                $(self.$member.absorb(into);)*
                $(self.$extra.absorb(into);)?
            }
        }
    };
}
pub(crate) use record;

macro_rules! seed {
    ($type:ty) => {
        $crate::lenient::Read::<$type>::new()
    };
    ($type:ty, $unit:ident) => {
        $crate::lenient::$unit::<$type>::new()
    };
}
pub(crate) use seed;

/// Reads one JSON text.
///
/// # Errors
/// Only if it is not JSON.
pub(crate) fn from_json<T: Member>(json: &str) -> Result<T, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let value = T::member(&mut reader)?;
    reader.end()?;
    Ok(value)
}
