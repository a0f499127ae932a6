//! The script of the month: what happens to which call and when, and what is in the way for some hours.
//!
//! Whatever happens can be noticed by the rules before the month is over, for at its end the tables must equal the
//! tenant: what the list shows, while a later daily listing reaches the call; what only the detail shows, before one of
//! the ages at which details are read again.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use fake_chorus::{Call, Generate, Scorecard, Tenant};
use serde_json::{Value, json};

/// Days that are played; nothing new happens in the last of them.
const DAYS: i64 = 31;
const QUIET_DAYS: i64 = 3;
/// Days of calls that lie before the first sync.
const HISTORY_DAYS: i64 = 9;
const CALLS: usize = 360;
/// Until the daily listing has surely noticed something.
const DAILY: TimeDelta = TimeDelta::hours(30);
const LOOKBACK: TimeDelta = TimeDelta::days(30);

/// Something happens to a call, or to the tenant if there is no id.
pub struct Happening {
    pub at: DateTime<Utc>,
    pub call: String,
    pub turn: Turn,
}

pub enum Turn {
    /// The call is listed from now on, perhaps without what is said in it.
    Appears(Box<Call>),
    /// The list says that it is done, and its detail is not there.
    NotThereYet,
    ThereNow,
    /// The list shows it.
    Renamed,
    /// Only the detail shows it.
    Corrected,
    Moved {
        by: TimeDelta,
    },
    Gone,
    Back,
    /// The list goes on listing it; only the detail says so.
    Private,
    Scored(Box<Scorecard>),
    Hired,
}

/// What is in the way for a while.
pub struct Spell {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub what: Obstacle,
}

