//! Pairs of recordings that are the same or doubtful: `chorus.match_scores`, and what people decided about pairs.

use crate::error::Result;
use crate::sql;
use crate::store::copy::copy_into;
use call_rows::{Rows, Target};
use meeting_match::{Decisions, Fact, Findings, Rarity};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};

static SCORES: Target = Target {
    table: "match_scores",
    columns: &["call_a", "call_b", "score", "verdict", "evidence"],
};

/// Two calls, the smaller id first.
pub type Both = (i64, i64);

pub fn both(a: i64, b: i64) -> Both {
    (a.min(b), a.max(b))
}

/// What is stored of a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kept {
    pub score: f64,
    /// The verdict: the same, as they are in one meeting; or else possible.
    pub same: bool,
    /// Somebody decided that they are the same.
    pub decided: bool,
}

/// The stored pairs that one of these calls is in.
pub fn of(call_ids: &[i64]) -> Result<HashMap<Both, Kept>> {
    let mut found = HashMap::new();
    if call_ids.is_empty() {
        return Ok(found);
    }
    sql::each(
        "SELECT call_a, call_b, score, verdict = 'same', evidence ? 'decision' FROM chorus.match_scores WHERE call_a = ANY ($1)
         UNION ALL
         SELECT call_a, call_b, score, verdict = 'same', evidence ? 'decision' FROM chorus.match_scores WHERE call_b = ANY ($1)",
        &[sql::int8s(call_ids.to_vec())],
        |row| {
            if let (Some(a), Some(b), Some(score)) = (row.int8(0), row.int8(1), row.float8(2)) {
                let kept = Kept {
                    score,
                    same: row.boolean(3) == Some(true),
                    decided: row.boolean(4) == Some(true),
                };
                found.insert((a, b), kept);
            }
            Ok(())
        },
    )?;
    Ok(found)
}

/// What people decided about pairs that one of these calls is in.
pub fn decisions(call_ids: &[i64]) -> Result<Decisions> {
    let mut decisions = Decisions::default();
    let any = sql::one("SELECT EXISTS (SELECT FROM chorus.match_decisions)", &[])?;
    if any != Some(true) {
        return Ok(decisions);
    }
    sql::each(
        "SELECT call_a, call_b, decision = 'same' FROM chorus.match_decisions WHERE call_a = ANY ($1)
         UNION ALL
         SELECT call_a, call_b, decision = 'same' FROM chorus.match_decisions WHERE call_b = ANY ($1)",
        &[sql::int8s(call_ids.to_vec())],
        |row| {
            if let (Some(a), Some(b), Some(same)) = (row.int8(0), row.int8(1), row.boolean(2)) {
                decisions.0.insert((a, b), same);
            }
            Ok(())
        },
    )?;
    Ok(decisions)
}

/// Pairs as they are to be stored.
#[derive(Default)]
pub struct Changes {
    gone: HashSet<Both>,
    rows: Option<Rows>,
}

impl Changes {
    pub fn remove(&mut self, pair: Both) {
        self.gone.insert(pair);
    }

    /// Stores a pair, unless that is what is stored. Two that are in one meeting are the same, whatever brought them there,
    /// and two that are not are possible at most, whatever they score and whoever decided it.
    pub fn store(
        &mut self,
        (a, b): (&Fact, &Fact),
        rarity: &Rarity,
        stored: Option<&Kept>,
        same: bool,
        decided: bool,
    ) {
        let pair = both(a.id, b.id);
        let findings = Findings::of(a, b, rarity);
        let score = findings.score();
        let now = Kept {
            score,
            same,
            decided,
        };
        if stored == Some(&now) {
            return;
        }
        if stored.is_some() {
            self.gone.insert(pair);
        }
        let rows = self.rows.get_or_insert_with(|| Rows::new(&SCORES));
        rows.row()
            .int8(pair.0)
            .int8(pair.1)
            .float8(score)
            .text(if same { "same" } else { "possible" })
            .json(&evidence(&findings, decided));
    }

    pub fn write(self) -> Result<()> {
        if !self.gone.is_empty() {
            let (a, b): (Vec<i64>, Vec<i64>) = self.gone.into_iter().unzip();
            sql::execute(
                "DELETE FROM chorus.match_scores s USING unnest($1, $2) AS n(a, b) WHERE s.call_a = n.a AND s.call_b = n.b",
                &[sql::int8s(a), sql::int8s(b)],
            )?;
        }
        if let Some(rows) = self.rows {
            copy_into(&rows);
        }
        Ok(())
    }
}

/// What was found, feature by feature, as far as it says something.
fn evidence(findings: &Findings, decided: bool) -> Value {
    let says_something = |(_, weight): &(&str, f64)| *weight != 0.0;
    let mut evidence: Map<String, Value> = findings
        .weights()
        .into_iter()
        .filter(says_something)
        .map(|(feature, weight)| (feature.replace(' ', "_"), json!(weight)))
        .collect();
    if decided {
        evidence.insert("decision".into(), json!("same"));
    }
    Value::Object(evidence)
}
