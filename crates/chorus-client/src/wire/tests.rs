//! What decoding promises: the samples of the wire reference are read whole, and nothing a server sends makes it panic
//! or costs more than the record it is in.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::decode;
use crate::wire::people::{Me, Session, Team, User};
use crate::wire::scorecard::Scorecard;
use crate::{Conversation, Engagement, EngagementPage, Error};

fn page(body: &str) -> EngagementPage {
    decode::engagement_page(body.as_bytes()).unwrap()
}

fn engagement(row: &Value) -> Engagement {
    page(&json!({"engagements": [row]}).to_string())
        .rows
        .remove(0)
        .unwrap()
}

fn call(body: &str) -> Conversation {
    decode::conversation(body.as_bytes()).unwrap()
}

fn call_with(utterances: Value) -> Conversation {
    call(
        &json!({"data": {"id": "A", "attributes": {"recording": {"utterances": utterances}}}})
            .to_string(),
    )
}

const ENGAGEMENTS: &str = include_str!("samples/engagements.json");
const RECORDING: &str = include_str!("samples/recording.json");

#[test]
fn the_sample_of_the_list_is_read_whole() {
    let page = page(ENGAGEMENTS);
    assert_eq!(
        page.next.unwrap().as_str(),
        "1748870405.0 7C1D0A52E4B94F0E9B1E7A3C55D20F11"
    );
    let rows: Vec<Engagement> = page.rows.into_iter().map(Result::unwrap).collect();
    let [first, second] = rows.as_slice() else {
        panic!()
    };
    assert_eq!(first.id, "A3F09C2B7D1E4C5F8A6B0D9E2C4F7715");
    assert_eq!(
        first.date_time.to_rfc3339(),
        "2025-06-02T15:01:04.250+00:00"
    );
    assert_eq!(first.duration_s, Some(2715.42));
    assert_eq!(first.action_items, ["Send the SSO guide"]);
    assert_eq!(
        first.participants[0].participant_type.as_deref(),
        Some("rep")
    );
    assert_eq!(
        first.participants[1].email.as_deref(),
        Some("kim@larkspur.example")
    );
    assert_eq!(
        (
            first.tracker_matches[0].count,
            first.tracker_matches[0].kind_type.as_deref()
        ),
        (3, Some("chorus"))
    );
    assert_eq!(first.user_id, Some(301));
    assert_eq!(first.extra["num_cust_questions"], 7);
    assert_eq!(
        (
            second.account_id.as_deref(),
            second.no_show,
            second.duration_s
        ),
        (None, true, Some(0.0))
    );
    assert_ne!(first.fingerprint, second.fingerprint);
}

#[test]
fn the_sample_of_a_detail_is_read_whole() {
    let call = call(RECORDING);
    assert_eq!(
        (call.id.as_str(), call.status.as_str()),
        ("A3F09C2B7D1E4C5F8A6B0D9E2C4F7715", "done")
    );
    let account = call.account.unwrap();
    assert_eq!(
        (account.id, account.ext_id.as_deref()),
        (Some(8464), Some("0014X00002AbCdEQAV"))
    );
    assert_eq!(call.deal.unwrap().initial_amount, Some(-1.0));
    assert_eq!(
        call.owner.unwrap().email.as_deref(),
        Some("rae@seller.example")
    );
    assert_eq!(
        call.meeting.unwrap().ical_uid.as_deref(),
        Some("7kq2demo@google.com")
    );
    assert_eq!(call.participants[1].is_my_team, Some(false));
    assert_eq!(call.metrics, [("example_metric".to_owned(), 0.42)]);
    assert_eq!(call.modified_at.unwrap().timestamp_subsec_micros(), 119_224);
    assert_eq!(call.extra.keys().collect::<Vec<_>>(), ["custom_questions"]);
    let recording = call.recording;
    assert_eq!(
        recording
            .utterances
            .iter()
            .map(|u| u.text.as_str())
            .collect::<Vec<_>>(),
        ["We need SSO this quarter.", "Noted, thank you."]
    );
    assert_eq!(recording.utterances[1].person_id, Some(5001));
    assert_eq!(recording.trackers[0].mentions[0].offset, Some(2));
    assert_eq!(recording.clusters[0].ranges[0].talk_time_s, 3.0);
    assert!(
        !recording.extra.contains_key("thumbnails") && recording.extra.contains_key("audio_only")
    );
}

#[test]
fn a_sparse_detail_is_read() {
    let call = call(
        r#"{"data":{"id":"A","type":"recording","attributes":{"status":"no show","recording":{"duration":2715.42,"utterances":[]}}}}"#,
    );
    assert_eq!(
        (call.status.as_str(), call.recording.duration_s),
        ("no show", Some(2715.42))
    );
}

