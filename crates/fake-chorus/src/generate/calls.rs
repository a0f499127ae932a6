//! Engagements: when, with whom, about what, and of which type.

use std::sync::Arc;

use chrono::{DateTime, Duration, Timelike, Utc};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::customers::{Customer, mailbox};
use super::talk::{self, Setting, round};
use super::topics::{INTERNAL_TITLES, TITLES};
use super::{Generate, chance, pick};
use crate::tenant::{Call, Disposition, Email, Metric, Participant, Tenant, User};

/// Holds all engagements of the plan and adds them to the tenant.
pub fn hold(rng: &mut ChaCha8Rng, plan: &Generate, tenant: &mut Tenant, customers: &[Customer]) {
    let mut calls = Vec::with_capacity(plan.calls);
    for number in 0..plan.calls {
        calls.push(Arc::new(engagement(rng, plan, tenant, customers, number)));
    }
    tenant.calls = calls;
}

fn engagement(
    rng: &mut ChaCha8Rng,
    plan: &Generate,
    tenant: &Tenant,
    customers: &[Customer],
    number: usize,
) -> Call {
    let owner = pick_owner(rng, tenant).clone();
    let customer = pick(rng, customers);
    let mut call = Call {
        engagement_id: upper_hex(rng, 32),
        user_id: owner.id,
        compliance: chance(rng, 0.8).then(|| "compliant".into()),
        meeting_id: (4_400_000 + number).to_string(),
        private: chance(rng, plan.private_share),
        ..Call::default()
    };
    call.engagement_type = engagement_type(rng, plan).to_owned();
    let internal = call.engagement_type == "meeting" && chance(rng, plan.internal_share);
    invite(rng, plan, tenant, &owner, customer, internal, &mut call);
    entitle(rng, tenant, &owner, customer, internal, &mut call);
    associate(rng, plan, &owner, customer, internal, &mut call);
    call.no_show =
        !plan.only_calls && call.engagement_type == "meeting" && chance(rng, plan.no_show_share);
    let about = Setting {
        customer: &customer.name,
        trade: customer.trade,
        company: &tenant.company,
        rep: &owner.first_name,
    };
    talk_it_through(rng, plan, &about, &mut call);
    schedule(rng, plan, number, &mut call);
    call
}

fn pick_owner<'a>(rng: &mut ChaCha8Rng, tenant: &'a Tenant) -> &'a User {
    let reps: Vec<&User> = tenant
        .users
        .iter()
        .filter(|user| user.role == "USER" && user.active)
        .collect();
    reps.choose(rng).copied().unwrap_or(&tenant.users[0])
}

fn engagement_type(rng: &mut ChaCha8Rng, plan: &Generate) -> &'static str {
    let mut dice: f64 = rng.random();
    let others = [
        ("email", plan.email_share),
        ("content_viewed", plan.content_viewed_share),
        ("unrecorded_meeting", plan.unrecorded_share),
    ];
    for (name, share) in others.into_iter().filter(|_| !plan.only_calls) {
        if dice < share {
            return name;
        }
        dice -= share;
    }
    if dice < plan.dialer_share {
        "dialer"
    } else {
        "meeting"
    }
}

fn invite(
    rng: &mut ChaCha8Rng,
    plan: &Generate,
    tenant: &Tenant,
    owner: &User,
    customer: &Customer,
    internal: bool,
    call: &mut Call,
) {
    let wanted = match call.engagement_type.as_str() {
        "meeting" | "unrecorded_meeting" => plan.participants_per_call.max(1),
        _ => plan.participants_per_call.clamp(1, 2),
    };
    call.participants.push(insider(owner, &tenant.company));
    let reps = match internal {
        true => wanted,
        false if wanted > 3 => rng.random_range(1..=wanted / 2),
        false => 1,
    };
    for colleague in tenant.users.choose_multiple(rng, tenant.users.len()) {
        if call.participants.len() < reps && colleague.id != owner.id {
            call.participants.push(insider(colleague, &tenant.company));
        }
    }
    let mut guests = customer
        .contacts
        .choose_multiple(rng, customer.contacts.len());
    while call.participants.len() < wanted {
        let number = call.participants.len() as i64;
        call.participants.push(match guests.next() {
            Some(guest) if !internal => guest.clone(),
            // More people than the customer has contacts: dial-ins without a name.
            _ => Participant {
                person_id: 900_000 + number,
                ..Participant::default()
            },
        });
    }
}

