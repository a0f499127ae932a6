//! `GET /api/v1/conversations/{id}`

use super::answer::{Answer, JSON_API};
use super::query::Query;
use super::shown::{DetailRequest, Shown};
use crate::quirk::choice::Choice;
use crate::quirk::details::{Unfinished, unfinished};
use crate::tenant::Call;

/// The detail of one call, or why there is none.
pub fn answer(shown: &Shown, id: &str, query: &Query) -> Answer {
    let Some(position) = shown.position(id) else {
        return Answer::not_found();
    };
    let call = &shown.tenant.calls[position];
    let total = shown.tenant.calls.len();
    let gone = shown
        .quirks
        .get("not-found")
        .is_some_and(|quirk| Choice::of(&quirk.args).has(id, position, total));
    let email_404 = call.is_email()
        && shown
            .quirks
            .get("email-detail")
            .is_some_and(|quirk| quirk.says("404"));
    let secret = call.private
        && shown
            .quirks
            .get("private-rows")
            .is_some_and(|quirk| quirk.says("404"));
    if gone || email_404 || secret {
        return Answer::not_found();
    }
    let fields = match fields(shown, query) {
        Ok(fields) => fields,
        Err(parameter) => return Answer::bad_parameter(parameter),
    };
    let request = DetailRequest {
        metadata: query.flag("include_meeting_metadata"),
        fields,
    };
    match unfinished(&shown.quirks, position, total, call) {
        Unfinished::NotFound => Answer::not_found(),
        Unfinished::Partial(share) => {
            let mut early = Call::clone(call);
            early.processing_state = "processing".into();
            let kept = (early.utterances.len() as f64 * share) as usize;
            early.utterances.truncate(kept);
            early.trackers.clear();
            early.summary = None;
            Answer::bytes(JSON_API, shown.detail_of(position, &early, &request))
        }
        Unfinished::No => Answer::bytes(JSON_API, shown.detail(position, &request)),
    }
}

/// The members that `fields` names and the server honours.
fn fields<'a>(shown: &Shown, query: &Query) -> Result<Option<Vec<String>>, &'a str> {
    const KNOWN: &str = "account company_name _created_at _modified_at deal disposition language metrics meeting.id \
        name owner owner.email participants private recording recording.audio_only recording.autojoin \
        recording.autojoin_reason recording.clusters recording.duration recording.end_reason recording.recordable \
        recording.schedule_end_time recording.schedule_start_time recording.start_time recording.thumbnails \
        recording.trackers recording.utterances source status user_company_name";
    let Some(names) = query.list("fields") else {
        return Ok(None);
    };
    match shown.quirks.get("fields") {
        Some(quirk) if quirk.says("ignored") => Ok(None),
        Some(quirk)
            if quirk.says("strict")
                && names
                    .iter()
                    .any(|name| !KNOWN.split_whitespace().any(|known| known == *name)) =>
        {
            Err("fields")
        }
        _ => Ok(Some(names.into_iter().map(str::to_owned).collect())),
    }
}
