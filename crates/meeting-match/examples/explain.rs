//! How a pair is judged, line by line: `cargo run --release -p meeting-match --example explain`
//!
//! It is the example of docs/matching.md.

use meeting_match::{Fact, Findings, Rarity, Recording, Title, conference, email, weights};

fn main() {
    let emails = |addresses: &[&str]| addresses.iter().filter_map(|text| email(text)).collect();
    let chorus = Recording {
        source: "chorus".into(),
        started_s: Some(1_748_876_412.0),
        duration_s: Some(1_704.0),
        scheduled_start_s: Some(1_748_876_400.0),
        title: Title::of("Larkspur / Seller quarterly review"),
        host: email("rae.rep@seller.example"),
        emails: emails(&["rae.rep@seller.example", "kim.lee@larkspur.example"]),
        conference: conference("https://zoom.us/my/rae.rep"),
        ..Recording::default()
    };
    let gong = Recording {
        source: "gong".into(),
        started_s: Some(1_748_876_590.0),
        duration_s: Some(1_540.0),
        title: Title::of("Call with Larkspur"),
        host: email("rae.rep@seller.example"),
        emails: emails(&["rae.rep@seller.example", "klee+gong@larkspur.example"]),
        conference: conference("https://seller.zoom.us/my/Rae.Rep?pwd=x"),
        ..Recording::default()
    };
    let (chorus, gong) = (Fact::of(&chorus, 0), Fact::of(&gong, 1));
    // Rae is in 512 recordings, Kim in four under either address, and the room is Rae's.
    let counts = chorus.people.iter().chain(&gong.people).map(|person| {
        let is_rae = person.exact == chorus.host;
        (person.exact, if is_rae { 512 } else { 4 })
    });
    let findings = Findings::of(&chorus, &gong, &Rarity::from_counts(counts));
    println!("{findings:#?}");
    for (feature, bits) in findings.weights() {
        println!("{feature:<16}{bits:>7.2}");
    }
    println!("{:<16}{:>7.2}", "score", findings.score());
    println!("the same from   {:>7.2}", weights::SAME);
}