fn insider(user: &User, company: &str) -> Participant {
    Participant {
        person_id: user.person_id,
        user_id: Some(user.id),
        name: Some(user.name()),
        email: Some(user.email.clone()),
        title: Some(user.title.clone()),
        company_name: Some(company.to_owned()),
        is_rep: true,
    }
}

fn entitle(
    rng: &mut ChaCha8Rng,
    tenant: &Tenant,
    owner: &User,
    customer: &Customer,
    internal: bool,
    call: &mut Call,
) {
    let about = Setting {
        customer: &customer.name,
        trade: customer.trade,
        company: &tenant.company,
        rep: &owner.first_name,
    };
    let title = *pick(rng, if internal { INTERNAL_TITLES } else { TITLES });
    call.subject = match call.engagement_type.as_str() {
        "dialer" => "Unscheduled Meeting".to_owned(),
        "email" => format!("Re: {}", talk::fill(rng, title, &about)),
        "content_viewed" => format!("{} opened the proposal", customer.name),
        _ => talk::fill(rng, title, &about),
    };
    if call.engagement_type == "dialer" {
        call.source = "dialer".into();
        call.disposition = Disposition {
            connected: true,
            ..Disposition::default()
        };
    } else {
        let number: u64 = rng.random_range(80_000_000_000..99_999_999_999);
        let (source, url) = match rng.random_range(0..10) {
            0..6 => (
                "zoom",
                format!(
                    "https://{}.zoom.us/j/{number}?pwd={}",
                    tenant.company.to_lowercase(),
                    upper_hex(rng, 8)
                ),
            ),
            6..8 => (
                "googlemeet",
                format!("https://meet.google.com/{}", meet_code(rng)),
            ),
            _ => (
                "teams",
                format!(
                    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_{}",
                    upper_hex(rng, 24)
                ),
            ),
        };
        call.source = source.into();
        call.meeting_url = Some(url);
        call.calendar_id = Some("primary".into());
        call.ical_uid = Some(format!("{}@google.com", upper_hex(rng, 26).to_lowercase()));
    }
    if call.is_email() {
        call.email = Some(Email {
            thread: format!("t-{}", upper_hex(rng, 6).to_lowercase()),
            body: format!(
                "Hello, the notes from our last call are attached. Best, {}",
                mailbox(&owner.first_name, &owner.last_name)
            ),
        });
    }
}

fn associate(
    rng: &mut ChaCha8Rng,
    plan: &Generate,
    owner: &User,
    customer: &Customer,
    internal: bool,
    call: &mut Call,
) {
    if internal || chance(rng, plan.unmatched_share) {
        call.account_name = format!("{} Meetings", owner.name());
        return;
    }
    call.account_id = customer.account_id.clone();
    call.account_name = customer.name.clone();
    if let Some((id, name)) = &customer.opportunity {
        call.opportunity_id = Some(id.clone());
        call.opportunity_name = Some(name.clone());
    }
}

