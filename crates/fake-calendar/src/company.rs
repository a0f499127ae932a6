//! A selling company, its customers, and the meetings that took place.

use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const FIRST: [&str; 24] = [
    "kim", "rae", "ana", "bob", "cora", "dan", "eve", "finn", "gina", "hugo", "ines", "jon",
    "kira", "leo", "mia", "nils", "olga", "pia", "quin", "ron", "sue", "tom", "uma", "vera",
];
const LAST: [&str; 30] = [
    "lee", "rep", "adams", "baker", "chen", "diaz", "evans", "fischer", "garcia", "hall", "ito",
    "jones", "khan", "lopez", "moreau", "nowak", "ortiz", "patel", "quist", "rossi", "silva",
    "turner", "ueda", "vogel", "weber", "xu", "young", "zimmer", "okafor", "petrov",
];
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
    pub emails: Vec<String>,
    /// Other own people who may have had it recorded.
    pub uid: String,
    /// Whether other meetings have this uid, too.
    pub of_series: bool,
    pub conference: String,
    pub personal_room: bool,
    pub nobody_came: bool,
    /// What was said, as numbers of words.
    pub words: Vec<u16>,
}

/// How much there is to be.
#[derive(Debug, Clone)]
pub struct Company {
    pub meetings: usize,
    pub days: u32,
    pub reps: usize,
    pub customers: usize,
    /// Share of meetings with a transcript's worth of words.
    pub with_words: f64,
    pub words_per_meeting: usize,
    pub seed: u64,
}

impl Default for Company {
    fn default() -> Self {
        Company {
            meetings: 2000,
            days: 60,
            reps: 60,
            customers: 300,
            with_words: 0.5,
            words_per_meeting: 700,
            seed: 1,
        }
    }
}

const DAY_S: f64 = 86_400.0;
/// Monday, 3 June 2024.
const BEGIN_S: f64 = 1_717_372_800.0;
const VOCABULARY: u16 = 4000;

