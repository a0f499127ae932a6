//! A million recordings of two years, recognised from nothing: how long it takes and how much memory.
//! `cargo run --release -p fake-calendar --example scale [recordings] [threads]`

use fake_calendar::{facts, knowable, scores, two_years};
use meeting_match::{Decisions, Fact, Rarity, match_all};
use std::time::Instant;

fn main() {
    let argument = |n| std::env::args().nth(n).and_then(|text| text.parse().ok());
    let wanted: usize = argument(1).unwrap_or(1_000_000);
    let threads = argument(2).unwrap_or(1);
    let (mut all, mut truth) = (Vec::<Fact>::with_capacity(wanted + wanted / 20), Vec::new());
    for (month, recorded) in (0..).zip(two_years(wanted)) {
        let of_month = facts(&recorded);
        truth.extend(
            knowable(&recorded, &of_month)
                .iter()
                .map(|meeting| meeting + all.len()),
        );
        all.extend(of_month.into_iter().map(|fact| Fact {
            id: fact.id + (month << 32),
            ..fact
        }));
    }
    let with_words = all.iter().filter(|fact| fact.words.tell()).count();
    let facts_kb = memory_kb("VmRSS");
    forget_peak();
    let (began, before_s) = (Instant::now(), on_cpu_s());
    let rarity = Rarity::of(&all);
    let counted = began.elapsed();
    let matched = match_all(&all, &rarity, &Decisions::default(), threads);
    let elapsed = began.elapsed();
    let on_cpu_s = on_cpu_s() - before_s;
    println!(
        "{} recordings ({with_words} with words), {} pairs compared, {} kept: {:.2} s ({on_cpu_s:.2} s of them on a processor), of which {:.2} s counting; {} MB, of which {} MB the facts",
        all.len(),
        matched.pairs_scored,
        matched.pairs.len(),
        elapsed.as_secs_f64(),
        counted.as_secs_f64(),
        memory_kb("VmHWM") / 1024,
        facts_kb / 1024
    );
    let s = scores(&truth, &matched.meeting);
    println!(
        "precision {:.4} recall {:.4} F1 {:.4}",
        s.precision, s.recall, s.f1
    );
}

/// Of this process, as the system counts it.
fn memory_kb(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let number = line.and_then(|rest| rest.split_whitespace().nth(1));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Seconds that this process had a processor: on a busy machine less than what passed.
fn on_cpu_s() -> f64 {
    let spent = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = spent
        .split(' ')
        .next()
        .and_then(|number| number.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

/// Making up the calendar takes memory, too, which is not asked for.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
