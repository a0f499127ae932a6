//! Which records a quirk is about: all, some ids, every n-th, the newest, the oldest, a share.

use serde_json::Value;

/// Says of each record whether it is meant.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    All,
    Ids(Vec<String>),
    Every(usize),
    Newest(usize),
    Oldest(usize),
    Share(f64),
}

impl Choice {
    /// Reads `true`, `["id", …]`, `{"ids": […]}`, `{"every": n}`, `{"newest": n}`, `{"oldest": n}` or `{"share": x}`.
    /// Whatever else an argument holds beside these means all records.
    pub fn of(args: &Value) -> Choice {
        match args {
            Value::Array(list) => Choice::Ids(texts(list)),
            Value::String(id) if id.len() >= 8 => Choice::Ids(vec![id.clone()]),
            Value::Object(members) => {
                let count = |name: &str| {
                    members
                        .get(name)
                        .and_then(Value::as_u64)
                        .map(|count| count as usize)
                };
                if let Some(Value::Array(list)) = members.get("ids") {
                    Choice::Ids(texts(list))
                } else if let Some(every) = count("every") {
                    Choice::Every(every.max(1))
                } else if let Some(newest) = count("newest") {
                    Choice::Newest(newest)
                } else if let Some(oldest) = count("oldest") {
                    Choice::Oldest(oldest)
                } else if let Some(share) = members.get("share").and_then(Value::as_f64) {
                    Choice::Share(share)
                } else {
                    Choice::All
                }
            }
            _ => Choice::All,
        }
    }

    /// `rank` counts from the newest record, 0, of `total`.
    pub fn has(&self, id: &str, rank: usize, total: usize) -> bool {
        match self {
            Choice::All => true,
            Choice::Ids(ids) => ids.iter().any(|wanted| wanted == id),
            Choice::Every(every) => rank.is_multiple_of(*every),
            Choice::Newest(newest) => rank < *newest,
            Choice::Oldest(oldest) => rank + oldest >= total,
            // Spread evenly, so that any window loses about its share.
            Choice::Share(share) => {
                ((rank + 1) as f64 * share).floor() > (rank as f64 * share).floor()
            }
        }
    }
}

fn texts(list: &[Value]) -> Vec<String> {
    list.iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
