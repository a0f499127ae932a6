//! Quirks of the data: what is shown differs from the truth, in list and detail alike.

use std::sync::Arc;

use chrono::{Duration, Utc};
use serde_json::Value;

use super::choice::Choice;
use super::set::{QuirkSet, Switched};
use super::text::{LONE_HIGH, LONE_LOW};
use crate::generate::instant;
use crate::serve::listing::PAGE;
use crate::serve::query::epoch;
use crate::tenant::{Call, Tenant, Tracker, Utterance, sort_newest_first};

/// Applies every quirk of this place to a copy of the truth whose calls are sorted newest first.
pub fn stage(tenant: &mut Tenant, quirks: &QuirkSet) {
    privacy(tenant, quirks.get("private-rows"));
    if quirks.is_empty() {
        return;
    }
    change(tenant, quirks.get("date-corrected"), |call, quirk| {
        call.date_time += quirk
            .extra("by_seconds")
            .and_then(Value::as_f64)
            .unwrap_or(-86_400.0);
    });
    drop_chosen(tenant, quirks.get("vanish"));
    change(tenant, quirks.get("placeholder-account"), |call, _| {
        call.account_id.clear();
        call.opportunity_id = None;
        call.opportunity_name = None;
        let owner = call
            .participants
            .first()
            .and_then(|owner| owner.name.clone())
            .unwrap_or_default();
        call.account_name = format!("{owner} Meetings");
    });
    change(tenant, quirks.get("odd-trackers"), |call, _| {
        odd_trackers(call)
    });
    change(tenant, quirks.get("no-transcript"), |call, _| {
        call.utterances.clear()
    });
    change(tenant, quirks.get("nul-and-surrogates"), |call, _| {
        odd_text(call)
    });
    change(tenant, quirks.get("reprocessed"), |call, _| {
        transcribe_again(call)
    });
    change(tenant, quirks.get("processing"), |call, quirk| {
        if call.is_recorded() && !quirk.args.get("reads").is_some_and(Value::is_number) {
            call.processing_state = "processing".into();
        }
    });
    if let Some(quirk) = quirks.get("long-transcript") {
        lengthen(tenant, quirk);
    }
    if let Some(quirk) = quirks.get("recorded-twice") {
        record_twice(tenant, &Choice::of(&quirk.args));
    }
    if let Some(quirk) = quirks.get("future-rows") {
        let from = quirk.extra("from").and_then(Value::as_str).and_then(epoch);
        let from = from.unwrap_or_else(|| Utc::now().timestamp() as f64);
        add_future(tenant, quirk.count("rows").unwrap_or(3), from);
    }
    sort_newest_first(&mut tenant.calls);
    if quirks.is_on("exact-pages") {
        let whole = tenant.calls.len() / PAGE * PAGE;
        tenant.calls.truncate(whole);
    }
    if let Some(quirk) = quirks.get("equal-times") {
        align_borders(tenant, quirk.count("rows").unwrap_or(2).max(1) as usize);
    }
}

fn change(
    tenant: &mut Tenant,
    quirk: Option<&Arc<Switched>>,
    apply: impl Fn(&mut Call, &Switched),
) {
    let Some(quirk) = quirk else { return };
    let choice = Choice::of(&quirk.args);
    let total = tenant.calls.len();
    for (rank, call) in tenant.calls.iter_mut().enumerate() {
        if choice.has(&call.engagement_id, rank, total) {
            apply(Arc::make_mut(call), quirk);
        }
    }
}

fn drop_chosen(tenant: &mut Tenant, quirk: Option<&Arc<Switched>>) {
    let Some(quirk) = quirk else { return };
    let choice = Choice::of(&quirk.args);
    let total = tenant.calls.len();
    let mut rank = 0;
    tenant.calls.retain(|call| {
        rank += 1;
        !choice.has(&call.engagement_id, rank - 1, total)
    });
}

/// Private calls are left out unless the quirk says otherwise; its ids make calls private.
fn privacy(tenant: &mut Tenant, quirk: Option<&Arc<Switched>>) {
    if let Some(ids) = quirk.and_then(|quirk| quirk.extra("ids")?.as_array()) {
        for call in &mut tenant.calls {
            if ids.iter().any(|id| *id == call.engagement_id.as_str()) {
                Arc::make_mut(call).private = true;
            }
        }
    }
    let listed = quirk
        .and_then(|quirk| quirk.text("how"))
        .is_some_and(|how| how != "left-out");
    if !listed {
        tenant.calls.retain(|call| !call.private);
    }
}