#[derive(Clone, PartialEq)]
pub enum Obstacle {
    /// No run can succeed: this quirk is on.
    Outage(&'static str, Value),
    /// Everything can be had, but slower.
    Slow(&'static str, Value),
    /// No detail can be read.
    Unreadable,
    /// The key sees about half of the calls.
    HalfHidden,
    /// Our clock goes wrong by so many seconds.
    Clock(i64),
}

pub struct Script {
    pub began: DateTime<Utc>,
    pub ended: DateTime<Utc>,
    /// Its people, but neither calls nor scorecards.
    pub tenant: Tenant,
    /// In the order in which they happen.
    pub happenings: Vec<Happening>,
    pub spells: Vec<Spell>,
}

impl Script {
    /// The month that ends at `ended`.
    pub fn of_a_month(ended: DateTime<Utc>) -> Script {
        let mut tenant = Tenant::generate(&Generate {
            calls: CALLS,
            utterances_per_call: 4,
            participants_per_call: 3,
            scorecard_share: 0.15,
            until: ended - TimeDelta::days(QUIET_DAYS),
            days: DAYS - QUIET_DAYS + HISTORY_DAYS,
            ..Generate::default()
        });
        let calls = std::mem::take(&mut tenant.calls);
        let cards = std::mem::take(&mut tenant.scorecards);
        let began = ended - TimeDelta::days(DAYS);
        let mut script = Script {
            began,
            ended,
            tenant,
            happenings: Vec::new(),
            spells: spells(began),
        };
        for (number, call) in calls.into_iter().enumerate() {
            let call = Arc::unwrap_or_clone(call);
            let complete = script.appears(number, &call);
            script.changes(number, &call, complete);
            for card in &cards {
                if card.engagement_id == call.engagement_id {
                    let submitted = card.submitted.max(complete);
                    let card = Scorecard {
                        submitted,
                        ..card.clone()
                    };
                    script.add(submitted, &call, Turn::Scored(Box::new(card)));
                }
            }
        }
        script.add(began + days(11.3), &Call::default(), Turn::Hired);
        // Stable: what happens to a call at one time happens in the order in which it was written down.
        script.happenings.sort_by_key(|happening| happening.at);
        script
    }

    fn add(&mut self, at: DateTime<Utc>, call: &Call, turn: Turn) {
        if at + DAILY < self.ended {
            let call = call.engagement_id.clone();
            self.happenings.push(Happening { at, call, turn });
        }
    }

    /// When the call is listed, and when what was said in it can be had; returns the latter.
    fn appears(&mut self, number: usize, call: &Call) -> DateTime<Utc> {
        let met = end_of(call);
        let late = match number % 10 {
            0 => days(1.25),
            // Behind the overlap of incremental runs.
            1 => days(4.2),
            2 => hours(9.0),
            more => TimeDelta::minutes(5 * more as i64),
        };
        let listed = match met + late {
            listed if listed + DAILY < self.ended => listed,
            _ => met + TimeDelta::minutes(20),
        };
        let lag = match number % 12 {
            _ if !call.is_recorded() => None,
            0 => Some(TimeDelta::minutes(25)),
            1 => Some(hours(3.0)),
            2 if number % 24 == 2 => Some(days(2.1)),
            7 => Some(hours(1.2)),
            _ => None,
        };
        let complete = listed + lag.unwrap_or_default();
        let done = || Turn::Appears(Box::new(call.clone()));
        if lag.is_none() {
            self.add(listed, call, done());
        } else if number % 2 == 1 {
            self.add(listed, call, done());
            self.add(listed, call, Turn::NotThereYet);
            self.add(complete, call, Turn::ThereNow);
        } else {
            self.add(listed, call, Turn::Appears(Box::new(unfinished(call))));
            self.add(complete, call, done());
        }
        complete
    }

    /// What becomes of a call, some hours after all of it was there.
    fn changes(&mut self, number: usize, call: &Call, complete: DateTime<Utc>) {
        // Others are not stored.
        if matches!(call.engagement_type.as_str(), "email" | "content_viewed") {
            return;
        }
        let met = end_of(call);
        let after = |age: TimeDelta| (met + age).max(complete + hours(5.0));
        match number % 20 {
            3 | 13 => self.listed(after(hours(5.0)), call, Turn::Renamed),
            4 => self.listed(after(days(12.0)), call, Turn::Renamed),
            5 | 15 => self.read(after(days(2.0)), call, Turn::Corrected),
            6 | 16 => self.read(after(days(10.0)), call, Turn::Corrected),
            7 => {
                let by = if number % 40 == 7 {
                    hours(-26.0)
                } else {
                    hours(0.5)
                };
                self.listed(after(hours(6.0)), call, Turn::Moved { by });
            }
            8 => self.listed(after(days((number % 5) as f64 + 0.3)), call, Turn::Gone),
            9 => {
                let at = after(days((number % 7) as f64 + 0.3));
                let back = at + days(2.2);
                if self.is_listed_after(at, call) && self.is_listed_after(back, call) {
                    self.listed(at, call, Turn::Gone);
                    self.listed(back, call, Turn::Back);
                }
            }
            10 => self.read(after(days(2.0)), call, Turn::Private),
            _ => {}
        }
    }

    /// Adds what the list shows.
    fn listed(&mut self, at: DateTime<Utc>, call: &Call, turn: Turn) {
        if self.is_listed_after(at, call) {
            self.add(at, call, turn);
        }
    }

    fn is_listed_after(&self, at: DateTime<Utc>, call: &Call) -> bool {
        at > self.began && at + DAILY < self.ended && end_of(call) > at + DAILY - LOOKBACK
    }

    /// Adds what only the detail shows.
    fn read(&mut self, at: DateTime<Utc>, call: &Call, turn: Turn) {
        let rereads = [hours(1.0), days(1.0), days(3.0), days(7.0), days(30.0)];
        let noticed = rereads.into_iter().any(|age| {
            let read = end_of(call) + age;
            read > at + hours(1.0) && read + hours(3.0) < self.ended
        });
        if call.is_recorded() && at > self.began && noticed {
            self.add(at, call, turn);
        }
    }
}

/// How Chorus shows a call that it is not done with.
fn unfinished(call: &Call) -> Call {
    Call {
        processing_state: "processing".into(),
        utterances: Vec::new(),
        trackers: Vec::new(),
        metrics: Vec::new(),
        summary: None,
        action_items: Vec::new(),
        ..call.clone()
    }
}

/// What has the client wait or try again costs time on the wall, so there is little of it.
fn spells(began: DateTime<Utc>) -> Vec<Spell> {
    let rate_limit =
        json!({"per_minute": 12, "window_ms": 1000, "retry_after": "seconds", "seconds": 1});
    let busy = json!({"status": 503, "retry_after": "1", "times": 1});
    [
        (2.1, 3.0, Obstacle::Outage("fail", json!({"status": 500}))),
        (5.4, 20.0, Obstacle::Clock(3600)),
        (8.2, 2.0, Obstacle::Slow("fail", busy)),
        (9.6, 2.0, Obstacle::Outage("reset", json!(true))),
        (12.5, 3.0, Obstacle::Unreadable),
        (14.3, 26.0, Obstacle::Clock(-3600)),
        (17.1, 30.0, Obstacle::HalfHidden),
        (20.6, 4.0, Obstacle::Outage("revoke-after", json!(0))),
        (23.2, 5.0, Obstacle::Slow("rate-limit", rate_limit)),
        (25.7, 30.0, Obstacle::Outage("forbid", json!("/api/v1"))),
    ]
    .into_iter()
    .map(|(day, for_hours, what)| Spell {
        from: began + days(day),
        to: began + days(day) + hours(for_hours),
        what,
    })
    .collect()
}

fn end_of(call: &Call) -> DateTime<Utc> {
    let seconds = call.date_time + call.duration;
    DateTime::from_timestamp_micros((seconds * 1e6) as i64).expect("a time of our days")
}

fn days(days: f64) -> TimeDelta {
    hours(days * 24.0)
}

pub fn hours(hours: f64) -> TimeDelta {
    TimeDelta::milliseconds((hours * 3_600_000.0) as i64)
}
