//! Two recordings side by side: what is found for each feature, and what all of it comes to.

use crate::facts::{Fact, Person, Rarity};
use crate::weights;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimeFinding {
    /// Begin within two minutes of each other, by recorder or calendar.
    Same,
    /// Within six.
    Near,
    /// Within sixteen: somebody joined late.
    Late,
    /// At least half of the shorter one lies within the other.
    Overlapping,
    Touching,
    /// One begins when the other ends: back to back, or the next part.
    Follows,
    /// Whole hours apart, up to fourteen: somebody's time zone is wrong, perhaps.
    Slipped,
    Apart,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DurationFinding {
    Same,
    Similar,
    Different,
    VeryDifferent,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CalendarFinding {
    SameOccurrence,
    /// One series, and nothing says which occurrence.
    SameSeries,
    OtherOccurrence,
    Different,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoomFinding {
    Same,
    SamePersonal,
    Different,
    Unknown,
}

/// How much of the shorter list of people is in the longer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PeopleFinding {
    All,
    Most,
    Some,
    None,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HostFinding {
    Same,
    Different,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TitleFinding {
    Same,
    Alike,
    SomewhatAlike,
    Different,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WordsFinding {
    Same,
    Alike,
    HardlyAlike,
    Different,
    Unknown,
}

/// What is found for each feature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Findings {
    pub time: TimeFinding,
    pub duration: DurationFinding,
    pub calendar: CalendarFinding,
    pub room: RoomFinding,
    pub people: PeopleFinding,
    /// Bits that the people in both add by being rare.
    pub rare_people: f64,
    pub host: HostFinding,
    pub title: TitleFinding,
    pub words: WordsFinding,
    pub same_source: bool,
    /// Nobody came to one, and somebody to the other.
    pub one_no_show: bool,
}

/// Why two recordings are not one meeting, whatever the rest says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Veto {
    OtherWords,
    /// Whole hours apart, and neither calendar nor words say that it is the time which is wrong.
    OtherTime,
    /// An appointment that nobody came to, and its replacement.
    Replaced,
}

impl Findings {
    pub fn of(a: &Fact, b: &Fact, rarity: &Rarity) -> Findings {
        let time = time(a, b);
        let (people, rare_people) = people(a, b, rarity);
        Findings {
            time,
            duration: duration(a, b),
            calendar: calendar(a, b, time),
            room: match (a.room, b.room) {
                (0, _) | (_, 0) => RoomFinding::Unknown,
                (x, y) if x != y => RoomFinding::Different,
                _ if a.room_is_personal => RoomFinding::SamePersonal,
                _ => RoomFinding::Same,
            },
            people,
            rare_people,
            host: match (a.host, b.host) {
                (0, _) | (_, 0) => HostFinding::Unknown,
                (x, y) if x == y => HostFinding::Same,
                _ => HostFinding::Different,
            },
            title: title(a, b),
            words: match a.words.common(&b.words) {
                None => WordsFinding::Unknown,
                Some(common) if common >= 0.3 => WordsFinding::Same,
                Some(common) if common >= 0.17 => WordsFinding::Alike,
                Some(common) if common >= 0.11 => WordsFinding::HardlyAlike,
                Some(_) => WordsFinding::Different,
            },
            same_source: a.source == b.source,
            one_no_show: a.no_show != b.no_show,
        }
    }

    pub fn veto(&self) -> Option<Veto> {
        let said_the_same = matches!(self.words, WordsFinding::Same | WordsFinding::Alike);
        if self.words == WordsFinding::Different {
            return Some(Veto::OtherWords);
        }
        if self.time == TimeFinding::Slipped && !said_the_same {
            let same_entry = matches!(
                self.calendar,
                CalendarFinding::SameOccurrence | CalendarFinding::SameSeries
            );
            if !same_entry || self.same_source {
                return Some(Veto::OtherTime);
            }
            if self.one_no_show {
                return Some(Veto::Replaced);
            }
        }
        (self.time == TimeFinding::Apart && !said_the_same).then_some(Veto::OtherTime)
    }

    /// What each feature says, in bits. The score is the sum.
    pub fn weights(&self) -> [(&'static str, f64); 11] {
        let in_time = !matches!(self.time, TimeFinding::Apart | TimeFinding::Slipped);
        [
            ("prior", weights::PRIOR),
            ("time", weights::time(self.time)),
            ("duration", weights::duration(self.duration)),
            ("calendar", weights::calendar(self.calendar)),
            ("conference", weights::room(self.room)),
            ("attendees", weights::people(self.people)),
            (
                "rare attendees",
                if in_time {
                    self.rare_people
                } else {
                    self.rare_people / 2.0
                },
            ),
            ("host", weights::host(self.host)),
            ("title", weights::title(self.title)),
            ("words", weights::words(self.words)),
            ("source", self.source_weight()),
        ]
    }

    pub fn score(&self) -> f64 {
        self.weights().iter().map(|(_, weight)| weight).sum()
    }

    /// One source does not record a meeting twice, unless two people had it recorded or it was cut into parts.
    fn source_weight(&self) -> f64 {
        if !self.same_source {
            return 0.0;
        }
        let twice = self.words == WordsFinding::Same
            || (self.calendar == CalendarFinding::SameOccurrence && self.time <= TimeFinding::Near);
        let next_part = self.time == TimeFinding::Follows
            && self.title == TitleFinding::Same
            && self.people <= PeopleFinding::Most
            && (self.room == RoomFinding::Same
                || matches!(
                    self.calendar,
                    CalendarFinding::SameOccurrence | CalendarFinding::SameSeries
                ));
        if twice {
            weights::SAME_SOURCE / 3.0
        } else if next_part {
            // Time and habit speak against it, and are why it is a part.
            weights::SAME_SOURCE / 3.0 - weights::time(self.time)
        } else {
            weights::SAME_SOURCE
        }
    }
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;

fn time(a: &Fact, b: &Fact) -> TimeFinding {
    // NaN loses every comparison, so what is not known takes no part.
    let begins = |fact: &Fact| [fact.begin, fact.planned_begin];
    let mut nearest = f64::INFINITY;
    let mut slipped = false;
    for (which, x) in begins(a).into_iter().enumerate() {
        for (other, y) in begins(b).into_iter().enumerate() {
            let apart = (x - y).abs();
            nearest = nearest.min(apart);
            if which == other {
                let hours = (apart / HOUR).round();
                slipped |=
                    (1.0..=14.0).contains(&hours) && (apart - hours * HOUR).abs() <= 5.0 * MINUTE;
            }
        }
    }
    if nearest == f64::INFINITY {
        return TimeFinding::Unknown;
    }
    // Two calendar entries that begin at different times are two, however late the first began.
    let planned_apart = (a.planned_begin - b.planned_begin).abs();
    if !(planned_apart > 6.0 * MINUTE) {
        for (within, finding) in [
            (2.0, TimeFinding::Same),
            (6.0, TimeFinding::Near),
            (16.0, TimeFinding::Late),
        ] {
            if nearest <= within * MINUTE {
                return finding;
            }
        }
    }
    let overlap = a.end.min(b.end) - a.begin.max(b.begin);
    let shorter = (a.end - a.begin).min(b.end - b.begin);
    if overlap > 0.0 && overlap >= shorter / 2.0 && !(planned_apart > 6.0 * MINUTE) {
        return TimeFinding::Overlapping;
    }
    if slipped {
        return TimeFinding::Slipped;
    }
    if overlap > 2.0 * MINUTE {
        return TimeFinding::Touching;
    }
    if overlap >= -10.0 * MINUTE {
        return TimeFinding::Follows;
    }
    TimeFinding::Apart
}

fn duration(a: &Fact, b: &Fact) -> DurationFinding {
    if !a.has_duration || !b.has_duration {
        return DurationFinding::Unknown;
    }
    let (a, b) = (a.end - a.begin, b.end - b.begin);
    match a.min(b) / a.max(b) {
        ratio if ratio >= 0.93 => DurationFinding::Same,
        ratio if ratio >= 0.75 => DurationFinding::Similar,
        ratio if ratio >= 0.4 => DurationFinding::Different,
        _ => DurationFinding::VeryDifferent,
    }
}

fn calendar(a: &Fact, b: &Fact, time: TimeFinding) -> CalendarFinding {
    if a.series == 0 || b.series == 0 {
        return CalendarFinding::Unknown;
    }
    if a.series != b.series {
        return CalendarFinding::Different;
    }
    match (a.occurrence, b.occurrence) {
        (x, y) if x != 0 && x == y => CalendarFinding::SameOccurrence,
        (x, y) if x != 0 && y != 0 => CalendarFinding::OtherOccurrence,
        // A series does not meet twice at once, so time says which occurrence it is.
        _ if time <= TimeFinding::Overlapping => CalendarFinding::SameOccurrence,
        _ if time == TimeFinding::Apart => CalendarFinding::OtherOccurrence,
        _ => CalendarFinding::SameSeries,
    }
}

fn title(a: &Fact, b: &Fact) -> TitleFinding {
    if a.title == 0 || b.title == 0 {
        return TitleFinding::Unknown;
    }
    if a.title == b.title {
        return TitleFinding::Same;
    }
    let common = a
        .title_words
        .iter()
        .filter(|word| b.title_words.binary_search(word).is_ok())
        .count();
    match 2.0 * common as f64 / (a.title_words.len() + b.title_words.len()) as f64 {
        alike if alike >= 0.7 => TitleFinding::Alike,
        alike if alike >= 0.35 => TitleFinding::SomewhatAlike,
        _ => TitleFinding::Different,
    }
}

/// How many people are in both, and what their being rare adds.
fn people(a: &Fact, b: &Fact, rarity: &Rarity) -> (PeopleFinding, f64) {
    let (shorter, longer) = if a.people.len() <= b.people.len() {
        (a, b)
    } else {
        (b, a)
    };
    if shorter.people.is_empty() {
        return (PeopleFinding::Unknown, 0.0);
    }
    let log2_all = rarity.log2_all();
    let mut said: Vec<f64> = Vec::with_capacity(shorter.people.len());
    for person in &shorter.people {
        let rare = || weights::person(rarity.log2_count(person.exact), log2_all);
        if longer
            .people
            .binary_search_by_key(&person.exact, |other| other.exact)
            .is_ok()
        {
            said.push(rare());
        } else if let Some(other) = longer.people.iter().find(|other| may_be(person, other)) {
            let both_have = person.has_address && other.has_address;
            said.push(if both_have {
                rare() * weights::ALIAS
            } else {
                weights::NAME
            });
        }
    }
    let share = said.len() as f64 / shorter.people.len() as f64;
    let finding = match share {
        share if share > 0.99 => PeopleFinding::All,
        share if share >= 0.5 => PeopleFinding::Most,
        share if share > 0.0 => PeopleFinding::Some,
        // Two names of voices that are not the same say less than two addresses.
        _ if !shorter.people[0].has_address || !longer.people[0].has_address => PeopleFinding::Some,
        _ => PeopleFinding::None,
    };
    said.sort_by(|x, y| y.total_cmp(x));
    let mut factor = 1.0;
    let mut rare = 0.0;
    for weight in said {
        rare += weight * factor;
        factor *= weights::NEXT_PERSON;
    }
    (finding, rare.min(weights::MOST_FROM_PEOPLE))
}

/// Whether two people who are not told to be the same may well be.
fn may_be(a: &Person, b: &Person) -> bool {
    match (a.has_address, b.has_address) {
        (true, true) => a.alias == b.alias,
        (false, false) => false,
        _ => a.called == b.called,
    }
}
