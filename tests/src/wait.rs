//! Waiting for a condition instead of for a time.

use std::thread::sleep;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(10);

/// Asks `look` every 10 ms until it finds something, and gives that back.
///
/// # Panics
/// Names `description` if nothing was found within `limit`.
pub fn wait_until<T>(description: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            began.elapsed() < limit,
            "waited {limit:?} in vain: {description}"
        );
        sleep(POLL);
    }
}
