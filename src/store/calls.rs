//! Pages of the call list: new calls are copied in, changed ones are updated, known ones cost nothing.

use crate::error::Result;
use crate::sql;
use crate::store::copy::copy_into;
use crate::store::deletion::delete_from;
use crate::store::feed::{self, Event, Kind};
use crate::store::matching::due;
use crate::store::parties;
use crate::store::removals;
use crate::store::search;
use crate::store::trackers::{self, TrackerNumbers};
use call_rows::{
    LISTED_CALLS, LISTED_TRANSCRIPTS, ListedCall, PARTICIPANTS, Rows, add_participants,
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// What a page changed.
#[derive(Debug, Default, Clone)]
pub struct PageWritten {
    pub added: i64,
    pub updated: i64,
    /// The calls of the page that were stored before.
    pub known: Vec<i64>,
}

/// What pages are written for.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    pub connection_id: i64,
    /// What earlier runs had listed; None: nothing without a gap.
    pub mark: Option<Mark>,
    /// The daily listing of everything: calls that are out of reach are asked for again.
    pub daily: bool,
}

/// Where a plain high-water mark would stand.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    pub listed_from: DateTime<Utc>,
    pub listed_to: DateTime<Utc>,
    /// The newest meeting in between.
    pub newest: DateTime<Utc>,
}

impl Mark {
    /// The mark of a connection; None before its first walk was complete.
    pub fn of(
        connection_id: i64,
        listed_from: Option<DateTime<Utc>>,
        listed_to: Option<DateTime<Utc>>,
    ) -> Result<Option<Mark>> {
        let (Some(listed_from), Some(listed_to)) = (listed_from, listed_to) else {
            return Ok(None);
        };
        let newest: Option<DateTime<Utc>> = sql::one_json(
            "SELECT to_jsonb(c.started_at) FROM chorus.calls c
              WHERE c.started_at <= $2 AND c.source = 'chorus' AND c.connection_id = $1
              ORDER BY c.started_at DESC LIMIT 1",
            &[sql::int8(connection_id), sql::time(listed_to)],
        )?;
        Ok(newest.map(|newest| Mark {
            listed_from,
            listed_to,
            newest,
        }))
    }

    /// How far the list had been read when a call appeared behind that; None: the call comes in order.
    fn passed(&self, started_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        (self.listed_from <= started_at && started_at < self.newest).then_some(self.listed_to)
    }
}

/// What is stored of a call that is listed again.
#[derive(Deserialize)]
struct Known {
    call_id: i64,
    fingerprint: Option<i64>,
    detail_read: bool,
    removed: bool,
    missing: bool,
    unavailable: bool,
}

/// Writes the calls of one page. A call that comes twice counts once: the page it came with first wins. `unreadable`
/// are the ids of rows that could not be read: they are listed, whatever they say.
pub fn write_page(
    listing: &Listing,
    calls: &[ListedCall],
    unreadable: Vec<String>,
    numbers: &mut TrackerNumbers,
    now: DateTime<Utc>,
) -> Result<PageWritten> {
    let connection_id = listing.connection_id;
    let known = known(connection_id, calls, unreadable)?;
    let mut seen = HashSet::new();
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for call in calls {
        if !seen.insert(call.source_call_id.as_str()) {
            continue;
        }
        match known.get(&call.source_call_id) {
            None => new.push(call),
            Some(stored) if stored.removed || stored.fingerprint != Some(call.fingerprint) => {
                changed.push((stored, call));
            }
            Some(_) => {}
        }
    }
    insert(listing, &new, numbers, now)?;
    let updated = update(connection_id, &changed, numbers, now)?;
    let of_known = |wanted: fn(&Known) -> bool| -> Vec<i64> {
        let wanted = known.values().filter(|stored| wanted(stored));
        wanted.map(|stored| stored.call_id).collect()
    };
    removals::found(&of_known(|stored| stored.missing))?;
    if listing.daily {
        removals::ask_for(
            &of_known(|stored| stored.unavailable && !stored.removed),
            now,
        )?;
    }
    Ok(PageWritten {
        added: new.len() as i64,
        updated,
        known: of_known(|_| true),
    })
}

