//! The answer of `GET /api/v1/conversations/{id}`.

use serde::Serialize;
use serde_json::{Value, json};

use super::engagement::side;
use super::iso;
use crate::generate::instant;
use crate::tenant::{Call, Mention, Metric, Participant, Tenant};

#[derive(Serialize)]
pub struct Document<'a> {
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    id: &'a str,
    r#type: &'static str,
    attributes: Attributes<'a>,
}

#[derive(Serialize)]
struct Attributes<'a> {
    #[serde(flatten)]
    members: Members<'a>,
    recording: Recording<'a>,
}

/// What recordings and e-mails have in common.
#[derive(Serialize)]
pub struct Members<'a> {
    status: &'a str,
    name: &'a str,
    language: &'a str,
    private: bool,
    source: &'a str,
    company_name: Option<&'a str>,
    user_company_name: &'a str,
    generated_subject: Option<&'a str>,
    account: Value,
    deal: Value,
    owner: Value,
    meeting: Value,
    participants: Vec<Person<'a>>,
    metrics: &'a [Metric],
    summary: Option<&'a str>,
    summary_error: Option<&'a str>,
    action_items: &'a [String],
    recap: [&'a str; 0],
    disposition: Option<Value>,
    meta: Option<Value>,
    _created_at: String,
    _modified_at: String,
}

#[derive(Serialize)]
struct Person<'a> {
    person_id: i64,
    name: &'a str,
    r#type: &'static str,
    email: Option<&'a str>,
    title: Option<&'a str>,
    company_name: Option<&'a str>,
    picture: Option<&'a str>,
    is_my_team: bool,
    user_id: Option<i64>,
    zi_person_id: Option<i64>,
}

#[derive(Serialize)]
struct Recording<'a> {
    start_time: String,
    schedule_start_time: String,
    schedule_end_time: String,
    duration: f64,
    audio_only: bool,
    recordable: bool,
    autojoin: bool,
    autojoin_reason: &'static str,
    unrecorded_reason: &'static str,
    end_reason: &'static str,
    has_meeting_summary: bool,
    utterances: Vec<Said<'a>>,
    trackers: Vec<Heard<'a>>,
    clusters: Vec<Cluster<'a>>,
    thumbnails: Vec<Value>,
}

#[derive(Serialize)]
struct Said<'a> {
    id: String,
    index: i64,
    date_time: String,
    snippet: &'a str,
    snippet_time: f64,
    snippet_length: f64,
    snippet_word_count: usize,
    participant: i64,
    speaker_id: i64,
    speaker_name: Option<&'a str>,
    speaker_type: Option<&'static str>,
    engaging: bool,
    expired: bool,
}

#[derive(Serialize)]
struct Heard<'a> {
    id: &'a str,
    name: &'a str,
    r#type: &'a str,
    source: &'static str,
    owner_id: i64,
    count: i64,
    team_ids: Option<Vec<i64>>,
    mentions: &'a [Mention],
}

#[derive(Serialize)]
struct Cluster<'a> {
    id: usize,
    speaker_name: &'a str,
    r#type: &'static str,
    match_method: &'static str,
    participant: i64,
    user_id: Option<i64>,
    company_name: Option<&'a str>,
    display_name: Option<&'a str>,
    title: Option<&'a str>,
    ranges: Vec<Range>,
}

#[derive(Serialize)]
struct Range {
    start: f64,
    length: f64,
    talk_time: f64,
}

/// The whole document of a recording. `metadata` adds calendar and conference link.
pub fn document<'a>(tenant: &'a Tenant, call: &'a Call, metadata: bool) -> Document<'a> {
    Document {
        data: Data {
            id: &call.engagement_id,
            r#type: "recording",
            attributes: Attributes {
                members: members(tenant, call, metadata),
                recording: recording(call),
            },
        },
    }
}

/// The members that recordings share with e-mails.
pub fn members<'a>(tenant: &'a Tenant, call: &'a Call, metadata: bool) -> Members<'a> {
    let matched = !call.account_id.is_empty();
    Members {
        status: if call.no_show {
            "no show"
        } else {
            &call.processing_state
        },
        name: &call.subject,
        language: &call.language,
        private: call.private,
        source: &call.source,
        company_name: matched.then_some(call.account_name.as_str()),
        user_company_name: &tenant.company,
        generated_subject: None,
        account: account(call),
        deal: match &call.opportunity_id {
            Some(id) => {
                json!({"id": id, "name": call.opportunity_name, "current_stage": "Negotiation",
                "initial_amount": -1.0, "size": 0})
            }
            None => json!({}),
        },
        owner: owner(tenant, call),
        meeting: match metadata {
            true => {
                json!({"id": call.meeting_id, "calendar_id": call.calendar_id, "ical_uid": call.ical_uid,
                "meeting_url": call.meeting_url})
            }
            false => json!({"id": call.meeting_id}),
        },
        participants: call.participants.iter().map(person).collect(),
        metrics: &call.metrics,
        summary: call.summary.as_deref(),
        summary_error: None,
        action_items: &call.action_items,
        recap: [],
        disposition: (call.engagement_type == "dialer").then(|| {
            let ended = call.disposition;
            json!({"connected": ended.connected, "gatekeeper": ended.gatekeeper, "tree": ended.tree,
                "voicemail": ended.voicemail, "Task___CallDisposition": null})
        }),
        meta: None,
        _created_at: iso(call.created_at),
        _modified_at: iso(call.modified_at),
    }
}

