//! The least number of requests with which the rules of syncing can be kept: what somebody who forgets nothing and asks
//! for nothing twice would send. Knows nothing of the extension's tables.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use fake_chorus::Call;

use crate::life::{Detail, Life};

/// What the rules say, as their defaults are.
const LOOKBACK: TimeDelta = TimeDelta::days(30);
const OVERLAP: TimeDelta = TimeDelta::days(3);
/// A day, less an hour: a run that comes once a day must not come a moment too early every other time.
const WHOLE_EVERY: TimeDelta = TimeDelta::hours(23);
const REREADS: [TimeDelta; 5] = [
    TimeDelta::hours(1),
    TimeDelta::days(1),
    TimeDelta::days(3),
    TimeDelta::days(7),
    TimeDelta::days(30),
];
const ROWS_A_PAGE: usize = 100;
/// Key, users, teams and scorecards; there are never more than fit on one page.
const OF_EVERY_RUN: u64 = 4;

/// Requests, by what they are for.
#[derive(Debug, Default, Clone, Copy)]
pub struct Requests {
    pub of_every_run: u64,
    pub list: u64,
    pub details: u64,
}

impl Requests {
    pub fn total(&self) -> u64 {
        self.of_every_run + self.list + self.details
    }
}

#[derive(Default)]
pub struct Least {
    pub requests: Requests,
    /// Calls that a plain high-water mark would have lost.
    pub late: BTreeSet<String>,
    calls: HashMap<String, Known>,
    listed_from: Option<DateTime<Utc>>,
    listed_to: Option<DateTime<Utc>>,
    listed_whole: Option<DateTime<Utc>>,
}

/// A call that was listed.
struct Known {
    row: Call,
    /// Its row is new or changed.
    changed: bool,
    last_read: Option<DateTime<Utc>>,
    /// A read that came to nothing is tried again then.
    again_at: Option<DateTime<Utc>>,
    failures: i32,
    private: bool,
    gone: bool,
}

impl Least {
    /// A key is checked with its user and a page of the list.
    pub fn connect(&mut self) {
        self.requests.of_every_run += 1;
        self.requests.list += 1;
    }

    /// A run while nothing can be had.
    pub fn run_in_vain(&mut self) {
        self.requests.of_every_run += 1;
    }

    /// A run at this time of our clock.
    pub fn run(&mut self, now: DateTime<Utc>, rows: &[Arc<Call>], life: &Life) {
        self.requests.of_every_run += OF_EVERY_RUN;
        let whole = self.listed_whole.is_none_or(|at| now - at >= WHOLE_EVERY);
        let from = match self.listed_to {
            Some(to) if !whole => to - OVERLAP,
            _ => now - LOOKBACK,
        };
        let listed = |call: &Call| (from..=now).contains(&epoch(call.date_time));
        let page: Vec<&Arc<Call>> = rows.iter().filter(|call| listed(call)).collect();
        self.requests.list += page.len().div_ceil(ROWS_A_PAGE).max(1) as u64;
        let by_id: HashMap<&str, &Call> = rows
            .iter()
            .map(|call| (call.engagement_id.as_str(), &**call))
            .collect();
        let mark = self
            .calls
            .values()
            .map(|known| epoch(known.row.date_time))
            .max();
        for call in page {
            self.meet(call, mark);
        }
        self.look_for_missing(from, now, &by_id, life);
        for (id, known) in &mut self.calls {
            // What is out of reach is asked for again with the daily listing.
            if known.is_due(now) || (whole && known.private) {
                self.requests.details += 1;
                known.read(now, life.detail(id, by_id.get(id.as_str()).copied()));
            }
        }
        self.listed_from = self.listed_from.or(Some(from));
        self.listed_to = self.listed_to.max(Some(now));
        if whole {
            self.listed_whole = Some(now);
        }
    }

    /// The list shows a call. `mark` is the newest meeting that was known before.
    fn meet(&mut self, call: &Call, mark: Option<DateTime<Utc>>) {
        if matches!(call.engagement_type.as_str(), "email" | "content_viewed") {
            return;
        }
        let row = in_list(call);
        match self.calls.get_mut(&call.engagement_id) {
            Some(known) => {
                known.changed |= known.row != row || known.gone;
                known.gone = false;
                known.row = row;
            }
            None => {
                let at = epoch(call.date_time);
                if mark > Some(at) && self.listed_from <= Some(at) {
                    self.late.insert(call.engagement_id.clone());
                }
                let known = Known {
                    row,
                    changed: true,
                    last_read: None,
                    again_at: None,
                    failures: 0,
                    private: false,
                    gone: false,
                };
                self.calls.insert(call.engagement_id.clone(), known);
            }
        }
    }

    /// What should be listed and is not is asked for, unless so much is missing that it is the key.
    fn look_for_missing(
        &mut self,
        from: DateTime<Utc>,
        now: DateTime<Utc>,
        rows: &HashMap<&str, &Call>,
        life: &Life,
    ) {
        let mut in_window = 0;
        let mut missing = Vec::new();
        for (id, known) in &mut self.calls {
            if known.gone || !(from..=now).contains(&epoch(known.row.date_time)) {
                continue;
            }
            in_window += 1;
            let here = rows
                .get(id.as_str())
                .is_some_and(|call| (from..=now).contains(&epoch(call.date_time)));
            if !here {
                missing.push((id, known));
            }
        }
        let too_many =
            missing.len() == in_window || (in_window >= 20 && missing.len() * 10 > in_window);
        for (id, known) in missing {
            if too_many {
                continue;
            }
            self.requests.details += 1;
            match life.detail(id, rows.get(id.as_str()).copied()) {
                Detail::Missing => known.gone = true,
                detail => known.read(now, detail),
            }
        }
    }
}

impl Known {
    fn is_due(&self, now: DateTime<Utc>) -> bool {
        if self.gone || !self.row.is_recorded() {
            return false;
        }
        if let Some(at) = self.again_at {
            return at <= now || self.changed;
        }
        let met = epoch(self.row.date_time + self.row.duration);
        let reread = |after: &TimeDelta| {
            let at = met + *after;
            at <= now && self.last_read.is_none_or(|read| read < at)
        };
        self.changed || REREADS.iter().any(reread)
    }

    fn read(&mut self, now: DateTime<Utc>, detail: Detail) {
        self.changed = false;
        self.private = detail == Detail::Private;
        if matches!(detail, Detail::Ready | Detail::Private) {
            (self.last_read, self.again_at, self.failures) = (Some(now), None, 0);
            return;
        }
        // From a minute, doubling, to six hours; an eighth later at most.
        let delay_s = (60 << self.failures.min(9)).min(6 * 3600);
        self.again_at = Some(now + TimeDelta::seconds(delay_s + delay_s / 8));
        self.failures += 1;
    }
}

/// What the list shows of a call.
fn in_list(call: &Call) -> Call {
    Call {
        utterances: Vec::new(),
        metrics: Vec::new(),
        modified_at: DateTime::UNIX_EPOCH,
        ..call.clone()
    }
}

fn epoch(seconds: f64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros((seconds * 1e6).round() as i64).expect("a time of our days")
}
