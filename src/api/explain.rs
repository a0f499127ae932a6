//! `chorus_explain_match`: how two calls were judged, line by line.

use super::{answer, two_calls};
use crate::error::{Error, Result};
use crate::sql;
use crate::store::matching::{self, Judged};
use meeting_match::{Doubt, Veto, weights};
use pgrx::prelude::*;

type Lines = TableIterator<
    'static,
    (
        name!(feature, String),
        name!(a, Option<String>),
        name!(b, Option<String>),
        name!(weight, f64),
    ),
>;

#[pg_extern]
fn chorus_explain_match(call_a: Option<i64>, call_b: Option<i64>) -> Lines {
    TableIterator::new(answer(explain(call_a, call_b)))
}

/// What of a call is compared, as people know it.
#[derive(Default)]
struct Shown {
    time: Option<String>,
    schedule: Option<String>,
    end: Option<String>,
    calendar: Option<String>,
    conference: Option<String>,
    attendees: Option<String>,
    host: Option<String>,
    title: Option<String>,
    source: Option<String>,
}

type Line = (String, Option<String>, Option<String>, f64);

fn explain(a: Option<i64>, b: Option<i64>) -> Result<Vec<Line>> {
    let (a, b) = two_calls(a, b)?;
    let (shown_a, shown_b) = (shown(a)?, shown(b)?);
    let judged = matching::judged(a, b)?;
    let mut lines = Vec::new();
    for (feature, weight) in judged.findings.weights() {
        let of = |shown: &Shown| match feature {
            "time" => shown.time.clone(),
            "schedule" => shown.schedule.clone(),
            "end" => shown.end.clone(),
            "calendar" => shown.calendar.clone(),
            "conference" => shown.conference.clone(),
            "attendees" => shown.attendees.clone(),
            "host" => shown.host.clone(),
            "title" => shown.title.clone(),
            "source" => shown.source.clone(),
            _ => None,
        };
        let (of_a, of_b) = match (feature, judged.common) {
            ("words", Some(common)) => {
                let common = format!(
                    "{} of {} runs of words in common",
                    common.hits, common.draws
                );
                (Some(common.clone()), Some(common))
            }
            _ => (of(&shown_a), of(&shown_b)),
        };
        lines.push((feature.to_owned(), of_a, of_b, weight));
    }
    let score = judged.findings.score();
    let (verdict, why) = verdict(&judged, score);
    lines.push(("verdict".into(), Some(verdict.into()), Some(why), score));
    Ok(lines)
}

fn verdict(judged: &Judged, score: f64) -> (&'static str, String) {
    let doubt = judged.findings.doubt();
    let is_above = judged.findings.veto().is_none() && score >= weights::SAME;
    let by_itself = is_above && doubt.is_none();
    match (judged.decision, judged.are_joined, judged.findings.veto()) {
        (Some(false), ..) => ("different", "a person decided so".into()),
        (Some(true), Some(false), _) => (
            "different",
            "a person decided that they are the same, but also that others of their meetings are not".into(),
        ),
        (Some(true), ..) => ("same", "a person decided so".into()),
        (None, Some(true), _) if !by_itself => {
            ("same", "other recordings of the meeting join them".into())
        }
        (None, _, Some(veto)) => ("different", forbidden(veto).into()),
        (None, _, None) if is_above && doubt.is_some() => {
            ("possible", doubt.map_or("", doubtful).into())
        }
        (None, Some(false), None) if by_itself => (
            "possible",
            "other recordings of their meetings keep them apart, or they changed since the last chorus_dedup()".into(),
        ),
        (None, _, None) if by_itself => ("same", format!("from {} bits on", weights::SAME)),
        (None, _, None) if score >= weights::POSSIBLE => {
            ("possible", format!("from {} bits on", weights::POSSIBLE))
        }
        (None, ..) => ("different", format!("below {} bits", weights::POSSIBLE)),
    }
}

fn doubtful(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::TakeTurns => {
            "one source began where the other ended, and no calendar, plan or words say that it was one meeting"
        }
        Doubt::OnlyTime => "they have nothing in common but their time",
    }
}

fn forbidden(veto: Veto) -> &'static str {
    match veto {
        Veto::OtherWords => "other words were said, which forbids it",
        Veto::OtherTime => "hours apart, and neither calendar nor words are the same",
        Veto::Replaced => "nobody came to one, and the other took its place",
        Veto::OneSource => "one source does not record a meeting twice",
    }
}

fn shown(call_id: i64) -> Result<Shown> {
    let mut shown = None;
    sql::each(
        "SELECT to_char(c.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC',
                to_char(c.scheduled_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC',
                CASE WHEN c.started_at < '10000-01-01' AND c.duration_s < 1e8 THEN
                    to_char(c.started_at AT TIME ZONE 'UTC' + make_interval(secs => c.duration_s), 'YYYY-MM-DD HH24:MI:SS') || ' UTC' END,
                c.ical_uid, c.meeting_url,
                (SELECT string_agg(coalesce(p.email, p.name), ', ' ORDER BY p.participant_no)
                   FROM chorus.participants p WHERE p.call_id = c.call_id AND p.participant_no <= 20),
                c.host_email, c.title, c.source
           FROM chorus.calls c WHERE c.call_id = $1 AND c.removed_at IS NULL",
        &[sql::int8(call_id)],
        |row| {
            let text = |column| row.text(column).map(str::to_owned);
            shown = Some(Shown {
                time: text(0),
                schedule: text(1),
                end: text(2),
                calendar: text(3),
                conference: text(4),
                attendees: text(5),
                host: text(6),
                title: text(7),
                source: text(8),
            });
            Ok(())
        },
    )?;
    shown.ok_or_else(|| Error::no_call(call_id))
}