#[test]
fn the_samples_of_people_are_read() {
    let me = r#"{"data":{"id":"301","type":"user","attributes":{"domain":"seller.example","email":"rae@seller.example","name":"Rae Rep","person_id":5001,"team_ids":[21],"created_on":"2024-01-08T09:00:00Z","invalidated":false}}}"#;
    let (id, me): (_, Me) = decode::resource(me).unwrap();
    assert_eq!(
        (id.as_deref(), me.domain.as_deref(), me.team_ids),
        (Some("301"), Some("seller.example"), vec![21])
    );

    let session = r#"{"data":{"id":"1","type":"session","attributes":{"active":true,"status":"ok","customer_id":77,"person_id":5001,"user_id":301}}}"#;
    let (_, session): (_, Session) = decode::resource(session).unwrap();
    assert_eq!((session.active, session.customer_id), (true, Some(77)));

    let teams = r#"{"data":[{"id":"21","type":"team","attributes":{"name":"CS East","language":"en","users":[301,"302"],"description":null,"default":false,"include_descendant_teams":true,"manager":300,"parent_team":null}},{"id":null}]}"#;
    let teams = decode::rows(teams, "data", Team::read).unwrap();
    let team = teams[0].as_ref().unwrap();
    assert_eq!(
        (team.id.as_str(), &team.users, team.manager),
        ("21", &vec![301, 302], Some(300))
    );
    assert!(teams[1].is_err());
}

