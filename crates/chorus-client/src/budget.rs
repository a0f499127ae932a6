//! The memory that answers in flight may hold together.
//!
//! An answer takes its share as it grows. If nothing is left it waits, or becomes the one answer that may go beyond the
//! budget: so a large one gets through, one at a time, and there is always one that can finish. Nothing can lock up.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// What shares are counted in: large enough that few steps are taken, small enough not to waste the budget.
const SHARE: usize = 16 << 10;

#[derive(Clone)]
pub(crate) struct Budget {
    shares: Arc<Semaphore>,
    beyond: Arc<Mutex<()>>,
}

/// What one answer holds of the budget, given back when dropped.
pub(crate) struct Held {
    budget: Budget,
    bytes: usize,
    shares: Option<OwnedSemaphorePermit>,
    beyond: Option<OwnedMutexGuard<()>>,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Budget {
        let shares = (bytes / SHARE).clamp(1, u32::MAX as usize);
        Budget {
            shares: Arc::new(Semaphore::new(shares)),
            beyond: Arc::new(Mutex::new(())),
        }
    }

    pub(crate) fn hold(&self) -> Held {
        Held {
            budget: self.clone(),
            bytes: 0,
            shares: None,
            beyond: None,
        }
    }
}

impl Held {
    /// Waits until the answer may be `bytes` long.
    pub(crate) async fn grow_to(&mut self, bytes: usize) {
        while self.bytes < bytes && self.beyond.is_none() {
            tokio::select! {
                biased;
                share = Arc::clone(&self.budget.shares).acquire_owned() => {
                    let share = share.expect("the semaphore is never closed");
                    match &mut self.shares {
                        Some(shares) => shares.merge(share),
                        none => *none = Some(share),
                    }
                    self.bytes += SHARE;
                }
                beyond = Arc::clone(&self.budget.beyond).lock_owned() => self.beyond = Some(beyond),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn answers_larger_than_the_budget_take_turns_and_never_lock_up() {
        let budget = Budget::new(4 * SHARE);
        let answers = (0..20).map(|n| {
            let mut held = budget.hold();
            async move {
                for size in 1..=n {
                    held.grow_to(size * SHARE).await;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        });
        timeout(
            Duration::from_secs(60),
            futures_util::future::join_all(answers),
        )
        .await
        .expect("no lock-up");
    }

    #[tokio::test(start_paused = true)]
    async fn only_one_answer_goes_beyond() {
        let budget = Budget::new(2 * SHARE);
        let (mut first, mut second, mut third) = (budget.hold(), budget.hold(), budget.hold());
        first.grow_to(10 * SHARE).await;
        assert!(first.beyond.is_some());
        let wait = Duration::from_secs(1);
        assert!(timeout(wait, second.grow_to(1)).await.is_err());
        drop(first);
        second.grow_to(2 * SHARE).await;
        assert!(timeout(wait, third.grow_to(1)).await.is_ok());
        assert!(third.beyond.is_some());
    }
}