fn known(
    connection_id: i64,
    calls: &[ListedCall],
    unreadable: Vec<String>,
) -> Result<HashMap<String, Known>> {
    let mut ids = unreadable;
    ids.extend(calls.iter().map(|call| call.source_call_id.clone()));
    let known = sql::one_json(
        // OFFSET 0 has each id looked up by its index. During a first run the planner knows nothing of tables that
        // were empty a moment ago, and would read all of them for every page.
        "SELECT jsonb_object_agg(c.source_call_id, jsonb_build_object(
                    'call_id', c.call_id, 'fingerprint', t.list_fingerprint,
                    'detail_read', t.detail_fingerprint IS NOT NULL, 'removed', c.removed_at IS NOT NULL,
                    'missing', c.missing_since IS NOT NULL, 'unavailable', coalesce(t.state = 'unavailable', false)))
           FROM unnest($2) AS listed(id)
                CROSS JOIN LATERAL (
                    SELECT k.call_id, k.source_call_id, k.removed_at, k.missing_since FROM chorus.calls k
                     WHERE k.source = 'chorus' AND k.connection_id = $1 AND k.source_call_id = listed.id OFFSET 0) c
                LEFT JOIN LATERAL (
                    SELECT k.list_fingerprint, k.detail_fingerprint, k.state FROM chorus.transcripts k
                     WHERE k.call_id = c.call_id OFFSET 0) t ON true",
        &[sql::int8(connection_id), sql::texts(ids)],
    )?;
    Ok(known.unwrap_or_default())
}

/// Numbers for calls that are new.
pub fn new_call_ids(count: usize) -> Result<Vec<i64>> {
    let call_ids = sql::one(
        "SELECT array_agg(nextval('chorus.calls_call_id_seq')) FROM generate_series(1, $1)",
        &[sql::int8(count as i64)],
    )?;
    Ok(call_ids.unwrap_or_default())
}

fn insert(
    listing: &Listing,
    new: &[&ListedCall],
    numbers: &mut TrackerNumbers,
    now: DateTime<Utc>,
) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let call_ids = new_call_ids(new.len())?;
    let mut calls = Rows::new(&LISTED_CALLS);
    let mut participants = Rows::new(&PARTICIPANTS);
    let mut transcripts = Rows::new(&LISTED_TRANSCRIPTS);
    for (call, &call_id) in new.iter().zip(&call_ids) {
        add_participants(&mut participants, call_id, &call.participants);
        call.add_transcript(&mut transcripts, call_id, now);
    }
    copy_into(&participants);
    copy_into(&transcripts);
    let accounts: Vec<(i64, Option<&str>)> = call_ids
        .iter()
        .zip(new)
        .map(|(&call_id, call)| (call_id, call.account_id.as_deref()))
        .collect();
    let parties = parties::of(&accounts)?;
    for (call, &call_id) in new.iter().zip(&call_ids) {
        let listed_past = listing.mark.and_then(|mark| mark.passed(call.started_at));
        call.add_call(
            &mut calls,
            call_id,
            listing.connection_id,
            parties.get(&call_id).copied(),
            listed_past,
            now,
        );
    }
    copy_into(&calls);
    let added: Vec<_> = call_ids
        .iter()
        .map(|&call_id| Event::of_call(Kind::CallAdded, listing.connection_id, call_id))
        .collect();
    feed::record(&added, now)?;
    // What has a detail is compared when that is read.
    let without_detail = new
        .iter()
        .zip(&call_ids)
        .filter(|(call, _)| !call.is_recorded());
    due::mark(without_detail.map(|(_, &call_id)| call_id).collect())?;
    let heard = new
        .iter()
        .zip(&call_ids)
        .map(|(call, &id)| (id, call.trackers.as_slice()));
    numbers.write(listing.connection_id, heard)
}

