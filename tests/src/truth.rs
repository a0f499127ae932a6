//! What the tables must hold of a tenant, derived from its truth and from nothing that the extension computes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use fake_chorus::{Call, Scorecard, Tenant, Tracker, User};
use serde_json::{Value, json};

use crate::attendance::{domain, people};
use crate::contents::Contents;

/// Microseconds since 1970, as [`crate::stored`] reads times.
fn us(time: DateTime<Utc>) -> i64 {
    time.timestamp_micros()
}

fn epoch_us(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}

fn filled(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// The words of a summary as the generator writes it, with single blanks between them.
fn summary(html: &str) -> Value {
    let mut text = html.replace("&amp;", "&").replace("&nbsp;", " ");
    for (tag, stands_for) in [
        ("<p>", " "),
        ("</p>", " "),
        ("<br>", " "),
        ("<b>", ""),
        ("</b>", ""),
    ] {
        text = text.replace(tag, stands_for);
    }
    json!(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn kind(tracker: &Tracker) -> &'static str {
    match tracker.kind.as_str() {
        "topics" | "autotopics" => "topic",
        _ => "tracker",
    }
}

/// All tables and views as they must be after a sync that reached back to `since`.
pub fn expected(tenant: &Tenant, since: DateTime<Utc>) -> Contents {
    let mut contents = Contents::default();
    let stored: Vec<&Call> = tenant
        .calls
        .iter()
        .map(|call| &**call)
        .filter(|call| !matches!(call.engagement_type.as_str(), "email" | "content_viewed"))
        .filter(|call| !call.private && epoch_us(call.date_time) >= us(since))
        .collect();
    let mut names: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
    for call in &stored {
        add_call(&mut contents, tenant, call);
        add_participants(&mut contents, call);
        add_words(&mut contents, call);
        add_trackers(&mut contents, call);
        for tracker in &call.trackers {
            let ids = names
                .entry((kind(tracker), tracker.name.clone()))
                .or_default();
            ids.insert(&tracker.id);
        }
        for metric in &call.metrics {
            let row =
                json!({"call": call.engagement_id, "name": metric.name, "value": metric.value});
            contents.add("call_metrics", row);
        }
    }
    for ((kind, name), ids) in names {
        contents.add("trackers", json!({"kind": kind, "name": name, "ids": ids}));
    }
    for user in &tenant.users {
        contents.add("users", user_row(user));
    }
    for team in &tenant.teams {
        let row = json!({"team": team.id.to_string(), "name": team.name, "manager": team.manager_id,
            "parent": team.parent_team.map(|id| id.to_string()), "is_default": false});
        contents.add("teams", row);
        for user in &team.user_ids {
            let row = json!({"team": team.id.to_string(), "user": user});
            contents.add("team_members", row);
        }
    }
    for card in tenant
        .scorecards
        .iter()
        .filter(|card| card.submitted >= since)
    {
        let known = stored
            .iter()
            .any(|call| call.engagement_id == card.engagement_id);
        add_scorecard(&mut contents, tenant, card, known);
    }
    contents
}

fn add_call(contents: &mut Contents, tenant: &Tenant, call: &Call) {
    let owner = tenant.user(call.user_id);
    // What only the detail says; without a recording no detail is read.
    let detail = |value: Value| {
        if call.is_recorded() {
            value
        } else {
            Value::Null
        }
    };
    let row = json!({
        "call": call.engagement_id, "type": call.engagement_type, "title": filled(&call.subject),
        "started_at": epoch_us(call.date_time), "duration_s": call.duration,
        "scheduled_start": detail(json!(us(call.scheduled_start))),
        "scheduled_end": detail(json!(us(call.scheduled_end))),
        "owner": call.user_id, "host": owner.map(|owner| owner.email.to_lowercase()),
        "account_id": filled(&call.account_id), "account_name": filled(&call.account_name),
        "opportunity_id": call.opportunity_id, "opportunity_name": call.opportunity_name,
        "language": call.language, "url": call.url(),
        "meeting_url": detail(json!(call.meeting_url)), "ical_uid": detail(json!(call.ical_uid)),
        "processing_state": call.processing_state, "no_show": call.no_show, "private": false,
        "summary": call.summary.as_deref().map(summary), "action_items": call.action_items,
        "own_meeting": true, "is_main_call": true, "removed": false, "compliance": call.compliance,
    });
    contents.add("calls", row);
    let scope = match people(call).as_slice() {
        people if people.iter().any(|person| person.side == "external") => "external",
        [] => "unknown",
        people if people.iter().any(|person| person.side == "unknown") => "unknown",
        _ => "internal",
    };
    let row = json!({"call": call.engagement_id, "title": filled(&call.subject),
        "started_at": epoch_us(call.date_time), "duration_s": call.duration, "sources": ["chorus"],
        "calls": 1, "scope": scope});
    contents.add("view meetings", row);
}

fn add_participants(contents: &mut Contents, call: &Call) {
    for person in people(call) {
        let row = json!({
            "call": call.engagement_id, "name": person.name, "email": person.email,
            "domain": person.email.as_deref().map(domain), "title": person.title, "company": person.company,
            "side": person.side, "listed": person.listed, "person_id": person.person_ids[0], "user_id": person.user_id,
        });
        contents.add("participants", row);
    }
}

fn add_words(contents: &mut Contents, call: &Call) {
    let state = match call {
        call if !call.is_recorded() => "not_recorded",
        call if call.processing_state == "processing" => "processing",
        call if call.utterances.is_empty() => "empty",
        _ => "ready",
    };
    let utterances = if state == "ready" {
        call.utterances.as_slice()
    } else {
        &[]
    };
    let words: usize = utterances
        .iter()
        .map(|said| said.text.split_whitespace().count())
        .sum();
    let row = json!({"call": call.engagement_id, "state": state, "utterances": utterances.len(), "words": words});
    contents.add("transcripts", row);

    let people = people(call);
    let mut lines = Vec::new();
    for (place, said) in utterances.iter().enumerate() {
        let number = people
            .iter()
            .position(|person| person.person_ids.contains(&said.person_id))
            .expect("people() has every voice");
        let speaker = &people[number];
        let row = json!({
            "call": call.engagement_id, "seq": place + 1, "start_s": said.start_s,
            "end_s": said.start_s + said.length_s, "text": said.text, "name": speaker.name,
            "email": speaker.email, "side": speaker.side, "person_id": speaker.person_ids[0],
        });
        contents.add("utterances", row);
        let row = json!({
            "call": call.engagement_id, "seq": place + 1,
            "said_at": epoch_us(call.date_time) + (said.start_s * 1e6).round() as i64, "start_s": said.start_s,
            "name": speaker.name, "email": speaker.email, "side": speaker.side, "text": said.text,
        });
        contents.add("view transcript_lines", row);
        let second = said.start_s.floor() as i64;
        let voice = format!("Speaker {}", number + 1);
        let name = speaker
            .name
            .as_ref()
            .or(speaker.email.as_ref())
            .unwrap_or(&voice);
        lines.push(format!(
            "[{:02}:{:02}:{:02}] {name}: {}",
            second / 3600,
            second / 60 % 60,
            second % 60,
            said.text
        ));
    }
    let text = (!lines.is_empty()).then(|| lines.join("\n"));
    contents.add(
        "chorus_transcript()",
        json!({"call": call.engagement_id, "text": text}),
    );
}

/// One row per kind and name; what comes twice is added up.
fn add_trackers(contents: &mut Contents, call: &Call) {
    // Count and mentions by kind and name.
    let mut heard: BTreeMap<_, (i64, Vec<_>)> = BTreeMap::new();
    for tracker in &call.trackers {
        let (count, mentions) = heard
            .entry((kind(tracker), tracker.name.trim()))
            .or_default();
        *count += tracker.count;
        mentions.extend(tracker.mentions.iter().map(|at| (at.utterance, at.offset)));
    }
    for ((kind, name), (count, mentions)) in heard {
        let id = &call.engagement_id;
        contents.add(
            "call_trackers",
            json!({"call": id, "kind": kind, "name": name, "count": count}),
        );
        if kind == "topic" {
            let row =
                json!({"call": id, "title": filled(&call.subject), "topic": name, "count": count});
            contents.add("view topics", row);
        }
        for (number, (index, offset)) in mentions.into_iter().enumerate() {
            let text = call
                .utterances
                .iter()
                .find(|said| said.index == index)
                .map(|said| &said.text);
            let row = json!({"call": id, "kind": kind, "name": name, "mention_no": number + 1,
                "text": text, "offset": offset});
            contents.add("tracker_mentions", row);
        }
    }
}

fn user_row(user: &User) -> Value {
    json!({"user": user.id, "name": user.name(), "email": user.email.to_lowercase(), "title": user.title,
        "role": user.role, "manager": user.manager_id, "active": user.active,
        "team": user.primary_team.to_string(), "created_on": us(user.created_on)})
}

fn add_scorecard(contents: &mut Contents, tenant: &Tenant, card: &Scorecard, known: bool) {
    let name = |id| tenant.user(id).map(User::name);
    let id = card.id.to_string();
    let row = json!({
        "card": id, "engagement": card.engagement_id, "call": known.then_some(&card.engagement_id),
        "template": card.initiative, "template_id": card.initiative_id,
        "reviewer": name(card.reviewer_id), "reviewer_id": card.reviewer_id,
        "recipient": name(card.recipient_id), "recipient_id": card.recipient_id,
        "submitted_at": us(card.submitted), "url": format!("https://chorus.ai/s/{id}"),
    });
    contents.add("scorecards", row);
    for score in &card.scores {
        let row = json!({"card": id, "question_id": score.question_id, "question": score.question,
            "score": score.score, "comment": filled(&score.comment), "comment_time_s": score.comment_time});
        contents.add("scorecard_scores", row);
    }
}
