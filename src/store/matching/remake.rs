//! Facts made again, from calls and participants as they are now.

use super::facts::{self, Calls};
use crate::error::Result;
use crate::offload::with_signals_blocked;
use crate::sql::{self, Row};
use crate::store::copy::copy_into;
use meeting_match::{
    Fact, Recording, Stored, Title, Words, calendar_id, conference, email, source_number, to_bytes,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::HashMap;

/// From so many calls on two threads pay.
const WORTH_THREADS: usize = 4_000;

/// A call whose facts were made again.
pub struct Remade {
    pub call_id: i64,
    /// None: it was not compared before.
    pub before: Option<Stored>,
    /// None: it is gone.
    pub now: Option<Stored>,
    /// Whether anything is different by which it is found and compared.
    pub has_changed: bool,
}

/// Facts and their bytes.
type Made = (Stored, Vec<u8>);

/// Makes the facts of these calls again and writes those that are different. `words` are new sketches of some; an empty
/// one: there is no text any more.
pub fn remake(calls: Calls, mut words: HashMap<i64, Vec<u8>>) -> Result<Vec<Remade>> {
    // Facts of a format that is not read any more are there, and none.
    let mut before: FxHashMap<i64, Option<Stored>> = FxHashMap::default();
    facts::each_of(&calls, |call_id, stored| {
        before.insert(call_id, stored);
    })?;
    let mut recordings = recordings(&calls)?;
    for recording in &mut recordings {
        recording.words = match words.remove(&recording.id) {
            Some(bytes) => Words::from_bytes(&bytes).filter(Words::tell),
            None => (before.get(&recording.id).and_then(Option::as_ref))
                .map(|before| before.fact.words.clone()),
        }
        .unwrap_or_default();
    }
    let are: FxHashSet<i64> = recordings.iter().map(|recording| recording.id).collect();
    let mut gone: Vec<i64> = match calls {
        Calls::These(call_ids) => call_ids,
        Calls::Between(..) => before.keys().copied().collect(),
    };
    gone.retain(|call_id| !are.contains(call_id));
    let gone = gone.into_iter().map(|call_id| (call_id, None));
    let made = made(recordings).into_iter();
    let mut now: Vec<(i64, Option<Made>)> = (made.map(|made| (made.0.fact.id, Some(made))))
        .chain(gone)
        .collect();
    // In order, what belongs together is written to the same pages.
    now.sort_unstable_by_key(|(call_id, _)| *call_id);

    let mut changed = facts::rows();
    let mut replaced = Vec::new();
    let mut remade = Vec::with_capacity(now.len());
    for (call_id, now) in now {
        let stored = before.remove(&call_id);
        let is_stored = stored.is_some();
        let before = stored.flatten();
        let (now, bytes) = now.unzip();
        let has_changed =
            bytes != before.as_ref().map(to_bytes) || words_of(&before) != words_of(&now);
        if is_stored && (has_changed || before.is_none()) {
            replaced.push(call_id);
        }
        if let (true, Some(now), Some(bytes)) = (has_changed, &now, bytes) {
            facts::add(&mut changed, &now.fact, &bytes);
        }
        remade.push(Remade {
            call_id,
            before,
            now,
            has_changed,
        });
    }
    if !replaced.is_empty() {
        sql::execute(
            "DELETE FROM chorus.match_facts WHERE call_id = ANY ($1)",
            &[sql::int8s(replaced)],
        )?;
    }
    copy_into(&changed);
    Ok(remade)
}

fn words_of(stored: &Option<Stored>) -> Option<&Words> {
    stored.as_ref().map(|stored| &stored.fact.words)
}

/// The facts of these recordings, with their bytes.
fn made(recordings: Vec<Recording>) -> Vec<Made> {
    let made = |recordings: &[Recording]| -> Vec<Made> {
        let stored = recordings.iter().map(stored);
        stored
            .map(|stored| (to_bytes(&stored), stored))
            .map(|(bytes, stored)| (stored, bytes))
            .collect()
    };
    if recordings.len() < WORTH_THREADS {
        return made(&recordings);
    }
    let (here, there) = recordings.split_at(recordings.len() / 2);
    with_signals_blocked(|| {
        std::thread::scope(|scope| {
            let there = scope.spawn(|| made(there));
            let mut all = made(here);
            all.extend(
                there
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
            all
        })
    })
}

/// The last of so many calls after one.
pub fn last_of_next(after: i64, count: usize) -> Result<Option<i64>> {
    sql::one(
        "SELECT c.call_id FROM chorus.calls c WHERE c.call_id > $1 ORDER BY c.call_id OFFSET $2 LIMIT 1",
        &[sql::int8(after), sql::int8(count as i64 - 1)],
    )
}

fn stored(recording: &Recording) -> Stored {
    Stored {
        source: recording.source.clone(),
        source_id: recording.source_id.clone(),
        // Sources are told apart by it and no more.
        fact: Fact::of(recording, source_number(&recording.source)),
    }
}

/// Calls as they are, by their number; removed ones are none.
fn recordings(calls: &Calls) -> Result<Vec<Recording>> {
    let mut found: Vec<Recording> = Vec::new();
    sql::each(
        &format!(
            "SELECT c.call_id, c.source, c.source_call_id, c.connection_id, c.started_at, c.duration_s,
                    c.scheduled_start, c.scheduled_end, c.title, c.host_email, c.meeting_url, c.ical_uid, c.no_show
               FROM chorus.calls c WHERE {} AND c.removed_at IS NULL ORDER BY c.call_id",
            calls.are("c.call_id")
        ),
        &calls.arguments(),
        |row| {
            found.extend(row.int8(0).map(|call_id| recording(call_id, row)));
            Ok(())
        },
    )?;
    let mut place = 0;
    sql::each(
        &format!(
            "SELECT p.call_id, p.email, p.name FROM chorus.participants p
              WHERE {} ORDER BY p.call_id, p.participant_no",
            calls.are("p.call_id")
        ),
        &calls.arguments(),
        |row| {
            let Some(call_id) = row.int8(0) else {
                return Ok(());
            };
            // Both are in the order of calls.
            while found
                .get(place)
                .is_some_and(|recording| recording.id < call_id)
            {
                place += 1;
            }
            if let Some(recording) = found.get_mut(place).filter(|one| one.id == call_id) {
                match row.text(1).and_then(email) {
                    Some(address) => recording.emails.push(address),
                    None => recording.names.extend(row.text(2).map(str::to_owned)),
                }
            }
            Ok(())
        },
    )?;
    Ok(found)
}

fn recording(call_id: i64, row: &Row) -> Recording {
    let owned = |column| row.text(column).unwrap_or_default().to_owned();
    let mut source = owned(1);
    // Two tenants record a meeting independently of each other, each with its own ids.
    if let Some(connection_id) = row.int8(3) {
        source = format!("{source} {connection_id}");
    }
    Recording {
        id: call_id,
        source,
        source_id: owned(2),
        started_s: row.seconds(4),
        duration_s: row.float8(5).filter(|length| length.is_finite()),
        scheduled_start_s: row.seconds(6),
        scheduled_end_s: row.seconds(7),
        title: row.text(8).map(Title::of).unwrap_or_default(),
        host: row.text(9).and_then(email),
        conference: row.text(10).and_then(conference),
        calendar: row.text(11).and_then(calendar_id),
        no_show: row.boolean(12) == Some(true),
        ..Recording::default()
    }
}

/// The facts of one call as it is; None if it is unknown or removed.
pub fn as_it_is(call_id: i64) -> Result<Option<Fact>> {
    let Some(mut recording) = recordings(&Calls::These(vec![call_id]))?.pop() else {
        return Ok(None);
    };
    let before = facts::by_call(vec![call_id])?.remove(&call_id);
    recording.words = before.map(|before| before.fact.words).unwrap_or_default();
    Ok(Some(stored(&recording).fact))
}
