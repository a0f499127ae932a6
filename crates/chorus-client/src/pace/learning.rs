//! The pace that refusals teach. Pure: every time is passed in, and nothing waits here.
//!
//! Chorus publishes no limit, so none is assumed before the first refusal. A refusal measures one: what was accepted
//! until then, over the time until the server takes requests again. That number is right for a quota per minute as well
//! as for one per second. From there the pace follows a cubic curve over the time in which requests are sent:
//!
//! ```text
//!   pace                                  ·       first a quarter below the ceiling,
//!     │                                  ·        near it for most of the time,
//!     │ ceiling ─ ─ ─ ─ ─ ·  ·  · ─ ─ ─ ─         then ever faster beyond it, in case there is none
//!     │             ·
//!     │         ·
//!     └─────────────────────┼──────────────▶ time
//!                         steady
//! ```
//! A refusal that confirms the ceiling doubles `steady`, so that a real limit is touched ever more rarely; one that does
//! not starts it small again, so that a ceiling that was taken too low is left behind within minutes.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Requests a minute: the slowest and the fastest pace that is kept. Where even the slowest is refused, waits are obeyed
/// and that is all; a slower one would take minutes to find out that it need not be. Timers space no more than the fastest.
const SLOWEST: f64 = 5.0;
const FASTEST: f64 = 60_000.0;
/// How long the pace stays near a ceiling at first, and at most.
const STEADY_FIRST: Duration = Duration::from_secs(5);
const STEADY_LONGEST: Duration = Duration::from_secs(3600);
/// After a refusal the pace is so much below the ceiling.
const DROP: f64 = 0.25;
/// A ceiling is confirmed by another that differs by no more than this part.
const SAME: f64 = 0.25;
/// What was accepted longer ago tells nothing about a refusal; nor do more requests than this tell more.
const REMEMBERED: Duration = Duration::from_secs(60);
const REMEMBERED_MOST: usize = 2048;
/// Servers name waits in whole seconds, rounded up. It is also the shortest time over which a pace is measured.
const SECOND: Duration = Duration::from_secs(1);

/// What was learnt of how fast a key may go: plain values, to be kept for the next client of that key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearntPace {
    /// Requests a minute.
    pub per_minute: f64,
    /// How long to stay near that before more is tried.
    pub steady: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Curve {
    /// Requests a minute at which the server complained, as far as is known.
    ceiling: f64,
    steady: Duration,
    /// Time under this curve in which requests were sent.
    paced: Duration,
}

impl Curve {
    fn per_minute(&self) -> f64 {
        let steady = self.steady.as_secs_f64();
        let from_the_middle = (self.paced.as_secs_f64() - steady) / steady;
        (self.ceiling * (1.0 + DROP * from_the_middle.powi(3))).clamp(SLOWEST, FASTEST)
    }

    fn spacing(&self) -> Duration {
        Duration::from_secs_f64(60.0 / self.per_minute())
    }
}

/// The first of the refusals between two accepted requests.
#[derive(Debug)]
struct Complaint {
    at: Instant,
    curve_before: Option<Curve>,
}

/// Learns from what is accepted and refused.
#[derive(Debug, Default)]
pub(super) struct Learning {
    curve: Option<Curve>,
    /// When requests were accepted since the last complaint, newest last.
    accepted: VecDeque<Instant>,
    complaint: Option<Complaint>,
    last_sent: Option<Instant>,
}

impl Learning {
    /// Goes on with what an earlier client has learnt, near its pace and not below it.
    pub(super) fn remembering(learnt: Option<LearntPace>) -> Learning {
        let curve = learnt
            .filter(|learnt| learnt.per_minute.is_finite())
            .map(|learnt| {
                let steady = learnt.steady.clamp(STEADY_FIRST, STEADY_LONGEST);
                Curve {
                    ceiling: learnt.per_minute.clamp(SLOWEST, FASTEST),
                    steady,
                    paced: steady,
                }
            });
        Learning {
            curve,
            ..Learning::default()
        }
    }

