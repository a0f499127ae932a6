//! Titles, as evidence: what calendars and recorders put around them does not count, and neither does the title that a
//! product gives a meeting by itself.

use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_64;

/// Words that calendars, mail programs and recorders add.
const ADDED: [&str; 14] = [
    "re",
    "fw",
    "fwd",
    "aw",
    "wg",
    "canceled",
    "cancelled",
    "updated",
    "invitation",
    "accepted",
    "declined",
    "external",
    "recording",
    "copy",
];
/// Titles of these words alone were made by a product, or might as well have been.
const MEANINGLESS: [&str; 30] = [
    "zoom",
    "teams",
    "webex",
    "google",
    "meet",
    "meeting",
    "meetings",
    "call",
    "unscheduled",
    "untitled",
    "new",
    "instant",
    "personal",
    "room",
    "video",
    "conference",
    "microsoft",
    "catch",
    "up",
    "sync",
    "weekly",
    "the",
    "a",
    "with",
    "and",
    "s",
    "of",
    "in",
    "quick",
    "chat",
];

/// A title without what says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Title {
    words: BTreeSet<String>,
    meaningful: bool,
}

impl Title {
    pub fn of(text: &str) -> Title {
        let words: BTreeSet<String> = text
            .to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty() && !ADDED.contains(word))
            .map(str::to_owned)
            .collect();
        let meaningful = words
            .iter()
            .any(|word| !MEANINGLESS.contains(&word.as_str()));
        Title { words, meaningful }
    }

    /// Whether it says anything about the meeting.
    pub fn tells(&self) -> bool {
        self.meaningful
    }

    /// Its words, in one order, as one text: titles that are the same but for order and decoration are equal in this.
    pub fn key(&self) -> String {
        self.words
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// A hash of each of its words that says something, ascending; empty if none does.
    pub(crate) fn word_hashes(&self) -> Box<[u32]> {
        let telling = |word: &&String| !MEANINGLESS.contains(&word.as_str());
        let hash = |word: &String| (xxh3_64(word.as_bytes()) >> 32) as u32;
        let hashes: BTreeSet<u32> = self.words.iter().filter(telling).map(hash).collect();
        hashes.into_iter().collect()
    }

    /// How alike two titles are, from 0 to 1: twice the words in common by all words (Dice). None if either says nothing.
    pub fn alike(&self, other: &Title) -> Option<f64> {
        if !self.tells() || !other.tells() {
            return None;
        }
        let common = self.words.intersection(&other.words).count();
        Some(2.0 * common as f64 / (self.words.len() + other.words.len()) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::Title;

    fn alike(a: &str, b: &str) -> Option<f64> {
        Title::of(a).alike(&Title::of(b))
    }

    #[test]
    fn decoration_and_order_do_not_count() {
        assert_eq!(
            alike(
                "Larkspur / quarterly review",
                "Re: [EXTERNAL] Quarterly Review: Larkspur"
            ),
            Some(1.0)
        );
    }

    #[test]
    fn titles_by_a_product_say_nothing() {
        for title in [
            "",
            "Unscheduled Meeting",
            "Zoom Meeting",
            "Instant meeting",
            "Meet with a call",
        ] {
            assert!(!Title::of(title).tells(), "{title}");
        }
        assert!(Title::of("Rae Rep's Zoom Meeting").tells());
    }

    #[test]
    fn words_in_common_make_titles_alike() {
        let some = alike("Larkspur quarterly review", "Larkspur renewal review").unwrap();
        assert!((0.6..0.7).contains(&some), "{some}");
        assert_eq!(alike("Larkspur", "Monro"), Some(0.0));
        assert_eq!(alike("Larkspur", "Zoom Meeting"), None);
    }
}
