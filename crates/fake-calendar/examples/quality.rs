//! How well made-up calendars are recognised, by kind of trouble: `cargo run --release -p fake-calendar --example quality`

use fake_calendar::{Company, Noise, by_trouble, record, scores};
use meeting_match::{Decisions, Fact, Rarity, match_all};
use std::time::Instant;

fn main() {
    let meetings: usize = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(20_000);
    for (name, noise) in [("typical", Noise::typical()), ("nasty", Noise::nasty())] {
        for seed in [1, 2] {
            let company = Company {
                meetings,
                reps: (meetings / 150).max(20),
                customers: (meetings / 12).max(50),
                seed,
                ..Company::default()
            };
            let mut recorded = record(
                &company.meetings(),
                &Noise {
                    seed,
                    ..noise.clone()
                },
            );
            recorded.sort_by(|a, b| {
                let key = |one: &fake_calendar::Recorded| {
                    (
                        one.recording.source.clone(),
                        one.recording.source_id.clone(),
                    )
                };
                key(a).cmp(&key(b))
            });
            let began = Instant::now();
            let sources = ["chorus", "gong", "zoom"];
            let facts: Vec<Fact> = recorded
                .iter()
                .map(|one| {
                    let source = sources
                        .iter()
                        .position(|s| *s == one.recording.source)
                        .unwrap() as u32;
                    Fact::of(&one.recording, source)
                })
                .collect();
            let rarity = Rarity::of(&facts);
            let made = began.elapsed();
            let matched = match_all(&facts, &rarity, &Decisions::default());
            let truth: Vec<usize> = recorded.iter().map(|one| one.meeting).collect();
            let s = scores(&truth, &matched.meeting);
            println!(
                "{name} seed {seed}: {} recordings, {} pairs, {:.2?} + {:.2?}; P {:.4} R {:.4} F1 {:.4}; B3 {:.4} {:.4} {:.4}",
                facts.len(),
                matched.pairs_scored,
                made,
                began.elapsed() - made,
                s.precision,
                s.recall,
                s.f1,
                s.b3_precision,
                s.b3_recall,
                s.b3_f1
            );
            if seed == 1 {
                for (trouble, (recall, precision, pairs)) in by_trouble(&recorded, &matched.meeting)
                {
                    println!(
                        "    {:<18} recall {recall:.4} precision {precision:.4} of {pairs} pairs",
                        format!("{trouble:?}")
                    );
                }
            }
        }
    }
}
