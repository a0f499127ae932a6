//! `chorus_merge` and `chorus_separate`: a person's word about two calls, which always wins.

use super::{answer, refuse_read_only, two_calls};
use crate::error::{Error, Result};
use crate::owner::as_owner;
use crate::store::matching::decided::{Decision, decide, kept_apart, meeting_of};
use crate::{extension, locks, sql};
use pgrx::prelude::*;

#[pg_extern]
fn chorus_merge(call_a: Option<i64>, call_b: Option<i64>, note: Option<&str>) -> i64 {
    answer(
        decided(call_a, call_b, Decision::Same, note).and_then(|(a, b)| {
            if a == b {
                Ok(a)
            } else {
                Err(as_owner(|| kept_apart(a, b))?)
            }
        }),
    )
}

#[pg_extern]
fn chorus_separate(call_a: Option<i64>, call_b: Option<i64>, note: Option<&str>) {
    answer(decided(call_a, call_b, Decision::Different, note).map(drop))
}

fn decided(
    a: Option<i64>,
    b: Option<i64>,
    decision: Decision,
    note: Option<&str>,
) -> Result<(i64, i64)> {
    refuse_read_only()?;
    let (a, b) = two_calls(a, b)?;
    if a == b {
        return Err(Error::bad_argument(
            format!("call {a} is one recording: there is nothing to decide"),
            "Name two calls.",
        ));
    }
    if unsafe { pg_sys::XactIsoLevel } != pg_sys::XACT_READ_COMMITTED as i32 {
        return Err(Error::new(
            "25001",
            "meetings can only be decided about in a READ COMMITTED transaction",
            "What others wrote meanwhile must be seen: BEGIN ISOLATION LEVEL READ COMMITTED.",
        ));
    }
    let decided_by = sql::one::<String>("SELECT current_user::text", &[])?.unwrap_or_default();
    as_owner(|| {
        locks::hold_meetings(extension::required()?)?;
        meeting_of(a)?;
        meeting_of(b)?;
        decide(a, b, decision, note, &decided_by)
    })
}
