//! Calls that are not listed any more: deleted one by one, or out of sight all at once?
//!
//! Chorus has no tombstones. A key that loses rights sees a shorter list, and looks just like a clean-up.

/// Windows with fewer calls than this are judged by "all or not all" alone.
const TELLING: u64 = 20;

/// Whether so many are missing that the key, rather than the calls, is at fault: more than a tenth of a window of
/// twenty or more, or all of any window.
pub fn looks_like_a_lost_view(missing: u64, of: u64) -> bool {
    missing > 0 && (missing >= of || (of >= TELLING && missing * 10 > of))
}

#[cfg(test)]
mod tests {
    use super::looks_like_a_lost_view;

    #[test]
    fn a_tenth_of_twenty_is_the_most_that_is_believed() {
        for (missing, of, lost) in [
            (0, 0, false),
            (0, 50, false),
            (1, 1, true),
            (1, 2, false),
            (18, 19, false),
            (19, 19, true),
            (2, 20, false),
            (3, 20, true),
            (100, 1000, false),
            (101, 1000, true),
        ] {
            assert_eq!(
                looks_like_a_lost_view(missing, of),
                lost,
                "{missing} of {of}"
            );
        }
    }
}
