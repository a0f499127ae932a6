//! Which calls a statement touched, and what follows for all of them at once.
//!
//! What row triggers noted may come from a statement that failed since, so that every step here asks the tables what is
//! true.

use super::of_chorus;
use crate::error::{Error, Result};
use crate::owner::as_owner;
use crate::settings;
use crate::sql;
use crate::store::copy::copy_into;
use crate::store::deletion::delete_what_hangs_on;
use crate::store::feed::{self, Kind};
use crate::store::matching::due::mark;
use crate::store::matching::keep_shown;
use crate::store::parties;
use call_rows::{LISTED_TRANSCRIPTS, Rows};
use pgrx::pg_sys;
use serde::Deserialize;
use std::cell::RefCell;

/// So far call_ids may run ahead of the sequence that new ones are taken from.
const FARTHEST_AHEAD: i64 = 10_000_000;

/// call_ids, and meeting_ids of deleted calls.
#[derive(Default)]
struct Marks {
    added: Vec<i64>,
    changed: Vec<i64>,
    gone: Vec<i64>,
    left_meetings: Vec<i64>,
    attended: Vec<i64>,
    left: Vec<i64>,
    regrouped: Vec<i64>,
}

thread_local! {
    static MARKS: RefCell<Marks> = const { RefCell::new(Marks {
        added: Vec::new(), changed: Vec::new(), gone: Vec::new(), left_meetings: Vec::new(),
        attended: Vec::new(), left: Vec::new(), regrouped: Vec::new(),
    }) };
}

/// Rows of one call mostly come one after the other.
fn note(of: impl FnOnce(&mut Marks) -> &mut Vec<i64>, id: Option<i64>) {
    MARKS.with_borrow_mut(|marks| {
        let ids = of(marks);
        if let Some(id) = id.filter(|id| ids.last() != Some(id)) {
            ids.push(id);
        }
    });
}

pub fn added(call_id: i64) {
    note(|marks| &mut marks.added, Some(call_id));
}

pub fn changed(call_id: Option<i64>) {
    note(|marks| &mut marks.changed, call_id);
}

pub fn gone(call_id: i64, meeting_id: Option<i64>) {
    note(|marks| &mut marks.gone, Some(call_id));
    note(|marks| &mut marks.left_meetings, meeting_id);
}

/// A participant was written.
pub fn attended(call_id: Option<i64>) {
    note(|marks| &mut marks.attended, call_id);
}

/// A participant was there before.
pub fn left(call_id: Option<i64>) {
    note(|marks| &mut marks.left, call_id);
}

/// A call has an account that it had not.
pub fn regrouped(call_id: Option<i64>) {
    note(|marks| &mut marks.regrouped, call_id);
}

/// A participant that may not be written so.
#[derive(Deserialize)]
struct Misplaced {
    call_id: i64,
    exists: bool,
}

