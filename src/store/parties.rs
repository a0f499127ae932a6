//! Parties: who met, as far as customers are concerned. Whoever writes the account or the participants of calls settles
//! their parties in the same transaction.

use crate::error::Result;
use crate::sql;
use std::collections::HashMap;

/// The parties of calls that are not written yet, by their participants, which are. A call that nobody is known of has none.
pub fn of_new(calls: &[(i64, Option<&str>)]) -> Result<HashMap<i64, i64>> {
    let rows: Vec<_> = calls
        .iter()
        .map(|(call_id, account_id)| serde_json::json!({ "call_id": call_id, "account_id": account_id }))
        .collect();
    let parties: Option<Vec<(i64, i64)>> = sql::one_json(
        "SELECT jsonb_agg(jsonb_build_array(p.call_id, p.party_id))
           FROM (SELECT array_agg(n.call_id) AS call_ids, array_agg(n.account_id) AS account_ids
                   FROM json_to_recordset($1::json) AS n(call_id bigint, account_id text)) n,
                chorus.parties_of(n.call_ids, n.account_ids) p",
        &[sql::json(&rows)],
    )?;
    Ok(parties.unwrap_or_default().into_iter().collect())
}

/// Sets the parties of calls whose account or participants may have changed.
///
/// The calls are locked first and read by a later statement: of two transactions that add people to one call, the second
/// waits for the first and then sees what it wrote.
pub fn settle(mut call_ids: Vec<i64>) -> Result<()> {
    call_ids.sort_unstable();
    call_ids.dedup();
    sql::execute(
        "SELECT FROM (SELECT c.call_id FROM chorus.calls c WHERE c.call_id = ANY ($1) ORDER BY c.call_id FOR NO KEY UPDATE) c",
        &[sql::int8s(call_ids.clone())],
    )?;
    sql::execute(
        "WITH asked AS MATERIALIZED (
             SELECT c.call_id, c.account_id, c.party_id FROM chorus.calls c WHERE c.call_id = ANY ($1)
         ), known AS (
             SELECT p.call_id, p.party_id
               FROM (SELECT array_agg(a.call_id) AS call_ids, array_agg(a.account_id) AS account_ids FROM asked a) a,
                    chorus.parties_of(a.call_ids, a.account_ids) p
         )
         UPDATE chorus.calls c SET party_id = k.party_id
           FROM asked a LEFT JOIN known k USING (call_id)
          WHERE c.call_id = a.call_id AND a.party_id IS DISTINCT FROM k.party_id",
        &[sql::int8s(call_ids)],
    )?;
    Ok(())
}
