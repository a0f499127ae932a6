//! The envelopes: JSON:API documents, lists of rows kept as text, and error answers.
//!
//! Rows of a list stay unread here, so that one unreadable row is one [`BadRecord`] and the others are not affected.

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::BadRecord;
use crate::lenient::{self, Lenient, Member, absent, record};

record! {
    /// A member of `errors` (section 2 of the wire reference).
    #[derive(Clone, Debug, Default)]
    pub struct Fault {
        pub status: Option<i64> = "status",
        pub code: Option<String> = "code",
        pub title: Option<String> = "title",
        pub detail: Option<String> = "detail",
        pub source: Option<FaultSource> = "source",
    }
}

record! {
    /// What the fault is about.
    #[derive(Clone, Debug, Default)]
    pub struct FaultSource {
        pub parameter: Option<String> = "parameter",
        pub pointer: Option<String> = "pointer",
    }
}

record! {
    /// The error envelope.
    #[derive(Clone, Debug, Default)]
    pub struct Faults {
        pub errors: Vec<Fault> = "errors",
    }
}

/// `{"id", "type", "attributes"}`.
pub(crate) struct Resource<A> {
    pub id: Option<String>,
    pub kind: Option<String>,
    pub attributes: Option<A>,
}

impl<A: Lenient> Lenient for Resource<A> {
    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Self>, D::Error> {
        struct Members<A>(std::marker::PhantomData<A>);
        impl<'de, A: Lenient> Visitor<'de> for Members<A> {
            type Value = Option<Resource<A>>;
            absent!(null bool number text array);
            fn visit_map<M: serde::de::MapAccess<'de>>(
                self,
                mut object: M,
            ) -> Result<Self::Value, M::Error> {
                let mut resource = Resource {
                    id: None,
                    kind: None,
                    attributes: None,
                };
                while let Some(name) = object.next_key_seed(lenient::Name)? {
                    match &*name {
                        "id" => resource.id = object.next_value_seed(lenient::Read::new())?,
                        "type" => resource.kind = object.next_value_seed(lenient::Read::new())?,
                        "attributes" => {
                            resource.attributes = object.next_value_seed(lenient::Read::new())?
                        }
                        _ => {
                            object.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Some(resource))
            }
        }
        json.deserialize_any(Members(std::marker::PhantomData))
    }
}

/// `{"data": {...}}`.
pub(crate) struct Document<A> {
    pub data: Option<Resource<A>>,
}

impl<A: Lenient> Member for Document<A> {
    fn member<'de, D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Members<A>(std::marker::PhantomData<A>);
        impl<'de, A: Lenient> Visitor<'de> for Members<A> {
            type Value = Option<Document<A>>;
            absent!(null bool number text array);
            fn visit_map<M: serde::de::MapAccess<'de>>(
                self,
                mut object: M,
            ) -> Result<Self::Value, M::Error> {
                let mut data = None;
                while let Some(name) = object.next_key_seed(lenient::Name)? {
                    if name == "data" {
                        data = object.next_value_seed(lenient::Read::new())?;
                    } else {
                        object.next_value::<serde::de::IgnoredAny>()?;
                    }
                }
                Ok(Some(Document { data }))
            }
        }
        Ok(json
            .deserialize_any(Members(std::marker::PhantomData))?
            .unwrap_or(Document { data: None }))
    }
}

/// A list whose rows are still text, or absent if the value is not a list.
#[derive(Default)]
pub(crate) struct Rows<'a>(pub Option<Vec<&'a RawValue>>);

impl<'de: 'a, 'a> Deserialize<'de> for Rows<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Elements;
        impl<'de> Visitor<'de> for Elements {
            type Value = Option<Vec<&'de RawValue>>;
            absent!(null bool number text object);
            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
                let mut rows = Vec::new();
                while let Some(row) = array.next_element()? {
                    rows.push(row);
                }
                Ok(Some(rows))
            }
        }
        json.deserialize_any(Elements).map(Rows)
    }
}

/// A body that is a list of rows: a bare array, or an object in which the list is the member called `name`, or (with
/// `name` empty) its only array. `rows` stays absent if there is no such list; `next` is `continuation_key`.
pub(crate) struct Listing<'a> {
    pub rows: Option<Vec<&'a RawValue>>,
    pub next: Option<String>,
}

impl<'a> Listing<'a> {
    pub(crate) fn read(json: &'a str, name: &str) -> Result<Listing<'a>, serde_json::Error> {
        struct Body<'n>(&'n str);
        impl<'de> Visitor<'de> for Body<'_> {
            type Value = Option<Listing<'de>>;
            absent!(null bool number text);
            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
                let mut rows = Vec::new();
                while let Some(row) = array.next_element()? {
                    rows.push(row);
                }
                Ok(self.0.is_empty().then_some(Listing {
                    rows: Some(rows),
                    next: None,
                }))
            }
            fn visit_map<M: serde::de::MapAccess<'de>>(
                self,
                mut object: M,
            ) -> Result<Self::Value, M::Error> {
                let mut listing = Listing {
                    rows: None,
                    next: None,
                };
                let mut lists = 0;
                while let Some(member) = object.next_key_seed(lenient::Name)? {
                    if member == "continuation_key" {
                        listing.next = object.next_value_seed(lenient::Read::new())?;
                    } else if member == self.0 || (self.0.is_empty() && member != "errors") {
                        let Rows(rows) = object.next_value()?;
                        lists += usize::from(rows.is_some());
                        listing.rows = rows.or(listing.rows);
                    } else {
                        object.next_value::<serde::de::IgnoredAny>()?;
                    }
                }
                if lists > 1 && self.0.is_empty() {
                    listing.rows = None;
                }
                Ok(Some(listing))
            }
        }
        let mut reader = serde_json::Deserializer::from_str(json);
        let listing = reader.deserialize_any(Body(name))?;
        reader.end()?;
        Ok(listing.unwrap_or(Listing {
            rows: None,
            next: None,
        }))
    }
}

/// Reads one row of a list of JSON:API resources into what `make` wants: its id and its attributes.
pub(crate) fn resource_row<A: Lenient, T>(
    json: &RawValue,
    make: impl FnOnce(String, A) -> T,
) -> Result<T, BadRecord> {
    let bad = |id, problem: &str| BadRecord {
        id,
        problem: problem.to_owned(),
    };
    let resource = lenient::from_json::<Option<Resource<A>>>(json.get())
        .map_err(|error| bad(None, &error.to_string()))?
        .ok_or_else(|| bad(None, "the row is not an object"))?;
    let id = resource
        .id
        .filter(|id| !id.trim().is_empty())
        .ok_or_else(|| bad(None, "the row has no id"))?;
    match resource.attributes {
        Some(attributes) => Ok(make(id, attributes)),
        None => Err(bad(Some(id), "the row has no attributes")),
    }
}
