//! `chorus.settle_parties`: for whoever writes calls and participants by plain SQL; its triggers call it.

use super::answer;
use crate::owner::as_owner;
use crate::store::parties;
use pgrx::prelude::*;

#[pg_extern]
fn settle_parties(call_ids: Vec<Option<i64>>) {
    let call_ids: Vec<i64> = call_ids.into_iter().flatten().collect();
    if !call_ids.is_empty() {
        answer(as_owner(|| parties::settle(call_ids)));
    }
}
