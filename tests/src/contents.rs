//! What a tenant holds and what the tables hold, in one form: rows of named tables, compared by content.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;

/// How many rows of each kind a difference shows.
const SHOWN: usize = 4;

/// Rows by table, in no order. A row is an object; numbers that differ by less than a millionth are equal.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contents(BTreeMap<&'static str, Vec<Value>>);

impl Contents {
    pub fn add(&mut self, table: &'static str, row: Value) {
        self.0.entry(table).or_default().push(row);
    }

    pub fn rows(&self, table: &str) -> &[Value] {
        self.0.get(table).map_or(&[], Vec::as_slice)
    }

    /// Changes every row of a table.
    pub fn change(&mut self, table: &str, change: impl FnMut(&mut Value)) {
        self.0.get_mut(table).into_iter().flatten().for_each(change);
    }

    /// Takes a column out of the comparison.
    pub fn leave_out(&mut self, table: &str, column: &str) {
        self.change(table, |row| {
            row.as_object_mut().unwrap().remove(column);
        });
    }

    /// Takes what belongs to these calls, by their ids in Chorus, out of the comparison.
    pub fn leave_out_calls(&mut self, calls: &BTreeSet<String>) {
        let of_them = |id: &Value| id.as_str().is_some_and(|id| calls.contains(id));
        for rows in self.0.values_mut() {
            rows.retain(|row| !of_them(&row["call"]) && !of_them(&row["engagement"]));
        }
    }

    pub fn retain(&mut self, table: &str, keep: impl FnMut(&Value) -> bool) {
        if let Some(rows) = self.0.get_mut(table) {
            rows.retain(keep);
        }
    }

    /// What is in one and not in the other, or other in number; None if both are equal.
    pub fn difference(&self, stored: &Contents) -> Option<String> {
        let mut report = String::new();
        let tables: BTreeSet<_> = self.0.keys().chain(stored.0.keys()).collect();
        for table in tables {
            let (expected, found) = (counted(self.rows(table)), counted(stored.rows(table)));
            for (what, these, others) in [
                ("missing", &expected, &found),
                ("not expected", &found, &expected),
            ] {
                let only: Vec<_> = these
                    .iter()
                    .filter(|(row, count)| others.get(*row).unwrap_or(&0) < count)
                    .collect();
                if !only.is_empty() {
                    writeln!(report, "{table}: {} rows {what}, such as", only.len()).unwrap();
                }
                for (row, count) in only.into_iter().take(SHOWN) {
                    writeln!(report, "  {count} x {row:.900}").unwrap();
                }
            }
        }
        (!report.is_empty()).then_some(report)
    }

    /// # Panics
    /// Shows the difference if there is one.
    #[track_caller]
    pub fn assert_stored(&self, stored: &Contents) {
        if let Some(difference) = self.difference(stored) {
            panic!("the tables do not hold what the tenant holds:\n{difference}");
        }
    }
}

fn counted(rows: &[Value]) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for row in rows {
        *counted.entry(canonical(row)).or_default() += 1;
    }
    counted
}

/// The same text for equal values.
fn canonical(value: &Value) -> String {
    match value {
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.to_string(),
            (None, Some(fraction)) => {
                let text = format!("{fraction:.6}");
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            (None, None) => number.to_string(),
        },
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let sorted: BTreeMap<_, _> = members.iter().collect();
            let members: Vec<_> = sorted
                .into_iter()
                .map(|(name, value)| format!("{name}:{}", canonical(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}
