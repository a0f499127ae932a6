//! A selling company, its customers, and the meetings that took place.
//!
//! Nobody is in two meetings at once, but people are invited to two at once, hold calls back to back in a room of their
//! own, meet daily and weekly under one entry of the calendar, and are all in one meeting now and then.

use crate::people::People;
use crate::place::{Entry, Room};
use crate::speech::speak;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeSet, HashSet};

/// One meeting as it took place.
#[derive(Debug, Clone)]
pub struct Meeting {
    pub start_s: f64,
    pub duration_s: f64,
    /// By the calendar; the meeting may begin late.
    pub scheduled_s: f64,
    pub scheduled_end_s: f64,
    pub title: String,
    pub host: String,
    /// The host included.
    pub invited: Vec<String>,
    pub came: Vec<String>,
    pub entry: Entry,
    pub room: Room,
    pub nobody_came: bool,
    /// What was said, as numbers of words.
    pub words: Vec<u16>,
}

/// How much there is to be.
#[derive(Debug, Clone)]
pub struct Company {
    pub meetings: usize,
    pub days: u32,
    pub first_day: u32,
    pub reps: usize,
    pub customers: usize,
    /// Share of meetings with a transcript's worth of words.
    pub with_words: f64,
    pub words_per_meeting: usize,
    /// Of who there is; and of what they do.
    pub people_seed: u64,
    pub seed: u64,
}

impl Company {
    /// A company that has so many meetings in two months.
    pub fn with_meetings(meetings: usize, seed: u64) -> Company {
        Company {
            meetings,
            days: 60,
            first_day: 0,
            reps: (meetings / 120).max(20),
            customers: (meetings / 10).max(50),
            with_words: 0.5,
            words_per_meeting: 700,
            people_seed: seed,
            seed,
        }
    }
}

const DAY_S: f64 = 86_400.0;
/// Monday, 3 June 2024.
const BEGIN_S: f64 = 1_717_372_800.0;
/// Half hours of a working day.
const SLOTS: u32 = 20;

const TOPIC: [&str; 20] = [
    "quarterly review",
    "renewal",
    "kickoff",
    "onboarding",
    "pricing",
    "security review",
    "roadmap",
    "demo",
    "escalation",
    "training",
    "pilot",
    "integration",
    "data migration",
    "contract",
    "health check",
    "feedback",
    "planning",
    "handover",
    "discovery",
    "support",
];
/// Titles that many meetings of an hour may have.
const COMMON: [&str; 6] = [
    "Intro call",
    "Product demo",
    "Discovery call",
    "Weekly 1:1",
    "Check-in",
    "Daily standup",
];
const INTERNAL: [&str; 5] = ["Team sync", "1:1", "Pipeline", "Forecast", "Retro"];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Customer,
    Internal,
    AllHands,
}

impl Company {
    /// The meetings that took place, in no order.
    pub fn meetings(&self) -> Vec<Meeting> {
        let people = People::new(
            self.reps,
            self.customers,
            &mut ChaCha8Rng::seed_from_u64(self.people_seed),
        );
        let mut random = ChaCha8Rng::seed_from_u64(self.seed ^ 0x5EED);
        let mut meetings = Vec::with_capacity(self.meetings + 100);
        let mut busy = HashSet::new();
        let mut number = self.seed << 32;
        while meetings.len() < self.meetings {
            number += 1;
            self.plan(number, &people, &mut busy, &mut meetings, &mut random);
        }
        meetings.truncate(self.meetings);
        meetings
    }

