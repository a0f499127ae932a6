//! 64-bit fingerprints that tell whether content changed.
//!
//! They depend on content only: not on the order of an object's members, not on how a number is written (`2`, `2.0`,
//! `20e-1`), and not on members that are null. They are not secret and withstand no attacker; equal content always gives
//! equal fingerprints, on every machine.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64_with_seed};

use crate::lenient::Name;

/// What fingerprints are gathered in.
pub(crate) struct Hasher(Xxh3Default);

impl Hasher {
    /// A kind of content and its size, so that neighbouring values do not run into one another.
    fn mark(&mut self, kind: u8, size: u64) {
        let mut mark = [kind; 9];
        mark[1..].copy_from_slice(&size.to_le_bytes());
        self.0.update(&mark);
    }
}

/// Content that can be fingerprinted after it was decoded.
pub(crate) trait Fingerprint {
    fn absorb(&self, into: &mut Hasher);
}

/// The fingerprint of decoded content.
pub(crate) fn of(content: &impl Fingerprint) -> u64 {
    let mut hasher = Hasher(Xxh3Default::new());
    content.absorb(&mut hasher);
    hasher.0.digest()
}

impl Fingerprint for str {
    fn absorb(&self, into: &mut Hasher) {
        into.mark(b's', self.len() as u64);
        into.0.update(self.as_bytes());
    }
}

impl Fingerprint for String {
    fn absorb(&self, into: &mut Hasher) {
        self.as_str().absorb(into);
    }
}

impl Fingerprint for i64 {
    fn absorb(&self, into: &mut Hasher) {
        into.mark(b'i', *self as u64);
    }
}

impl Fingerprint for f64 {
    fn absorb(&self, into: &mut Hasher) {
        into.mark(b'f', (self + 0.0).to_bits());
    }
}

impl Fingerprint for bool {
    fn absorb(&self, into: &mut Hasher) {
        into.mark(b'b', u64::from(*self));
    }
}

impl Fingerprint for DateTime<Utc> {
    fn absorb(&self, into: &mut Hasher) {
        self.timestamp_micros().absorb(into);
    }
}

impl<A: Fingerprint, B: Fingerprint> Fingerprint for (A, B) {
    fn absorb(&self, into: &mut Hasher) {
        self.0.absorb(into);
        self.1.absorb(into);
    }
}

impl<T: Fingerprint> Fingerprint for Option<T> {
    fn absorb(&self, into: &mut Hasher) {
        match self {
            Some(content) => content.absorb(into),
            None => into.mark(b'0', 0),
        }
    }
}

impl<T: Fingerprint> Fingerprint for Vec<T> {
    fn absorb(&self, into: &mut Hasher) {
        into.mark(b'a', self.len() as u64);
        for element in self {
            element.absorb(into);
        }
    }
}

impl Fingerprint for Value {
    fn absorb(&self, into: &mut Hasher) {
        // `Value` is a deserializer that cannot fail for a visitor that takes everything.
        into.mark(b'j', Canonical.deserialize(self).unwrap_or_default());
    }
}

impl Fingerprint for Map<String, Value> {
    fn absorb(&self, into: &mut Hasher) {
        into.mark(b'j', Canonical.deserialize(self).unwrap_or_default());
    }
}

/// The fingerprint of one JSON text, read in one pass without building anything.
///
/// # Errors
/// Only if it is not JSON.
pub(crate) fn of_json(json: &str) -> Result<u64, serde_json::Error> {
    Canonical.deserialize(&mut serde_json::Deserializer::from_str(json))
}

/// Hashes whatever JSON value it is given. Null is 0, and a member that is null counts as missing.
struct Canonical;

const TEXT: u64 = 1;
const WHOLE: u64 = 2;
const FRACTION: u64 = 3;
const TRUTH: u64 = 4;
const ARRAY: u64 = 5;
const OBJECT: u64 = 6;
const MEMBER: u64 = 7;

fn pair(seed: u64, a: u64, b: u64) -> u64 {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&a.to_le_bytes());
    bytes[8..].copy_from_slice(&b.to_le_bytes());
    xxh3_64_with_seed(&bytes, seed)
}

fn of_whole(number: i64) -> u64 {
    pair(WHOLE, number as u64, 0)
}

/// A float without fraction is the same number as the integer, as far as integers go (9.2e18).
fn of_float(number: f64) -> u64 {
    if number.fract() == 0.0 && number.abs() < 9.2e18 {
        of_whole(number as i64)
    } else {
        pair(FRACTION, number.to_bits(), 0)
    }
}

impl<'de> DeserializeSeed<'de> for Canonical {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<u64, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Canonical {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<u64, E> {
        Ok(0)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<u64, E> {
        Ok(pair(TRUTH, u64::from(truth), 0))
    }

    fn visit_i64<E>(self, number: i64) -> Result<u64, E> {
        Ok(of_whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<u64, E> {
        Ok(i64::try_from(number).map_or_else(|_| of_float(number as f64), of_whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<u64, E> {
        Ok(of_float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<u64, E> {
        Ok(xxh3_64_with_seed(text.as_bytes(), TEXT))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<u64, A::Error> {
        let (mut hash, mut length) = (0, 0);
        while let Some(element) = array.next_element_seed(Canonical)? {
            hash = pair(ARRAY, hash, element);
            length += 1;
        }
        Ok(pair(ARRAY, hash, length))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<u64, A::Error> {
        // A sum does not depend on the order of its terms.
        let mut sum = 0_u64;
        while let Some(name) = object.next_key_seed(Name)? {
            let value = object.next_value_seed(Canonical)?;
            if value != 0 {
                sum = sum.wrapping_add(pair(
                    MEMBER,
                    xxh3_64_with_seed(name.as_bytes(), TEXT),
                    value,
                ));
            }
        }
        Ok(pair(OBJECT, sum, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_text(json: &str) -> u64 {
        of_json(json).unwrap()
    }

    #[test]
    fn order_of_members_writing_of_numbers_and_nulls_do_not_matter() {
        let one = of_text(r#"{"a":1,"b":{"c":[2.0,"x"],"d":1e2}}"#);
        assert_eq!(
            one,
            of_text(r#"{ "b":{"d":100,"c":[2,"\u0078"],"e":null}, "a":1.0 }"#)
        );
    }

    #[test]
    fn any_change_of_content_shows() {
        let texts = [
            "null",
            "0",
            "1",
            "-1",
            "0.5",
            "true",
            "false",
            r#""""#,
            r#""1""#,
            "[]",
            "[null]",
            "[[]]",
            "[1,2]",
            "[2,1]",
            "{}",
            r#"{"a":1}"#,
            r#"{"a":2}"#,
            r#"{"b":1}"#,
            r#"{"a":[1]}"#,
            r#"{"a":{"a":1}}"#,
        ];
        for (n, a) in texts.iter().enumerate() {
            for b in &texts[n + 1..] {
                assert_ne!(of_text(a), of_text(b), "{a} {b}");
            }
        }
    }

    #[test]
    fn fingerprints_stay_the_same_from_build_to_build() {
        assert_eq!(
            of_text(r#"{"engagement_id":"E1","duration":12.5}"#),
            1500835424486410025
        );
    }
}
