//! What the contract says of recognising meetings, on recordings made by hand.

use meeting_match::{
    Decisions, Fact, Rarity, Recording, Title, Words, calendar_id, conference, email, match_all,
};

const HOUR: f64 = 3600.0;
const DAY: f64 = 24.0 * HOUR;
/// Monday, 2 June 2025, 15:00 UTC.
const THREE: f64 = 1_748_876_400.0;

/// A call of half an hour with Kim of Larkspur.
fn call(source: &str, start_s: f64) -> Recording {
    Recording {
        source: source.to_owned(),
        started_s: Some(start_s),
        duration_s: Some(1700.0),
        title: Title::of("Larkspur / Seller quarterly review"),
        host: email("rae.rep@seller.example"),
        emails: emails(&["rae.rep@seller.example", "kim.lee@larkspur.example"]),
        ..Recording::default()
    }
}

fn emails(addresses: &[&str]) -> Vec<String> {
    addresses.iter().filter_map(|text| email(text)).collect()
}

/// An hour's words, others for each number.
fn said(number: u64) -> Words {
    let word = |n: u64| (n + 1).wrapping_mul(number.wrapping_mul(0x9E37_79B9) + 7) >> 3;
    let text: Vec<String> = (0..900).map(|n| format!("w{}", word(n) % 1500)).collect();
    Words::of([text.join(" ").as_str()])
}

fn decided(recordings: Vec<Recording>, decisions: &Decisions) -> Vec<u32> {
    let sources = ["chorus", "gong", "zoom"];
    let facts: Vec<Fact> = (1..)
        .zip(&recordings)
        .map(|(id, recording)| {
            let source = sources.iter().position(|name| *name == recording.source);
            let recording = Recording {
                id,
                ..recording.clone()
            };
            Fact::of(&recording, source.unwrap() as u32)
        })
        .collect();
    match_all(&facts, &Rarity::of(&facts), decisions, 1).meeting
}

fn meetings<const N: usize>(recordings: [Recording; N]) -> Vec<u32> {
    decided(recordings.into(), &Decisions::default())
}

#[test]
fn two_sources_of_one_hour_are_one_meeting() {
    assert_eq!(
        meetings([call("chorus", THREE), call("gong", THREE + 40.0)]),
        [0, 0]
    );
    // A tag, an alias, another case of the address, another order of the title.
    let other = Recording {
        host: email("RRep@seller.example"),
        emails: emails(&["rae.rep+gong@seller.example", "klee@larkspur.example"]),
        title: Title::of("Re: [EXTERNAL] quarterly review: Seller / Larkspur"),
        ..call("gong", THREE + 90.0)
    };
    assert_eq!(meetings([call("chorus", THREE), other]), [0, 0]);
}

#[test]
fn people_who_dial_in_are_found_by_the_calendar_and_the_room() {
    let known = |source: &str| Recording {
        conference: conference("https://zoom.us/j/95944577110"),
        ..call(source, THREE)
    };
    let unknown = Recording {
        title: Title::of("Zoom Meeting"),
        host: None,
        emails: Vec::new(),
        names: vec!["+1 555 0100".into()],
        conference: conference("https://seller.zoom.us/wc/95944577110/join"),
        ..call("gong", THREE + 30.0)
    };
    assert_eq!(meetings([known("chorus"), unknown]), [0, 0]);
}

#[test]
fn the_weeks_of_a_series_are_meetings_of_their_own() {
    let weekly = |source: &str, week: f64| Recording {
        calendar: calendar_id("weekly@google.com"),
        conference: conference("https://zoom.us/j/95944577110"),
        ..call(source, THREE + week * 7.0 * DAY)
    };
    assert_eq!(
        meetings([
            weekly("chorus", 0.0),
            weekly("gong", 0.0),
            weekly("chorus", 1.0),
            weekly("gong", 1.0),
            weekly("zoom", 2.0)
        ]),
        [0, 0, 2, 2, 4]
    );
    assert_eq!(
        meetings([weekly("chorus", 0.0), weekly("gong", 1.0 / 7.0)]),
        [0, 1]
    );
}

#[test]
fn a_day_of_calls_in_a_personal_room_does_not_become_one() {
    let in_room = |source: &str, n: u32| Recording {
        conference: conference("https://zoom.us/my/rae.rep"),
        scheduled_start_s: Some(THREE + f64::from(n) * 1800.0),
        ..call(source, THREE + f64::from(n) * 1800.0 + 20.0)
    };
    let day: Vec<Recording> = (0..16)
        .flat_map(|n| [in_room("chorus", n), in_room("gong", n)])
        .collect();
    let expected: Vec<u32> = (0..16).flat_map(|n| [2 * n, 2 * n]).collect();
    assert_eq!(decided(day, &Decisions::default()), expected);
}

