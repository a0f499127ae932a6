//! A page of the call list that stays unreadable: the walk goes on below it, and what was left out is on record.
//!
//! Which row of a page is at fault, nobody says. So the stretch below the last good page is listed in slices of time
//! instead: large ones as long as they can be read, small ones where they cannot, until the fault lies in a slice of a
//! second. That slice is the gap; below it the walk goes on as usual. The list counts as unread as long as there is a
//! gap, so the next run tries again.

use super::list::Pages;
use super::run::Run;
use crate::error::{Error, Result};
use crate::store::walks::Walk;
use chorus_client::{Error as ClientError, UnreachableKind};
use chrono::{DateTime, TimeDelta, Utc};

const SMALLEST_SLICE: TimeDelta = TimeDelta::seconds(1);
/// By how much a slice grows after a good one and shrinks after a bad one.
const FACTOR: i32 = 8;
/// So many smallest slices in a row mean that it is not one row that is at fault.
const MOST_IN_A_ROW: usize = 5;
/// So many unreadable pages in one walk mean that the list as a whole cannot be read.
const MOST_MET: usize = 20;

/// Stretches of time that could not be listed, and the last reason.
#[derive(Default)]
pub struct Gaps {
    stretches: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    /// How often a page could not be read, whether or not it stayed so.
    met: usize,
    reason: String,
}

impl Gaps {
    pub fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }

    /// For `chorus.problems`; begins with [`Self::BEGINNING`].
    pub fn describe(&self) -> String {
        let second = |time: &DateTime<Utc>| time.format("%Y-%m-%d %H:%M:%SZ").to_string();
        let stretches: Vec<_> = self
            .stretches
            .iter()
            .map(|(from, to)| format!("{} to {}", second(from), second(to)))
            .collect();
        format!(
            "{} {}: {}",
            Self::BEGINNING,
            stretches.join(", "),
            self.reason
        )
    }

    pub const BEGINNING: &str = "calls could not be listed from";

    pub fn error(&self) -> Error {
        Error::new(
            "08P01",
            format!("Unexpected answer from Chorus: {}", self.describe()),
            "Everything else was read, and the next run tries again. If it stays, tell the support of Chorus the time.",
        )
    }
}

/// Whether another page may well be readable.
pub fn is_about_the_page(error: &ClientError) -> bool {
    match error {
        ClientError::Unexpected { .. }
        | ClientError::TooLarge { .. }
        | ClientError::ServerFault { .. }
        | ClientError::BadRequest { .. }
        | ClientError::NotFound { .. }
        | ClientError::WrongBaseUrl { .. } => true,
        ClientError::Unreachable { kind, .. } => *kind == UnreachableKind::Reset,
        _ => false,
    }
}

impl Run {
    /// Lists what lies at and below `top` in slices until it is past the fault. Returns where the walk goes on, None if
    /// that is below its window. If nothing at all can be read, the error is that of the page.
    pub fn step_over(
        &mut self,
        walk: &Walk,
        top: DateTime<Utc>,
        fault: &ClientError,
        gaps: &mut Gaps,
    ) -> Result<Option<DateTime<Utc>>> {
        let mut top = top;
        let mut width = SMALLEST_SLICE;
        let mut in_a_row = 0;
        // Down to where the last bad slice reached: the fault lies above, so slices only shrink until they are past it.
        let mut suspected: Option<DateTime<Utc>> = None;
        let mut past = false;
        // What fails once may only have been bad luck.
        let mut tried_again = false;
        gaps.reason = fault.to_string();
        gaps.met += 1;
        if gaps.met > MOST_MET {
            return Err(self.client_error(fault));
        }
        while top > walk.window_from {
            let bottom = (top - width).max(walk.window_from);
            match self.read_pages(walk, (bottom, top), None, Pages::OfASlice)? {
                // Past the gap, or the fault went away by itself.
                Ok(()) if past || suspected.is_some_and(|down_to| bottom <= down_to) => {
                    return Ok(Some(bottom));
                }
                Ok(()) => {
                    in_a_row = 0;
                    top = bottom;
                    if suspected.is_none() {
                        width = width * FACTOR;
                    }
                }
                Err(_) if width > SMALLEST_SLICE => {
                    tried_again = false;
                    suspected = Some(bottom);
                    width = (width / FACTOR).max(SMALLEST_SLICE);
                }
                Err(_) if !tried_again => tried_again = true,
                Err(_) => {
                    tried_again = false;
                    in_a_row += 1;
                    if in_a_row >= MOST_IN_A_ROW {
                        return Err(self.client_error(fault));
                    }
                    past = true;
                    gaps.stretches.push((bottom, top));
                    // Bounds may be inclusive: what lies on the border belongs to the gap.
                    top = bottom - TimeDelta::microseconds(1);
                }
            }
        }
        Ok(None)
    }
}
