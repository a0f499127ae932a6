//! Text, numbers, truth values and lists, in whatever form they come.

use std::marker::PhantomData;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::Value;

use super::{Lenient, Read, absent};

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