#[test]
fn users_come_bare_or_wrapped() {
    let rows = r#"[{"id":301,"name":"Rae Rep","active":1,"sync_email":0,"created_on":"2024-01-08T09:00:00Z","invalidated":null},{"name":"x"}]"#;
    for body in [
        rows.to_owned(),
        format!(r#"{{"meta":{{}},"users":{rows}}}"#),
        format!(r#"{{"data":{rows},"next":null}}"#),
    ] {
        let users = decode::rows(&body, "", User::read).unwrap();
        let user = users[0].as_ref().unwrap();
        assert_eq!(
            (user.id, user.active, &user.extra["sync_email"]),
            (301, Some(true), &json!(0))
        );
        assert!(users[1].is_err());
    }
    for body in [
        "{}",
        "{\"users\":null}",
        "7",
        r#"{"errors":[]}"#,
        r#"{"a":[],"b":[]}"#,
    ] {
        assert!(decode::rows(body, "", User::read).is_err(), "{body}");
    }
}

#[test]
fn the_sample_of_scorecards_is_read() {
    let body = r#"{"data":[{"id":"9001","type":"scorecard","attributes":{"engagement":"A3F0","initiative":{"id":12,"name":"Discovery","description":"","url":"https://chorus.ai/i/12"},"recipient":{"user_id":301,"person_id":5001,"name":"Rae Rep"},"reviewer":{"user_id":300,"person_id":5000,"name":"Moe Manager"},"scores":[{"score":4,"question":{"id":1,"text":"Agenda set?"},"comment":{"text":"","time":0}}],"seen":true,"submitted":"2025-06-03T10:00:00Z","url":"https://chorus.ai/s/9001"}}]}"#;
    let scorecard = decode::rows(body, "data", Scorecard::read)
        .unwrap()
        .remove(0)
        .unwrap();
    assert_eq!(
        (scorecard.id.as_str(), scorecard.engagement_id.as_deref()),
        ("9001", Some("A3F0"))
    );
    let score = &scorecard.scores[0];
    assert_eq!(
        (score.score, score.question.id, score.comment.time_s),
        (Some(4.0), Some(1), Some(0.0))
    );
    assert_eq!(scorecard.reviewer.unwrap().user_id, Some(300));
}

#[test]
fn utterances_are_sorted_and_none_is_lost() {
    let line = |index: Value, time: f64, text: &str| json!({"index": index, "snippet_time": time, "snippet": text});
    let call = call_with(json!([
        line(json!(7), 9.0, "d"), line(json!("1"), 5.0, "b"), line(json!(1), 4.0, "a"), line(json!(1), 5.0, "c"),
        {"snippet": "last", "index": 90, "speaker_id": "12", "snippet_time": -3, "expired": 1}, {},
    ]));
    let utterances = call.recording.utterances;
    let texts: Vec<&str> = utterances
        .iter()
        .map(|utterance| utterance.text.as_str())
        .collect();
    assert_eq!(texts, ["a", "b", "c", "", "d", "last"]);
    let last = &utterances[5];
    assert_eq!(
        (last.person_id, last.start_s, last.expired),
        (Some(12), 0.0, true)
    );
}

#[test]
fn numbers_times_and_truths_come_in_many_forms() {
    let row = |date_time: Value| json!({"engagement_id": 17, "date_time": date_time, "no_show": 1, "duration": "12.5", "user_id": "301"});
    for date_time in [
        json!(1_748_876_464),
        json!(1_748_876_464.0),
        json!("1748876464"),
        json!("2025-06-02T15:01:04Z"),
        json!("2025-06-02T17:01:04.000+02:00"),
        json!("2025-06-02T15:01:04"),
    ] {
        let row = engagement(&row(date_time));
        assert_eq!(row.date_time.timestamp_micros(), 1_748_876_464_000_000);
        assert_eq!(
            (row.id.as_str(), row.no_show, row.duration_s, row.user_id),
            ("17", true, Some(12.5), Some(301))
        );
    }
    for date_time in [
        json!(null),
        json!(-1),
        json!(1e300),
        json!(1_748_876_464_000_i64),
        json!(u64::MAX),
        json!("NaN"),
        json!("0001-01-01"),
        json!([]),
    ] {
        let page = page(&json!({"engagements": [row(date_time.clone())]}).to_string());
        assert_eq!(
            page.rows[0].as_ref().unwrap_err().id.as_deref(),
            Some("17"),
            "{date_time}"
        );
    }
    let absurd = json!({"engagement_id": "E", "date_time": 1, "duration": -5, "user_id": 1e300});
    assert_eq!(
        (engagement(&absurd).duration_s, engagement(&absurd).user_id),
        (None, None)
    );
}

#[test]
fn text_that_is_no_text_and_numbers_that_are_no_json_cost_no_record() {
    let body = "{\"engagements\":[{\"engagement_id\":\"E\",\"date_time\":5,\"subject\":\"a\\u0000b\\ud800c\u{1F600}\",\"duration\":NaN,\"num\":1e999}]}";
    let row = page(body).rows.remove(0).unwrap();
    assert_eq!(
        (row.subject.as_deref(), row.duration_s),
        (Some("ab\u{fffd}c\u{1F600}"), None)
    );
    let mut body = br#"{"engagements":[{"engagement_id":"E","date_time":5,"subject":"a"#.to_vec();
    body.extend(b"\xff\xfe\"}]}");
    let row = decode::engagement_page(&body)
        .unwrap()
        .rows
        .remove(0)
        .unwrap();
    assert_eq!(row.subject.as_deref(), Some("a\u{fffd}\u{fffd}"));
}

#[test]
fn an_e_mail_is_told_from_a_call() {
    let body = br#"{"data":{"id":"E55","type":"email","attributes":{}}}"#;
    assert_eq!(
        decode::conversation(body),
        Err(Error::NotACall {
            kind: "email".to_owned()
        })
    );
}

#[test]
fn the_fingerprint_of_a_call_sees_content_only() {
    let changed = |path: &str, value: Value| {
        let mut body: Value = serde_json::from_str(RECORDING).unwrap();
        *body
            .pointer_mut(&format!("/data/attributes{path}"))
            .unwrap() = value;
        call(&body.to_string()).fingerprint
    };
    let same = call(RECORDING).fingerprint;
    for (path, value) in [
        ("/meta", json!({"viewed": 1, "offset": 7})),
        ("/_modified_at", json!("2026-01-01T00:00:00Z")),
        ("/recording/thumbnails", json!([])),
        (
            "/participants/1/picture",
            json!("https://pictures.example/1"),
        ),
        ("/account/id", json!("8464")),
        ("/recording/duration", json!(2_715.420_0)),
    ] {
        assert_eq!(changed(path, value), same, "{path}");
    }
    for (path, value) in [
        ("/name", json!("x")),
        ("/private", json!(true)),
        ("/custom_questions", json!([])),
        ("/account/ext_id", json!(null)),
        ("/participants/0/name", json!("x")),
        ("/recording/audio_only", json!(true)),
        ("/recording/utterances/0/snippet", json!("Noted, thanks.")),
        ("/recording/utterances/0/speaker_name", json!("x")),
        ("/recording/trackers/0/mentions/0/offset", json!(3)),
    ] {
        assert_ne!(changed(path, value), same, "{path}");
    }
    let mut shuffled: Value = serde_json::from_str(RECORDING).unwrap();
    shuffled["data"]["attributes"]["recording"]["utterances"]
        .as_array_mut()
        .unwrap()
        .reverse();
    assert_eq!(call(&shuffled.to_string()).fingerprint, same);
}

/// Any JSON value, small, with member names that decoding knows.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        prop_oneof![Just(1e300), Just(-1e300), Just(1e18), Just(-0.0), 0.0..2e9]
            .prop_map(|number| json!(number)),
        any::<String>().prop_map(Value::from),
        prop_oneof![
            Just("NaN"),
            Just("inf"),
            Just("1e999"),
            Just("2025-06-02T15:01:04Z"),
            Just("-1"),
            Just("done"),
            Just(" ")
        ]
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((known_name(), inner), 0..6).prop_map(|members| Value::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            )),
        ]
    })
}

