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
/// Hashes kept, of 4 bytes each.
const KEPT: usize = 96;
/// The share of runs that two recognizers of one meeting have in common at least, as a rule, and two meetings at most.
const OF_ONE: f64 = 0.3;
const OF_TWO: f64 = 0.08;
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

/// Of so many runs of one transcript, drawn as by lot, so many are in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Common {
    pub hits: u32,
    pub draws: u32,
}

impl Common {
    /// From 0 to 1.
    pub fn share(self) -> f64 {
        f64::from(self.hits) / f64::from(self.draws.max(1))
    }

    /// What that says about the two being of one meeting, in bits: few draws say little.
    pub fn bits(self) -> f64 {
        let of_hit = (OF_ONE / OF_TWO).log2();
        let of_miss = ((1.0 - OF_ONE) / (1.0 - OF_TWO)).log2();
        f64::from(self.hits) * of_hit + f64::from(self.draws - self.hits) * of_miss
    }
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

    /// How many of a sample of the runs of the shorter transcript are in the longer one; None if either is too short to
    /// tell.
    pub fn common(&self, other: &Words) -> Option<Common> {
        if !self.tell() || !other.tell() {
            return None;
        }
        let (shorter, longer) = if (self.runs, &self.sketch) <= (other.runs, &other.sketch) {
            (self, other)
        } else {
            (other, self)
        };
        // Up to here both sketches hold every hash there is, so that those of the shorter one are a fair sample.
        let end = shorter.sampled_to().min(longer.sampled_to());
        let drawn = &shorter.sketch[..shorter.sketch.partition_point(|hash| *hash <= end)];
        let others = &longer.sketch[..];
        // Without branches, as nobody can tell which of two hashes is smaller.
        let (mut n, mut m, mut hits) = (0, 0, 0);
        while n < drawn.len() && m < others.len() {
            let (x, y) = (drawn[n], others[m]);
            hits += u32::from(x == y);
            n += usize::from(x <= y);
            m += usize::from(y <= x);
        }
        Some(Common {
            hits,
            draws: drawn.len() as u32,
        })
    }

    fn sampled_to(&self) -> u32 {
        match self.is_complete() {
            true => u32::MAX,
            false => self.sketch.last().copied().unwrap_or(0),
        }
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
        assert_eq!(common(&meeting, &meeting).share(), 1.0);
        assert!(common(&meeting, &heard).share() > 0.35 && common(&meeting, &heard).bits() > 10.0);
        assert!(common(&meeting, &other).share() < 0.05 && common(&meeting, &other).bits() < -10.0);
    }

    #[test]
    fn a_part_is_found_in_the_whole() {
        let meeting = text(3, 6000);
        let part = sketch(&meeting[1000..2500]);
        let common = part.common(&sketch(&meeting)).unwrap();
        assert!(common.share() > 0.6, "{common:?}");
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
                prop_assert!(common.hits <= common.draws && common.draws > 0);
            }
        }

        #[test]
        fn no_bytes_are_too_odd(bytes: Vec<u8>) {
            let _ = Words::from_bytes(&bytes);
        }
    }
}
