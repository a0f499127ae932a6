//! Recognising meetings within a run: the calls that it touched are compared as it goes, and what that leads to at its end.

use super::run::Run;
use crate::error::Result;
use crate::locks;
use crate::store::matching::due;
use crate::transaction::transaction;

impl Run {
    /// Compares calls whose details were just written. What somebody else is at this moment writing meetings for is left
    /// to the end of the run.
    pub fn recognise_some(&mut self) -> Result<()> {
        let extension = self.assignment.extension;
        self.step("matching", |run, after| {
            if locks::try_hold_meetings(extension) {
                run.recognition.small_step()?;
                run.recognition.totals.count(after);
            }
            Ok(())
        })
    }

    /// Compares all that is due.
    pub fn recognise_all(&mut self) -> Result<()> {
        let anything = transaction("looking whether calls are to be compared", due::any)?;
        if !anything {
            return Ok(());
        }
        self.enter("matching")?;
        let extension = self.assignment.extension;
        loop {
            let step = self.step("matching", |run, after| {
                locks::hold_meetings(extension);
                let more = run.recognition.step()?;
                run.recognition.totals.count(after);
                Ok(more)
            });
            match step {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                // Somebody keeps an open transaction that writes meetings. What is due stays due.
                Err(error) if error.sqlstate == "55P03" => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}