fn known_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "id",
        "type",
        "attributes",
        "engagement_id",
        "engagement_type",
        "date_time",
        "duration",
        "subject",
        "account_id",
        "no_show",
        "participants",
        "tracker_matches",
        "num_matches",
        "user_id",
        "person_id",
        "email",
        "name",
        "meeting_summary",
        "action_items",
        "status",
        "account",
        "deal",
        "owner",
        "meeting",
        "metrics",
        "value",
        "private",
        "disposition",
        "_modified_at",
        "recording",
        "meta",
        "start_time",
        "utterances",
        "index",
        "snippet",
        "snippet_time",
        "snippet_length",
        "participant",
        "speaker_id",
        "expired",
        "trackers",
        "count",
        "mentions",
        "utterance",
        "offset",
        "clusters",
        "ranges",
        "start",
        "thumbnails",
        "close_date",
        "something_new",
        "scores",
        "score",
        "question",
        "comment",
        "time",
        "submitted",
        "initiative",
        "users",
        "team_ids",
        "active",
        "created_on",
        "data",
    ])
}

fn any_object() -> impl Strategy<Value = Value> {
    prop::collection::vec((known_name(), any_json()), 0..20).prop_map(|members| {
        Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    })
}

/// The value with the members of every object in reverse order, as text; whole numbers get a fraction, as long as the
/// reader (which rounds numbers of more than sixteen digits by their writing) can tell that it is the same number.
fn written_otherwise(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .rev()
                .map(|(name, value)| {
                    format!(
                        "{}: {}",
                        Value::from(name.as_str()),
                        written_otherwise(value)
                    )
                })
                .collect();
            format!("{{{} }}", members.join(" ,"))
        }
        Value::Array(elements) => format!(
            "[{}]",
            elements
                .iter()
                .map(written_otherwise)
                .collect::<Vec<_>>()
                .join(", ")
        ),
        Value::Number(number) if number.as_i64().is_some_and(|whole| whole.abs() < 1 << 49) => {
            format!("{number}.0e0")
        }
        other => other.to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_row_of_the_list_is_a_record_or_a_bad_record(row in any_object()) {
        let page = page(&json!({"engagements": [row, {"engagement_id": "E", "date_time": 5}]}).to_string());
        prop_assert_eq!(page.rows.len(), 2);
        prop_assert!(page.rows[1].is_ok());
    }

    #[test]
    fn any_attributes_make_a_detail(attributes in any_object(), recording in any_object(), line in any_object()) {
        let mut attributes = attributes;
        attributes["recording"] = recording;
        attributes["recording"]["utterances"] = json!([line, {"snippet": "kept"}]);
        let body = json!({"data": {"id": "A", "type": "recording", "attributes": attributes}}).to_string();
        let call = call(&body);
        prop_assert_eq!(call.recording.utterances.len(), 2);
        prop_assert!(call.recording.utterances.iter().all(|u| u.start_s.is_finite() && u.length_s >= 0.0));
    }

    #[test]
    fn any_other_row_is_a_record_or_a_bad_record(row in any_object()) {
        let body = json!({"data": [row]}).to_string();
        prop_assert_eq!(decode::rows(&body, "data", Team::read).unwrap().len(), 1);
        prop_assert_eq!(decode::rows(&body, "data", Scorecard::read).unwrap().len(), 1);
        prop_assert_eq!(decode::rows(&body, "data", User::read).unwrap().len(), 1);
    }

    #[test]
    fn fingerprints_do_not_depend_on_how_a_row_is_written(row in any_object()) {
        let mut row = row;
        row["engagement_id"] = json!("E");
        row["date_time"] = json!(5);
        let otherwise = format!(r#"{{"engagements":[{}]}}"#, written_otherwise(&row));
        prop_assert_eq!(page(&otherwise).rows[0].as_ref().unwrap().fingerprint, engagement(&row).fingerprint);
    }

    #[test]
    fn any_bytes_are_answered_without_panic(body in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,80}") {
        let _ = decode::engagement_page(&body);
        let _ = decode::conversation(&body);
        let _ = decode::conversation(format!("{{\"data\":{text}").as_bytes());
        let _ = crate::html_to_text(&text);
        let _ = crate::BaseUrl::parse(&text, &[]);
    }
}
