//! Calls as Chorus sends them, read as the extension reads them.

use crate::copy_format::{bool, column, float8, int4, int8, text};
use call_rows::{Detail, DetailContext, ListedCall, Rows, Side, Text};
use chorus_client::{Conversation, Engagement, decode};
use serde_json::{Value, json};

pub const OWN_DOMAIN: &str = "seller.example";

pub fn conversation(attributes: &Value) -> Conversation {
    let body = json!({"data": {"id": "A", "type": "recording", "attributes": attributes}});
    decode::conversation(body.to_string().as_bytes()).unwrap()
}

pub fn engagement(row: &Value) -> Engagement {
    let mut row = row.clone();
    for (name, value) in [
        ("engagement_id", json!("E")),
        ("date_time", json!(1_748_876_464)),
    ] {
        let members = row.as_object_mut().unwrap();
        members.entry(name).or_insert(value);
    }
    let body = json!({"engagements": [row]}).to_string();
    let page = decode::engagement_page(body.as_bytes()).unwrap();
    page.rows.into_iter().next().unwrap().unwrap()
}

pub fn listed(row: &Value) -> Option<ListedCall> {
    call_rows::listed(engagement(row), Some(OWN_DOMAIN))
}

/// A call of which nothing is stored yet.
pub fn context() -> DetailContext {
    DetailContext {
        call_id: 7,
        listed: Vec::new(),
        workspace_domain: Some(OWN_DOMAIN.to_owned()),
        has_text: false,
        text_fingerprint: None,
    }
}

pub fn detail(attributes: &Value) -> Detail {
    call_rows::detail(conversation(attributes), &context())
}

/// The detail of a finished call with these people and utterances.
pub fn done(participants: Value, utterances: Value) -> Value {
    json!({"status": "done", "participants": participants, "recording": {"utterances": utterances}})
}

/// The participants as `listed` gives them to `detail`, by way of `source_data`.
pub fn context_with_list(participants: Value) -> DetailContext {
    let call =
        listed(&json!({"engagement_type": "meeting", "participants": participants})).unwrap();
    DetailContext {
        listed: serde_json::from_value(call.engagement["participants"].clone()).unwrap(),
        ..context()
    }
}

/// A row of `chorus.participants`.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    pub name: Option<String>,
    pub email: Option<String>,
    pub domain: Option<String>,
    pub side: String,
    pub listed: bool,
    pub person_id: Option<i64>,
    pub user_id: Option<i64>,
}

pub fn people_in(rows: &Rows) -> Vec<Person> {
    let numbers = column(rows, "participant_no", int4);
    let expected: Vec<_> = (1..=rows.len() as i32).map(Some).collect();
    assert_eq!(numbers, expected, "participant_no counts from 1");
    let names = column(rows, "name", text);
    let emails = column(rows, "email", text);
    let domains = column(rows, "email_domain", text);
    let sides = column(rows, "side", text);
    let listed = column(rows, "listed", bool);
    let person_ids = column(rows, "person_id", int8);
    let user_ids = column(rows, "user_id", int8);
    (0..rows.len())
        .map(|n| Person {
            name: names[n].clone(),
            email: emails[n].clone(),
            domain: domains[n].clone(),
            side: sides[n].clone().unwrap(),
            listed: listed[n].unwrap(),
            person_id: person_ids[n],
            user_id: user_ids[n],
        })
        .collect()
}

pub fn people(detail: &Detail) -> Vec<Person> {
    match &detail.text {
        Text::Write { participants, .. }
        | Text::Same { participants }
        | Text::None { participants } => people_in(participants),
        Text::Keep => panic!("participants stay as they are stored"),
    }
}

pub fn names(people: &[Person]) -> Vec<Option<&str>> {
    people.iter().map(|person| person.name.as_deref()).collect()
}

pub fn sides(people: &[Person]) -> Vec<&str> {
    people.iter().map(|person| person.side.as_str()).collect()
}

/// A row of `chorus.utterances`.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub seq: i32,
    pub participant_no: i32,
    pub start_s: f64,
    pub end_s: f64,
    pub text: String,
}

pub fn lines(detail: &Detail) -> Vec<Line> {
    let Text::Write { utterances, .. } = &detail.text else {
        return Vec::new();
    };
    let seqs = column(utterances, "seq", int4);
    let numbers = column(utterances, "participant_no", int4);
    let starts = column(utterances, "start_s", float8);
    let ends = column(utterances, "end_s", float8);
    let texts = column(utterances, "text", text);
    (0..utterances.len())
        .map(|n| Line {
            seq: seqs[n].unwrap(),
            participant_no: numbers[n].unwrap(),
            start_s: starts[n].unwrap(),
            end_s: ends[n].unwrap(),
            text: texts[n].clone().unwrap(),
        })
        .collect()
}

/// The participant_no of each utterance.
pub fn speakers(detail: &Detail) -> Vec<i32> {
    lines(detail)
        .iter()
        .map(|line| line.participant_no)
        .collect()
}

pub fn listed_side(participant: Value) -> Side {
    let call = listed(&json!({"participants": [participant]})).unwrap();
    call.participants[0].side
}
