//! What was asked: a bounded memory of requests, and counts that are never lost.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;

/// How many requests are remembered in full.
const REMEMBERED: usize = 10_000;

/// A request that arrived, whatever its answer was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenRequest {
    pub method: String,
    pub path: String,
    /// As it was sent, without the question mark.
    pub query: String,
    pub at: DateTime<Utc>,
}

#[derive(Default)]
pub struct Seen {
    book: Mutex<Book>,
    in_flight: AtomicU64,
    max_in_flight: AtomicU64,
}

#[derive(Default)]
struct Book {
    recent: VecDeque<SeenRequest>,
    by_route: BTreeMap<&'static str, u64>,
    by_path: BTreeMap<String, u64>,
    non_get: u64,
}

/// A request under way.
pub struct InFlight<'a>(&'a AtomicU64);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Seen {
    pub fn note(&self, route: &'static str, request: SeenRequest) {
        let mut book = self.book();
        if request.method != "GET" {
            book.non_get += 1;
        }
        *book.by_route.entry(route).or_default() += 1;
        if request.path != route {
            *book.by_path.entry(request.path.clone()).or_default() += 1;
        }
        if book.recent.len() == REMEMBERED {
            book.recent.pop_front();
        }
        book.recent.push_back(request);
    }

    pub fn enter(&self) -> InFlight<'_> {
        let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.max_in_flight.fetch_max(now, Ordering::SeqCst);
        InFlight(&self.in_flight)
    }

    pub fn recent(&self) -> Vec<SeenRequest> {
        self.book().recent.iter().cloned().collect()
    }

    /// Requests of a route (with `{id}` as in the reference) or of one path.
    pub fn count(&self, route: &str) -> u64 {
        let book = self.book();
        book.by_route
            .get(route)
            .or_else(|| book.by_path.get(route))
            .copied()
            .unwrap_or(0)
    }

    pub fn routes(&self) -> BTreeMap<&'static str, u64> {
        self.book().by_route.clone()
    }

    pub fn non_get(&self) -> u64 {
        self.book().non_get
    }

    pub fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::SeqCst)
    }

    pub fn max_in_flight(&self) -> u64 {
        self.max_in_flight.load(Ordering::SeqCst)
    }

    pub fn forget(&self) {
        *self.book() = Book::default();
        self.max_in_flight.store(self.in_flight(), Ordering::SeqCst);
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
