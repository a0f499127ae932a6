//! How far back a run lists.
//!
//! Chorus lists by the time of the meeting and tells nobody what is new. What a mark has passed may still appear behind
//! it, so every run lists a stretch before its mark again (the overlap), and once a day all that is looked after.

use chrono::{DateTime, TimeDelta, Utc};

/// The whole is listed again when the last time is this long ago: a day, less an hour so that a schedule of once a day
/// does not come a moment too early every other time.
const WHOLE_AGAIN_AFTER: TimeDelta = TimeDelta::hours(23);

/// Later arrivals than the overlap covers make it this much longer than the latest of them was late, in percent.
const MARGIN_PERCENT: i32 = 125;

/// The stretch of meeting times in which the list was read without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covered {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// When the whole lookback was last listed and what was missing dealt with.
    pub whole_at: Option<DateTime<Utc>>,
}

impl Covered {
    /// Whether the whole lookback is to be listed again. What the future says was listed by a clock that went wrong.
    pub fn is_whole_due(&self, now: DateTime<Utc>) -> bool {
        self.whole_at
            .is_none_or(|at| at > now || now - at >= WHOLE_AGAIN_AFTER)
    }
}

/// From when on an incremental run lists: the whole lookback if it was never read, or not today; otherwise from where
/// the last run ended, less the overlap. The whole reaches back to `held_from`, the oldest call that is held back: one
/// that grows older than the lookback can neither come back unseen nor be forgotten.
pub fn window_from(
    now: DateTime<Utc>,
    lookback: TimeDelta,
    overlap: TimeDelta,
    covered: Option<Covered>,
    held_from: Option<DateTime<Utc>>,
) -> DateTime<Utc> {
    let lookback_from = now - lookback;
    let whole = held_from.map_or(lookback_from, |held| held.min(lookback_from));
    let Some(covered) = covered else { return whole };
    if covered.from > lookback_from || covered.is_whole_due(now) {
        return whole;
    }
    // A clock that was set back must not turn the window around.
    covered.to.min(now) - overlap
}

/// The overlap in force: what is set, or more if a call came later than that covers. `furthest_behind` is how far
/// behind the mark the latest of the recent late arrivals lay. Never more than the lookback, which is listed daily.
pub fn overlap_in_force(
    set: TimeDelta,
    furthest_behind: Option<TimeDelta>,
    lookback: TimeDelta,
) -> TimeDelta {
    let needed =
        furthest_behind.map_or(set, |behind| (behind * MARGIN_PERCENT / 100).min(lookback));
    set.max(needed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: TimeDelta = TimeDelta::days(1);
    const MONTH: TimeDelta = TimeDelta::days(30);
    const OVERLAP: TimeDelta = TimeDelta::days(3);

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(10_000) + TimeDelta::hours(hours)
    }

    fn covered(from_h: i64, to_h: i64, whole_h: i64) -> Option<Covered> {
        Some(Covered {
            from: at(from_h),
            to: at(to_h),
            whole_at: Some(at(whole_h)),
        })
    }

    #[test]
    fn the_first_run_lists_the_whole_lookback() {
        assert_eq!(
            window_from(at(0), MONTH, OVERLAP, None, None),
            at(0) - MONTH
        );
    }

    #[test]
    fn later_runs_list_what_is_new_and_the_overlap() {
        let before = covered(-800, -1, -5);
        assert_eq!(
            window_from(at(0), MONTH, OVERLAP, before, None),
            at(-1) - OVERLAP
        );
    }

    #[test]
    fn once_a_day_the_whole_lookback_is_listed_again() {
        let yesterday = covered(-800, -1, -24);
        assert_eq!(
            window_from(at(0), MONTH, OVERLAP, yesterday, None),
            at(0) - MONTH
        );
        let never = Covered {
            whole_at: None,
            ..yesterday.unwrap()
        };
        assert_eq!(
            window_from(at(0), MONTH, OVERLAP, Some(never), None),
            at(0) - MONTH
        );
    }

    #[test]
    fn a_whole_that_was_listed_in_the_future_counts_for_nothing() {
        let wrong_clock = covered(-800, -1, 24 * 300);
        let from = window_from(at(0), MONTH, OVERLAP, wrong_clock, None);
        assert_eq!(from, at(0) - MONTH);
    }

    #[test]
    fn the_whole_reaches_back_to_what_is_held_back() {
        let held = Some(at(-900));
        let yesterday = covered(-1000, -1, -24);
        let from = |covered, held| window_from(at(0), MONTH, OVERLAP, covered, held);
        assert_eq!(from(yesterday, held), at(-900));
        assert_eq!(from(yesterday, Some(at(-5))), at(0) - MONTH);
        assert_eq!(from(covered(-1000, -1, -2), held), at(-1) - OVERLAP);
    }

    #[test]
    fn a_longer_lookback_is_listed_at_once() {
        let before = covered(-24 * 7, -1, -2);
        assert_eq!(
            window_from(at(0), MONTH, OVERLAP, before, None),
            at(0) - MONTH
        );
    }

    #[test]
    fn the_overlap_grows_with_later_arrivals_and_never_past_the_lookback() {
        assert_eq!(overlap_in_force(OVERLAP, None, MONTH), OVERLAP);
        assert_eq!(overlap_in_force(OVERLAP, Some(DAY), MONTH), OVERLAP);
        assert_eq!(overlap_in_force(OVERLAP, Some(DAY * 8), MONTH), DAY * 10);
        assert_eq!(overlap_in_force(OVERLAP, Some(DAY * 29), MONTH), MONTH);
        assert_eq!(
            overlap_in_force(OVERLAP * 20, Some(DAY), MONTH),
            OVERLAP * 20
        );
    }

    proptest! {
        /// Whatever the clock did: the window reaches back at least the overlap, and joins what was covered.
        #[test]
        fn windows_reach_back_and_leave_no_gap(
            from_h in -2000i64..0, length_h in 0i64..2000, whole_h in -2000i64..2000, now_h in -1000i64..3000,
        ) {
            let to_h = from_h + length_h;
            let before = covered(from_h, to_h, whole_h);
            let from = window_from(at(now_h), MONTH, OVERLAP, before, None);
            prop_assert!(from <= at(now_h) - OVERLAP);
            prop_assert!(from <= at(to_h) || from == at(now_h) - MONTH);
        }
    }
}
