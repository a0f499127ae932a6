//! How long one request is tried.
//!
//! Being told to slow down is obeyed without end and is no failure. Faults of the server and of the network are tried
//! three times. Everything else is an answer and is not asked for again.

use std::time::Duration;

use tokio::time::sleep;

use crate::error::{Error, UnreachableKind};
use crate::pace::{Pace, Pass};

/// Tries of one request that meets faults.
const TRIES: u32 = 3;
/// The wait after the first fault; doubled with each further one.
const FIRST_DELAY: Duration = Duration::from_millis(700);
const LONGEST_DELAY: Duration = Duration::from_secs(4);

/// Calls `send` until it succeeds or there is no point in going on. `in_contact` says whether this server has answered
/// before: then a refused connection or a failing name lookup is a hiccup, otherwise it is a wrong address.
///
/// # Errors
/// The error of the last try.
pub(crate) async fn persist<T, F>(
    pace: &Pace,
    in_contact: impl Fn() -> bool,
    mut send: impl FnMut() -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut faults = 0;
    loop {
        let pass: Pass = pace.pass().await;
        let error = match send().await {
            Ok(answer) => {
                pace.accepted(&pass);
                return Ok(answer);
            }
            Err(error) => error,
        };
        if let Error::RateLimited { retry_after, .. } = error {
            pace.refused(&pass, retry_after);
            continue;
        }
        faults += 1;
        if faults >= TRIES || !is_worth_another_try(&error, in_contact()) {
            return Err(error);
        }
        drop(pass);
        sleep(delay_after(faults, fraction())).await;
    }
}

fn is_worth_another_try(error: &Error, in_contact: bool) -> bool {
    use UnreachableKind::{Dns, Other, Refused, Reset, Timeout, Tls};
    match error {
        Error::ServerFault { .. } => true,
        Error::Unreachable { kind, .. } => match kind {
            Timeout | Reset | Other => true,
            Dns | Refused => in_contact,
            Tls => false,
        },
        _ => false,
    }
}

/// Between 0.5 and 4 seconds, growing with the faults. `fraction` (0 to 1) spreads clients that failed together.
fn delay_after(faults: u32, fraction: f64) -> Duration {
    let full = FIRST_DELAY * 2_u32.saturating_pow(faults.saturating_sub(1).min(8));
    full.mul_f64(0.75 + 0.5 * fraction).min(LONGEST_DELAY)
}

/// A number between 0 and 1 that differs from call to call; `RandomState` is the randomness that std has.
fn fraction() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    (RandomState::new().hash_one(()) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tokio::time::Instant;

    use super::*;

    /// Answers with these errors, then succeeds. Returns the result, the number of tries and the seconds they took.
    async fn run(errors: Vec<Error>, in_contact: bool) -> (Result<(), Error>, usize, f64) {
        let pace = Pace::new(1, 0, None, None);
        let (left, tries, begun) = (RefCell::new(errors), RefCell::new(0), Instant::now());
        let send = || {
            *tries.borrow_mut() += 1;
            let mut left = left.borrow_mut();
            let answer = if left.is_empty() {
                Ok(())
            } else {
                Err(left.remove(0))
            };
            async move { answer }
        };
        let result = persist(&pace, || in_contact, send).await;
        (result, tries.into_inner(), begun.elapsed().as_secs_f64())
    }

    fn fault(status: u16) -> Error {
        Error::ServerFault {
            route: "/x",
            status,
        }
    }

    fn unreachable(kind: UnreachableKind) -> Error {
        Error::Unreachable {
            route: "/x",
            kind,
            message: String::new(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn faults_are_tried_three_times_with_growing_delays() {
        let (result, tries, seconds) =
            run(vec![fault(500), unreachable(UnreachableKind::Reset)], false).await;
        assert_eq!((result, tries), (Ok(()), 3));
        assert!((1.5..=3.0).contains(&seconds), "{seconds}");
        let (result, tries, _) =
            run(vec![fault(500), fault(502), fault(504), fault(500)], false).await;
        assert_eq!((result, tries), (Err(fault(504)), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn being_told_to_slow_down_is_obeyed_without_end_and_is_no_failure() {
        let mut errors = vec![fault(500)];
        errors.extend(vec![
            Error::RateLimited {
                route: "/x",
                retry_after: Some(Duration::from_secs(600))
            };
            20
        ]);
        errors.push(fault(500));
        let (result, tries, seconds) = run(errors, false).await;
        assert_eq!((result, tries), (Ok(()), 23));
        assert!(seconds >= 12_000.0, "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn answers_are_not_asked_for_again() {
        for error in [
            Error::InvalidCredentials { zoominfo: false },
            Error::NotFound { route: "/x" },
            Error::TooLarge {
                route: "/x",
                limit: 1,
            },
            unreachable(UnreachableKind::Tls),
            unreachable(UnreachableKind::Dns),
            unreachable(UnreachableKind::Refused),
        ] {
            assert_eq!(run(vec![error.clone()], false).await, (Err(error), 1, 0.0));
        }
        assert_eq!(
            run(vec![unreachable(UnreachableKind::Refused)], true)
                .await
                .1,
            2
        );
    }

    #[test]
    fn delays_stay_between_half_a_second_and_four() {
        for (faults, fraction) in [(1, 0.0), (1, 1.0), (2, 0.5), (9, 1.0), (u32::MAX, 1.0)] {
            let delay = delay_after(faults, fraction).as_secs_f64();
            assert!((0.5..=4.0).contains(&delay), "{delay}");
        }
    }
}
