//! The last phase of a run: what was said becomes findable, a bounded number of utterances in each transaction. A run
//! that dies here leaves the rest to the next one.

use super::run::Run;
use crate::background::set;
use crate::error::Result;
use crate::settings;
use crate::store::search;
use crate::transaction::transaction;

impl Run {
    /// Indexes what this run and others before it have marked.
    pub fn index_what_was_said(&mut self) -> Result<()> {
        if !is_wanted()? {
            return Ok(());
        }
        self.enter("search index")?;
        index_all(self.assignment.extension)
    }
}

/// Whether there is something to index, and it is to be.
pub fn is_wanted() -> Result<bool> {
    Ok(settings::search_index() && transaction("looking for what to index", search::is_due)?)
}

/// Indexes everything that is marked.
pub fn index_all(extension: u32) -> Result<()> {
    const ACTIVITY: &str = "chorus_sync: indexing what was said";
    // What the index takes in at once is sorted within this.
    set("maintenance_work_mem", "16MB");
    transaction(ACTIVITY, || search::begin(extension, settings::now()))?;
    let mut after = Some(0);
    while let Some(mark) = after {
        after = transaction(ACTIVITY, || search::index_next(extension, mark))?;
    }
    transaction(ACTIVITY, search::tidy)
}
