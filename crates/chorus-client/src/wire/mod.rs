//! The records of the API as they are on the wire, one file per family. Members are optional unless they make the record.

pub(crate) mod conversation;
pub(crate) mod document;
pub(crate) mod engagement;
pub(crate) mod people;
pub(crate) mod recording;
pub(crate) mod scorecard;

/// One row of a list that could not be read. The other rows are not affected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRecord {
    /// Its id, if that much could be read.
    pub id: Option<String>,
    /// What is wrong with it, in one line.
    pub problem: String,
}

#[cfg(test)]
mod tests;
