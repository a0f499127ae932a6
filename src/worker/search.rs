//! The last phase of a run: what was said becomes findable, a bounded number of utterances in each transaction. A run
//! that dies here leaves the rest to the next one.

use super::run::Run;
use crate::background::set;
use crate::error::Result;
use crate::settings;
use crate::store::search;

impl Run {
    /// Indexes what this run and others before it have marked.
    pub fn index_what_was_said(&mut self) -> Result<()> {
        if !settings::search_index() {
            return Ok(());
        }
        let due = crate::transaction::transaction("looking for what to index", search::is_due)?;
        if !due {
            return Ok(());
        }
        self.enter("search index")?;
        // What the index takes in at once is sorted within this.
        set("maintenance_work_mem", "16MB");
        let extension = self.assignment.extension;
        self.step("indexing what was said", |_, _| {
            search::begin(extension, settings::now())
        })?;
        let mut after = Some(0);
        while let Some(mark) = after {
            after = self.step("indexing what was said", |_, _| {
                search::index_next(extension, mark)
            })?;
        }
        self.step("indexing what was said", |_, _| search::tidy())
    }
}
