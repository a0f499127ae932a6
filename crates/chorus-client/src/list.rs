//! Walking the lists: what to ask for, what a page is, and where a list ends (sections 4.2 and 7 of the wire reference).
//!
//! A walk ends by each of the rules T1 to T7, never loops, and never loses the rows of its last page.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::stream::{self, Stream, StreamExt};
use xxhash_rust::xxh3::xxh3_64;

use crate::client::Client;
use crate::{BadRecord, Engagement, Result, Scorecard};

/// Scorecards asked for at a time; a page with fewer is the last.
pub(crate) const SCORECARDS_A_PAGE: usize = 100;

/// Which engagements to list. Nothing set means all that the key can see. Chorus ignores what it does not know without
/// an error, so rows are worth checking with [`EngagementFilter::covers`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EngagementFilter {
    /// Bounds on `date_time`. Whether the server includes the bounds themselves is not documented.
    pub min_date: Option<DateTime<Utc>>,
    pub max_date: Option<DateTime<Utc>>,
    /// `meeting`, `dialer`, `email`, `content_viewed`, `unrecorded_meeting`.
    pub engagement_type: Option<String>,
    /// Only these; keep it to ten at a time.
    pub engagement_ids: Vec<String>,
    /// Fills [`Engagement::tracker_matches`].
    pub with_trackers: bool,
}

impl EngagementFilter {
    /// Whether a row of this time belongs to the window, bounds included.
    pub fn covers(&self, date_time: DateTime<Utc>) -> bool {
        self.min_date.is_none_or(|min| min <= date_time)
            && self.max_date.is_none_or(|max| date_time <= max)
    }

    pub(crate) fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = Vec::new();
        let iso = |moment: DateTime<Utc>| moment.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        query.extend(self.min_date.map(|moment| ("min_date", iso(moment))));
        query.extend(self.max_date.map(|moment| ("max_date", iso(moment))));
        query.extend(
            self.engagement_type
                .clone()
                .map(|kind| ("engagement_type", kind)),
        );
        if !self.engagement_ids.is_empty() {
            query.push(("engagement_id", self.engagement_ids.join(",")));
        }
        if self.with_trackers {
            query.push(("with_trackers", "true".to_owned()));
        }
        query
    }
}

/// Where a list goes on, as the server calls it. Opaque, never blank, sent back byte for byte; can be stored as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContinuationKey(String);

impl ContinuationKey {
    /// The key, unless it is blank, which means the end of the list.
    pub(crate) fn new(key: String) -> Option<ContinuationKey> {
        (!key.trim().is_empty()).then_some(ContinuationKey(key))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A blank text is no [`ContinuationKey`]: what the server would make of it is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a blank text is no continuation key")]
pub struct BlankKey;

impl fmt::Display for ContinuationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ContinuationKey {
    type Err = BlankKey;

    fn from_str(stored: &str) -> Result<Self, BlankKey> {
        ContinuationKey::new(stored.to_owned()).ok_or(BlankKey)
    }
}

/// One page of the list, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct EngagementPage {
    pub rows: Vec<Result<Engagement, BadRecord>>,
    /// Where the next page begins; absent on the last page.
    pub next: Option<ContinuationKey>,
}

/// Which scorecards to list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScorecardFilter {
    /// Submitted at or after this moment.
    pub submitted_from: Option<DateTime<Utc>>,
}

