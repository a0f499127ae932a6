//! A made-up calendar as JSON lines, with the truth and what we make of it, for others to try:
//! `cargo run --release -p fake-calendar --example export typical|nasty [meetings] [seed]`
//!
//! Links, calendar ids, titles and addresses are given as we read them, what was said as the hashes we keep of it. How long
//! we took, and how well it went, goes to standard error.

use fake_calendar::{Company, Noise, facts, knowable, record, scores};
use meeting_match::{Decisions, Rarity, match_all};
use serde_json::json;
use std::io::Write;
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |n: usize| arguments.get(n).and_then(|text| text.parse::<u64>().ok());
    let seed = number(2).unwrap_or(101);
    let noise = match arguments.first().map(String::as_str) {
        Some("nasty") => Noise::nasty(seed),
        _ => Noise::typical(seed),
    };
    let company = Company::with_meetings(number(1).unwrap_or(20_000) as usize, seed);
    let recorded = record(&company.meetings(), &noise);
    let began = Instant::now();
    let facts = facts(&recorded);
    let matched = match_all(&facts, &Rarity::of(&facts), &Decisions::default(), 1);
    let elapsed = began.elapsed();
    let truth = knowable(&recorded, &facts);
    let s = scores(&truth, &matched.meeting);
    eprintln!(
        "{}",
        json!({"elapsed_s": elapsed.as_secs_f64(), "precision": s.precision, "recall": s.recall, "f1": s.f1})
    );
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (place, one) in recorded.iter().enumerate() {
        let r = &one.recording;
        let calendar = r.calendar.as_ref();
        let line = json!({
            "unique_id": place,
            "source": r.source,
            "started_s": r.started_s,
            "duration_s": r.duration_s,
            "scheduled_s": r.scheduled_start_s,
            "title": r.title.tells().then(|| r.title.key()),
            "host": r.host,
            "emails": r.emails.iter().map(|email| without_tag(email)).collect::<Vec<_>>(),
            "names": r.names,
            "room": r.conference.as_ref().map(|room| &room.room),
            "room_is_personal": r.conference.as_ref().is_some_and(|room| room.personal),
            "series": calendar.map(|id| &id.series),
            "occurrence": calendar.and_then(|id| id.occurrence.as_ref()),
            "words": if r.words.tell() { r.words.sketch() } else { &[] },
            "truth": truth[place],
        });
        writeln!(out, "{line}")?;
    }
    out.flush()
}

fn without_tag(email: &str) -> String {
    let (local, host) = email.split_once('@').unwrap_or((email, ""));
    format!("{}@{host}", local.split('+').next().unwrap_or(local))
}
