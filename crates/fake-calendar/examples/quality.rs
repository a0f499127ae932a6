//! How well made-up calendars are recognised, by kind of trouble:
//! `cargo run --release -p fake-calendar --example quality [meetings] [seed]`

use fake_calendar::{
    Company, Noise, Recorded, Trouble, by_trouble, facts, knowable, record, scores,
};
use meeting_match::{Decisions, Matched, Rarity, match_all};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A kind of noise by the seed that it is made from.
type Kind = (&'static str, fn(u64) -> Noise);

const KINDS: [Kind; 2] = [("typical", Noise::typical), ("nasty", Noise::nasty)];

/// Typical noise, and something that no source tells at all.
const WITHOUT: [Kind; 6] = [
    ("no attendees", |seed| Noise {
        no_attendees: 1.0,
        ..Noise::typical(seed)
    }),
    ("no titles", |seed| Noise {
        no_title: 1.0,
        ..Noise::typical(seed)
    }),
    ("no calendar", |seed| Noise {
        no_calendar: 1.0,
        ..Noise::typical(seed)
    }),
    ("no conference", |seed| Noise {
        no_conference: 1.0,
        ..Noise::typical(seed)
    }),
    ("no schedule", |seed| Noise {
        no_schedule: 1.0,
        ..Noise::typical(seed)
    }),
    ("no words", |seed| Noise {
        no_words: 1.0,
        ..Noise::typical(seed)
    }),
];

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse::<usize>().ok());
    let meetings = arguments.next().unwrap_or(20_000);
    let seed = arguments.next().unwrap_or(101) as u64;
    for (name, noise) in KINDS {
        for seed in seed..seed + 3 {
            show(name, meetings, &noise(seed));
        }
        for (trouble, (precision, recall, pairs)) in troubles(meetings, &noise(seed)) {
            println!(
                "    {:<18} precision {precision:.4} recall {recall:.4} of {pairs} pairs",
                format!("{trouble:?}")
            );
        }
    }
    for (name, noise) in WITHOUT {
        show(name, meetings, &noise(seed));
    }
    for seed in seed..seed + 4 {
        show("any mixture", meetings, &Noise::any(seed));
    }
    for meetings in [500, 100_000] {
        for (name, noise) in KINDS {
            show(name, meetings, &noise(seed));
        }
    }
}

/// What was recorded, and what is known of it and found.
fn recognise(meetings: usize, noise: &Noise) -> (Vec<Recorded>, Vec<usize>, Matched, Duration) {
    let recorded = record(
        &Company::with_meetings(meetings, noise.seed).meetings(),
        noise,
    );
    let facts = facts(&recorded);
    let truth = knowable(&recorded, &facts);
    let began = Instant::now();
    let matched = match_all(&facts, &Rarity::of(&facts), &Decisions::default(), 1);
    (recorded, truth, matched, began.elapsed())
}

fn show(name: &str, meetings: usize, noise: &Noise) {
    let (recorded, truth, matched, elapsed) = recognise(meetings, noise);
    let s = scores(&truth, &matched.meeting);
    println!(
        "{name}, seed {}: {} recordings, {} pairs, {} ms; precision {:.4} recall {:.4} F1 {:.4}; B-cubed {:.4} {:.4} {:.4}",
        noise.seed,
        recorded.len(),
        matched.pairs_scored,
        elapsed.as_millis(),
        s.precision,
        s.recall,
        s.f1,
        s.b3_precision,
        s.b3_recall,
        s.b3_f1
    );
}

fn troubles(meetings: usize, noise: &Noise) -> BTreeMap<Trouble, (f64, f64, u64)> {
    let (recorded, truth, matched, _) = recognise(meetings, noise);
    by_trouble(&recorded, &truth, &matched.meeting)
}
