//! Whatever the tenant does that Chorus is known to do, a run succeeds and all that was served is in the tables, once:
//! details of calls.

use chorus_tests::fake_chorus::{Tracker, Utterance};
use serde_json::json;

use crate::quirk_case::{all_hold, calls, case, each};

#[test]
fn utterances_arrive_in_their_order_whatever_they_look_like() {
    let cases = [
        case("shuffled-utterances", json!(true)),
        case("odd-utterances", json!(true))
            .serves(|tenant| {
                each(tenant, |_, call| {
                    for (number, said) in call.utterances.iter_mut().enumerate() {
                        match number % 10 {
                            3 => said.start_s = 0.0,
                            5 => said.length_s = 0.0,
                            7 => said.text.clear(),
                            _ => {}
                        }
                    }
                })
            })
            // With indexes that have gaps and repeat, mentions point at other utterances.
            .stores(|contents| contents.leave_out("tracker_mentions", "text")),
        case("long-transcript", json!({"utterances": 5000, "newest": 1})).serves(|tenant| {
            each(tenant, |rank, call| {
                if rank > 0 {
                    return;
                }
                let once = call.utterances.clone();
                call.utterances = (0..5000)
                    .map(|index| Utterance {
                        index: index as i64,
                        start_s: once[index % once.len()].start_s
                            + (index / once.len()) as f64 * call.duration,
                        ..once[index % once.len()].clone()
                    })
                    .collect();
                call.duration *= (5000.0 / once.len() as f64).ceil();
            })
        }),
        case("nul-and-surrogates", json!(true)).serves(|tenant| {
            each(tenant, |_, call| {
                let odd = [
                    "beforeafter".to_owned(),
                    "lone \u{fffd} high and \u{fffd} low".to_owned(),
                    "\u{202E}right to left\u{202C} שלום مرحبا".to_owned(),
                    "four bytes: 😀 𝄞 𠜎 👩‍👩‍👧".to_owned(),
                    "word ".repeat(20_000),
                ];
                for (said, text) in call.utterances.iter_mut().zip(odd) {
                    said.text = text;
                }
            })
        }),
        case("no-transcript", json!(true)).serves(|tenant| {
            each(tenant, |_, call| call.utterances.clear());
        }),
        case("processing", json!({"newest": 3, "utterances": "some"})).serves(|tenant| {
            each(tenant, |rank, call| {
                if rank < 3 {
                    call.processing_state = "processing".into();
                    // What was heard is not told before it is done.
                    call.utterances.clear();
                    call.trackers.clear();
                }
            });
        }),
    ];
    all_hold(&calls(12), cases);
}

#[test]
fn every_utterance_finds_its_speaker() {
    let cases = [
        case("null-speakers", json!(true)),
        case("stranger-speakers", json!(true))
            .serves(|tenant| {
                each(tenant, |_, call| {
                    for said in call.utterances.iter_mut().step_by(3) {
                        said.person_id = 99_000_001;
                    }
                })
            })
            .stores(|contents| {
                // The truth cannot name somebody who is on no list.
                for table in ["participants", "utterances", "view transcript_lines"] {
                    contents.change(table, |row| {
                        if row["side"] == "unknown" {
                            row["name"] = json!("Somebody Else");
                        }
                    });
                }
                contents.retain("chorus_transcript()", |_| false);
            }),
        case("contradicting-speakers", json!(true)).stores(|contents| {
            for table in ["participants", "utterances", "view transcript_lines"] {
                contents.leave_out(table, "side");
            }
            contents.leave_out("view meetings", "scope");
        }),
    ];
    all_hold(&calls(24), cases);
}

#[test]
fn accounts_and_calendar_may_be_missing_from_a_detail() {
    let cases = [
        case("odd-account", json!(true)).serves(|tenant| {
            each(tenant, |rank, call| {
                if rank % 4 >= 2 {
                    call.opportunity_id = Some("0064X00001XyZabQAF".into());
                }
            });
        }),
        case("meeting-metadata", json!("null")).serves(|tenant| {
            each(tenant, |_, call| {
                call.meeting_url = None;
                call.ical_uid = None;
            });
        }),
        case("meeting-metadata", json!("always")),
        case("fields", json!("ignored")),
        case("fields", json!("strict")),
        case("summary-generation", json!({"ms": 50, "error": true})),
        case("odd-trackers", json!(true))
            .serves(|tenant| {
                each(tenant, |_, call| {
                    let names = [
                        "Next steps / to do's",
                        "\"Quoted\" \\ back",
                        "🎯 goals – Ziele",
                        "Twice",
                        "Twice",
                    ];
                    let first = call.trackers.first().cloned().unwrap_or_default();
                    call.trackers = names
                        .iter()
                        .enumerate()
                        .map(|(number, name)| Tracker {
                            id: format!("odd-{number}"),
                            name: (*name).to_owned(),
                            ..first.clone()
                        })
                        .collect();
                })
            })
            // What has one name within a call is one row, under the first of its ids.
            .stores(|contents| {
                contents.change("trackers", |row| row["ids"] = row["ids"][0].clone())
            }),
    ];
    all_hold(&calls(24), cases);
}
