//! Calls back to back with the same people in the same room, under the same title, are meetings of their own; what one
//! source cut in two is not.

use meeting_match::{
    Decisions, Fact, Rarity, Recording, Title, Words, calendar_id, conference, email, match_all,
};

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
/// Monday, 2 June 2025, 15:00 UTC.
const THREE: f64 = 1_748_876_400.0;

/// A call with Kim of Larkspur in Rae's own room, from one minute to another after three.
fn call(source: &str, from: f64, to: f64) -> Recording {
    let people = ["rae.rep@seller.example", "kim.lee@larkspur.example"];
    Recording {
        source: source.to_owned(),
        started_s: Some(THREE + from * MINUTE),
        duration_s: Some((to - from) * MINUTE),
        title: Title::of("Larkspur / Seller"),
        host: email("rae.rep@seller.example"),
        emails: people.iter().filter_map(|text| email(text)).collect(),
        conference: conference("https://zoom.us/my/rae.rep"),
        ..Recording::default()
    }
}

/// An hour's words, others for each number.
fn said(number: u64) -> Words {
    let word = |n: u64| (n + 1).wrapping_mul(number.wrapping_mul(0x9E37_79B9) + 7) >> 3;
    let text: Vec<String> = (0..900).map(|n| format!("w{}", word(n) % 1500)).collect();
    Words::of([text.join(" ").as_str()])
}

/// For each recording the place of the first of its meeting. They have ids in the order of their places.
fn meetings<const N: usize>(recordings: [Recording; N]) -> [u32; N] {
    let sources = ["chorus", "gong", "zoom"];
    let facts: Vec<Fact> = (1..)
        .zip(recordings)
        .map(|(id, recording)| {
            let source = sources.iter().position(|name| *name == recording.source);
            Fact::of(&Recording { id, ..recording }, source.unwrap() as u32)
        })
        .collect();
    let matched = match_all(&facts, &Rarity::of(&facts), &Decisions::default(), 1);
    matched.meeting.try_into().unwrap()
}

/// Both halves of an hour by Chorus, and by another source so many minutes later.
fn halves_by_two(later: f64) -> [Recording; 4] {
    [
        call("chorus", 0.0, 29.5),
        call("chorus", 30.0, 60.0),
        call("gong", later, 29.0 + later),
        call("gong", 30.0 + later, 60.0 + later),
    ]
}

#[test]
fn what_two_sources_end_and_begin_at_the_same_minute_are_two_meetings() {
    for later in [0.0, 0.5, 1.0, 2.0, -1.0, -2.0] {
        assert_eq!(
            meetings(halves_by_two(later)),
            [0, 1, 0, 1],
            "{later} minutes later"
        );
    }
    let [first, second, gong_first, gong_second] = halves_by_two(1.0);
    assert_eq!(
        meetings([
            first,
            second,
            call("chorus", 60.5, 90.0),
            gong_first,
            gong_second,
            call("gong", 61.0, 91.0),
            call("zoom", 0.5, 29.0),
            call("zoom", 30.5, 59.0),
        ]),
        [0, 1, 2, 0, 1, 2, 0, 1]
    );
}

#[test]
fn a_source_that_has_one_of_them_tells_that_they_are_two() {
    for later in [0.0, 1.0, 2.0, -1.0, -2.0] {
        let [first, second, gong_first, gong_second] = halves_by_two(later);
        assert_eq!(
            meetings([first.clone(), second.clone(), gong_first]),
            [0, 1, 0],
            "the first, {later} minutes later"
        );
        assert_eq!(
            meetings([first, second, gong_second]),
            [0, 1, 1],
            "the second, {later} minutes later"
        );
    }
}

#[test]
fn two_sources_that_have_one_of_them_each_do_not_have_the_same() {
    for later in [0.0, 1.0, 2.0, -1.0, -2.0] {
        let [first, _, _, gong_second] = halves_by_two(later);
        assert_eq!(
            meetings([first, gong_second]),
            [0, 1],
            "{later} minutes later"
        );
    }
}

#[test]
fn hours_off_in_one_source_they_are_still_two() {
    let [first, second, gong_first, gong_second] = halves_by_two(1.0);
    let with_words = |recording: Recording, number: u64| Recording {
        words: said(number),
        ..recording
    };
    let slipped = |recording: Recording, number: u64| Recording {
        started_s: recording.started_s.map(|start_s| start_s + 5.0 * HOUR),
        ..with_words(recording, number)
    };
    assert_eq!(
        meetings([
            with_words(first, 1),
            with_words(second, 2),
            slipped(gong_first, 1),
            slipped(gong_second, 2)
        ]),
        [0, 1, 0, 1]
    );
}

#[test]
fn what_one_source_cut_and_another_did_not_is_one_meeting() {
    assert_eq!(
        meetings([
            call("chorus", 0.0, 29.5),
            call("chorus", 30.0, 60.0),
            call("gong", 1.0, 60.5)
        ]),
        [0, 0, 0]
    );
    // Both cut it, each somewhere else.
    assert_eq!(
        meetings([
            call("chorus", 0.0, 29.5),
            call("chorus", 30.0, 60.0),
            call("gong", 1.0, 38.0),
            call("gong", 38.5, 60.5)
        ]),
        [0, 0, 0, 0]
    );
}

#[test]
fn what_all_sources_cut_is_one_meeting_if_the_calendar_says_so() {
    let with_entry = |recording: Recording| Recording {
        calendar: calendar_id("abc@google.com"),
        ..recording
    };
    let planned = |recording: Recording| Recording {
        scheduled_start_s: Some(THREE),
        ..recording
    };
    assert_eq!(meetings(halves_by_two(1.0).map(with_entry)), [0, 0, 0, 0]);
    assert_eq!(meetings(halves_by_two(1.0).map(planned)), [0, 0, 0, 0]);
}
