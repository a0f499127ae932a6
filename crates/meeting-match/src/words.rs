//! What was said, as evidence: a sketch of a transcript that is small, and tells two recordings of one meeting from two
//! meetings of one series.
//!
//! Every run of three words is hashed, and the smallest hashes are kept (a bottom-k sketch). Two sketches estimate how
//! much of the shorter transcript is in the longer one, so that half a recording still finds the whole. Three words,
//! because that told best apart what was measured: recognizers of one call agree on 24 to 75 % of their runs of three
//! words, different calls of one kind of meeting on 5 % at most.

use xxhash_rust::xxh3::xxh3_64;

/// Words in a run.
const RUN: usize = 3;
/// Hashes kept: 64 of 4 bytes.
const KEPT: usize = 64;
/// Fewer different runs than this say nothing: a greeting is the same everywhere.
const TELLING: u32 = 40;

/// A sketch of what was said. The same words give the same sketch, however they were cut into utterances.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// The smallest hashes, ascending.
    sketch: Vec<u32>,
    /// How many different runs of words there are.
    runs: u32,
}

impl Words {
    /// The sketch of the utterances of a transcript, in their order.
    pub fn of<'a>(utterances: impl IntoIterator<Item = &'a str>) -> Words {
        let mut hashes = Vec::new();
        // The words of the run that is being made, as one text, and where each begins.
        let mut run = String::new();
        let mut begins: std::collections::VecDeque<usize> = std::collections::VecDeque::new();
        for word in utterances.into_iter().flat_map(words) {
            begins.push_back(run.len());
            run.extend(word.chars().flat_map(char::to_lowercase));
            run.push(' ');
            if begins.len() == RUN {
                hashes.push((xxh3_64(run.as_bytes()) >> 32) as u32);
                begins.pop_front();
                let gone = begins[0];
                run.drain(..gone);
                begins.iter_mut().for_each(|begin| *begin -= gone);
            }
        }
        hashes.sort_unstable();
        hashes.dedup();
        let runs = hashes.len() as u32;
        hashes.truncate(KEPT);
        Words {
            sketch: hashes,
            runs,
        }
    }

    /// Whether there is enough to compare.
    pub fn tell(&self) -> bool {
        self.runs >= TELLING
    }

    /// The hashes by which recordings with common words find each other, rarest position first.
    pub fn sketch(&self) -> &[u32] {
        &self.sketch
    }

    /// How much of the shorter transcript is in the longer one, from 0 to 1, by estimate; None if either is too short to
    /// tell.
    pub fn common(&self, other: &Words) -> Option<f64> {
        if !self.tell() || !other.tell() {
            return None;
        }
        // The smallest hashes of both together are a fair sample of all runs of either.
        let (mut a, mut b) = (
            self.sketch.iter().peekable(),
            other.sketch.iter().peekable(),
        );
        let (mut drawn, mut both) = (0u32, 0u32);
        while (drawn as usize) < KEPT {
            match (a.peek(), b.peek()) {
                (Some(x), Some(y)) if x == y => {
                    both += 1;
                    a.next();
                    b.next();
                }
                (Some(x), Some(y)) if x < y => drop(a.next()),
                (Some(_), Some(_)) => drop(b.next()),
                // A complete sketch that is used up goes on having nothing; a cut one ends what can be said.
                (Some(_), None) if other.is_complete() => drop(a.next()),
                (None, Some(_)) if self.is_complete() => drop(b.next()),
                _ => break,
            }
            drawn += 1;
        }
        let jaccard = f64::from(both) / f64::from(drawn.max(1));
        let all = f64::from(self.runs) + f64::from(other.runs);
        let shorter = f64::from(self.runs.min(other.runs));
        Some((jaccard / (1.0 + jaccard) * all / shorter).min(1.0))
    }

    fn is_complete(&self) -> bool {
        (self.runs as usize) <= KEPT
    }

    /// As it is stored: the number of runs and the hashes, four bytes each, little end first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = std::iter::once(&self.runs).chain(&self.sketch);
        numbers.flat_map(|number| number.to_le_bytes()).collect()
    }

    /// None if the bytes are no sketch.
    pub fn from_bytes(bytes: &[u8]) -> Option<Words> {
        let (numbers, rest) = bytes.as_chunks::<4>();
        let mut numbers = numbers.iter().map(|bytes| u32::from_le_bytes(*bytes));
        let runs = numbers.next()?;
        let sketch: Vec<u32> = numbers.collect();
        let sound = rest.is_empty()
            && sketch.len() == (runs as usize).min(KEPT)
            && sketch.is_sorted_by(|a, b| a < b);
        sound.then_some(Words { sketch, runs })
    }
}

/// Words without punctuation; an apostrophe within a word belongs to it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '’')))
        .map(|word| word.trim_matches(['\'', '’']))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A text of so many words out of a vocabulary, the same for the same seed.
    fn text(seed: u64, length: usize) -> Vec<String> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        (0..length)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                format!("w{}", state % 800)
            })
            .collect()
    }

    fn sketch(words: &[String]) -> Words {
        Words::of([words.join(" ").as_str()])
    }

    #[test]
    fn what_was_said_counts_and_not_how_it_was_cut_or_written() {
        let whole = Words::of(["Good day, and welcome. It's Kim's quarter-end review"]);
        let cut = Words::of([
            "good day and",
            "",
            "WELCOME it's Kim's",
            "quarter end — review!",
        ]);
        assert_eq!(whole, cut);
    }

    #[test]
    fn recordings_of_one_meeting_have_words_in_common_and_others_have_none() {
        let meeting = text(1, 3000);
        let other = text(2, 3000);
        // Every seventh word heard wrongly.
        let heard: Vec<String> = meeting
            .iter()
            .enumerate()
            .map(|(n, word)| {
                if n % 7 == 0 {
                    format!("x{word}")
                } else {
                    word.clone()
                }
            })
            .collect();
        let common = |a: &[String], b: &[String]| sketch(a).common(&sketch(b)).unwrap();
        assert_eq!(common(&meeting, &meeting), 1.0);
        assert!(common(&meeting, &heard) > 0.35);
        assert!(common(&meeting, &other) < 0.05);
    }

    #[test]
    fn a_part_is_found_in_the_whole() {
        let meeting = text(3, 6000);
        let part = sketch(&meeting[1000..2500]);
        let common = part.common(&sketch(&meeting)).unwrap();
        assert!(common > 0.6, "{common}");
    }

    #[test]
    fn a_greeting_tells_nothing() {
        let short = Words::of(["hello can you hear me yes I can hear you"]);
        assert_eq!(short.common(&sketch(&text(1, 500))), None);
    }

    proptest! {
        #[test]
        fn a_sketch_is_stored_and_read_back(length in 0usize..400, seed: u64) {
            let words = sketch(&text(seed, length));
            prop_assert_eq!(Words::from_bytes(&words.to_bytes()), Some(words));
        }

        #[test]
        fn comparing_is_symmetric_and_within_bounds(a in 0usize..600, b in 0usize..600, seed in 0u64..5) {
            let (a, b) = (sketch(&text(seed, a)), sketch(&text(seed + 1, b)));
            prop_assert_eq!(a.common(&b), b.common(&a));
            if let Some(common) = a.common(&b) {
                prop_assert!((0.0..=1.0).contains(&common));
            }
        }

        #[test]
        fn no_bytes_are_too_odd(bytes: Vec<u8>) {
            let _ = Words::from_bytes(&bytes);
        }
    }
}