/// The Chorus id of an account is a number of its own; here it follows from the CRM id.
fn account(call: &Call) -> Value {
    if call.account_id.is_empty() {
        return json!({"id": 0, "name": call.account_name, "ext_id": null, "type": null, "zi_company_id": null});
    }
    let id = call
        .account_id
        .bytes()
        .fold(7_u64, |sum, byte| (sum * 31 + u64::from(byte)) % 1_000_003);
    json!({"id": id + 1_000, "name": call.account_name, "ext_id": call.account_id, "type": "Customer",
        "zi_company_id": null})
}

fn owner(tenant: &Tenant, call: &Call) -> Value {
    match tenant.user(call.user_id) {
        Some(user) => {
            json!({"user_id": user.id, "person_id": user.person_id, "name": user.name(), "email": user.email})
        }
        None => json!({"user_id": call.user_id, "person_id": 0, "name": "", "email": ""}),
    }
}

fn person(person: &Participant) -> Person<'_> {
    Person {
        person_id: person.person_id,
        name: person.name.as_deref().unwrap_or_default(),
        r#type: side(person.is_rep),
        email: person.email.as_deref(),
        title: person.title.as_deref(),
        company_name: person.company_name.as_deref(),
        picture: None,
        is_my_team: person.is_rep,
        user_id: person.user_id,
        zi_person_id: None,
    }
}

fn recording(call: &Call) -> Recording<'_> {
    Recording {
        start_time: iso(instant(call.date_time)),
        schedule_start_time: iso(call.scheduled_start),
        schedule_end_time: iso(call.scheduled_end),
        duration: call.duration,
        audio_only: call.engagement_type == "dialer",
        recordable: true,
        autojoin: call.engagement_type == "meeting",
        autojoin_reason: "",
        unrecorded_reason: if call.no_show { "no show" } else { "" },
        end_reason: "",
        has_meeting_summary: call.summary.is_some(),
        utterances: utterances(call),
        trackers: call
            .trackers
            .iter()
            .map(|tracker| Heard {
                id: &tracker.id,
                name: &tracker.name,
                r#type: &tracker.kind,
                source: "customer",
                owner_id: call.user_id,
                count: tracker.count,
                team_ids: None,
                mentions: &tracker.mentions,
            })
            .collect(),
        clusters: clusters(call),
        thumbnails: Vec::new(),
    }
}

fn utterances(call: &Call) -> Vec<Said<'_>> {
    call.utterances
        .iter()
        .map(|said| {
            let speaker = call.person(said.person_id);
            Said {
                id: format!(
                    "{}-{}",
                    &call.engagement_id[..call.engagement_id.len().min(8)],
                    said.index
                ),
                index: said.index,
                date_time: iso(instant(call.date_time + said.start_s)),
                snippet: &said.text,
                snippet_time: said.start_s,
                snippet_length: said.length_s,
                snippet_word_count: said.text.split_whitespace().count(),
                participant: said.person_id,
                speaker_id: said.person_id,
                speaker_name: speaker.and_then(|person| person.name.as_deref()),
                speaker_type: speaker.map(|person| if person.is_rep { "rep" } else { "customer" }),
                engaging: said.text.contains('?'),
                expired: false,
            }
        })
        .collect()
}

/// One cluster a speaker, its ranges being what they said.
fn clusters(call: &Call) -> Vec<Cluster<'_>> {
    call.participants
        .iter()
        .enumerate()
        .map(|(number, person)| Cluster {
            id: number + 1,
            speaker_name: person.name.as_deref().unwrap_or_default(),
            r#type: if person.is_rep { "rep" } else { "cust" },
            match_method: if person.name.is_some() {
                "video"
            } else {
                "guess"
            },
            participant: person.person_id,
            user_id: person.user_id,
            company_name: person.company_name.as_deref(),
            display_name: person.name.as_deref(),
            title: person.title.as_deref(),
            ranges: call
                .utterances
                .iter()
                .filter(|said| said.person_id == person.person_id)
                .map(|said| Range {
                    start: said.start_s,
                    length: said.length_s,
                    talk_time: said.length_s,
                })
                .collect(),
        })
        .filter(|cluster| !cluster.ranges.is_empty())
        .collect()
}