fn talk_it_through(rng: &mut ChaCha8Rng, plan: &Generate, about: &Setting, call: &mut Call) {
    if !call.is_recorded() {
        call.duration = match call.engagement_type.as_str() {
            "unrecorded_meeting" => 1800.0,
            _ => 0.0,
        };
        return;
    }
    let agenda = talk::agenda(rng, plan.trackers_per_call);
    call.utterances = talk::converse(
        rng,
        about,
        &call.participants,
        &agenda,
        plan.utterances_per_call,
    );
    call.trackers = talk::listen(&agenda, &call.utterances);
    let talked: f64 = call
        .utterances
        .iter()
        .map(|utterance| utterance.length_s)
        .sum();
    call.duration = match call.utterances.last() {
        Some(last) => round(last.start_s + last.length_s + rng.random_range(0.5..9.0), 2),
        None => round(rng.random_range(300.0..3000.0), 2),
    };
    let by_reps: f64 = call
        .utterances
        .iter()
        .filter(|utterance| {
            call.person(utterance.person_id)
                .is_some_and(|person| person.is_rep)
        })
        .map(|utterance| utterance.length_s)
        .sum();
    call.metrics = vec![
        Metric {
            name: "talk_ratio".into(),
            value: round(by_reps / talked.max(0.001), 4),
        },
        Metric {
            name: "speaker_changes".into(),
            value: call
                .utterances
                .windows(2)
                .filter(|two| two[0].person_id != two[1].person_id)
                .count() as f64,
        },
    ];
    call.action_items = agenda
        .iter()
        .map(|topic| talk::fill(rng, topic.action, about))
        .collect();
    if chance(rng, 0.85) && !agenda.is_empty() {
        let names: Vec<&str> = agenda.iter().map(|topic| topic.name).collect();
        call.summary = Some(format!(
            "<p>Call with <b>{}</b>.</p>Talked about {}.<br>Next: {}.",
            about.customer.replace('&', "&amp;"),
            names.join(" &amp; "),
            call.action_items[0]
        ));
    }
}

/// Puts the call on a slot of a working day, a little late as usual, and before `until`.
fn schedule(rng: &mut ChaCha8Rng, plan: &Generate, number: usize, call: &mut Call) {
    let span = (plan.days.max(1) * 86_400) as f64 - call.duration - 1_200.0;
    let latest = plan.until - Duration::seconds(call.duration as i64 + 600);
    // Spread over the whole span, so that every day has some.
    let back = span.max(0.0) * (number as f64 + rng.random::<f64>()) / plan.calls as f64;
    let around = latest - Duration::seconds(back as i64);
    let slot = around
        .with_minute(*pick(rng, &[0, 0, 15, 30, 30, 45]))
        .unwrap_or(around);
    let slot = slot
        .with_second(0)
        .and_then(|slot| slot.with_nanosecond(0))
        .unwrap_or(slot);
    let slot = if slot > latest {
        slot - Duration::hours(1)
    } else {
        slot
    };
    let late = round(rng.random_range(-60.0..420.0), 2);
    call.scheduled_start = slot;
    call.scheduled_end = slot + Duration::minutes(*pick(rng, &[30, 30, 45, 60]));
    call.date_time = slot.timestamp() as f64 + late;
    let ended = call.date_time + call.duration;
    call.created_at = instant(ended + rng.random_range(30.0..300.0)).min(plan.until);
    call.modified_at = instant(ended + rng.random_range(300.0..5_000.0)).min(plan.until);
}

/// Epoch seconds as a time, to the microsecond.
pub(crate) fn instant(epoch_s: f64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros((epoch_s * 1e6).round() as i64).unwrap_or(DateTime::UNIX_EPOCH)
}

pub(crate) fn upper_hex(rng: &mut ChaCha8Rng, digits: usize) -> String {
    const HEX: &[u8] = b"0123456789ABCDEF";
    (0..digits)
        .map(|_| HEX[rng.random_range(0..16)] as char)
        .collect()
}

fn meet_code(rng: &mut ChaCha8Rng) -> String {
    let mut letters = |count: usize| -> String {
        (0..count)
            .map(|_| rng.random_range(b'a'..=b'z') as char)
            .collect()
    };
    format!("{}-{}-{}", letters(3), letters(4), letters(3))
}
