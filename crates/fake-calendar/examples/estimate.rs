//! Estimates what each finding says, and prints it as `table.rs` of meeting-match:
//! `cargo run --release -p fake-calendar --example estimate > crates/meeting-match/src/table.rs`
//!
//! Calendars of many sizes and mixtures of noise are made up; of all pairs that are compared it is counted how often each
//! finding holds between recordings of one meeting (m) and of two (u). The logarithm of m/u would be its weight if
//! findings were independent. They are not, so the weights are then fitted together (logistic regression), held to what
//! was counted as if that had been seen in [`DRAWN`] more pairs. On standard error the weights are shown beside the
//! counted ones, and those that are found without the truth (expectation maximisation).

use fake_calendar::{Company, Noise, facts, knowable, record};
use meeting_match::{FINDINGS, Finding, Findings, Rarity, all_candidates};

/// Behind the findings: the prior, and what grows with people in common, their commonness, and that of the title.
const PRIOR: usize = FINDINGS;
const GROWING: usize = FINDINGS + 1;
const ALL: usize = FINDINGS + 4;
/// How many pairs the counted weights are worth against those seen.
const DRAWN: f64 = 30.0;
/// No finding says more than this by itself, in bits, and none speaks louder against: sources know how to be wrong in ways
/// that nobody made up.
const MOST: f64 = 9.0;
const LEAST: f64 = -6.0;

/// A person in twice as many recordings is by chance in two of an hour twice as often, which would be a whole bit less.
/// Made-up people are hardly ever listed where they are not, so this is not left to them; the truth lies between.
const PERSON_DOUBLED: f64 = -0.3;

struct Seen {
    findings: [u8; 10],
    growing: [f32; 3],
    same: bool,
}

impl Seen {
    /// Which weights count for this pair, and how often.
    fn active(&self) -> impl Iterator<Item = (usize, f64)> {
        let fixed = self.findings.iter().map(|n| (usize::from(*n), 1.0));
        let growing = self
            .growing
            .iter()
            .enumerate()
            .map(|(n, x)| (GROWING + n, f64::from(*x)));
        fixed.chain(growing).chain([(PRIOR, 1.0)])
    }
}

fn main() {
    let mut seen = Vec::new();
    let mut names = vec![None::<Finding>; FINDINGS];
    for seed in 1..=12u64 {
        let meetings = [1_500, 6_000, 20_000, 60_000][seed as usize % 4];
        let recorded = record(
            &Company::with_meetings(meetings, seed).meetings(),
            &Noise::any(seed),
        );
        let facts = facts(&recorded);
        let truth = knowable(&recorded, &facts);
        let rarity = Rarity::of(&facts);
        all_candidates(&facts, |pairs| {
            for (a, b) in pairs {
                let findings = Findings::of(&facts[*a as usize], &facts[*b as usize], &rarity);
                let same = truth[*a as usize] == truth[*b as usize];
                // One meeting that nobody could tell to be one is not to be learnt from.
                let hidden =
                    !same && recorded[*a as usize].meeting == recorded[*b as usize].meeting;
                if hidden {
                    continue;
                }
                for finding in findings.all() {
                    names[finding as usize] = Some(finding);
                }
                seen.push(Seen {
                    findings: findings.all().map(|finding| finding as u8),
                    growing: [
                        findings.shared as f32,
                        findings.shared_common as f32,
                        findings.title_common as f32,
                    ],
                    same,
                });
            }
        });
    }
    let counted = counted(&seen, |pair| f64::from(u8::from(pair.same)));
    let mut fixed: Vec<Option<f64>> = (0..ALL)
        .map(|n| names.get(n).and_then(|name| name.map_or(Some(0.0), held)))
        .collect();
    fixed[GROWING + 1] = Some(PERSON_DOUBLED);
    let fitted = fit(&seen, &counted, &fixed);
    let unlabelled = unlabelled(&seen, &fitted);
    eprintln!(
        "{} pairs, {} of one meeting",
        seen.len(),
        seen.iter().filter(|pair| pair.same).count()
    );
    eprintln!(
        "{:<24} {:>8} {:>8} {:>8}",
        "", "counted", "fitted", "unlabelled"
    );
    let growing = ["prior", "person", "person doubled", "title doubled"];
    for n in 0..ALL {
        let name = match names.get(n) {
            Some(Some(name)) => format!("{name:?}"),
            Some(None) => continue,
            None => growing[n - FINDINGS].to_owned(),
        };
        eprintln!(
            "{name:<24} {:>8.1} {:>8.1} {:>8.1}",
            counted[n], fitted[n], unlabelled[n]
        );
    }
    print(&names, &fitted);
}

/// What is not known is no evidence; and how few words two recognizers of one call may agree on depends on the
/// recognizers, so that no made-up number of those should count. In bits.
fn held(finding: Finding) -> Option<f64> {
    match finding {
        Finding::WordsHardlyAlike => Some(0.0),
        // Hardly seen between recordings that are near.
        Finding::EntryOtherOccurrence => Some(LEAST),
        finding => finding.is_unknown().then_some(0.0),
    }
}