impl ScorecardFilter {
    pub(crate) fn query(&self, page: usize) -> Vec<(&'static str, String)> {
        let mut query = Vec::new();
        if let Some(from) = self.submitted_from {
            query.push((
                "filter[submitted]",
                format!("{}:*", from.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            ));
        }
        query.push(("page[size]", SCORECARDS_A_PAGE.to_string()));
        query.push(("page[number]", page.to_string()));
        query
    }
}

/// One page of scorecards, without those of earlier pages.
#[derive(Clone, Debug, PartialEq)]
pub struct ScorecardPage {
    pub rows: Vec<Result<Scorecard, BadRecord>>,
}

/// Rows of the first page, which are never forgotten.
const FIRST_PAGE: usize = 100;
/// How many ids a walk remembers beside those of its first page. What repeats an earlier page repeats a recent one, or
/// the list from its top; remembering all would let memory grow with the list.
const REMEMBERED: usize = 10_000;

/// Hashes of what a walk has seen.
#[derive(Default)]
struct Seen {
    hashes: HashSet<u64>,
    /// The hashes that may be forgotten, oldest first.
    recent: VecDeque<u64>,
}

impl Seen {
    /// Whether this is new.
    fn add(&mut self, text: &str) -> bool {
        let hash = xxh3_64(text.as_bytes());
        let new = self.hashes.insert(hash);
        if new && self.hashes.len() > FIRST_PAGE {
            self.recent.push_back(hash);
            if self.recent.len() > REMEMBERED
                && let Some(oldest) = self.recent.pop_front()
            {
                self.hashes.remove(&oldest);
            }
        }
        new
    }
}

/// All pages from `from` (or the newest) on. Ends after an error.
pub(crate) fn engagements(
    client: Client,
    filter: EngagementFilter,
    from: Option<ContinuationKey>,
) -> impl Stream<Item = Result<EngagementPage>> + Send + Unpin + 'static {
    struct Walk {
        client: Client,
        filter: EngagementFilter,
        at: Option<ContinuationKey>,
        keys: Seen,
        ids: Seen,
    }
    impl Walk {
        /// T6 and T7: a key used before, or a page with nothing new, ends the list.
        fn goes_on(&mut self, page: &EngagementPage) -> bool {
            let Some(next) = &page.next else { return false };
            let mut anything_new = false;
            for row in &page.rows {
                let id = match row {
                    Ok(row) => Some(&row.id),
                    Err(bad) => bad.id.as_ref(),
                };
                // Rows without an id cannot be told from earlier ones; the keys still end the walk.
                anything_new |= id.is_none_or(|id| self.ids.add(id));
            }
            anything_new && self.keys.add(next.as_str())
        }
    }
    let mut walk = Walk {
        client,
        filter,
        at: from,
        keys: Seen::default(),
        ids: Seen::default(),
    };
    if let Some(key) = &walk.at {
        walk.keys.add(key.as_str());
    }
    stream::unfold(Some(walk), |walk| async move {
        let mut walk = walk?;
        let mut page = match walk
            .client
            .engagements_page(&walk.filter, walk.at.as_ref())
            .await
        {
            Ok(page) => page,
            Err(error) => return Some((Err(error), None)),
        };
        if !walk.goes_on(&page) {
            page.next = None;
        }
        walk.at = page.next.clone();
        let rest = walk.at.is_some().then_some(walk);
        Some((Ok(page), rest))
    })
    .boxed()
}

/// All scorecards, page by page, each once. Page numbers drift while scorecards are added, hence the repetitions.
pub(crate) fn scorecards(
    client: Client,
    filter: ScorecardFilter,
) -> impl Stream<Item = Result<ScorecardPage>> + Send + Unpin + 'static {
    stream::unfold(
        Some((client, filter, 1, Seen::default())),
        |walk| async move {
            let (client, filter, number, mut seen) = walk?;
            let mut page = match client.scorecards_page(&filter, number).await {
                Ok(page) => page,
                Err(error) => return Some((Err(error), None)),
            };
            let full = page.rows.len() >= SCORECARDS_A_PAGE;
            let mut anything_new = false;
            page.rows.retain(|row| match row {
                Ok(scorecard) => {
                    let new = seen.add(&scorecard.id);
                    anything_new |= new;
                    new
                }
                Err(_) => true,
            });
            // A server that ignores page numbers would otherwise be asked for ever.
            let rest = (full && anything_new).then(|| (client, filter, number + 1, seen));
            Some((Ok(page), rest))
        },
    )
    .boxed()
}
