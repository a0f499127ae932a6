//! When the detail of a call is read again: soon while Chorus has not finished it, and at certain ages afterwards,
//! because most edits show nowhere else.

use chrono::{DateTime, TimeDelta, Utc};

/// Delays double from the first to the longest.
const FIRST_DELAY_S: i64 = 60;
const LONGEST_DELAY_S: i64 = 6 * 3600;

/// When an unfinished call is asked for again: after one minute first, then twice as long each time, at most six hours
/// apart, each up to 12.5 % earlier or later so that calls which failed together do not come together. The jitter
/// follows from the call's number, so that a replay gives the same times. None: the meeting is too long ago.
pub fn ask_again_at(
    now: DateTime<Utc>,
    ended_at: DateTime<Utc>,
    attempts: i32,
    keep_asking: TimeDelta,
    call_id: i64,
) -> Option<DateTime<Utc>> {
    if now - ended_at >= keep_asking {
        return None;
    }
    let delay_s = (FIRST_DELAY_S << attempts.clamp(0, 9)).min(LONGEST_DELAY_S);
    let jitter = (call_id.wrapping_mul(0x9E37_79B9) >> 16).rem_euclid(250) - 125;
    Some(now + TimeDelta::milliseconds(delay_s * (1000 + jitter)))
}

/// When a finished call is read again: at the next of these ages of the meeting. None: it is older than all of them.
pub fn reread_at(
    now: DateTime<Utc>,
    ended_at: DateTime<Utc>,
    ages: &[TimeDelta],
) -> Option<DateTime<Utc>> {
    ages.iter()
        .map(|age| ended_at + *age)
        .filter(|at| *at > now)
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: TimeDelta = TimeDelta::hours(1);
    const FORTNIGHT: TimeDelta = TimeDelta::days(14);

    fn ended() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    #[test]
    fn delays_grow_from_a_minute_to_six_hours() {
        let delay = |attempts| {
            let now = ended() + HOUR;
            // Call 0 has the earliest jitter.
            (ask_again_at(now, ended(), attempts, FORTNIGHT, 0).unwrap() - now).num_milliseconds()
                / 875
        };
        assert_eq!(
            [0, 1, 2, 8, 9, 50].map(delay),
            [60, 120, 240, 15_360, 21_600, 21_600]
        );
    }

    #[test]
    fn after_the_last_day_nobody_asks() {
        assert_eq!(
            ask_again_at(ended() + FORTNIGHT, ended(), 3, FORTNIGHT, 7),
            None
        );
    }

    #[test]
    fn a_finished_call_is_read_at_each_age_once() {
        let ages = [HOUR, HOUR * 24, HOUR * 72];
        let mut read = vec![];
        let mut now = ended() + TimeDelta::minutes(5);
        while let Some(at) = reread_at(now, ended(), &ages) {
            read.push(at - ended());
            now = at;
        }
        assert_eq!(read, ages);
    }

    proptest! {
        #[test]
        fn the_next_attempt_lies_ahead_and_not_far(
            attempts in -5i32..1000, call_id: i64, age_s in 0i64..1_209_600,
        ) {
            let now = ended() + TimeDelta::seconds(age_s);
            let delay = ask_again_at(now, ended(), attempts, FORTNIGHT, call_id).unwrap() - now;
            prop_assert!(delay >= TimeDelta::milliseconds(52_500));
            prop_assert!(delay <= TimeDelta::milliseconds(6 * 3600 * 1125));
        }
    }
}
