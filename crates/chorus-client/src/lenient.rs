//! Reading JSON whose members may be null, missing, unknown or of another type.
//!
//! Reading never fails over a value's type: what cannot be read as asked counts as absent. Only broken JSON is an error.
//! Values that are not wanted are skipped in place; nothing is buffered, which is why serde's `flatten` and `untagged`
//! are not used.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, Visitor};

mod time;
mod values;

pub(crate) use time::Seconds;

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

/// What is not wanted, skipped.
impl Member for IgnoredAny {
    fn member<'de, D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_ignored_any(IgnoredAny)
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
