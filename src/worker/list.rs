//! The walk of the call list: page after page from new to old, each committed together with the cursor behind it.

use super::run::Run;
use crate::error::{Error, Result};
use crate::settings;
use crate::store::calls::write_page;
use crate::store::problems::{self, Problem};
use crate::store::runs::{self, Walk};
use crate::transaction::transaction;
use call_rows::{ListedCall, listed};
use chorus_client::{
    Client, ContinuationKey, EngagementFilter, EngagementPage, Error as ClientError,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;

/// The route, as `chorus.problems` names it.
const ROUTE: &str = "/v3/engagements";
/// Pages that are read and taken apart while one is written.
const PAGES_AHEAD: usize = 4;

/// A page that is ready to be written.
struct Page {
    rows: i64,
    calls: Vec<ListedCall>,
    problems: Vec<Problem>,
    oldest: Option<DateTime<Utc>>,
    next: Option<ContinuationKey>,
}

impl Run {
    /// Ends the walks that earlier runs left, with their own filters, and then walks this run's own window.
    pub fn read_list(&mut self) -> Result<()> {
        let connection_id = self.assignment.connection_id;
        let run_id = self.assignment.run_id;
        let left = transaction("looking for unfinished walks", || {
            runs::unfinished_walks(connection_id)
        })?;
        for walk in left.into_iter().filter(|walk| walk.run_id != run_id) {
            match self.walk(&walk) {
                // Chorus no longer takes the cursor: the fresh walk below has to do.
                Err(Refused::Cursor) => self.step("dropping a stale cursor", |_, _| {
                    runs::drop_cursor(walk.run_id)
                })?,
                ended => ended?,
            }
        }
        let fresh = Walk {
            run_id,
            window_from: self.assignment.window_from,
            window_to: self.began,
            list_cursor: None,
        };
        self.walk(&fresh)?;
        // A row without an id may lie anywhere; only a walk of the whole lookback can tell that it is gone.
        let (began, whole) = (self.began, TimeDelta::days(self.connection.lookback_days));
        if fresh.window_from <= began - whole {
            self.step("forgetting what can be read again", |_, _| {
                problems::not_met_since(connection_id, ROUTE, began)
            })?;
        }
        Ok(())
    }

    fn walk(&mut self, walk: &Walk) -> std::result::Result<(), Refused> {
        let filter = EngagementFilter {
            min_date: Some(walk.window_from),
            max_date: Some(walk.window_to),
            with_trackers: true,
            ..EngagementFilter::default()
        };
        let from = walk
            .list_cursor
            .as_ref()
            .and_then(|cursor| cursor.parse().ok());
        let resumed = from.is_some();
        let window = (walk.window_from, walk.window_to);
        let workspace_domain = self.workspace_domain();
        let link = self.open_link();
        let client = link.client.clone();
        let mut pages = link.offload.stream(PAGES_AHEAD, |sender| async move {
            let mut pages = std::pin::pin!(pages(client, filter, from, window, workspace_domain));
            while let Some(page) = pages.next().await {
                if !sender.send(page).await {
                    return;
                }
            }
        });
        let mut first = true;
        loop {
            let link = self.open_link();
            let Some(page) = link.offload.next(&mut pages, None, || {})? else {
                break;
            };
            let page = page.map_err(|error| match error {
                ClientError::BadRequest { .. }
                | ClientError::Unexpected { .. }
                | ClientError::ServerFault { .. }
                    if resumed && first =>
                {
                    Refused::Cursor
                }
                error => Refused::Failed(self.client_error(&error)),
            })?;
            first = false;
            self.write(walk, page)?;
        }
        Ok(())
    }

    fn write(&mut self, walk: &Walk, page: Page) -> Result<()> {
        let connection_id = self.assignment.connection_id;
        self.step("writing a page of calls", |run, after| {
            let now = settings::now();
            let written = write_page(connection_id, &page.calls, &mut run.numbers, now)?;
            let read = page.calls.iter().map(|call| call.source_call_id.clone());
            problems::solved(connection_id, ROUTE, read.collect())?;
            problems::record(connection_id, &page.problems, now)?;
            after.calls_listed += page.rows;
            after.calls_added += written.added;
            after.calls_updated += written.updated;
            let cursor = page.next.as_ref().map(ContinuationKey::as_str);
            if cursor.is_none() {
                runs::extend_listed(connection_id, walk)?;
            }
            runs::move_cursor(walk.run_id, cursor, page.oldest, now)
        })
    }
}

/// Why a walk ended early.
enum Refused {
    Cursor,
    Failed(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Refused::Failed(error)
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Failed(error) => error,
            Refused::Cursor => Error::new(
                "08P01",
                "Unexpected answer from Chorus: it refused its own cursor",
                "",
            ),
        }
    }
}

/// The pages of a walk. The last one that is sent has no `next`, however Chorus marks its end.
fn pages(
    client: Client,
    filter: EngagementFilter,
    from: Option<ContinuationKey>,
    window: (DateTime<Utc>, DateTime<Utc>),
    workspace_domain: Option<String>,
) -> impl futures_util::Stream<Item = std::result::Result<Page, ClientError>> {
    let stream = client.engagements(filter, from).peekable();
    futures_util::stream::unfold((stream, false), move |(mut stream, ended)| {
        let workspace_domain = workspace_domain.clone();
        async move {
            if ended {
                return None;
            }
            let page = match stream.next().await? {
                Ok(page) => page,
                Err(error) => return Some((Err(error), (stream, true))),
            };
            // A server that ignores the filter would lead us down to the beginning of time.
            let below = !page.rows.is_empty()
                && page
                    .rows
                    .iter()
                    .flatten()
                    .all(|row| row.date_time < window.0 - TimeDelta::days(1))
                && page.rows.iter().any(|row| row.is_ok());
            let mut page = prepare(page, window, workspace_domain.as_deref());
            if below {
                page.next = None;
            }
            let ended = page.next.is_none();
            Some((Ok(page), (stream, ended)))
        }
    })
}

/// Takes a page apart, on a network thread.
fn prepare(
    page: EngagementPage,
    window: (DateTime<Utc>, DateTime<Utc>),
    workspace_domain: Option<&str>,
) -> Page {
    let mut ready = Page {
        rows: page.rows.len() as i64,
        calls: Vec::with_capacity(page.rows.len()),
        problems: Vec::new(),
        oldest: None,
        next: page.next,
    };
    for row in page.rows {
        match row {
            Ok(row) => {
                ready.oldest = Some(
                    ready
                        .oldest
                        .map_or(row.date_time, |oldest| oldest.min(row.date_time)),
                );
                // Chorus ignores filters that it does not know, and bounds may be inclusive: what lies outside is not
                // meant. Meetings to come are taken when their time has come.
                let meant = row.date_time >= window.0 && row.date_time <= window.1;
                ready
                    .calls
                    .extend(meant.then(|| listed(row, workspace_domain)).flatten());
            }
            Err(bad) => ready.problems.push(Problem {
                route: ROUTE,
                source_call_id: bad.id,
                problem: format!("a row of the call list cannot be read: {}", bad.problem),
            }),
        }
    }
    ready
}
