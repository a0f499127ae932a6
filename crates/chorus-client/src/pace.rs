//! How fast requests may go: one gate for all clones of a client.
//!
//! Every request passes [`Pace::pass`] and says how it went. The gate holds back everybody after a 429 or 503, keeps to a
//! number of requests at a time, and spaces requests to the pace that refusals taught ([`learning`]) or that is set. It
//! must never let a request through earlier than the server asked for, and never gives up: whoever waits can stop waiting.
//!
//! Several requests are under way when the server first complains, and all of them are refused. Only the first of these
//! counts as a refusal, which is what `era` is for: a pass of an earlier era lengthens the wait at most.

mod learning;
#[cfg(test)]
mod simulation;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use learning::Learning;
pub use learning::LearntPace;

/// The longest wait that a server can ask for.
pub const LONGEST_ASKED: Duration = Duration::from_secs(3600);
/// The shortest, so that `Retry-After: 0` does not become a busy loop.
const SHORTEST_ASKED: Duration = Duration::from_secs(1);
/// The wait after the first refusal that names none; doubled with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// Where doubling ends.
const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// How far turns that a timer missed may be made up for: without it every late timer would slow down the pace.
const LATENESS: Duration = Duration::from_millis(20);

pub(crate) struct Pace {
    slots: Arc<Semaphore>,
    /// Least time between two requests, whatever was learnt; zero without such a limit.
    spacing: Duration,
    /// The same moment by both clocks: waits go by the first and are told by the second.
    began: (Instant, SystemTime),
    gate: Mutex<Gate>,
}

struct Gate {
    /// Nothing is sent before this.
    not_before: Instant,
    /// When the spacing allows the next request.
    next_turn: Instant,
    /// Refusals in a row.
    refusals: u32,
    era: u64,
    learning: Learning,
}

/// The right to send one request. Dropping it makes room for the next.
pub(crate) struct Pass {
    era: u64,
    _slot: OwnedSemaphorePermit,
}

impl Pace {
    /// `wait` is how long the server has asked an earlier client to wait from now on, and `learnt` what that has learnt.
    pub(crate) fn new(
        max_concurrent_requests: usize,
        max_requests_per_minute: u32,
        learnt: Option<LearntPace>,
        wait: Option<Duration>,
    ) -> Pace {
        let now = Instant::now();
        Pace {
            slots: Arc::new(Semaphore::new(
                max_concurrent_requests.clamp(1, Semaphore::MAX_PERMITS),
            )),
            spacing: match max_requests_per_minute {
                0 => Duration::ZERO,
                many => Duration::from_secs(60) / many,
            },
            began: (now, SystemTime::now()),
            gate: Mutex::new(Gate {
                not_before: now + wait.unwrap_or_default().min(LONGEST_ASKED),
                next_turn: now,
                refusals: 0,
                era: 0,
                learning: Learning::remembering(learnt),
            }),
        }
    }

    /// Waits until one more request may be sent.
    pub(crate) async fn pass(&self) -> Pass {
        let slot = Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        loop {
            let at = {
                let mut gate = self.gate();
                let (now, at) = (Instant::now(), gate.not_before.max(gate.next_turn));
                if at <= now {
                    let spacing = self.spacing.max(gate.learning.spacing());
                    gate.next_turn = at.max(now - LATENESS) + spacing;
                    gate.learning.sent(now);
                    return Pass {
                        era: gate.era,
                        _slot: slot,
                    };
                }
                at
            };
            sleep_until(at).await;
        }
    }

    /// The server said 429 or 503 to the request of `pass`, perhaps naming a wait.
    pub(crate) fn refused(&self, pass: &Pass, retry_after: Option<Duration>) {
        let mut gate = self.gate();
        let news = pass.era == gate.era;
        if news {
            gate.era += 1;
            gate.refusals = gate.refusals.saturating_add(1);
        }
        let wait = match retry_after {
            Some(asked) => asked.clamp(SHORTEST_ASKED, LONGEST_ASKED),
            None if news => {
                LONGEST_WAIT.min(FIRST_WAIT * 2_u32.saturating_pow((gate.refusals - 1).min(10)))
            }
            None => return,
        };
        let now = Instant::now();
        gate.not_before = gate.not_before.max(now + wait);
        let until = gate.not_before;
        gate.learning.refused(now, until, news);
    }