pub fn settle() -> Result<()> {
    let Marks {
        added,
        changed,
        gone,
        left_meetings,
        attended,
        left,
        mut regrouped,
    } = MARKS.take();
    let mends_chorus = unsafe { pg_sys::superuser() };
    as_owner(|| {
        let mut touched = Vec::new();
        if !attended.is_empty() || !left.is_empty() {
            check_participants(&attended, &left, mends_chorus)?;
        }
        let now = settings::now();
        if !added.is_empty() {
            catch_up_with(&added)?;
            let new = ids(
                "SELECT array_agg(c.call_id) FROM chorus.calls c
                  WHERE c.call_id = ANY ($1)
                    AND NOT EXISTS (SELECT FROM chorus.transcripts t WHERE t.call_id = c.call_id)",
                added,
            )?;
            copy_into(&untranscribed(&new));
            regrouped.extend(ids(
                "SELECT array_agg(n.call_id) FROM unnest($1) AS n(call_id)
                  WHERE EXISTS (SELECT FROM chorus.participants p WHERE p.call_id = n.call_id OFFSET 0)",
                new.clone(),
            )?);
            feed::record_of_calls(Kind::CallAdded, &new, now)?;
            touched.extend(new);
        }
        if !gone.is_empty() {
            let gone = ids(
                "SELECT array_agg(DISTINCT n.call_id) FROM unnest($1) AS n(call_id)
                  WHERE NOT EXISTS (SELECT FROM chorus.calls c WHERE c.call_id = n.call_id)",
                gone,
            )?;
            let silenced = ids(
                "SELECT array_agg(t.call_id) FROM chorus.transcripts t WHERE t.call_id = ANY ($1) AND t.utterance_count > 0",
                gone.clone(),
            )?;
            delete_what_hangs_on(&gone)?;
            feed::record_of_calls(Kind::TranscriptRemoved, &silenced, now)?;
            feed::record_of_calls(Kind::CallRemoved, &gone, now)?;
            touched.extend(gone);
            let others = ids(
                "SELECT array_agg(c.call_id) FROM chorus.calls c WHERE c.meeting_id = ANY ($1)",
                left_meetings,
            )?;
            keep_shown(others.clone())?;
            touched.extend(others);
        }
        let updated = ids(
            "SELECT array_agg(DISTINCT c.call_id) FROM chorus.calls c WHERE c.call_id = ANY ($1)",
            changed,
        )?;
        feed::record_of_calls(Kind::CallUpdated, &updated, now)?;
        touched.extend(updated);
        if !attended.is_empty() || !left.is_empty() {
            let attended: Vec<i64> = attended.into_iter().chain(left).collect();
            // A call that this transaction wrote itself was told of already.
            let met_others = ids(
                "SELECT array_agg(DISTINCT c.call_id) FROM chorus.calls c
                  WHERE c.call_id = ANY ($1) AND c.xmin <> pg_current_xact_id()::xid",
                attended.clone(),
            )?;
            feed::record_of_calls(Kind::CallUpdated, &met_others, now)?;
            regrouped.extend(&attended);
            touched.extend(attended);
        }
        parties::settle(regrouped)?;
        mark(touched)
    })
}

/// Rows of `chorus.transcripts` for calls that came without words.
fn untranscribed(call_ids: &[i64]) -> Rows {
    let mut rows = Rows::new(&LISTED_TRANSCRIPTS);
    for &call_id in call_ids {
        rows.row()
            .int8(call_id)
            .text("not_recorded")
            .time(None)
            .int8(None);
    }
    rows
}

/// The call_ids that a query picks from some.
fn ids(query: &str, of: Vec<i64>) -> Result<Vec<i64>> {
    if of.is_empty() {
        return Ok(of);
    }
    Ok(sql::one(query, &[sql::int8s(of)])?.unwrap_or_default())
}

/// `23503` for participants of a call that does not exist, `42501` for those of a call of Chorus.
fn check_participants(attended: &[i64], left: &[i64], mends_chorus: bool) -> Result<()> {
    let misplaced: Option<Misplaced> = sql::one_json(
        "SELECT jsonb_build_object('call_id', n.call_id, 'exists', c.call_id IS NOT NULL)
           FROM (SELECT unnest($1), true UNION ALL SELECT unnest($2), false) AS n(call_id, attended)
                LEFT JOIN chorus.calls c USING (call_id)
          WHERE (n.attended AND c.call_id IS NULL) OR (NOT $3 AND c.source = 'chorus')
          LIMIT 1",
        &[
            sql::int8s(attended.to_vec()),
            sql::int8s(left.to_vec()),
            sql::boolean(mends_chorus),
        ],
    )?;
    match misplaced {
        None => Ok(()),
        Some(Misplaced { exists: true, .. }) => Err(of_chorus()),
        Some(Misplaced { call_id, .. }) => Err(Error::new(
            "23503",
            format!("participants of call {call_id}, which does not exist"),
            "Insert the call into chorus.calls first; RETURNING call_id gives its number.",
        )),
    }
}

/// call_ids that were given by hand must not be given out again.
fn catch_up_with(added: &[i64]) -> Result<()> {
    let last: i64 = sql::one(
        "SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM chorus.calls_call_id_seq",
        &[],
    )?
    .unwrap_or_default();
    let ahead = added.iter().copied().max().unwrap_or(last) - last;
    if ahead > FARTHEST_AHEAD {
        return Err(Error::bad_argument(
            format!("a call_id may be at most {FARTHEST_AHEAD} ahead of those given out so far"),
            "Leave call_id away, or take it from nextval('chorus.calls_call_id_seq').",
        ));
    }
    if ahead > 0 {
        // Setting the sequence could set it back behind a number that somebody takes at this moment.
        sql::one::<i64>(
            "SELECT max(nextval('chorus.calls_call_id_seq')) FROM generate_series(1, $1)",
            &[sql::int8(ahead)],
        )?;
    }
    Ok(())
}
