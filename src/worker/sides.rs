//! What follows for people of other sources when a domain becomes our own, or is it no longer.

use super::Assignment;
use crate::error::Result;
use crate::settings;
use crate::store::sides;
use crate::transaction::transaction;

/// Derives sides again where that is due, a transaction for some calls. A run that dies here leaves the rest to the next.
pub fn derive_sides(assignment: &Assignment) -> Result<()> {
    const ACTIVITY: &str = "chorus_sync: deriving sides by own domains";
    if !transaction(ACTIVITY, sides::is_due)? {
        return Ok(());
    }
    let derived = transaction(ACTIVITY, sides::begin).and_then(|()| {
        while transaction(ACTIVITY, || {
            Ok(assignment.is_current() && sides::step(settings::now())?)
        })? {}
        Ok(())
    });
    match derived {
        // Another run is at it, or somebody changes these people. It stays due.
        Err(error) if error.sqlstate == "55P03" => Ok(()),
        derived => derived,
    }
}
