//! A large call costs in proportion to its size, not to its square.

use crate::samples::{context, conversation, done, people, speakers};
use chorus_client::Conversation;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The shortest of several, since the machine may be busy with something else.
fn time(made: &Conversation) -> Duration {
    let once = || {
        let made = made.clone();
        let began = Instant::now();
        std::hint::black_box(call_rows::detail(made, &context()));
        began.elapsed()
    };
    (0..5).map(|_| once()).min().unwrap_or_default()
}

/// Ten thousand utterances by these voices; attendees are listed with name and address, and heard by name only.
fn call(people: usize, voice: impl Fn(usize) -> Value) -> Conversation {
    let listed = (0..people)
        .map(|n| json!({"name": format!("Person {n}"), "email": format!("p{n}@x{n}.example")}));
    let said = (0..10_000).map(|n| {
        let mut line = voice(n);
        line["index"] = json!(n);
        line["snippet"] = json!("We need single sign-on this quarter.");
        line
    });
    conversation(&done(listed.collect(), said.collect()))
}

fn assert_cheap(what: &str, few: &Conversation, many: &Conversation) {
    let (few, many) = (time(few), time(many));
    println!("{what}: {few:?} with few, {many:?} with many");
    assert!(
        many < few * 8 + Duration::from_millis(20),
        "{what}: {few:?} with few, {many:?} with many"
    );
}

#[test]
fn many_people_do_not_make_an_utterance_dearer() {
    let by_name = |people: usize| {
        call(
            people,
            |n| json!({"speaker_name": format!("person {}", people - 1 - n % people)}),
        )
    };
    assert_cheap("by name", &by_name(5), &by_name(500));
    let unlisted = |people: usize| {
        call(
            people,
            |n| json!({"participant": n % (people * 2), "speaker_name": format!("voice {}", n % (people * 2))}),
        )
    };
    assert_cheap("not listed", &unlisted(5), &unlisted(500));
    assert_cheap(
        "all namesakes",
        &call(
            500,
            |n| json!({"participant": n % 5, "speaker_name": "Kim"}),
        ),
        &call(500, |n| json!({"participant": n, "speaker_name": "Kim"})),
    );
}

#[test]
fn everybody_in_a_large_call_is_told_apart() {
    let made = call(
        500,
        |n| json!({"speaker_name": format!("PERSON {}", n % 500)}),
    );
    let read = call_rows::detail(made, &context());
    assert_eq!(people(&read).len(), 500);
    assert!(
        speakers(&read)
            .iter()
            .enumerate()
            .all(|(n, no)| *no == (n % 500) as i32 + 1)
    );
}

#[test]
fn many_trackers_do_not_make_a_tracker_dearer() {
    let with = |trackers: usize| {
        let trackers: Value = (0..10_000)
            .map(|n| json!({"name": format!("Tracker {}", n % trackers), "count": 1}))
            .collect();
        conversation(&json!({"status": "done", "recording": {"trackers": trackers}}))
    };
    assert_cheap("trackers", &with(5), &with(10_000));
}
