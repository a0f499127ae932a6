//! Quirks of rendered rows of `/v3/engagements`.

use serde_json::{Map, Value, json};

use super::choice::Choice;
use super::set::{QuirkSet, Switched};
use crate::tenant::Call;

/// Members that every row keeps, however many others are taken away.
const CORE: [&str; 3] = ["engagement_id", "engagement_type", "date_time"];

/// Bends one row. `rank` counts from the newest row, 0, of `total`.
pub fn bend(quirks: &QuirkSet, rank: usize, total: usize, call: &Call, row: &mut Value) {
    let meant = |name: &str| {
        quirks
            .get(name)
            .filter(|quirk| Choice::of(&quirk.args).has(&call.engagement_id, rank, total))
    };
    if let Some(quirk) = quirks.get("number-formats") {
        numbers(quirk, rank, call, row);
    }
    if let Some(quirk) = quirks.get("odd-participants") {
        participants(quirk, rank, row);
    }
    if let Some(quirk) = quirks.get("summaries") {
        summaries(quirk, row);
    }
    if meant("new-words").is_some() {
        row["engagement_type"] = json!("hologram");
        row["processing_state"] = json!("marinating");
        for person in array(row, "participants") {
            person["type"] = json!("partner");
        }
    }
    if let Some(quirk) = meant("members") {
        members(quirk, rank, row);
    }
    if let Some(quirk) = meant("bad-row") {
        match quirk.extra("what").and_then(Value::as_str) {
            Some("date") => row["date_time"] = json!("yesterday"),
            Some("not-an-object") => *row = json!("what row?"),
            _ => row["engagement_id"] = Value::Null,
        }
    }
}

fn array<'a>(value: &'a mut Value, name: &str) -> &'a mut [Value] {
    value
        .get_mut(name)
        .and_then(Value::as_array_mut)
        .map_or(&mut [], Vec::as_mut_slice)
}

/// The format of this row: the one that was asked for, or its turn.
fn turn<'a>(quirk: &'a Switched, rank: usize, all: &[&'a str]) -> &'a str {
    match quirk.args.as_str() {
        Some(one) => one,
        None => all[rank % all.len()],
    }
}

fn numbers(quirk: &Switched, rank: usize, call: &Call, row: &mut Value) {
    match turn(quirk, rank, &["int", "zero", "fraction"]) {
        "int" => {
            row["date_time"] = json!(call.date_time.floor() as i64);
            row["duration"] = json!(call.duration.round() as i64);
        }
        "zero" => {
            row["date_time"] = json!(call.date_time.floor());
            row["duration"] = json!(0);
        }
        _ => row["date_time"] = json!(call.date_time.floor() + 0.254_817),
    }
}

fn participants(quirk: &Switched, rank: usize, row: &mut Value) {
    const WAYS: [&str; 6] = [
        "none",
        "no-email",
        "twice",
        "other-case",
        "no-user-id",
        "insiders",
    ];
    let Some(people) = row.get_mut("participants").and_then(Value::as_array_mut) else {
        return;
    };
    match turn(quirk, rank, &WAYS) {
        "none" => people.clear(),
        "no-email" => {
            for (number, person) in people.iter_mut().enumerate() {
                match (number % 2, person.as_object_mut()) {
                    (0, Some(person)) => drop(person.remove("email")),
                    _ => person["email"] = Value::Null,
                }
            }
        }
        "twice" => people.extend(people.first().cloned()),
        "other-case" => {
            if let Some(mut again) = people.last().cloned() {
                let email = again["email"]
                    .as_str()
                    .unwrap_or("kim@larkspur.example")
                    .to_uppercase();
                again["email"] = json!(email);
                again["person_id"] = json!(again["person_id"].as_i64().unwrap_or(0) + 7_000_000);
                people.push(again);
            }
        }
        "no-user-id" => {
            for person in people {
                person["user_id"] = Value::Null;
            }
        }
        _ => people.retain(|person| person["type"] == "rep"),
    }
}

fn summaries(quirk: &Switched, row: &mut Value) {
    let Some(members) = row.as_object_mut() else {
        return;
    };
    if quirk.says("null") {
        members.insert("meeting_summary".into(), Value::Null);
    }
    if quirk.says("empty") {
        members.insert("meeting_summary".into(), json!(""));
    }
    if quirk.says("missing") {
        members.remove("meeting_summary");
    }
    if quirk.says("html") {
        let html = "<p>Rollout &amp; <b>SSO</b></p><br/>First line.<br>Second &lt;line&gt;&nbsp;&#39;quoted&#39;.<ul><li>one</li></ul>";
        members.insert("meeting_summary".into(), json!(html));
    }
    if quirk.says("no-items") {
        members.remove("action_items");
    }
    if quirk.says("empty-items") {
        members.insert("action_items".into(), json!([]));
    }
}

fn members(quirk: &Switched, rank: usize, row: &mut Value) {
    let Some(members) = row.as_object_mut() else {
        return;
    };
    let way = quirk.args.as_str();
    let names = |way: &str| quirk.extra(way).and_then(Value::as_array).cloned();
    for name in names("null").unwrap_or_default() {
        members.insert(name.as_str().unwrap_or_default().to_owned(), Value::Null);
    }
    for name in names("missing").unwrap_or_default() {
        members.remove(name.as_str().unwrap_or_default());
    }
    if way == Some("extra") || quirk.extra("extra").is_some() {
        members.insert("x_new_member".into(), json!({"nested": [1, "two", null]}));
        members.insert("".into(), json!("nameless"));
    }
    let named =
        names("null").is_some() || names("missing").is_some() || quirk.extra("extra").is_some();
    match way {
        Some("null") => each_optional(members, |members, name| {
            drop(members.insert(name, Value::Null))
        }),
        Some("missing") => each_optional(members, |members, name| drop(members.remove(&name))),
        None if !named => {
            // Row by row another member is null and the next one missing.
            let optional: Vec<String> = members
                .keys()
                .filter(|name| !CORE.contains(&name.as_str()))
                .cloned()
                .collect();
            members.insert(optional[rank % optional.len()].clone(), Value::Null);
            members.remove(&optional[(rank + 1) % optional.len()]);
        }
        _ => {}
    }
}

fn each_optional(
    members: &mut Map<String, Value>,
    mut change: impl FnMut(&mut Map<String, Value>, String),
) {
    let names: Vec<String> = members
        .keys()
        .filter(|name| !CORE.contains(&name.as_str()))
        .cloned()
        .collect();
    for name in names {
        change(members, name);
    }
}
