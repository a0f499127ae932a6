//! Which quirks are on, with what arguments, and how often each was used.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::Value;

use super::catalogue::{Quirk, find};

/// A quirk that is on.
#[derive(Debug)]
pub struct Switched {
    pub args: Value,
    pub since: Instant,
    uses: AtomicU64,
    reads: Mutex<HashMap<String, u64>>,
}

impl Switched {
    fn new(args: Value) -> Arc<Switched> {
        Arc::new(Switched {
            args,
            since: Instant::now(),
            uses: AtomicU64::new(0),
            reads: Mutex::default(),
        })
    }

    /// A member of the arguments; arguments that are no object count as the only member there is.
    pub fn arg(&self, name: &str) -> Option<&Value> {
        match &self.args {
            Value::Object(members) => members.get(name),
            Value::Null | Value::Bool(_) => None,
            plain => Some(plain),
        }
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        self.arg(name).and_then(Value::as_f64)
    }

    pub fn count(&self, name: &str) -> Option<u64> {
        self.number(name).map(|number| number.max(0.0) as u64)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.arg(name).and_then(Value::as_str)
    }

    /// Like `text`, but only from an object: for members beside the main one.
    pub fn extra(&self, name: &str) -> Option<&Value> {
        self.args.as_object().and_then(|members| members.get(name))
    }

    /// Whether the word is the argument or in a list of them. With `true` every word is meant.
    pub fn says(&self, word: &str) -> bool {
        match &self.args {
            Value::Bool(all) => *all,
            Value::Null => true,
            Value::String(text) => text == word,
            Value::Array(list) => list.iter().any(|item| item == word),
            Value::Object(members) => members.values().any(|value| value == word),
            Value::Number(_) => false,
        }
    }

    /// Counts a use and says how many there were before.
    pub fn used(&self) -> u64 {
        self.uses.fetch_add(1, Ordering::SeqCst)
    }

    /// Counts a read of a record and says how many there were before.
    pub fn read(&self, id: &str) -> u64 {
        let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        let count = reads.entry(id.to_owned()).or_default();
        *count += 1;
        *count - 1
    }

    /// Counts a hit in the time slice of this length, and says how many the slice had before.
    pub fn hit(&self, slice_ms: u64) -> u64 {
        let slice = self.since.elapsed().as_millis() as u64 / slice_ms.max(1);
        self.read(&slice.to_string())
    }

    /// Whether a `route` argument, if there is one, covers this path.
    pub fn covers(&self, path: &str) -> bool {
        let route = self
            .args
            .as_object()
            .and_then(|members| members.get("route"))
            .and_then(Value::as_str);
        route.is_none_or(|route| path.starts_with(route.split('{').next().unwrap_or(route)))
    }

    fn route(&self) -> Option<&Value> {
        self.args
            .as_object()
            .and_then(|members| members.get("route"))
    }
}

/// The quirks that are on. A changed set is a new set, so that an answer is made under one.
#[derive(Debug, Clone, Default)]
pub struct QuirkSet {
    on: BTreeMap<&'static str, Vec<Arc<Switched>>>,
}

/// There is no quirk of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no quirk called {0:?}; `--list-quirks` shows all")]
pub struct NoSuchQuirk(pub String);

impl QuirkSet {
    /// Switches a quirk on. A list of arguments replaces what was on; a single argument of a quirk that
    /// may be on for several routes replaces what was on for its route.
    pub fn set(&mut self, name: &str, args: Value) -> Result<(), NoSuchQuirk> {
        let quirk = find(name).ok_or_else(|| NoSuchQuirk(name.to_owned()))?;
        let entries = self.on.entry(quirk.name).or_default();
        match args {
            Value::Array(list) if quirk.per_route => {
                *entries = list.into_iter().map(Switched::new).collect()
            }
            Value::Bool(false) => entries.clear(),
            args => {
                let entry = Switched::new(args);
                match quirk.per_route {
                    true => entries.retain(|other| other.route() != entry.route()),
                    false => entries.clear(),
                }
                entries.push(entry);
            }
        }
        self.on.retain(|_, entries| !entries.is_empty());
        Ok(())
    }

    pub fn clear(&mut self, name: &str) -> bool {
        self.on.remove(name).is_some()
    }

    pub fn clear_all(&mut self) {
        self.on.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.on.is_empty()
    }

    pub fn get(&self, name: &str) -> Option<&Arc<Switched>> {
        debug_assert!(find(name).is_some(), "{name} is missing in the catalogue");
        self.on.get(name).and_then(|entries| entries.first())
    }

    pub fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Those entries of a quirk that cover this path.
    pub fn on_route<'a>(
        &'a self,
        name: &'a str,
        path: &'a str,
    ) -> impl Iterator<Item = &'a Arc<Switched>> {
        debug_assert!(find(name).is_some(), "{name} is missing in the catalogue");
        self.on
            .get(name)
            .into_iter()
            .flatten()
            .filter(move |entry| entry.covers(path))
    }

    /// Whether any quirk is on that bends what is shown in this place.
    pub fn any(&self, which: impl Fn(&Quirk) -> bool) -> bool {
        self.on.keys().filter_map(|name| find(name)).any(which)
    }

    /// The arguments of a quirk, as the admin API shows them.
    pub fn args(&self, name: &str) -> Option<Value> {
        let entries = self.on.get(name)?;
        Some(match entries.as_slice() {
            [one] => one.args.clone(),
            many => many.iter().map(|entry| entry.args.clone()).collect(),
        })
    }
}