    pub(super) fn learnt(&self) -> Option<LearntPace> {
        self.curve.map(|curve| LearntPace {
            per_minute: curve.per_minute(),
            steady: curve.steady,
        })
    }

    /// Time between two requests; zero as long as nothing is known.
    pub(super) fn spacing(&self) -> Duration {
        self.curve.map_or(Duration::ZERO, |curve| curve.spacing())
    }

    /// A request is sent. Only time in which requests follow each other at the pace moves it along its curve: an idle
    /// key has not shown that it may go faster.
    pub(super) fn sent(&mut self, now: Instant) {
        let gap = self
            .last_sent
            .replace(now)
            .map_or(Duration::ZERO, |last| now - last);
        if let Some(curve) = &mut self.curve {
            curve.paced += gap.min(curve.spacing());
            if curve.per_minute() >= FASTEST {
                self.curve = None;
            }
        }
    }

    /// A request was accepted. `ends_complaint`: it was sent after the last refusal.
    pub(super) fn accepted(&mut self, now: Instant, ends_complaint: bool) {
        if ends_complaint && self.complaint.take().is_some() {
            self.accepted.clear();
        }
        self.accepted.push_back(now);
        while self.accepted.len() > REMEMBERED_MOST
            || self
                .accepted
                .front()
                .is_some_and(|oldest| now - *oldest > REMEMBERED)
        {
            self.accepted.pop_front();
        }
    }

    /// A request was refused, and nothing is sent before `until`. Refusals with nothing accepted between them are one
    /// complaint, that is measured again when its end moves. `news`: it was sent after the refusal before it; one that was
    /// not makes no complaint of its own.
    pub(super) fn refused(&mut self, now: Instant, until: Instant, news: bool) {
        if !news && self.complaint.is_none() {
            return;
        }
        let complaint = self.complaint.get_or_insert(Complaint {
            at: now,
            curve_before: self.curve,
        });
        let Some(measured) = measured(&self.accepted, complaint.at, until) else {
            return;
        };
        let before = complaint.curve_before;
        let ceiling = before
            .map_or(measured, |before| measured.min(before.per_minute()))
            .clamp(SLOWEST, FASTEST);
        let steady = match before {
            Some(before) if (ceiling / before.ceiling - 1.0).abs() <= SAME => {
                STEADY_LONGEST.min(before.steady * 2)
            }
            _ => STEADY_FIRST,
        };
        self.curve = Some(Curve {
            ceiling,
            steady,
            paced: Duration::ZERO,
        });
    }
}

