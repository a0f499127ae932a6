//! Calls that the list does not have any more. Missing from a listing is not yet gone: a row may have moved in time, or
//! the key may have lost its view. So each is asked for by its id, and then its detail is read, before it is removed.

use super::list::ListedWindow;
use super::run::Run;
use crate::error::Result;
use crate::settings;
use crate::store::calls::{Listing, write_page};
use crate::store::removals::{self, Missing, Window};
use call_rows::{ListedCall, listed};
use chorus_client::{EngagementFilter, Error as ClientError};
use std::collections::HashSet;
use sync_plan::removals::looks_like_a_lost_view;

/// How many ids go into one request; the limit of Chorus is not documented.
const IDS_AT_ONCE: usize = 10;

impl Run {
    /// Finds the calls of a window that were not listed in it. What is gone for certain is removed; what has a detail to
    /// ask for is left to the phase that reads details.
    pub fn look_for_missing(&mut self, window: &ListedWindow) -> Result<()> {
        if !window.complete {
            return Ok(());
        }
        let missing = self.missing_from(window)?;
        if missing.is_empty() {
            return Ok(());
        }
        self.enter("missing calls")?;
        for asked in missing.chunks(IDS_AT_ONCE) {
            if !self.ask_by_id(asked)? {
                break;
            }
        }
        Ok(())
    }

    /// Too many at once are held back for a person to decide, and so is everything else until the daily listing finds
    /// that it was not so many after all.
    fn missing_from(&mut self, window: &ListedWindow) -> Result<Vec<Missing>> {
        let (connection_id, began) = (self.assignment.connection_id, self.began);
        let (whole, daily) = (self.lists_all(), self.is_daily());
        self.step("looking for missing calls", |_, _| {
            let window = Window {
                connection_id,
                from: window.from,
                to: window.to,
                began,
                listed: &window.calls,
                with_private: daily,
            };
            let (missing, of) = window.count()?;
            // Whoever judges anew must see all that is held back, or would take it for a few calls in the end.
            let held_from = removals::held_from(connection_id)?;
            let held_already = held_from.is_some_and(|held| !whole || held < window.from);
            if missing > 0 && (held_already || looks_like_a_lost_view(missing, of)) {
                window.hold_back(settings::now())?;
                return Ok(Vec::new());
            }
            window.missing()
        })
    }

    /// Asks the list for some calls by their ids, wherever in time they are now. False: it cannot be reached.
    fn ask_by_id(&mut self, asked: &[Missing]) -> Result<bool> {
        let filter = EngagementFilter {
            engagement_ids: asked
                .iter()
                .map(|call| call.source_call_id.clone())
                .collect(),
            with_trackers: true,
            ..EngagementFilter::default()
        };
        let client = self.open_link().client.clone();
        let answer = self.ask(async move { client.engagements_page(&filter, None).await })?;
        let page = match answer {
            Ok(page) => page,
            // Nothing is known of them, so they are left as they are.
            Err(
                ClientError::Unexpected { .. }
                | ClientError::TooLarge { .. }
                | ClientError::ServerFault { .. }
                | ClientError::BadRequest { .. }
                | ClientError::NotFound { .. },
            ) => return Ok(true),
            // Whether Chorus can be reached at all, the details will tell; they must not wait for the next run.
            Err(ClientError::Unreachable { .. }) => return Ok(false),
            Err(error) => return Err(self.client_error(&error)),
        };
        let unreadable = page.rows.iter().filter_map(|row| row.as_ref().err());
        // A row without an id could be any of them.
        if unreadable.clone().any(|bad| bad.id.is_none()) {
            return Ok(true);
        }
        let mut there: HashSet<String> = unreadable.filter_map(|bad| bad.id.clone()).collect();
        let workspace_domain = self.workspace_domain();
        let mut moved: Vec<ListedCall> = Vec::new();
        for row in page.rows.into_iter().flatten() {
            there.insert(row.id.clone());
            // Meetings to come are taken when their time has come; a server that ignores ids answers with anything.
            let wanted = asked.iter().any(|call| call.source_call_id == row.id);
            if wanted && row.date_time <= self.began {
                moved.extend(listed(row, workspace_domain.as_deref()));
            }
        }
        let (found, gone): (Vec<&Missing>, Vec<&Missing>) = asked
            .iter()
            .partition(|call| there.contains(&call.source_call_id));
        let ids = |calls: &[&Missing]| calls.iter().map(|call| call.call_id).collect::<Vec<_>>();
        let found = ids(&found);
        let (readable, gone): (Vec<&Missing>, Vec<&Missing>) =
            gone.into_iter().partition(|call| call.recorded);
        let (readable, gone) = (ids(&readable), ids(&gone));
        let connection_id = self.assignment.connection_id;
        self.step("looking for missing calls", |run, after| {
            let now = settings::now();
            let listing = Listing {
                connection_id,
                mark: None,
                daily: false,
            };
            let written = write_page(&listing, &moved, Vec::new(), &mut run.numbers, now)?;
            after.calls_updated += written.updated;
            removals::found(&found)?;
            after.calls_removed += removals::remove(&gone, now)?;
            removals::ask_for(&readable, now)
        })?;
        self.unlisted.extend(readable);
        Ok(true)
    }
}
