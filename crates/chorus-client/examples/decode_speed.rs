//! How fast bodies become records: a page of 100 rows and a detail of 300 utterances, as a tenant sends them.
//!
//! `cargo run --release -p chorus-client --example decode_speed`

use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

use chorus_client::decode;

fn page() -> String {
    let mut rows = Vec::new();
    for n in 0..100 {
        let people: Vec<String> = (0..4)
            .map(|p| format!(r#"{{"person_id":1{p}{n},"user_id":null,"name":"Person Number {p}","email":"person{p}.{n}@customer{n}.example","title":"Head of Something","company_name":"Customer {n}","type":"prospect"}}"#))
            .collect();
        let trackers: Vec<String> = (0..3)
            .map(|t| format!(r#"{{"name":"Tracker {t}","num_matches":{t},"type":"chorus"}}"#))
            .collect();
        rows.push(format!(
            r#"{{"engagement_id":"A3F09C2B7D1E4C5F8A6B0D9E2C4F{n:04}","engagement_type":"meeting","date_time":17488764{n:02}.25,"duration":2715.42,"subject":"Customer {n} / quarterly review","account_id":"0014X00002AbCdEQAV","account_name":"Customer {n}","opportunity_id":"0064X00001XyZabQAF","opportunity_name":"Renewal {n}","compliance":"compliant","disposition_connected":false,"disposition_gatekeeper":false,"disposition_tree":false,"disposition_voicemail":false,"initiator":"","language":"en","no_show":false,"num_cust_questions":7,"num_engaging_questions":4,"processing_state":"done","meeting_summary":"Reviewed the rollout.<br>Asked for SSO &amp; audit logs.","action_items":["Send the SSO guide"],"participants":[{}],"tracker_matches":[{}],"url":"https://chorus.ai/meeting/A3F0{n}","user_id":301,"user_name":"Rae Rep","user_email":"rae@seller.example"}}"#,
            people.join(","),
            trackers.join(",")
        ));
    }
    format!(
        r#"{{"continuation_key":"1748870405.0 7C1D","engagements":[{}]}}"#,
        rows.join(",")
    )
}

fn detail() -> String {
    let mut lines = String::new();
    for n in 0..300 {
        let comma = if n == 0 { "" } else { "," };
        write!(
            lines,
            r#"{comma}{{"id":"u-{n}","index":{n},"date_time":"2025-06-02T15:01:06.500Z","snippet_time":{n}.25,"snippet_length":3.1,"snippet_word_count":18,"participant":{},"speaker_id":{},"speaker_name":"Kim Lee","speaker_type":"customer","snippet":"We need single sign-on this quarter, and the \"audit\" logs have to reach the warehouse by the end of it.","engaging":true,"expired":false}}"#,
            5000 + n % 4,
            5000 + n % 4
        )
        .unwrap();
    }
    format!(
        r#"{{"data":{{"id":"A3F09C2B7D1E4C5F8A6B0D9E2C4F7715","type":"recording","attributes":{{"name":"Larkspur / quarterly review","status":"done","language":"en","private":false,"account":{{"id":8464,"name":"Larkspur Foods"}},"deal":{{}},"owner":{{"user_id":301,"person_id":5001,"name":"Rae Rep","email":"rae@seller.example"}},"recording":{{"start_time":"2025-06-02T15:01:04Z","duration":2715.42,"utterances":[{lines}],"trackers":[],"clusters":[],"thumbnails":[]}}}}}}}}"#
    )
}

fn measure<T>(what: &str, body: &str, decode: impl Fn(&[u8]) -> T) {
    let mut best = Duration::MAX;
    for _ in 0..30 {
        let begun = Instant::now();
        for _ in 0..20 {
            black_box(decode(black_box(body.as_bytes())));
        }
        best = best.min(begun.elapsed() / 20);
    }
    let speed = body.len() as f64 / 1e6 / best.as_secs_f64();
    println!("{what}: {} bytes in {best:?}, {speed:.0} MB/s", body.len());
}

fn main() {
    measure("page of 100 rows", &page(), |body| {
        decode::engagement_page(body).unwrap()
    });
    measure("detail of 300 utterances", &detail(), |body| {
        decode::conversation(body).unwrap()
    });
}
