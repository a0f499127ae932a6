//! Quirks of rendered details, and the part of a detail that `fields` asks for.

use chrono::{DateTime, Duration, SecondsFormat};
use serde_json::{Map, Value, json};

use super::choice::Choice;
use super::set::{QuirkSet, Switched};
use crate::serve::shown::DetailRequest;
use crate::tenant::Call;

/// Whether the conference metadata comes without having been asked for.
pub fn always_metadata(quirks: &QuirkSet) -> bool {
    quirks
        .get("meeting-metadata")
        .is_some_and(|quirk| quirk.says("always") || quirk.says("ical-always"))
}

/// What a read of a call that `processing` is about gets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unfinished {
    /// Nothing special.
    No,
    NotFound,
    /// This share of the utterances.
    Partial(f64),
}

/// Counts a read of the call's detail and says whether Chorus is still at it.
pub fn unfinished(quirks: &QuirkSet, rank: usize, total: usize, call: &Call) -> Unfinished {
    let Some(quirk) = quirks.get("processing") else {
        return Unfinished::No;
    };
    if !call.is_recorded() || !Choice::of(&quirk.args).has(&call.engagement_id, rank, total) {
        return Unfinished::No;
    }
    let reads = quirk.extra("reads").and_then(Value::as_u64);
    let before = quirk.read(&call.engagement_id);
    if reads.is_some_and(|reads| before >= reads) {
        return Unfinished::No;
    }
    let says = |name: &str, word: &str| {
        quirk
            .extra(name)
            .is_some_and(|value| value == word || *value == json!(word.parse::<u64>().ok()))
    };
    if says("answer", "404") {
        Unfinished::NotFound
    } else if says("utterances", "some") {
        Unfinished::Partial(0.5)
    } else {
        Unfinished::Partial(0.0)
    }
}

/// Bends one detail. `rank` counts from the newest call, 0, of `total`.
pub fn bend(
    quirks: &QuirkSet,
    rank: usize,
    total: usize,
    call: &Call,
    request: &DetailRequest,
    document: &mut Value,
) {
    let meant = |name: &str| {
        quirks
            .get(name)
            .filter(|quirk| Choice::of(&quirk.args).has(&call.engagement_id, rank, total))
    };
    let attributes = &mut document["data"]["attributes"];
    if let Some(quirk) = quirks.get("odd-utterances") {
        odd_utterances(quirk, array(attributes, "utterances"));
    }
    if meant("null-speakers").is_some() {
        for said in array(attributes, "utterances") {
            for name in ["speaker_id", "speaker_name", "speaker_type"] {
                said[name] = Value::Null;
            }
        }
    }
    if meant("stranger-speakers").is_some() {
        for said in array(attributes, "utterances").iter_mut().step_by(3) {
            said["participant"] = json!(99_000_001);
            said["speaker_id"] = Value::Null;
            said["speaker_name"] = json!("Somebody Else");
            said["speaker_type"] = Value::Null;
        }
    }
    if meant("contradicting-speakers").is_some() {
        contradict(attributes);
    }
    if meant("expired").is_some() {
        for said in array(attributes, "utterances") {
            said["expired"] = json!(true);
            said["snippet"] = json!("");
            said["snippet_word_count"] = json!(0);
        }
    }
    if meant("shuffled-utterances").is_some() {
        shuffle(attributes);
    }
    if let Some(quirk) = quirks.get("odd-account") {
        odd_account(quirk, rank, attributes);
    }
    if let Some(quirk) = quirks.get("meeting-metadata") {
        meeting(quirk, request, attributes);
    }
    if let Some(quirk) = meant("edited") {
        edit(quirk, attributes);
    }
    if let Some(quirk) = quirks.get("summary-generation")
        && quirk.extra("error") == Some(&json!(true))
    {
        attributes["summary"] = Value::Null;
        attributes["summary_error"] = json!("The summary could not be generated.");
    }
    if quirks.is_on("time-formats") {
        let mut turn = rank;
        times(attributes, &mut turn);
    }
    if let Some(fields) = &request.fields {
        *attributes = sparse(attributes, fields);
    }
}

fn array<'a>(attributes: &'a mut Value, name: &str) -> &'a mut [Value] {
    attributes["recording"][name]
        .as_array_mut()
        .map_or(&mut [], Vec::as_mut_slice)
}

fn odd_utterances(quirk: &Switched, utterances: &mut [Value]) {
    for (number, said) in utterances.iter_mut().enumerate() {
        let turn = number % 10;
        if quirk.says("gaps") {
            said["index"] = json!(said["index"].as_i64().unwrap_or(0) * 2 + 1);
        }
        if quirk.says("equal-times") && turn == 3 {
            said["snippet_time"] = json!(0.0);
        }
        if quirk.says("zero-length") && turn == 5 {
            said["snippet_length"] = json!(0);
        }
        if quirk.says("empty-text") && turn == 7 {
            said["snippet"] = json!("");
            said["snippet_word_count"] = json!(0);
        }
    }
    if quirk.says("repeated-index") {
        for pair in utterances.chunks_mut(8) {
            if let [first, second, ..] = pair {
                second["index"] = first["index"].clone();
            }
        }
    }
}

/// Says of everybody that they are on the other side, in one of the three vocabularies at a time.
fn contradict(attributes: &mut Value) {
    for said in array(attributes, "utterances").iter_mut().step_by(2) {
        said["speaker_type"] = json!(if said["speaker_type"] == "rep" {
            "customer"
        } else {
            "rep"
        });
    }
    for cluster in array(attributes, "clusters") {
        cluster["type"] = json!(if cluster["type"] == "rep" {
            "cust"
        } else {
            "rep"
        });
    }
    for (number, person) in attributes["participants"]
        .as_array_mut()
        .into_iter()
        .flatten()
        .enumerate()
    {
        if number % 2 == 0 {
            person["is_my_team"] = json!(person["is_my_team"] != true);
        }
    }
}