/// Weights by counting, in bits, each finding by itself; `same` says how likely a pair is of one meeting.
fn counted(seen: &[Seen], same: impl Fn(&Seen) -> f64) -> Vec<f64> {
    let (mut of_one, mut of_two) = (vec![0.0; FINDINGS], vec![0.0; FINDINGS]);
    let mut ones = 0.0;
    for pair in seen {
        let same = same(pair);
        ones += same;
        for n in pair.findings {
            of_one[usize::from(n)] += same;
            of_two[usize::from(n)] += 1.0 - same;
        }
    }
    let twos = seen.len() as f64 - ones;
    let mut weights = vec![0.0; ALL];
    for n in 0..FINDINGS {
        // As if each had been seen once in a hundred thousand.
        let share = |count: f64, all: f64| (count + 1.0) / (all + 100.0);
        weights[n] = (share(of_one[n], ones) / share(of_two[n], twos))
            .log2()
            .clamp(LEAST, MOST);
    }
    weights[PRIOR] = (ones / twos).log2();
    weights
}

/// Logistic regression by Newton's method, drawn to the weights `to`; those that are `fixed` stay as they are.
fn fit(seen: &[Seen], to: &[f64], fixed: &[Option<f64>]) -> Vec<f64> {
    let bit = std::f64::consts::LN_2;
    let free = |n: usize| fixed[n].is_none();
    let mut weights: Vec<f64> = (0..ALL).map(|n| fixed[n].unwrap_or(to[n] * 0.5)).collect();
    for _ in 0..25 {
        let mut slope = vec![0.0; ALL];
        let mut bend = vec![vec![0.0; ALL]; ALL];
        for pair in seen {
            let score: f64 = pair.active().map(|(n, x)| weights[n] * x).sum();
            let likely = 1.0 / (1.0 + (-score * bit).exp());
            let wrong = f64::from(u8::from(pair.same)) - likely;
            let active: Vec<(usize, f64)> = pair
                .active()
                .filter(|(n, x)| free(*n) && *x != 0.0)
                .collect();
            for (n, x) in &active {
                slope[*n] += wrong * x;
                for (m, y) in &active {
                    bend[*n][*m] += likely * (1.0 - likely) * x * y * bit;
                }
            }
        }
        for n in 0..ALL {
            // The prior and what grows are found by the data alone, or nearly so.
            let drawn = if n < FINDINGS { DRAWN * 0.02 } else { 0.01 };
            let goal = if n < FINDINGS { to[n] } else { weights[n] };
            slope[n] += drawn * (goal - weights[n]);
            bend[n][n] += drawn;
            if !free(n) {
                slope[n] = 0.0;
                bend[n][n] = 1.0;
            }
        }
        let step = solve(bend, slope);
        for n in 0..ALL {
            weights[n] += step[n].clamp(-2.0, 2.0);
            if n < FINDINGS {
                weights[n] = weights[n].clamp(LEAST, MOST);
            }
        }
    }
    weights
}

/// Gauss's elimination.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for n in 0..size {
        let pivot = (n..size)
            .max_by(|a, b| matrix[*a][n].abs().total_cmp(&matrix[*b][n].abs()))
            .unwrap_or(n);
        matrix.swap(n, pivot);
        right.swap(n, pivot);
        let row = matrix[n].clone();
        for m in n + 1..size {
            let factor = matrix[m][n] / row[n];
            for (to, from) in matrix[m].iter_mut().zip(&row).skip(n) {
                *to -= factor * from;
            }
            right[m] -= factor * right[n];
        }
    }
    for n in (0..size).rev() {
        let known: f64 = (n + 1..size).map(|m| matrix[n][m] * right[m]).sum();
        right[n] = (right[n] - known) / matrix[n][n];
    }
    right
}

/// Expectation maximisation, begun with the fitted weights: what the data say of themselves if nobody knows the truth.
fn unlabelled(seen: &[Seen], from: &[f64]) -> Vec<f64> {
    let likely = |pair: &Seen, weights: &[f64]| {
        let score: f64 = pair.active().map(|(n, x)| weights[n] * x).sum();
        1.0 / (1.0 + (-score).exp2())
    };
    let mut weights = from.to_vec();
    for _ in 0..15 {
        weights = counted(seen, |pair| likely(pair, &weights));
    }
    weights
}

fn print(names: &[Option<Finding>], weights: &[f64]) {
    println!(
        "//! The weight of each finding in bits, as `cargo run --release -p fake-calendar --example estimate` prints them.\n"
    );
    println!("use crate::findings::Finding;\n");
    for (name, about, n) in [
        (
            "PRIOR",
            "What a pair starts from: of the pairs that are compared, few are of one meeting.",
            PRIOR,
        ),
        (
            "PERSON",
            "What a person in both says who is in no other recording.",
            GROWING,
        ),
        (
            "PERSON_DOUBLED",
            "What is added to that each time the number of that person's recordings doubles.",
            GROWING + 1,
        ),
        (
            "TITLE_DOUBLED",
            "What is added each time the number of recordings of the common title doubles.",
            GROWING + 2,
        ),
    ] {
        println!(
            "/// {about}\npub const {name}: f64 = {:?};",
            rounded(weights[n])
        );
    }
    println!("\npub fn of(finding: Finding) -> f64 {{\n    use Finding::*;\n    match finding {{");
    for (n, name) in names.iter().enumerate() {
        if let Some(name) = name {
            println!("        {name:?} => {:?},", rounded(weights[n]));
        }
    }
    println!("        // Forbidden, or not known: no evidence.\n        _ => 0.0,\n    }}\n}}");
}

/// Tenths of a bit; more would say more than is known.
fn rounded(weight: f64) -> f64 {
    (weight * 10.0).round() / 10.0 + 0.0
}
