//! How good a recognition is, against the truth.

use crate::noise::Trouble;
use crate::record::Recorded;
use std::collections::{BTreeMap, HashMap};

/// Precision, recall and F1 over pairs of recordings, and the same by B-cubed, which asks for each recording.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Scores {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    pub b3_precision: f64,
    pub b3_recall: f64,
    pub b3_f1: f64,
}

/// Compares two groupings of the same things.
pub fn scores(truth: &[usize], found: &[u32]) -> Scores {
    let mut of_truth: HashMap<usize, u64> = HashMap::new();
    let mut of_found: HashMap<u32, u64> = HashMap::new();
    let mut of_both: HashMap<(usize, u32), u64> = HashMap::new();
    for (t, f) in truth.iter().zip(found) {
        *of_truth.entry(*t).or_default() += 1;
        *of_found.entry(*f).or_default() += 1;
        *of_both.entry((*t, *f)).or_default() += 1;
    }
    let pairs = |n: &u64| n * n.saturating_sub(1) / 2;
    let right: u64 = of_both.values().map(pairs).sum();
    let precision = share(right, of_found.values().map(pairs).sum());
    let recall = share(right, of_truth.values().map(pairs).sum());
    let (mut b3_precision, mut b3_recall) = (0.0, 0.0);
    for ((t, f), n) in &of_both {
        let n = *n as f64;
        b3_precision += n * n / of_found[f] as f64;
        b3_recall += n * n / of_truth[t] as f64;
    }
    let all = truth.len().max(1) as f64;
    (b3_precision, b3_recall) = (b3_precision / all, b3_recall / all);
    Scores {
        precision,
        recall,
        f1: harmonic(precision, recall),
        b3_precision,
        b3_recall,
        b3_f1: harmonic(b3_precision, b3_recall),
    }
}

/// For each kind of trouble that one recording of a pair has: of the pairs found, the share that is true; of the true
/// ones, the share found; and how many true pairs there are.
pub fn by_trouble(
    recorded: &[Recorded],
    truth: &[usize],
    found: &[u32],
) -> BTreeMap<Trouble, (f64, f64, u64)> {
    let mut by_truth: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut by_found: HashMap<u32, Vec<usize>> = HashMap::new();
    for place in 0..recorded.len() {
        by_truth.entry(truth[place]).or_default().push(place);
        by_found.entry(found[place]).or_default().push(place);
    }
    let mut counts: BTreeMap<Trouble, [u64; 3]> = BTreeMap::new();
    let mut count = |groups: Vec<&Vec<usize>>, what: usize| {
        for group in groups {
            for (n, a) in group.iter().enumerate() {
                for b in &group[n + 1..] {
                    let right = truth[*a] == truth[*b] && found[*a] == found[*b];
                    let mut troubles: Vec<_> = recorded[*a]
                        .troubles
                        .iter()
                        .chain(&recorded[*b].troubles)
                        .collect();
                    troubles.sort_unstable();
                    troubles.dedup();
                    for trouble in troubles {
                        let counts = counts.entry(*trouble).or_default();
                        counts[what] += 1;
                        counts[2] += u64::from(right && what == 0);
                    }
                }
            }
        }
    };
    count(by_truth.values().collect(), 0);
    count(by_found.values().collect(), 1);
    counts
        .into_iter()
        .map(|(trouble, [truth, found, right])| {
            (trouble, (share(right, found), share(right, truth), truth))
        })
        .collect()
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}

fn harmonic(x: f64, y: f64) -> f64 {
    if x + y == 0.0 {
        0.0
    } else {
        2.0 * x * y / (x + y)
    }
}

#[cfg(test)]
mod tests {
    use super::scores;

    #[test]
    fn what_is_all_right_scores_one_and_what_is_half_right_half() {
        let right = scores(&[1, 1, 2], &[7, 7, 9]);
        assert_eq!((right.f1, right.b3_f1), (1.0, 1.0));
        let joined = scores(&[1, 1, 2, 2], &[7, 7, 7, 7]);
        assert!((joined.precision - 1.0 / 3.0).abs() < 1e-9);
        assert_eq!(
            (joined.recall, joined.b3_precision, joined.b3_recall),
            (1.0, 0.5, 1.0)
        );
    }
}
