//! A month of a tenant's life: calls that come late and transcripts that lag, edits that the list shows and edits that
//! only the detail shows, calls that go, come back, turn private or get another date; outages, rate limits, a key that
//! loses its view, and a clock of ours that is set forth and back.

mod script;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use fake_chorus::{Call, FakeChorus, Tenant};
use serde_json::{Value, json};

use script::{Happening, Obstacle, Script, Spell, Turn, hours};

/// How far the month is.
pub struct Life {
    pub began: DateTime<Utc>,
    pub ended: DateTime<Utc>,
    /// As it is when the month begins.
    pub tenant: Tenant,
    to_come: VecDeque<Happening>,
    spells: Vec<Spell>,
    now: DateTime<Utc>,
    gone: HashMap<String, Call>,
    not_there: BTreeSet<String>,
    private: BTreeSet<String>,
    quirks: Vec<(&'static str, Value)>,
}

/// What asking for a detail comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    Ready,
    Processing,
    Missing,
    Private,
    Unreadable,
}

impl Life {
    /// The month that ends at `ended`, at its beginning.
    pub fn of_a_month(ended: DateTime<Utc>) -> Life {
        let script = Script::of_a_month(ended);
        let mut life = Life {
            began: script.began,
            ended,
            tenant: Tenant::default(),
            to_come: script.happenings.into(),
            spells: script.spells,
            now: script.began,
            gone: HashMap::new(),
            not_there: BTreeSet::new(),
            private: BTreeSet::new(),
            quirks: Vec::new(),
        };
        let mut tenant = script.tenant;
        for happening in life.happens_by(life.began) {
            life.take(&mut tenant, happening);
        }
        life.tenant = tenant;
        life
    }

    /// Lets everything happen that happens until `now`.
    pub fn go_on(&mut self, now: DateTime<Utc>, chorus: &FakeChorus) {
        self.now = now;
        let happened = self.happens_by(now);
        if !happened.is_empty() {
            chorus.edit(|tenant| {
                for happening in happened {
                    self.take(tenant, happening);
                }
            });
        }
        let quirks = self.quirks_now(chorus);
        if quirks != self.quirks {
            chorus.clear_quirks();
            for (quirk, args) in &quirks {
                chorus.set_quirk(quirk, args.clone());
            }
            self.quirks = quirks;
        }
    }

    fn happens_by(&mut self, now: DateTime<Utc>) -> Vec<Happening> {
        let count = self
            .to_come
            .partition_point(|happening| happening.at <= now);
        self.to_come.drain(..count).collect()
    }

    fn take(&mut self, tenant: &mut Tenant, happening: Happening) {
        let id = happening.call;
        let mut edit = |change: fn(&mut Call)| {
            let call = tenant.call_mut(&id).expect("only what is there changes");
            call.modified_at += hours(1.0);
            change(call);
        };
        match happening.turn {
            Turn::Appears(call) => tenant.add_call(*call),
            Turn::NotThereYet => drop(self.not_there.insert(id)),
            Turn::ThereNow => drop(self.not_there.remove(&id)),
            Turn::Renamed => edit(|call| call.subject.push_str(" (renamed)")),
            Turn::Corrected => edit(|call| {
                call.utterances[1].text.push_str(" Corrected.");
                call.metrics[0].value += 0.125;
            }),
            Turn::Moved { by } => {
                edit(|_| ());
                tenant.call_mut(&id).expect("it was just edited").date_time += by.as_seconds_f64();
            }
            Turn::Gone => {
                let call = tenant.remove_call(&id).expect("only what is there goes");
                self.gone.insert(id, Arc::unwrap_or_clone(call));
            }
            Turn::Back => tenant.add_call(self.gone.remove(&id).expect("it went before")),
            Turn::Private => drop(self.private.insert(id)),
            Turn::Scored(card) => tenant.scorecards.push(*card),
            Turn::Hired => {
                let mut hired = tenant.users[0].clone();
                hired.id += 1_000_000;
                hired.email = "newly.hired@seller.example".into();
                tenant.users.push(hired);
            }
        }
    }

    fn quirks_now(&self, chorus: &FakeChorus) -> Vec<(&'static str, Value)> {
        let mut quirks = Vec::new();
        for obstacle in self.obstacles() {
            match obstacle {
                Obstacle::Outage(quirk, args) | Obstacle::Slow(quirk, args) => {
                    quirks.push((*quirk, args.clone()));
                }
                Obstacle::Unreadable => {
                    let args = json!({"route": "/api/v1/conversations", "status": 400});
                    quirks.push(("fail", args));
                }
                Obstacle::HalfHidden => {
                    let mut rows = chorus.read(Tenant::newest_first);
                    rows.retain(|call| is_hidden(call));
                    let ids: Vec<&str> = rows.iter().map(|call| &*call.engagement_id).collect();
                    quirks.push(("vanish", json!({"ids": ids})));
                }
                Obstacle::Clock(_) => {}
            }
        }
        if !self.not_there.is_empty() {
            quirks.push(("not-found", json!({"ids": self.not_there})));
        }
        if !self.private.is_empty() {
            let args = json!({"ids": self.private, "how": "listed"});
            quirks.push(("private-rows", args));
        }
        quirks
    }

    fn obstacles(&self) -> impl Iterator<Item = &Obstacle> {
        self.spells
            .iter()
            .filter(|spell| spell.from <= self.now && self.now < spell.to)
            .map(|spell| &spell.what)
    }

    /// Whether no run can succeed now.
    pub fn is_out(&self) -> bool {
        self.obstacles()
            .any(|what| matches!(what, Obstacle::Outage(..)))
    }

    /// Whether Chorus asks to slow down.
    pub fn is_slow(&self) -> bool {
        self.obstacles()
            .any(|what| matches!(what, Obstacle::Slow(..)))
    }

    /// Whether the key sees only half of the calls.
    pub fn is_half_hidden(&self) -> bool {
        self.obstacles().any(|what| *what == Obstacle::HalfHidden)
    }

    /// How far our clock is wrong.
    pub fn clock_error(&self) -> TimeDelta {
        let seconds = self.obstacles().map(|what| match what {
            Obstacle::Clock(seconds) => *seconds,
            _ => 0,
        });
        TimeDelta::seconds(seconds.sum())
    }

    /// The rows that the list shows now.
    pub fn rows(&self, chorus: &FakeChorus) -> Vec<Arc<Call>> {
        let mut rows = chorus.read(Tenant::newest_first);
        if self.is_half_hidden() {
            rows.retain(|call| !is_hidden(call));
        }
        rows
    }

    /// What asking for the detail of a call comes to; `row` is what the list shows of it.
    pub fn detail(&self, id: &str, row: Option<&Call>) -> Detail {
        let unreadable = || self.obstacles().any(|what| *what == Obstacle::Unreadable);
        match row {
            _ if unreadable() => Detail::Unreadable,
            None => Detail::Missing,
            Some(_) if self.not_there.contains(id) => Detail::Missing,
            Some(_) if self.private.contains(id) => Detail::Private,
            Some(call) if call.processing_state == "processing" => Detail::Processing,
            Some(_) => Detail::Ready,
        }
    }

    /// Calls that were there and are not.
    pub fn gone(&self) -> BTreeSet<String> {
        self.gone.keys().cloned().collect()
    }

    /// Calls that are listed and whose words nobody may read.
    pub fn private(&self) -> BTreeSet<String> {
        self.private.clone()
    }
}

/// Half of all ids.
fn is_hidden(call: &Call) -> bool {
    call.engagement_id.as_str() < "8"
}