/// A changed row makes the detail due again. What only the detail knows stays; people and trackers follow the list
/// only as long as no detail was read.
fn update(
    connection_id: i64,
    changed: &[(&Known, &ListedCall)],
    numbers: &mut TrackerNumbers,
    now: DateTime<Utc>,
) -> Result<i64> {
    if changed.is_empty() {
        return Ok(0);
    }
    let rows: Vec<Value> = changed
        .iter()
        .map(|(stored, call)| {
            let mut row = json!(call);
            row["call_id"] = json!(stored.call_id);
            row["fingerprint"] = json!(call.fingerprint);
            row["recorded"] = json!(call.is_recorded());
            row["returned"] = json!(stored.removed);
            row
        })
        .collect();
    let rows = json!(rows);
    let updated = sql::execute(
        "UPDATE chorus.calls c
            SET call_type = n.call_type, title = n.title, started_at = n.started_at,
                duration_s = coalesce(n.duration_s, c.duration_s), owner_user_id = n.owner_user_id,
                host_email = n.host_email, account_id = n.account_id, account_name = n.account_name,
                opportunity_id = n.opportunity_id, opportunity_name = n.opportunity_name,
                language = coalesce(n.language, c.language), url = n.url,
                processing_state = n.processing_state, no_show = n.no_show,
                summary = CASE WHEN c.private THEN NULL ELSE coalesce(n.summary, c.summary) END,
                action_items = CASE WHEN c.private OR n.action_items = '{}' THEN c.action_items ELSE n.action_items END,
                source_data = c.source_data || jsonb_build_object('engagement', n.engagement),
                removed_at = NULL, missing_since = NULL, updated_at = $2
           FROM json_to_recordset($1::json) AS n(
                call_id bigint, call_type text, title text, started_at timestamptz, duration_s double precision,
                owner_user_id bigint, host_email text, account_id text, account_name text, opportunity_id text,
                opportunity_name text, language text, url text, processing_state text, no_show boolean,
                summary text, action_items text[], engagement jsonb)
          WHERE c.call_id = n.call_id",
        &[sql::json(&rows), sql::time(now)],
    )?;
    sql::execute(
        "UPDATE chorus.transcripts t
            SET list_fingerprint = n.fingerprint,
                state = CASE WHEN n.recorded AND (n.returned OR t.state = 'not_recorded') THEN 'pending'
                             WHEN NOT n.recorded AND t.utterance_count = 0 THEN 'not_recorded'
                             ELSE t.state END,
                next_attempt_at = CASE WHEN n.recorded THEN $2 END,
                problem = CASE WHEN n.returned OR (NOT n.recorded AND t.utterance_count = 0) THEN NULL ELSE t.problem END
           FROM json_to_recordset($1::json) AS n(call_id bigint, fingerprint bigint, recorded boolean, returned boolean)
          WHERE t.call_id = n.call_id",
        &[sql::json(&rows), sql::time(now)],
    )?;
    let told: Vec<_> = changed
        .iter()
        .map(|(stored, _)| {
            if stored.removed {
                Event::of_returned(connection_id, stored.call_id)
            } else {
                Event::of_call(Kind::CallUpdated, connection_id, stored.call_id)
            }
        })
        .collect();
    feed::record(&told, now)?;
    let of_changed: Vec<i64> = changed.iter().map(|(stored, _)| stored.call_id).collect();
    search::follow(&of_changed)?;
    let without_detail = changed.iter().filter(|(_, call)| !call.is_recorded());
    due::mark(without_detail.map(|(stored, _)| stored.call_id).collect())?;
    let unread: Vec<_> = changed
        .iter()
        .filter(|(stored, _)| !stored.detail_read)
        .collect();
    if !unread.is_empty() {
        let call_ids: Vec<i64> = unread.iter().map(|(stored, _)| stored.call_id).collect();
        let mut participants = Rows::new(&PARTICIPANTS);
        for (stored, call) in &unread {
            add_participants(&mut participants, stored.call_id, &call.participants);
        }
        delete_from("participants", &call_ids)?;
        copy_into(&participants);
        trackers::delete(&call_ids)?;
        let heard = unread
            .iter()
            .map(|(stored, call)| (stored.call_id, call.trackers.as_slice()));
        numbers.write(connection_id, heard)?;
    }
    parties::settle(changed.iter().map(|(stored, _)| stored.call_id).collect())?;
    Ok(updated as i64)
}
