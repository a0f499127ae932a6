//! From the text of a body to records.
//!
//! What one record gets wrong costs that record. A list that is missing is an error and never an empty list.

use serde_json::value::RawValue;

use crate::client::{CONVERSATION, ENGAGEMENTS};
use crate::error::{Error, UnreachableKind, one_line};
use crate::lenient::{Lenient, from_json};
use crate::readable::{mended, readable};
use crate::wire::BadRecord;
use crate::wire::conversation::Attributes;
use crate::wire::document::{Document, Listing, Resource};
use crate::{ContinuationKey, Conversation, Engagement, EngagementPage};

/// What could not be made of a body.
#[derive(Debug)]
pub(crate) enum Unread {
    NoJson(serde_json::Error),
    /// The named member is missing.
    Missing(&'static str),
    /// The record is of this type, which is not a call.
    NotACall(String),
}

impl From<serde_json::Error> for Unread {
    fn from(error: serde_json::Error) -> Unread {
        Unread::NoJson(error)
    }
}

impl Unread {
    /// The error this is, unless the body says more (see [`crate::answer::nothing_in`]).
    pub(crate) fn into_error(self, route: &'static str) -> Error {
        match self {
            Unread::NoJson(error) if error.is_eof() => {
                let message = "the answer ends early".to_owned();
                Error::Unreachable {
                    route,
                    kind: UnreachableKind::Reset,
                    message,
                }
            }
            Unread::NoJson(error) => Error::Unexpected {
                route,
                what: one_line(&format!("not JSON: {error}")),
            },
            Unread::Missing(member) => Error::Unexpected {
                route,
                what: format!("no {member} in it"),
            },
            Unread::NotACall(kind) => Error::NotACall { kind },
        }
    }
}

/// Reads `json` with `read`; if it is no JSON, once more after mending what can be mended.
pub(crate) fn tolerantly<T>(
    json: &str,
    read: impl Fn(&str) -> Result<T, Unread>,
) -> Result<T, Unread> {
    match read(json) {
        Err(Unread::NoJson(error)) if !error.is_eof() => match mended(json) {
            Some(mended) => read(&mended),
            None => Err(Unread::NoJson(error)),
        },
        outcome => outcome,
    }
}

/// A page of the list. `after` is the key that was sent.
pub(crate) fn page(json: &str, after: Option<&ContinuationKey>) -> Result<EngagementPage, Unread> {
    let listing = Listing::read(json, "engagements")?;
    let rows = listing.rows.ok_or(Unread::Missing("engagements"))?;
    let next = listing.next.and_then(ContinuationKey::new);
    Ok(EngagementPage {
        next: next.filter(|next| !rows.is_empty() && Some(next) != after),
        rows: rows.into_iter().map(Engagement::read).collect(),
    })
}

/// A detail. `id` is what was asked for.
pub(crate) fn detail(json: &str, id: &str) -> Result<Conversation, Unread> {
    let document: Document<Attributes> = from_json(json)?;
    let data = document.data.ok_or(Unread::Missing("data"))?;
    if let Some(kind) = data
        .kind
        .filter(|kind| kind.to_ascii_lowercase().contains("email"))
    {
        return Err(Unread::NotACall(one_line(&kind)));
    }
    let attributes = data.attributes.ok_or(Unread::Missing("attributes"))?;
    Ok(Conversation::new(
        data.id.unwrap_or_else(|| id.to_owned()),
        attributes,
    ))
}

/// The id and the attributes of a document with one resource.
pub(crate) fn resource<A: Lenient>(json: &str) -> Result<(Option<String>, A), Unread> {
    let document: Document<A> = from_json(json)?;
    let Resource { id, attributes, .. } = document.data.ok_or(Unread::Missing("data"))?;
    Ok((id, attributes.ok_or(Unread::Missing("attributes"))?))
}

/// The rows of a list that is the member `name`, or with `name` empty of a bare list or the only one in the object.
pub(crate) fn rows<T>(
    json: &str,
    name: &'static str,
    read: fn(&RawValue) -> Result<T, BadRecord>,
) -> Result<Vec<Result<T, BadRecord>>, Unread> {
    let missing = Unread::Missing(if name.is_empty() { "list" } else { name });
    let rows = Listing::read(json, name)?.rows.ok_or(missing)?;
    Ok(rows.into_iter().map(read).collect())
}

/// Reads the body of one page of the call list, without any network.
///
/// # Errors
/// [`Error::Unexpected`] or [`Error::Unreachable`] (cut short) as [`crate::Client::engagements_page`] would give.
pub fn engagement_page(body: &[u8]) -> Result<EngagementPage, Error> {
    tolerantly(&readable(body), |json| page(json, None))
        .map_err(|unread| unread.into_error(ENGAGEMENTS))
}

/// Reads the body of one detail, without any network. A body without an id gives an empty one.
///
/// # Errors
/// As [`engagement_page`], and [`Error::NotACall`].
pub fn conversation(body: &[u8]) -> Result<Conversation, Error> {
    tolerantly(&readable(body), |json| detail(json, ""))
        .map_err(|unread| unread.into_error(CONVERSATION))
}
