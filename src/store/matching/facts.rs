//! Facts of recordings: made from calls and participants, kept in `chorus.match_facts`, read back by time or by call.

use super::due::Taken;
use crate::error::Result;
use crate::sql::{self, Row};
use crate::store::copy::copy_into;
use call_rows::{Rows, Target};
use chrono::{DateTime, Utc};
use meeting_match::{
    Fact, Recording, Stored, Title, Words, calendar_id, conference, counted, email, from_bytes,
    source_number, to_bytes,
};
use std::collections::HashMap;

static FACTS: Target = Target {
    table: "match_facts",
    columns: &["call_id", "begins_at", "fact", "things", "words"],
};

/// A call whose facts were made again.
pub struct Remade {
    pub call_id: i64,
    /// None: it was not compared before.
    pub before: Option<Stored>,
    /// None: it is gone.
    pub now: Option<Stored>,
}

impl Remade {
    /// Whether anything is different by which it is found and compared.
    pub fn has_changed(&self) -> bool {
        let bytes = |stored: &Option<Stored>| stored.as_ref().map(to_bytes);
        let words = |stored: &Option<Stored>| stored.as_ref().map(|one| one.fact.words.clone());
        bytes(&self.before) != bytes(&self.now) || words(&self.before) != words(&self.now)
    }

    /// How the counts of things change.
    pub fn add_to(&self, counts: &mut HashMap<u64, i64>) {
        let mut add = |stored: &Option<Stored>, sign: i64| {
            if let Some(stored) = stored {
                counted(&stored.fact).for_each(|thing| *counts.entry(thing).or_default() += sign);
            }
        };
        add(&self.before, -1);
        add(&self.now, 1);
    }
}

/// Makes the facts of these calls again and writes those that are different.
pub fn remake(taken: Taken) -> Result<Vec<Remade>> {
    let mut new_words = taken.calls;
    let call_ids: Vec<i64> = new_words.keys().copied().collect();
    let mut before = by_call(&call_ids)?;
    let mut now = recordings(&call_ids)?;
    let mut changed = Rows::new(&FACTS);
    let mut replaced = Vec::new();
    let mut remade = Vec::with_capacity(call_ids.len());
    for call_id in call_ids {
        let before = before.remove(&call_id);
        let now = now.remove(&call_id).map(|mut recording| {
            recording.words = match new_words.remove(&call_id).flatten() {
                Some(bytes) => Words::from_bytes(&bytes).filter(Words::tell),
                None => before.as_ref().map(|before| before.fact.words.clone()),
            }
            .unwrap_or_default();
            stored(&recording)
        });
        let one = Remade {
            call_id,
            before,
            now,
        };
        if one.has_changed() {
            // Whatever is there, be it of a format that is not read any more.
            replaced.push(call_id);
            if let Some(now) = &one.now {
                add(&mut changed, now);
            }
        }
        remade.push(one);
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

fn stored(recording: &Recording) -> Stored {
    Stored {
        source: recording.source.clone(),
        source_id: recording.source_id.clone(),
        // Sources are told apart by it and no more.
        fact: Fact::of(recording, source_number(&recording.source)),
    }
}

fn add(rows: &mut Rows, stored: &Stored) {
    let fact = &stored.fact;
    let things: Vec<i64> = counted(fact).map(|thing| thing as i64).collect();
    let begins = DateTime::<Utc>::from_timestamp_micros((fact.begin * 1e6) as i64);
    let words = (fact.words != Words::default()).then(|| fact.words.to_bytes());
    rows.row()
        .int8(fact.id)
        .time(begins.filter(|_| fact.begin.is_finite()))
        .bytes(&to_bytes(stored)[..])
        .int8s(&things)
        .bytes(words.as_deref());
}

/// Calls as they are; removed ones are none.
fn recordings(call_ids: &[i64]) -> Result<HashMap<i64, Recording>> {
    let mut found: HashMap<i64, Recording> = HashMap::with_capacity(call_ids.len());
    sql::each(
        "SELECT c.call_id, c.source, concat_ws(' ', c.source_call_id, c.connection_id), c.started_at, c.duration_s,
                c.scheduled_start, c.scheduled_end, c.title, c.host_email, c.meeting_url, c.ical_uid, c.no_show
           FROM chorus.calls c WHERE c.call_id = ANY ($1) AND c.removed_at IS NULL",
        &[sql::int8s(call_ids.to_vec())],
        |row| {
            if let Some(call_id) = row.int8(0) {
                found.insert(call_id, recording(call_id, row));
            }
            Ok(())
        },
    )?;
    sql::each(
        "SELECT p.call_id, p.email, p.name FROM chorus.participants p
          WHERE p.call_id = ANY ($1) ORDER BY p.call_id, p.participant_no",
        &[sql::int8s(call_ids.to_vec())],
        |row| {
            if let Some(recording) = row.int8(0).and_then(|call_id| found.get_mut(&call_id)) {
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
    Recording {
        id: call_id,
        source: owned(1),
        source_id: owned(2),
        started_s: row.seconds(3),
        duration_s: row.float8(4).filter(|length| length.is_finite()),
        scheduled_start_s: row.seconds(5),
        scheduled_end_s: row.seconds(6),
        title: row.text(7).map(Title::of).unwrap_or_default(),
        host: row.text(8).and_then(email),
        conference: row.text(9).and_then(conference),
        calendar: row.text(10).and_then(calendar_id),
        no_show: row.boolean(11) == Some(true),
        ..Recording::default()
    }
}

/// The facts of one call as it is; None if it is unknown or removed.
pub fn as_it_is(call_id: i64) -> Result<Option<Fact>> {
    let Some(mut recording) = recordings(&[call_id])?.remove(&call_id) else {
        return Ok(None);
    };
    let before = by_call(&[call_id])?.remove(&call_id);
    recording.words = before.map(|before| before.fact.words).unwrap_or_default();
    Ok(Some(stored(&recording).fact))
}

const READ: &str = "SELECT f.call_id, f.fact, f.words FROM chorus.match_facts f";

/// Facts as they are stored, by call.
pub fn by_call(call_ids: &[i64]) -> Result<HashMap<i64, Stored>> {
    let mut found = HashMap::with_capacity(call_ids.len());
    sql::each(
        &format!("{READ} WHERE f.call_id = ANY ($1)"),
        &[sql::int8s(call_ids.to_vec())],
        |row| {
            found.extend(read(row).map(|stored| (stored.fact.id, stored)));
            Ok(())
        },
    )?;
    Ok(found)
}

/// Facts of what began within these moments, both included.
pub fn within(from_s: f64, to_s: f64, mut found: impl FnMut(Stored)) -> Result<()> {
    let time = |seconds: f64| DateTime::<Utc>::from_timestamp_micros((seconds * 1e6) as i64);
    sql::each(
        &format!("{READ} WHERE f.begins_at BETWEEN $1 AND $2"),
        &[sql::time(time(from_s)), sql::time(time(to_s))],
        |row| {
            read(row).into_iter().for_each(&mut found);
            Ok(())
        },
    )
}

fn read(row: &Row) -> Option<Stored> {
    from_bytes(row.int8(0)?, row.bytes(1)?, row.bytes(2))
}