    /// The server took the request of `pass`.
    pub(crate) fn accepted(&self, pass: &Pass) {
        let mut gate = self.gate();
        let news = pass.era == gate.era;
        if news {
            gate.refusals = 0;
        }
        gate.learning.accepted(Instant::now(), news);
    }

    /// Until when the server has asked everybody to wait, if it has. The same wait is always told by the same time.
    pub(crate) fn waiting_until(&self) -> Option<SystemTime> {
        let until = self.gate().not_before;
        let (then, by_the_calendar) = self.began;
        (until > Instant::now()).then(|| by_the_calendar + (until - then))
    }

    /// What the server's refusals have taught so far, if it ever refused.
    pub(crate) fn learnt(&self) -> Option<LearntPace> {
        self.gate().learning.learnt()
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        // Nothing panics while it is held; were it otherwise, its numbers would still be whole.
        self.gate
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How long the next request has to wait, and its pass.
    async fn wait_for_pass(pace: &Pace) -> (Duration, Pass) {
        let before = Instant::now();
        let pass = pace.pass().await;
        // Timers of the paused clock go by whole milliseconds.
        (
            Duration::from_secs((before.elapsed().as_millis() as u64 + 500) / 1000),
            pass,
        )
    }

    #[tokio::test(start_paused = true)]
    async fn a_named_wait_is_kept_and_capped() {
        let pace = Pace::new(4, 0, None, None);
        for (asked, kept) in [(7, 7), (0, 1), (1_000_000, 3600)] {
            let pass = pace.pass().await;
            pace.refused(&pass, Some(asked * SECOND));
            assert!(pace.waiting_until().is_some());
            assert_eq!(wait_for_pass(&pace).await.0, kept * SECOND);
            assert!(pace.waiting_until().is_none());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn unnamed_waits_double_to_two_minutes_and_start_again_after_success() {
        let pace = Pace::new(4, 0, None, None);
        let mut pass = pace.pass().await;
        for seconds in [5, 10, 20, 40, 80, 120, 120] {
            pace.refused(&pass, None);
            let (waited, next) = wait_for_pass(&pace).await;
            assert_eq!(waited, seconds * SECOND);
            pass = next;
        }
        pace.accepted(&pass);
        pace.refused(&pass, None);
        assert_eq!(wait_for_pass(&pace).await.0, 5 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_refused_together_count_once() {
        let pace = Pace::new(4, 0, None, None);
        let passes = [pace.pass().await, pace.pass().await, pace.pass().await];
        for pass in &passes {
            pace.refused(pass, None);
        }
        pace.accepted(&passes[0]);
        drop(passes);
        let (waited, pass) = wait_for_pass(&pace).await;
        assert_eq!(waited, 5 * SECOND);
        pace.refused(&pass, None);
        assert_eq!(wait_for_pass(&pace).await.0, 10 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_spaced_to_the_number_a_minute() {
        let pace = Pace::new(4, 20, None, None);
        drop(pace.pass().await);
        for _ in 0..3 {
            assert_eq!(wait_for_pass(&pace).await.0, 3 * SECOND);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_so_many_at_a_time() {
        let pace = Pace::new(2, 0, None, None);
        let first = pace.pass().await;
        let _second = pace.pass().await;
        assert!(tokio::time::timeout(SECOND, pace.pass()).await.is_err());
        drop(first);
        assert!(tokio::time::timeout(SECOND, pace.pass()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_asked_of_an_earlier_client_is_kept() {
        for (asked, kept) in [(90, 90), (1_000_000, 3600)] {
            let pace = Pace::new(4, 0, None, Some(asked * SECOND));
            assert!(pace.waiting_until().is_some());
            assert_eq!(wait_for_pass(&pace).await.0, kept * SECOND);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_slower_of_what_was_learnt_and_what_is_set_holds() {
        let learnt = |per_minute| {
            Some(LearntPace {
                per_minute,
                steady: 3600 * SECOND,
            })
        };
        for (learnt, set, seconds) in [(learnt(10.0), 20, 6), (learnt(20.0), 10, 6)] {
            let pace = Pace::new(4, set, learnt, None);
            drop(pace.pass().await);
            for _ in 0..3 {
                assert_eq!(wait_for_pass(&pace).await.0, seconds * SECOND);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_told_by_one_time() {
        let pace = Pace::new(4, 0, None, None);
        let pass = pace.pass().await;
        pace.refused(&pass, Some(60 * SECOND));
        let told = pace.waiting_until();
        tokio::time::sleep(30 * SECOND).await;
        assert_eq!(pace.waiting_until(), told);
    }
}