/// Requests a minute that the server takes, if those that it took before it complained at `at` are all that it takes
/// until `until`: the highest for any stretch of time before `at`, since the length of its window is not known.
fn measured(accepted: &VecDeque<Instant>, at: Instant, until: Instant) -> Option<f64> {
    let wait = (until - at).saturating_sub(SECOND);
    accepted
        .iter()
        .rev()
        .zip(1_u32..)
        .map(|(since, requests)| {
            let window = (at - *since).max(SECOND) + wait;
            f64::from(requests) * 60.0 / window.as_secs_f64()
        })
        .max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(start: Instant, seconds: f64) -> Instant {
        start + Duration::from_secs_f64(seconds)
    }

    /// One complaint after `accepted` requests in `took` seconds, over after `wait` seconds.
    fn learn(learning: &mut Learning, start: Instant, accepted: u32, took: f64, wait: f64) -> f64 {
        for n in 1..=accepted {
            learning.accepted(
                after(start, took * f64::from(n) / f64::from(accepted)),
                true,
            );
        }
        learning.refused(after(start, took), after(start, took + wait), true);
        let ceiling = learning.curve.expect("a curve").ceiling;
        assert!(
            (learning.learnt().unwrap().per_minute - (1.0 - DROP) * ceiling).abs() < 0.01 * ceiling
        );
        ceiling
    }

    #[test]
    fn nothing_is_known_before_the_first_refusal() {
        let (mut learning, now) = (Learning::default(), Instant::now());
        assert_eq!(learning.spacing(), Duration::ZERO);
        // A server that refuses all is none that says how much it takes.
        learning.refused(now, after(now, 60.0), true);
        assert_eq!(learning.learnt(), None);
        learning.accepted(now, true);
        assert_eq!(learning.learnt(), None);
    }

    #[test]
    fn a_ceiling_is_what_was_accepted_until_the_server_takes_more() {
        for (accepted, took, wait, expected) in [
            (10, 2.0, 59.0, 10.0),
            (100, 30.0, 31.0, 100.0),
            (10, 0.3, 1.0, 600.0),
        ] {
            let ceiling = learn(
                &mut Learning::default(),
                Instant::now(),
                accepted,
                took,
                wait,
            );
            assert!(
                (ceiling / expected - 1.0).abs() < 0.02,
                "{ceiling} {expected}"
            );
        }
    }

    #[test]
    fn a_wait_that_was_too_short_is_measured_again() {
        let (mut learning, start) = (Learning::default(), Instant::now());
        assert!(learn(&mut learning, start, 10, 1.0, 5.0) > 100.0);
        learning.refused(after(start, 6.0), after(start, 61.0), true);
        let ceiling = learning.curve.unwrap().ceiling;
        assert!((9.5..=10.5).contains(&ceiling), "{ceiling}");
    }

    #[test]
    fn a_confirmed_ceiling_is_left_alone_for_longer_and_another_one_is_not() {
        let (mut learning, mut start) = (Learning::default(), Instant::now());
        let mut steady = Vec::new();
        for (accepted, wait) in [(40, 59.0), (40, 59.0), (36, 59.0), (12, 59.0)] {
            learn(&mut learning, start, accepted, 2.0, wait);
            steady.push(learning.learnt().unwrap().steady.as_secs());
            // It has gone up to its ceiling since.
            let curve = learning.curve.as_mut().unwrap();
            curve.paced = curve.steady;
            start = after(start, 120.0);
        }
        assert_eq!(steady, [5, 10, 20, 5]);
    }

    #[test]
    fn an_idle_key_is_not_taken_to_bear_more() {
        let learnt = LearntPace {
            per_minute: 60.0,
            steady: Duration::from_secs(15),
        };
        let (mut learning, start) = (Learning::remembering(Some(learnt)), Instant::now());
        learning.sent(start);
        learning.sent(after(start, 86_400.0));
        assert!(learning.learnt().unwrap().per_minute < 61.0);
        for second in 1..60 {
            learning.sent(after(start, 86_400.0 + f64::from(second)));
        }
        assert!(learning.learnt().unwrap().per_minute > 200.0);
    }

    proptest! {
        #[test]
        fn whatever_happens_the_pace_stays_a_pace(
            per_minute in any::<f64>(), steady_s in any::<u32>(),
            happened in prop::collection::vec((0..4_u8, 0.0..100.0_f64, any::<bool>(), 0.0..4000.0_f64), 0..200),
        ) {
            let learnt = LearntPace { per_minute, steady: Duration::from_secs(steady_s.into()) };
            let (mut learning, mut now) = (Learning::remembering(Some(learnt)), Instant::now());
            for (what, later, news, wait) in happened {
                now = after(now, later);
                match what {
                    0 => learning.refused(now, after(now, wait), news),
                    1 => learning.accepted(now, news),
                    _ => learning.sent(now),
                }
                if let Some(learnt) = learning.learnt() {
                    prop_assert!((SLOWEST..=FASTEST).contains(&learnt.per_minute));
                    prop_assert!((STEADY_FIRST..=STEADY_LONGEST).contains(&learnt.steady));
                }
                prop_assert!(learning.spacing() <= Duration::from_secs(12));
            }
        }
    }
}