#[test]
fn a_slip_of_whole_hours_joins_only_on_the_calendar_or_on_words() {
    let slipped = call("gong", THREE + 5.0 * HOUR);
    assert_eq!(meetings([call("chorus", THREE), slipped.clone()]), [0, 1]);
    let with_entry = |recording: Recording| Recording {
        calendar: calendar_id("abc_20250602T150000Z@google.com"),
        ..recording
    };
    assert_eq!(
        meetings([
            with_entry(call("chorus", THREE)),
            with_entry(slipped.clone())
        ]),
        [0, 0]
    );
    let with_words = |recording: Recording| Recording {
        words: said(1),
        ..recording
    };
    assert_eq!(
        meetings([with_words(call("chorus", THREE)), with_words(slipped)]),
        [0, 0]
    );
}

#[test]
fn different_words_veto_what_calendar_and_people_suggest() {
    let with = |source: &str, number: u64| Recording {
        calendar: calendar_id("abc@google.com"),
        words: said(number),
        ..call(source, THREE)
    };
    assert_eq!(meetings([with("chorus", 1), with("gong", 1)]), [0, 0]);
    assert_eq!(meetings([with("chorus", 1), with("gong", 2)]), [0, 1]);
}

#[test]
fn words_alone_are_enough() {
    let only_words = |source: &str, number: u64, start_s: f64| Recording {
        source: source.to_owned(),
        started_s: Some(start_s),
        duration_s: Some(1700.0),
        words: said(number),
        ..Recording::default()
    };
    assert_eq!(
        meetings([
            only_words("chorus", 1, THREE),
            only_words("chorus", 2, THREE + 10.0),
            only_words("gong", 1, THREE + 20.0),
            only_words("gong", 2, THREE + 30.0)
        ]),
        [0, 1, 0, 1]
    );
}

#[test]
fn that_they_begin_and_end_at_once_is_not_enough() {
    let at_three = |source: &str, title: &str| Recording {
        title: Title::of(title),
        host: None,
        emails: Vec::new(),
        scheduled_start_s: Some(THREE),
        ..call(source, THREE)
    };
    // A few words by which they find each other, and too few to tell.
    let with = |recording: Recording, words: std::ops::Range<u32>| {
        let text: Vec<String> = words.map(|n| format!("w{n}")).collect();
        let words = Words::of([text.join(" ").as_str()]);
        assert!(words.tell());
        Recording { words, ..recording }
    };
    assert_eq!(
        meetings([
            with(at_three("chorus", "Intro call"), 0..48),
            with(at_three("gong", ""), 36..84)
        ]),
        [0, 1]
    );
    assert_eq!(
        meetings([
            with(at_three("chorus", "Intro call"), 0..48),
            with(at_three("gong", "Intro call"), 36..84)
        ]),
        [0, 0]
    );
}

#[test]
fn what_nobody_came_to_is_one_meeting_and_its_replacement_another() {
    let entry = |source: &str, start_s: f64, no_show: bool| Recording {
        calendar: calendar_id("abc@google.com"),
        duration_s: Some(if no_show { 120.0 } else { 1700.0 }),
        no_show,
        ..call(source, start_s)
    };
    for later_s in [HOUR, DAY] {
        assert_eq!(
            meetings([
                entry("chorus", THREE, true),
                entry("gong", THREE, true),
                entry("chorus", THREE + later_s, false),
                entry("gong", THREE + later_s, false)
            ]),
            [0, 0, 2, 2]
        );
        assert_eq!(
            meetings([
                entry("chorus", THREE, true),
                entry("gong", THREE + later_s, false)
            ]),
            [0, 1]
        );
    }
}

#[test]
fn one_source_records_a_meeting_once_unless_twice_or_in_parts() {
    // Two calls of one hour.
    let other = Recording {
        title: Title::of("Monro kickoff"),
        host: email("ron.rep@seller.example"),
        emails: emails(&["ron.rep@seller.example", "ana@monro.example"]),
        ..call("chorus", THREE)
    };
    assert_eq!(meetings([call("chorus", THREE), other]), [0, 1]);
    // Two people had one call recorded.
    let entry = |recording: Recording| Recording {
        calendar: calendar_id("abc@google.com"),
        ..recording
    };
    assert_eq!(
        meetings([
            entry(call("chorus", THREE)),
            entry(call("chorus", THREE + 5.0))
        ]),
        [0, 0]
    );
    // Two parts, and the whole of another source.
    let part = |start_s: f64, duration_s: f64| Recording {
        duration_s: Some(duration_s),
        scheduled_start_s: Some(THREE),
        ..call("chorus", start_s)
    };
    let whole = Recording {
        scheduled_start_s: Some(THREE),
        ..call("gong", THREE)
    };
    assert_eq!(
        meetings([part(THREE, 800.0), part(THREE + 850.0, 850.0), whole]),
        [0, 0, 0]
    );
}

#[test]
fn a_person_decides_over_everything() {
    let recordings = || {
        vec![
            call("chorus", THREE),
            call("gong", THREE + 40.0),
            call("zoom", THREE + 3.0 * DAY),
        ]
    };
    let mut decisions = Decisions::default();
    decisions.0.insert((1, 2), false);
    assert_eq!(decided(recordings(), &decisions), [0, 1, 2]);
    decisions.0.insert((1, 3), true);
    assert_eq!(decided(recordings(), &decisions), [0, 1, 0]);
}
