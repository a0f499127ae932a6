//! `chorus.settle_parties` and `chorus.parties_of`: for upgrade scripts, and for whoever writes calls past the triggers.

use super::answer;
use crate::owner::as_owner;
use crate::store::parties;
use pgrx::prelude::*;

#[pg_extern]
fn settle_parties(call_ids: Vec<Option<i64>>) {
    answer(as_owner(|| {
        parties::settle(call_ids.into_iter().flatten().collect())
    }));
}

#[pg_extern]
fn parties_of(
    call_ids: Vec<Option<i64>>,
    account_ids: Vec<Option<String>>,
) -> TableIterator<'static, (name!(call_id, i64), name!(party_id, i64))> {
    let calls: Vec<_> = call_ids
        .iter()
        .zip(
            account_ids
                .iter()
                .map(Option::as_deref)
                .chain(std::iter::repeat(None)),
        )
        .filter_map(|(call_id, account_id)| call_id.map(|call_id| (call_id, account_id)))
        .collect();
    TableIterator::new(answer(as_owner(|| parties::of(&calls))))
}
