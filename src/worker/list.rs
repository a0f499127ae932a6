//! The walk of the call list: page after page from new to old, each committed together with the cursor behind it.

use super::gap::{Gaps, is_about_the_page};
use super::run::Run;
use crate::error::{Error, Result};
use crate::settings;
use crate::store::calls::{Listing, Mark, write_page};
use crate::store::problems::{self, Problem};
use crate::store::walks::{self, Walk, Whole};
use crate::transaction::transaction;
use call_rows::{ListedCall, listed};
use chorus_client::{
    Client, ContinuationKey, EngagementFilter, EngagementPage, Error as ClientError,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use sync_plan::listing::overlap_in_force;

/// The route, as `chorus.problems` names it.
const ROUTE: &str = "/v3/engagements";
/// Pages that are read and taken apart while one is written.
const PAGES_AHEAD: usize = 4;

/// What a run listed.
pub struct ListedWindow {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// The calls in it that were stored before.
    pub calls: Vec<i64>,
    /// Whether nothing had to be left out.
    pub complete: bool,
}

/// A page that is ready to be written.
struct Page {
    rows: i64,
    calls: Vec<ListedCall>,
    problems: Vec<Problem>,
    oldest: Option<DateTime<Utc>>,
    next: Option<ContinuationKey>,
}

impl Run {
    /// Ends the walks that earlier runs left, with their own filters, and then walks this run's own window. What could
    /// not be listed is returned as an error that may wait until the rest of the run is done.
    pub fn read_list(&mut self) -> Result<(Option<ListedWindow>, Option<Error>)> {
        let connection_id = self.assignment.connection_id;
        let run_id = self.assignment.run_id;
        let (from, to) = (self.connection.listed_from, self.connection.listed_to);
        let (left, mark) = transaction("looking where the list was left", || {
            Ok((
                walks::unfinished(connection_id)?,
                Mark::of(connection_id, from, to)?,
            ))
        })?;
        self.mark = mark;
        for walk in left.into_iter().filter(|walk| walk.run_id != run_id) {
            match self.walk(&walk) {
                // Chorus does not take the cursor, or not now: the same window is walked from its top.
                Err(Refused::Cursor) => {
                    let from_the_top = Walk {
                        list_cursor: None,
                        ..walk
                    };
                    drop(self.walk(&from_the_top)?);
                }
                // What it had to leave out, the next run lists again: it is no part of what was read without a gap.
                ended => drop(ended?),
            }
        }
        let fresh = Walk {
            run_id,
            window_from: self.assignment.window_from,
            window_to: self.began,
            list_cursor: None,
        };
        self.seen.clear();
        let gaps = self.walk(&fresh)?;
        let listed = ListedWindow {
            from: fresh.window_from,
            to: fresh.window_to,
            calls: std::mem::take(&mut self.seen),
            complete: gaps.is_empty(),
        };
        if !gaps.is_empty() {
            return Ok((Some(listed), Some(gaps.error())));
        }
        // A row without an id may lie anywhere; only a walk of the whole lookback can tell that it is gone.
        let (began, whole) = (self.began, self.lists_all());
        let reaches_back_to = (!whole).then_some(listed.from);
        self.step("forgetting what can be read again", |_, _| {
            problems::gaps_closed(connection_id, ROUTE, Gaps::BEGINNING, reaches_back_to)?;
            if whole {
                problems::not_met_since(connection_id, ROUTE, began)?;
            }
            Ok(())
        })?;
        Ok((Some(listed), None))
    }

    /// Whether this run lists all that is looked after, as one does every day.
    pub fn lists_all(&self) -> bool {
        self.assignment.window_from <= self.began - self.connection.lookback()
    }

    /// Whether this is the run of the day that lists everything. Where the overlap is as long as the lookback, or by
    /// hand, others do as well: what need be done only once a day is left to this one.
    pub fn is_daily(&self) -> bool {
        let covered = self.connection.covered();
        self.lists_all() && covered.is_none_or(|covered| covered.is_whole_due(self.began))
    }

    /// Notes how much was listed, and how much overlap the next run needs.
    pub fn note_listing(&mut self, listed: &ListedWindow) -> Result<()> {
        let (connection_id, lookback) = (self.connection.connection_id, self.connection.lookback());
        let whole = match (self.lists_all(), listed.complete) {
            (true, false) => Whole::MissedSome,
            (true, true) if self.is_daily() => Whole::ListedAt(listed.to),
            _ => Whole::NotLooked,
        };
        self.step("noting what was listed", |_, _| {
            let behind = walks::furthest_behind(connection_id, settings::now())?;
            let overlap = overlap_in_force(settings::overlap(), behind, lookback);
            walks::note_listing(connection_id, whole, overlap)
        })
    }

    /// Walks from the cursor, or the top, to the end of the window; returns what had to be left out.
    fn walk(&mut self, walk: &Walk) -> std::result::Result<Gaps, Refused> {
        let mut from = walk
            .list_cursor
            .as_ref()
            .and_then(|cursor| cursor.parse().ok());
        let connection_id = self.assignment.connection_id;
        let mut gaps = Gaps::default();
        let mut top = walk.window_to;
        loop {
            let resumed = from.is_some();
            let mut reached = None;
            let pages = Pages::OfTheWalk {
                complete: gaps.is_empty(),
                reached: &mut reached,
            };
            let read = self.read_pages(walk, (walk.window_from, top), from.take(), pages)?;
            let Err(fault) = read else { break };
            if resumed && reached.is_none() {
                return Err(Refused::Cursor);
            }
            match self.step_over(walk, reached.unwrap_or(top), &fault, &mut gaps)? {
                Some(below) => top = below,
                None => {
                    self.step("ending the walk", |_, _| {
                        end_walk(connection_id, walk, gaps.is_empty(), None)
                    })?;
                    break;
                }
            }
        }
        if !gaps.is_empty() {
            let problem = Problem {
                route: ROUTE,
                source_call_id: None,
                problem: gaps.describe(),
            };
            self.step("recording a gap", |_, _| {
                problems::record(connection_id, &[problem], settings::now())
            })?;
        }
        Ok(gaps)
    }

    /// Reads and writes the pages of one window. The inner error is that of a page that cannot be read.
    pub fn read_pages(
        &mut self,
        walk: &Walk,
        window: (DateTime<Utc>, DateTime<Utc>),
        from: Option<ContinuationKey>,
        mut meaning: Pages,
    ) -> Result<std::result::Result<(), ClientError>> {
        let filter = EngagementFilter {
            min_date: Some(window.0),
            max_date: Some(window.1),
            with_trackers: true,
            ..EngagementFilter::default()
        };
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
        loop {
            match self.next(&mut pages)? {
                None => return Ok(Ok(())),
                Some(Ok(page)) => self.write(walk, page, &mut meaning)?,
                Some(Err(fault)) if is_about_the_page(&fault) => return Ok(Err(fault)),
                Some(Err(error)) => return Err(self.client_error(&error)),
            }
        }
    }

    fn write(&mut self, walk: &Walk, page: Page, meaning: &mut Pages) -> Result<()> {
        let connection_id = self.assignment.connection_id;
        self.step("writing a page of calls", |run, after| {
            let now = settings::now();
            let listing = Listing {
                connection_id,
                mark: run.mark,
                daily: run.is_daily(),
            };
            let unreadable = page.problems.iter();
            let unreadable = unreadable.filter_map(|problem| problem.source_call_id.clone());
            let written = write_page(
                &listing,
                &page.calls,
                unreadable.collect(),
                &mut run.numbers,
                now,
            )?;
            run.seen.extend(written.known);
            let read = page.calls.iter().map(|call| call.source_call_id.clone());
            problems::solved(connection_id, ROUTE, read.collect())?;
            problems::record(connection_id, &page.problems, now)?;
            after.calls_listed += page.rows;
            after.calls_added += written.added;
            after.calls_updated += written.updated;
            let Pages::OfTheWalk { complete, .. } = meaning else {
                return Ok(());
            };
            match page.next.as_ref().map(ContinuationKey::as_str) {
                None => end_walk(connection_id, walk, *complete, page.oldest),
                cursor => walks::move_cursor(walk.run_id, cursor, page.oldest, now),
            }
        })?;
        if let Pages::OfTheWalk { reached, .. } = meaning {
            **reached = page.oldest.or(**reached);
        }
        Ok(())
    }
}

/// Ends a walk. With a gap its window does not count as read, so that the next run lists it again.
fn end_walk(
    connection_id: i64,
    walk: &Walk,
    complete: bool,
    oldest: Option<DateTime<Utc>>,
) -> Result<()> {
    if !complete {
        return walks::drop_cursor(walk.run_id);
    }
    walks::extend_listed(connection_id, walk)?;
    walks::move_cursor(walk.run_id, None, oldest, settings::now())
}

/// What pages are to their walk.
pub enum Pages<'a> {
    /// They move its cursor; the last one ends it, and if it is `complete` its window was read without a gap. `reached`
    /// is the time of the oldest meeting in them.
    OfTheWalk {
        complete: bool,
        reached: &'a mut Option<DateTime<Utc>>,
    },
    /// They fill a slice beside a page that could not be read, and leave the cursor where it is.
    OfASlice,
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
    let stream = client.engagements(filter, from);
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
