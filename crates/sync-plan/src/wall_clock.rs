//! Cron on the clock of a wall, which people put forward and back.
//!
//! The cron crate matches plain calendar times; this decides what the two odd hours of the year mean, as cron always
//! has. A time that is skipped in spring runs right after the gap, and a time that comes twice in autumn runs the first
//! time only. What runs every so many minutes or hours just goes on by the clock, in both.

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, SubsecRound, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use croner::Cron;
use std::str::FromStr;

/// Five fields of cron, meant in a time zone.
#[derive(Debug, Clone)]
pub struct WallClock {
    cron: Cron,
    zone: Tz,
    /// Minute and hour are named: it runs at times of the day, not every so often.
    at_times: bool,
}

impl WallClock {
    /// None if these are not five fields of cron.
    pub fn new(expression: &str, zone: Tz) -> Option<Self> {
        let fields: Vec<_> = expression.split_whitespace().collect();
        let [minute, hour, ..] = fields[..] else {
            return None;
        };
        if fields.len() != 5 {
            return None;
        }
        Some(WallClock {
            cron: Cron::from_str(expression).ok()?,
            zone,
            at_times: !minute.contains(['*', '/']) && !hour.contains(['*', '/']),
        })
    }

    /// The first match after `time`. None: there is none.
    pub fn after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // Matches lie on whole seconds, and the cron crate would keep a fraction.
        let mut from = time.trunc_subsecs(0);
        let mut at_from = false;
        loop {
            let offset = self.offset(from);
            let wall = self.on_the_wall(from.naive_utc() + offset, at_from)?;
            let candidate = (wall - offset).and_utc();
            let Some(change) = self.change(from, candidate) else {
                let repeated = matches!(self.zone.from_local_datetime(&wall),
                    LocalResult::Ambiguous(first, _) if first < candidate);
                if self.at_times && repeated {
                    (from, at_from) = (candidate, false);
                    continue;
                }
                return Some(candidate);
            };
            let clock_shows = change.naive_utc() + self.offset(change);
            if self.at_times && wall < clock_shows {
                return Some(change);
            }
            (from, at_from) = (change, true);
        }
    }

    fn on_the_wall(&self, wall: NaiveDateTime, inclusive: bool) -> Option<NaiveDateTime> {
        let next = self.cron.find_next_occurrence(&wall.and_utc(), inclusive);
        Some(next.ok()?.naive_utc())
    }

    fn offset(&self, time: DateTime<Utc>) -> TimeDelta {
        let offset = self.zone.offset_from_utc_datetime(&time.naive_utc());
        TimeDelta::seconds(i64::from(offset.fix().local_minus_utc()))
    }

    /// When the clock is changed first, after `from` and not after `until`.
    fn change(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let before = self.offset(from);
        // No zone changes and changes back within a day.
        let (mut same, mut changed) = (from, from);
        while self.offset(changed) == before {
            if changed >= until {
                return None;
            }
            same = changed;
            changed = (changed + TimeDelta::days(1)).min(until);
        }
        let mut same = same.timestamp();
        let mut changed = changed.timestamp() + i64::from(changed.timestamp_subsec_nanos() > 0);
        while changed - same > 1 {
            let middle = same + (changed - same) / 2;
            if self.offset(DateTime::from_timestamp(middle, 0)?) == before {
                same = middle;
            } else {
                changed = middle;
            }
        }
        DateTime::from_timestamp(changed, 0)
    }
}
