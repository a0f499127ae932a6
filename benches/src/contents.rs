//! What a contestant wrote, as a count and a sum of hashes for each table, and the refusal to compare times of
//! contestants that wrote different things.
//!
//! Sums of hashes do not depend on the order of rows or on how a contestant numbers calls and trackers.

use chorus_tests::Database;

use crate::Result;

/// Each table with the values of a row that must be equal; `c` is its call, `k` its tracker.
const COMPARED: [(&str, &str, &str); 8] = [
    (
        "calls",
        "calls c",
        "c.source_call_id, c.call_type, c.title, c.started_at, c.duration_s, c.scheduled_start, c.scheduled_end,
         c.owner_user_id, c.host_email, c.account_id, c.account_name, c.opportunity_id, c.opportunity_name, c.language,
         c.url, c.meeting_url, c.ical_uid, c.processing_state, c.no_show, c.private, c.action_items",
    ),
    (
        "participants",
        "participants p JOIN calls c USING (call_id)",
        "c.source_call_id, p.participant_no, p.name, p.email, p.title, p.company, p.side, p.listed, p.person_id, p.user_id",
    ),
    (
        "transcripts",
        "transcripts t JOIN calls c USING (call_id)",
        "c.source_call_id, t.state",
    ),
    (
        "utterances",
        "utterances u JOIN calls c USING (call_id)",
        "c.source_call_id, u.seq, u.participant_no, u.start_s, u.end_s, u.text",
    ),
    ("trackers", "trackers k", "k.kind, k.name"),
    (
        "call_trackers",
        "call_trackers n JOIN calls c USING (call_id) JOIN trackers k USING (tracker_id)",
        "c.source_call_id, k.kind, k.name, n.count",
    ),
    (
        "tracker_mentions",
        "tracker_mentions m JOIN calls c USING (call_id) JOIN trackers k USING (tracker_id)",
        "c.source_call_id, k.kind, k.name, m.mention_no, m.seq, m.\"offset\"",
    ),
    (
        "call_metrics",
        "call_metrics m JOIN calls c USING (call_id)",
        "c.source_call_id, m.name, m.value",
    ),
];

/// What tools with tables of their own can be compared by.
pub const GIST_OF_TRANSCRIPTS: &str = "
    SELECT format('%s utterances, %s letters, starts %s s, hash %s', count(*), sum(length(text)),
                  round(sum(start_s)::numeric), sum(hashtextextended(text, 0))) FROM utterances";
pub const GIST_OF_LIST: &str = "
    SELECT format('%s calls, %s participants, %s trackers heard %s times, hash %s',
                  (SELECT count(*) FROM calls), (SELECT count(*) FROM participants),
                  (SELECT count(*) FROM call_trackers), (SELECT sum(count) FROM call_trackers),
                  (SELECT sum(hashtextextended(title, 0)) FROM calls))";

#[derive(Debug, PartialEq)]
pub struct Contents {
    tables: Vec<(&'static str, i64, String)>,
    pub gist: Gist,
}

impl Contents {
    pub fn of(database: &Database, schema: &str) -> Result<Contents> {
        let mut session = database.connect();
        session.batch_execute(&format!(
            "SET search_path = {schema}; SET work_mem = '64MB'"
        ))?;
        let mut tables = Vec::new();
        for (table, from, values) in COMPARED {
            let query = format!(
                "SELECT count(*), coalesce(sum(hashtextextended(ROW({values})::text, 0)), 0)::text FROM {from}"
            );
            let row = session.query_one(&query, &[])?;
            tables.push((table, row.get(0), row.get(1)));
        }
        let recorded = tables
            .iter()
            .any(|(table, rows, _)| *table == "utterances" && *rows > 0);
        let query = if recorded {
            GIST_OF_TRANSCRIPTS
        } else {
            GIST_OF_LIST
        };
        let gist = Gist(session.query_one(query, &[])?.get(0));
        Ok(Contents { tables, gist })
    }

    /// Rows of all tables.
    pub fn rows(&self) -> i64 {
        self.tables.iter().map(|(_, rows, _)| rows).sum()
    }

    /// Such as `2,000 calls, 600,000 utterances`; empty tables are left out.
    pub fn tables(&self) -> impl Iterator<Item = (&'static str, i64)> {
        self.tables
            .iter()
            .filter(|(_, rows, _)| *rows > 0)
            .map(|(table, rows, _)| (*table, *rows))
    }

    pub fn must_equal(&self, contestant: &str, other: &Contents) -> Result<()> {
        for (ours, theirs) in self.tables.iter().zip(&other.tables) {
            if ours != theirs {
                return Err(format!(
                    "{contestant} wrote other rows: {theirs:?} instead of {ours:?}"
                )
                .into());
            }
        }
        Ok(())
    }
}

#[derive(Debug, PartialEq)]
pub struct Gist(pub String);

impl Gist {
    pub fn must_equal(&self, contestant: &str, other: &Gist) -> Result<()> {
        if self != other {
            return Err(format!(
                "{contestant} wrote other rows: {} instead of {}",
                other.0, self.0
            )
            .into());
        }
        Ok(())
    }
}
