//! What a running tenant is made of, shared by all requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use serde_json::Value;
use tokio::sync::watch;

use super::filter::Filter;
use super::seen::Seen;
use super::shown::Shown;
use crate::quirk::set::{NoSuchQuirk, QuirkSet};
use crate::tenant::Tenant;

pub struct House {
    /// Locked before `shown`, never after.
    truth: RwLock<Tenant>,
    shown: RwLock<Arc<Shown>>,
    api_key: RwLock<String>,
    filters: Mutex<HashMap<String, Filter>>,
    changes: watch::Sender<u64>,
    pub seen: Seen,
}

impl House {
    pub fn new(tenant: Tenant, api_key: String) -> House {
        let shown = Shown::new(&tenant, Arc::default(), None);
        House {
            truth: RwLock::new(tenant),
            shown: RwLock::new(Arc::new(shown)),
            api_key: RwLock::new(api_key),
            filters: Mutex::default(),
            changes: watch::Sender::new(0),
            seen: Seen::default(),
        }
    }

    /// What is shown now. A request takes it once and sees nothing of later changes.
    pub fn shown(&self) -> Arc<Shown> {
        self.shown
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn truth(&self) -> RwLockReadGuard<'_, Tenant> {
        self.truth.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn edit<T>(&self, change: impl FnOnce(&mut Tenant) -> T) -> T {
        let mut truth = self.truth.write().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut truth);
        let before = self.shown();
        self.show(Shown::new(&truth, before.quirks.clone(), Some(&before)));
        result
    }

    pub fn change_quirks<T>(&self, change: impl FnOnce(&mut QuirkSet) -> T) -> T {
        let truth = self.truth.write().unwrap_or_else(PoisonError::into_inner);
        let before = self.shown();
        let mut quirks = QuirkSet::clone(&before.quirks);
        let result = change(&mut quirks);
        self.show(Shown::new(&truth, Arc::new(quirks), Some(&before)));
        result
    }

    fn show(&self, next: Shown) {
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        self.changes.send_modify(|count| *count += 1);
    }

    pub fn set_quirk(&self, name: &str, args: Value) -> Result<(), NoSuchQuirk> {
        self.change_quirks(|quirks| quirks.set(name, args))
    }

    /// Told of every edit and every switched quirk.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub fn api_key(&self) -> String {
        self.api_key
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn set_api_key(&self, key: String) {
        *self.api_key.write().unwrap_or_else(PoisonError::into_inner) = key;
    }

    pub fn remember_filter(&self, key: String, filter: Filter) {
        self.filters().insert(key, filter);
    }

    pub fn remembered_filter(&self, key: &str) -> Option<Filter> {
        self.filters().get(key).cloned()
    }

    fn filters(&self) -> MutexGuard<'_, HashMap<String, Filter>> {
        self.filters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
