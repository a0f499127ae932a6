//! Other sources: each is read in transactions of its own, and one that cannot be read holds up nobody else.

use crate::error::{Error, Result};
use crate::store::sources::{self, Progress};
use crate::transaction::transaction;

/// Reads what changed in every registered source. What cannot be read stands in `chorus.sources.problem` afterwards; an
/// error is only returned for a cancel, or when our own tables cannot be read.
pub fn read_all() -> Result<()> {
    for source in transaction("listing the sources", sources::registered)? {
        let activity = format!("reading the source {source}");
        let read = loop {
            match transaction(&activity, || sources::read(&source)) {
                Ok(Progress::More) => {}
                Ok(Progress::Done) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        match read {
            Ok(()) => {}
            Err(error) if error.is_cancel() => return Err(error),
            Err(error) => transaction("recording a problem", || {
                sources::record_problem(&source, &in_one_line(&error))
            })?,
        }
    }
    Ok(())
}

fn in_one_line(error: &Error) -> String {
    match &error.hint {
        Some(hint) => format!("{}. {hint}", error.message),
        None => error.message.clone(),
    }
}