impl Company {
    /// The meetings that took place, in no order.
    pub fn meetings(&self) -> Vec<Meeting> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let person = |n: usize| {
            let first = FIRST[n % FIRST.len()];
            let last = LAST[(n / FIRST.len() + n * 7) % LAST.len()];
            let again = n / (FIRST.len() * LAST.len());
            if again == 0 {
                format!("{first}.{last}")
            } else {
                format!("{first}.{last}{again}")
            }
        };
        let reps: Vec<String> = (0..self.reps)
            .map(|n| format!("{}@seller.example", person(n)))
            .collect();
        let customers: Vec<Vec<String>> = (0..self.customers)
            .map(|n| {
                let contacts = 2 + random.random_range(0..5);
                (0..contacts)
                    .map(|m| format!("{}@customer{n}.example", person(n * 13 + m * 5)))
                    .collect()
            })
            .collect();
        // Whose next free moment is when: nobody is in two meetings at once, but many are back to back.
        let mut meetings = Vec::with_capacity(self.meetings);
        let mut busy: std::collections::HashSet<(usize, u32)> = std::collections::HashSet::new();
        let mut series = 0u64;
        while meetings.len() < self.meetings {
            let rep = random.random_range(0..reps.len());
            let internal = random.random_bool(0.12);
            let weekly = random.random_bool(0.12);
            let customer = random.random_range(0..customers.len());
            let name = format!("Customer{customer}");
            let title = match random.random_range(0..6) {
                _ if internal => format!(
                    "{} {}",
                    ["Team sync", "1:1", "Pipeline", "Forecast"]
                        .choose(&mut random)
                        .unwrap(),
                    random.random_range(1..40)
                ),
                0 => format!("{name} / Seller"),
                1 => format!("{name} weekly"),
                _ => format!("{name} {}", TOPIC.choose(&mut random).unwrap()),
            };
            let mut emails = vec![reps[rep].clone()];
            let colleagues = if internal {
                random.random_range(1..6)
            } else {
                random.random_range(0..3)
            };
            for _ in 0..colleagues {
                emails.push(reps.choose(&mut random).unwrap().clone());
            }
            if !internal {
                let mut contacts = customers[customer].clone();
                contacts.shuffle(&mut random);
                contacts.truncate(random.random_range(1..=3));
                emails.extend(contacts);
            }
            emails.sort();
            emails.dedup();
            let slot_of_day = random.random_range(0..18u32);
            let first_day = random.random_range(0..self.days);
            series += 1;
            let uid = format!("event{series}@google.com");
            let personal_room = random.random_bool(0.25);
            let room = |random: &mut ChaCha8Rng| match random.random_range(0..3) {
                _ if personal_room => format!(
                    "https://seller.zoom.us/my/{}",
                    reps[rep].split('@').next().unwrap()
                ),
                0 => format!(
                    "https://meet.google.com/{:03x}-{:04x}-{:03x}",
                    series % 4096,
                    series % 65_536,
                    series / 7 % 4096
                ),
                _ => format!(
                    "https://seller.zoom.us/j/9{:010}",
                    series * 7919 % 10_000_000_000
                ),
            };
            let conference = room(&mut random);
            let days: Vec<u32> = if weekly {
                (first_day..self.days).step_by(7).take(8).collect()
            } else {
                vec![first_day]
            };
            for day in days {
                let day = if day % 7 >= 5 { day - 2 } else { day };
                let slots = if random.random_bool(0.4) { 2 } else { 1 };
                if (0..slots).any(|slot| busy.contains(&(rep, day * 18 + slot_of_day + slot))) {
                    continue;
                }
                busy.extend((0..slots).map(|slot| (rep, day * 18 + slot_of_day + slot)));
                let scheduled_s = BEGIN_S
                    + f64::from(day) * DAY_S
                    + 8.0 * 3600.0
                    + f64::from(slot_of_day) * 1800.0;
                let scheduled_end_s = scheduled_s + f64::from(slots) * 1800.0;
                let late_s = random.random_range(-60.0..240.0);
                let length = (scheduled_end_s - scheduled_s) * random.random_range(0.6..1.05);
                let nobody_came = !internal && random.random_bool(0.02);
                let has_words = !nobody_came && random.random_bool(self.with_words);
                let words = if has_words {
                    speak(&mut random, self.words_per_meeting)
                } else {
                    Vec::new()
                };
                let meeting = Meeting {
                    start_s: scheduled_s + late_s,
                    duration_s: if nobody_came {
                        random.random_range(20.0..240.0)
                    } else {
                        length
                    },
                    scheduled_s,
                    scheduled_end_s,
                    title: title.clone(),
                    host: reps[rep].clone(),
                    emails: emails.clone(),
                    uid: uid.clone(),
                    of_series: weekly,
                    conference: conference.clone(),
                    personal_room,
                    nobody_came,
                    words,
                };
                if nobody_came && random.random_bool(0.6) {
                    // Its replacement: the same entry of the calendar, moved.
                    let moved_s = [3600.0, DAY_S, 2.0 * DAY_S].choose(&mut random).unwrap();
                    meetings.push(Meeting {
                        start_s: meeting.start_s + moved_s,
                        scheduled_s: scheduled_s + moved_s,
                        scheduled_end_s: scheduled_end_s + moved_s,
                        duration_s: length,
                        nobody_came: false,
                        words: speak(&mut random, self.words_per_meeting),
                        ..meeting.clone()
                    });
                }
                meetings.push(meeting);
            }
        }
        meetings.truncate(self.meetings);
        meetings
    }
}

/// Some words are said all the time, most hardly ever; and there are phrases that everybody uses.
fn speak(random: &mut ChaCha8Rng, length: usize) -> Vec<u16> {
    const PHRASE: [u16; 9] = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    let mut said = Vec::with_capacity(length);
    while said.len() < length {
        if random.random_bool(0.02) {
            let from = random.random_range(0..5);
            said.extend(&PHRASE[from..from + 4]);
        } else {
            let rare: f64 = random.random();
            said.push(10 + (f64::from(VOCABULARY) * rare * rare * rare) as u16);
        }
    }
    said
}

/// What somebody hears in place of a word.
pub(crate) fn misheard(random: &mut ChaCha8Rng) -> u16 {
    random.random_range(0..VOCABULARY)
}