fn odd_trackers(call: &mut Call) {
    const NAMES: &[&str] = &[
        "Next steps / to do's",
        "\"Quoted\" \\ back",
        "🎯 goals – Ziele",
        "Twice",
        "Twice",
    ];
    let template = call.trackers.first().cloned().unwrap_or_default();
    call.trackers = NAMES
        .iter()
        .enumerate()
        .map(|(number, name)| Tracker {
            id: format!("odd-{number}"),
            name: (*name).to_owned(),
            ..template.clone()
        })
        .collect();
}

/// Text that a database may refuse, in the first utterances.
fn odd_text(call: &mut Call) {
    let odd = [
        "before\u{0}after".to_owned(),
        format!("lone {LONE_HIGH} high and {LONE_LOW} low"),
        "\u{202E}right to left\u{202C} שלום مرحبا".to_owned(),
        "four bytes: 😀 𝄞 𠜎 👩‍👩‍👧".to_owned(),
        "word ".repeat(20_000),
    ];
    for (utterance, text) in call.utterances.iter_mut().zip(odd) {
        utterance.text = text;
    }
}

fn transcribe_again(call: &mut Call) {
    let offset = call.utterances.len() as i64 + 100;
    for utterance in &mut call.utterances {
        utterance.index += offset;
        utterance.text.push_str(" (again)");
    }
    for mention in call
        .trackers
        .iter_mut()
        .flat_map(|tracker| &mut tracker.mentions)
    {
        mention.utterance += offset;
    }
    call.modified_at += Duration::days(1);
}

fn lengthen(tenant: &mut Tenant, quirk: &Switched) {
    let wanted = quirk.count("utterances").unwrap_or(5_000) as usize;
    let total = tenant.calls.len();
    let choice = Choice::of(&quirk.args);
    for (rank, call) in tenant.calls.iter_mut().enumerate() {
        if call.utterances.is_empty() || !choice.has(&call.engagement_id, rank, total) {
            continue;
        }
        let call = Arc::make_mut(call);
        let once: Vec<Utterance> = call.utterances.clone();
        let length = call.duration;
        call.utterances = (0..wanted)
            .map(|index| {
                let said = &once[index % once.len()];
                let round = (index / once.len()) as f64;
                Utterance {
                    index: index as i64,
                    start_s: said.start_s + round * length,
                    ..said.clone()
                }
            })
            .collect();
        call.duration = length * (wanted as f64 / once.len() as f64).ceil();
    }
}

/// Another owner's recording of the same meeting, begun a little later.
fn record_twice(tenant: &mut Tenant, choice: &Choice) {
    let total = tenant.calls.len();
    let twins: Vec<Arc<Call>> = tenant
        .calls
        .iter()
        .enumerate()
        .filter(|(rank, call)| choice.has(&call.engagement_id, *rank, total))
        .map(|(_, call)| {
            let other = tenant.users.iter().find(|user| user.id != call.user_id);
            let mut twin = Call::clone(call);
            twin.engagement_id = format!(
                "TWIN{}",
                &call.engagement_id[call.engagement_id.len().min(4)..]
            );
            twin.user_id = other.map_or(call.user_id, |user| user.id);
            twin.date_time += 17.25;
            twin.duration = (twin.duration - 20.0).max(0.0);
            Arc::new(twin)
        })
        .collect();
    tenant.calls.extend(twins);
}

fn add_future(tenant: &mut Tenant, count: u64, now: f64) {
    let Some(template) = tenant.calls.iter().find(|call| call.is_recorded()).cloned() else {
        return;
    };
    for number in 0..count {
        let date_time = now + 86_400.0 * (number + 1) as f64;
        tenant.calls.push(Arc::new(Call {
            engagement_id: format!(
                "FUTURE{number:04}{}",
                &template.engagement_id[template.engagement_id.len().min(10)..]
            ),
            date_time,
            duration: 0.0,
            utterances: Vec::new(),
            trackers: Vec::new(),
            metrics: Vec::new(),
            summary: None,
            action_items: Vec::new(),
            processing_state: "scheduled".into(),
            scheduled_start: instant(date_time),
            scheduled_end: instant(date_time + 1_800.0),
            ..Call::clone(&template)
        }));
    }
}

/// Gives the rows around each page border one `date_time`, so that only the id tells them apart.
fn align_borders(tenant: &mut Tenant, side: usize) {
    let total = tenant.calls.len();
    for border in (PAGE..total).step_by(PAGE) {
        let date_time = tenant.calls[border - 1].date_time;
        let around = border.saturating_sub(side)..(border + side).min(total);
        let mut ids: Vec<Arc<Call>> = tenant.calls[around.clone()].to_vec();
        for call in &mut ids {
            Arc::make_mut(call).date_time = date_time;
        }
        sort_newest_first(&mut ids);
        tenant.calls[around].clone_from_slice(&ids);
    }
}
