//! A row of `GET /v3/engagements`.

use serde::Serialize;

use crate::tenant::{Call, Tenant};

#[derive(Serialize)]
pub struct Row<'a> {
    engagement_id: &'a str,
    engagement_type: &'a str,
    date_time: f64,
    duration: f64,
    subject: &'a str,
    account_id: &'a str,
    account_name: &'a str,
    opportunity_id: Option<&'a str>,
    opportunity_name: Option<&'a str>,
    compliance: Option<&'a str>,
    disposition_connected: bool,
    disposition_gatekeeper: bool,
    disposition_tree: bool,
    disposition_voicemail: bool,
    initiator: &'a str,
    language: &'a str,
    no_show: bool,
    num_cust_questions: usize,
    num_engaging_questions: usize,
    processing_state: &'a str,
    participants: Vec<Person<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracker_matches: Option<Vec<TrackerMatch<'a>>>,
    url: String,
    user_id: i64,
    user_name: String,
    user_email: &'a str,
    meeting_summary: Option<&'a str>,
    action_items: &'a [String],
}

#[derive(Serialize)]
struct Person<'a> {
    person_id: i64,
    user_id: Option<i64>,
    name: Option<&'a str>,
    email: Option<&'a str>,
    title: Option<&'a str>,
    company_name: Option<&'a str>,
    r#type: &'static str,
}

#[derive(Serialize)]
struct TrackerMatch<'a> {
    name: &'a str,
    num_matches: i64,
    r#type: &'static str,
}

/// `rep` or `prospect`.
pub fn side(is_rep: bool) -> &'static str {
    if is_rep { "rep" } else { "prospect" }
}

pub fn row<'a>(tenant: &'a Tenant, call: &'a Call, with_trackers: bool) -> Row<'a> {
    let owner = tenant.user(call.user_id);
    let questions = |of_reps: bool| {
        let asked = |person_id| {
            call.person(person_id)
                .is_some_and(|person| person.is_rep == of_reps)
        };
        call.utterances
            .iter()
            .filter(|utterance| utterance.text.contains('?') && asked(utterance.person_id))
            .count()
    };
    Row {
        engagement_id: &call.engagement_id,
        engagement_type: &call.engagement_type,
        date_time: call.date_time,
        duration: call.duration,
        subject: &call.subject,
        account_id: &call.account_id,
        account_name: &call.account_name,
        opportunity_id: call.opportunity_id.as_deref(),
        opportunity_name: call.opportunity_name.as_deref(),
        compliance: call.compliance.as_deref(),
        disposition_connected: call.disposition.connected,
        disposition_gatekeeper: call.disposition.gatekeeper,
        disposition_tree: call.disposition.tree,
        disposition_voicemail: call.disposition.voicemail,
        initiator: "",
        language: &call.language,
        no_show: call.no_show,
        num_cust_questions: questions(false),
        num_engaging_questions: questions(true),
        processing_state: &call.processing_state,
        participants: call
            .participants
            .iter()
            .map(|person| Person {
                person_id: person.person_id,
                user_id: person.user_id,
                name: person.name.as_deref(),
                email: person.email.as_deref(),
                title: person.title.as_deref(),
                company_name: person.company_name.as_deref(),
                r#type: side(person.is_rep),
            })
            .collect(),
        tracker_matches: with_trackers.then(|| {
            call.trackers
                .iter()
                .map(|tracker| TrackerMatch {
                    name: &tracker.name,
                    num_matches: tracker.count,
                    r#type: "chorus",
                })
                .collect()
        }),
        url: call.url(),
        user_id: call.user_id,
        user_name: owner.map(|owner| owner.name()).unwrap_or_default(),
        user_email: owner.map(|owner| owner.email.as_str()).unwrap_or_default(),
        meeting_summary: call.summary.as_deref(),
        action_items: &call.action_items,
    }
}