    /// One entry of a calendar and the meetings that come of it.
    fn plan(
        &self,
        number: u64,
        people: &People,
        busy: &mut HashSet<(usize, u32)>,
        meetings: &mut Vec<Meeting>,
        random: &mut ChaCha8Rng,
    ) {
        let kind = match random.random_range(0..1000) {
            0..2 => Kind::AllHands,
            2..150 => Kind::Internal,
            _ => Kind::Customer,
        };
        let rep = random.random_range(0..people.reps.len());
        let customer = random.random_range(0..people.customers.len());
        let mut own = vec![rep];
        let colleagues = match kind {
            Kind::AllHands => random.random_range(12..40),
            Kind::Internal => random.random_range(1..6),
            Kind::Customer => random.random_range(0..3),
        };
        own.extend((0..colleagues).map(|_| random.random_range(0..people.reps.len())));
        own.sort_unstable();
        own.dedup();
        // On lists without being there: a manager of many, and a mailbox that takes notes.
        let mut listed = Vec::new();
        if kind == Kind::Customer && random.random_bool(0.3) {
            listed.push(people.reps[rep / 12 * 12].clone());
        }
        if rep % 5 == 0 && random.random_bool(0.7) {
            listed.push("notes@seller.example".to_owned());
        }
        let mut contacts = match kind {
            Kind::Customer => people.customers[customer].clone(),
            _ => Vec::new(),
        };
        contacts.shuffle(random);
        contacts.truncate(random.random_range(1..=3));
        let every = match (kind, random.random_range(0..100)) {
            (Kind::Internal, 0..12) => Some(1),
            (Kind::Internal, 12..60) => Some(7),
            (Kind::AllHands, _) => Some(14),
            (_, 0..10) => Some(7),
            _ => None,
        };
        let entry = Entry {
            number,
            of_series: every.is_some(),
            by_outlook: random.random_bool(0.3),
        };
        let host = people.reps[rep].clone();
        let own_name = host.split('@').next().unwrap_or_default().to_owned();
        // Some have a room of their own, and hold every call there.
        let room = match rep % 8 {
            0 | 1 => Room::ZoomPersonal(own_name),
            2 => Room::Vanity(own_name),
            _ => Room::of_meeting(number, random),
        };
        let title = title(kind, customer, random);
        let first_day = random.random_range(0..self.days);
        let days: Vec<u32> = match every {
            Some(every) => (first_day..self.days).step_by(every).take(12).collect(),
            None => vec![first_day],
        };
        let slot = random.random_range(0..SLOTS - 2);
        let slots = if random.random_bool(0.4) { 2 } else { 1 };
        for day in days {
            let day = if day % 7 >= 5 { day - 2 } else { day } + self.first_day;
            let free = |who: usize, busy: &HashSet<(usize, u32)>| {
                (0..slots).all(|n| !busy.contains(&(who, day * SLOTS + slot + n)))
            };
            if !free(rep, busy) {
                continue;
            }
            // Who is somewhere else is invited all the same.
            let there: Vec<usize> = own.iter().copied().filter(|who| free(*who, busy)).collect();
            busy.extend(
                there
                    .iter()
                    .flat_map(|who| (0..slots).map(|n| (*who, day * SLOTS + slot + n))),
            );
            let scheduled_s =
                BEGIN_S + f64::from(day) * DAY_S + 7.0 * 3600.0 + f64::from(slot) * 1800.0;
            let scheduled_end_s = scheduled_s + f64::from(slots) * 1800.0;
            let nobody_came = kind == Kind::Customer && random.random_bool(0.02);
            let came = there.iter().map(|who| people.reps[*who].clone());
            let came = came
                .chain(contacts.iter().filter(|_| random.random_bool(0.9)).cloned())
                .collect();
            let meeting = Meeting {
                start_s: scheduled_s + random.random_range(-60.0..240.0),
                duration_s: match nobody_came {
                    true => random.random_range(20.0..240.0),
                    false => self.length(scheduled_end_s - scheduled_s, random),
                },
                scheduled_s,
                scheduled_end_s,
                title: title.clone(),
                host: host.clone(),
                invited: {
                    let own = own.iter().map(|who| &people.reps[*who]);
                    let all: BTreeSet<&String> = own.chain(&contacts).chain(&listed).collect();
                    all.into_iter().cloned().collect()
                },
                came,
                entry: entry.clone(),
                room: room.clone(),
                nobody_came,
                words: match nobody_came {
                    true => Vec::new(),
                    false => self.words(random),
                },
            };
            if nobody_came && random.random_bool(0.6) {
                // Its replacement: the same entry of the calendar, moved.
                let moved_s = [3600.0, DAY_S, 2.0 * DAY_S].choose(random).unwrap();
                meetings.push(self.later(&meeting, *moved_s, random));
            } else if kind == Kind::Customer
                && every.is_none()
                && slots == 1
                && free(rep, busy)
                && random.random_bool(0.03)
            {
                // The same people stay for something else.
                let mut next = self.later(&meeting, 1800.0, random);
                next.entry.number += 1 << 24;
                next.title = self::title(kind, customer, random);
                if !next.room.is_personal() {
                    next.room = Room::of_meeting(next.entry.number, random);
                }
                busy.extend(there.iter().map(|who| (*who, day * SLOTS + slot + 1)));
                meetings.push(next);
            }
            meetings.push(meeting);
        }
    }

    fn later(&self, meeting: &Meeting, by_s: f64, random: &mut ChaCha8Rng) -> Meeting {
        let planned_s = meeting.scheduled_end_s - meeting.scheduled_s;
        Meeting {
            start_s: meeting.scheduled_s + by_s + random.random_range(-30.0..200.0),
            scheduled_s: meeting.scheduled_s + by_s,
            scheduled_end_s: meeting.scheduled_end_s + by_s,
            duration_s: self.length(planned_s, random),
            nobody_came: false,
            words: self.words(random),
            ..meeting.clone()
        }
    }

    fn length(&self, planned_s: f64, random: &mut ChaCha8Rng) -> f64 {
        planned_s * random.random_range(0.55..1.0)
    }

    fn words(&self, random: &mut ChaCha8Rng) -> Vec<u16> {
        match random.random_bool(self.with_words) {
            true => speak(random, self.words_per_meeting),
            false => Vec::new(),
        }
    }
}

fn title(kind: Kind, customer: usize, random: &mut ChaCha8Rng) -> String {
    match (kind, random.random_range(0..7)) {
        (Kind::AllHands, _) => "Company all hands".to_owned(),
        (Kind::Internal, _) => {
            let number = random.random_range(1..40);
            format!("{} {number}", INTERNAL.choose(random).unwrap())
        }
        (_, 0) => format!("Customer{customer} / Seller"),
        (_, 1) => format!("Customer{customer} weekly"),
        (_, 2) => (*COMMON.choose(random).unwrap()).to_owned(),
        _ => format!("Customer{customer} {}", TOPIC.choose(random).unwrap()),
    }
}