/// Always the same disorder: the back half, turned round, before the front half.
fn shuffle(attributes: &mut Value) {
    let utterances = array(attributes, "utterances");
    let middle = utterances.len() / 2;
    utterances.rotate_left(middle);
    let back = utterances.len() - middle;
    utterances[..back].reverse();
}

fn odd_account(quirk: &Switched, rank: usize, attributes: &mut Value) {
    const WAYS: [&str; 4] = ["missing", "empty-deal", "no-amount", "huge-numbers"];
    let way = quirk.args.as_str().unwrap_or(WAYS[rank % WAYS.len()]);
    match way {
        "missing" => {
            attributes
                .as_object_mut()
                .map(|members| members.remove("account"));
        }
        "empty-deal" => attributes["deal"] = json!({}),
        "no-amount" => {
            attributes["deal"] =
                json!({"id": "0064X00001XyZabQAF", "initial_amount": -1.0, "size": 0});
        }
        _ => {
            attributes["account"]["id"] = json!(9_007_199_254_740_993_i64);
            attributes["deal"] = json!({"id": "0064X00001XyZabQAF", "initial_amount": 1.5e15, "size": 5_000_000_000_i64});
        }
    }
}

fn meeting(quirk: &Switched, request: &DetailRequest, attributes: &mut Value) {
    if quirk.says("null") {
        attributes["meeting"] = Value::Null;
    } else if quirk.says("ical-always")
        && !request.metadata
        && let Some(meeting) = attributes["meeting"].as_object_mut()
    {
        meeting.retain(|name, _| name == "id" || name == "ical_uid");
    }
}

fn edit(quirk: &Switched, attributes: &mut Value) {
    let what = quirk.extra("what").and_then(Value::as_array);
    let says = |word: &str| what.is_none_or(|list| list.iter().any(|item| item == word));
    if says("speaker") {
        let speaker = array(attributes, "utterances")
            .first()
            .map(|said| said["participant"].clone());
        for said in array(attributes, "utterances") {
            if Some(&said["participant"]) == speaker.as_ref() {
                said["speaker_name"] = json!("Renamed Speaker");
            }
        }
        for cluster in array(attributes, "clusters") {
            if Some(&cluster["participant"]) == speaker.as_ref() {
                cluster["speaker_name"] = json!("Renamed Speaker");
            }
        }
        for person in attributes["participants"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            if Some(&person["person_id"]) == speaker.as_ref() {
                person["name"] = json!("Renamed Speaker");
            }
        }
    }
    if says("account") {
        attributes["account"] = json!({"id": 4711, "name": "Edited Account", "ext_id": "0014X00002EditedQAA", "type": "Customer", "zi_company_id": null});
    }
    if says("trackers")
        && let Some(trackers) = attributes["recording"]["trackers"].as_array_mut()
    {
        trackers.push(json!({"id": "edited", "name": "Added later", "type": "text", "source": "customer",
            "owner_id": 0, "team_ids": null, "count": 1, "mentions": [{"utterance": 0, "offset": 0}]}));
    }
    let modified = attributes["_modified_at"]
        .as_str()
        .and_then(|time| DateTime::parse_from_rfc3339(time).ok());
    if let Some(modified) = modified {
        let later = modified.to_utc() + Duration::hours(1);
        attributes["_modified_at"] = json!(later.to_rfc3339_opts(SecondsFormat::Micros, true));
    }
}

/// Rewrites every ISO time, taking turns among the forms that were met.
fn times(value: &mut Value, turn: &mut usize) {
    const FORMS: [(SecondsFormat, bool); 6] = [
        (SecondsFormat::Secs, true),
        (SecondsFormat::Millis, true),
        (SecondsFormat::Micros, true),
        (SecondsFormat::Secs, false),
        (SecondsFormat::Millis, false),
        (SecondsFormat::Micros, false),
    ];
    match value {
        Value::String(text) if text.len() >= 20 && text.as_bytes()[10] == b'T' => {
            if let Ok(time) = DateTime::parse_from_rfc3339(text) {
                let (decimals, z) = FORMS[*turn % FORMS.len()];
                *turn += 1;
                *text = time.to_utc().to_rfc3339_opts(decimals, z);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| times(item, turn)),
        Value::Object(members) => members.values_mut().for_each(|member| times(member, turn)),
        _ => {}
    }
}

/// Only the members that were asked for; `recording` alone stands for all of it.
fn sparse(attributes: &Value, fields: &[String]) -> Value {
    let mut kept = Map::new();
    for field in fields {
        match field.split_once('.') {
            None => {
                if let Some(member) = attributes.get(field) {
                    kept.insert(field.clone(), member.clone());
                }
            }
            Some((outer, inner)) => {
                if let Some(member) = attributes.get(outer).and_then(|outer| outer.get(inner))
                    && !fields
                        .iter()
                        .any(|field| field == outer && outer != "recording")
                {
                    let outer = kept.entry(outer).or_insert_with(|| json!({}));
                    outer[inner] = member.clone();
                }
            }
        }
    }
    // `recording` beside its parts is no wish for the rest, as clients send both.
    let parts = fields.iter().any(|field| field.starts_with("recording."));
    if parts && fields.iter().any(|field| field == "recording") {
        let mut recording = Map::new();
        for part in fields
            .iter()
            .filter_map(|field| field.strip_prefix("recording."))
        {
            if let Some(member) = attributes["recording"].get(part) {
                recording.insert(part.to_owned(), member.clone());
            }
        }
        kept.insert("recording".into(), recording.into());
    }
    kept.into()
}
