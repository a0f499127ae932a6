//! Recordings made small and quick to compare: texts become hashes, people become what their addresses have in common.

use crate::recording::Recording;
use crate::words::Words;
use xxhash_rust::xxh3::xxh3_64;

/// Mail hosts where dots in front of the @ do not matter.
const DOTLESS: [&str; 2] = ["gmail.com", "googlemail.com"];
/// How voices are named that nobody has named.
const NO_NAMES: [&str; 8] = [
    "speaker",
    "unknown",
    "operator",
    "participant",
    "guest",
    "caller",
    "user",
    "anonymous",
];

/// Somebody who was invited or heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    /// Of the address without its plus-tag; of the name if there is no address.
    pub exact: u64,
    /// Of first initial, last name and host: kim.lee@, klee@ and k_lee@ of one company. Zero if there is no address.
    pub alias: u32,
    /// Of first initial and last name: all that a name and an address may have in common.
    pub called: u32,
}

impl Person {
    pub fn has_address(&self) -> bool {
        self.alias != 0
    }
}

/// One recording. Zero stands for what is not known.
#[derive(Debug, Clone)]
pub struct Fact {
    pub id: i64,
    pub source: u32,
    /// Begin and end, actual and scheduled, in seconds since 1970; not a number if unknown.
    pub begin: f64,
    pub end: f64,
    pub planned_begin: f64,
    pub planned_end: f64,
    pub has_duration: bool,
    pub series: u64,
    pub occurrence: u64,
    pub room: u64,
    pub room_is_personal: bool,
    pub host: u64,
    /// By `exact`.
    pub people: Box<[Person]>,
    pub title: u64,
    pub title_words: Box<[u32]>,
    pub words: Words,
    pub no_show: bool,
}

fn hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes()).max(1)
}

fn short_hash(text: &str) -> u32 {
    ((hash(text) >> 32) as u32).max(1)
}

/// A number for the name of a source, the same wherever it is made.
pub fn source_number(source: &str) -> u32 {
    short_hash(source)
}

impl Fact {
    /// `source` is a number that the caller gives each source.
    pub fn of(recording: &Recording, source: u32) -> Fact {
        let unknown = f64::NAN;
        let (begin, end) = recording.span().unwrap_or((unknown, unknown));
        let mut people: Vec<Person> = recording
            .emails
            .iter()
            .map(|email| by_address(email))
            .collect();
        let host = recording.host.as_deref().map(by_address);
        people.extend(host);
        if recording.emails.is_empty() {
            people.extend(recording.names.iter().filter_map(|name| by_name(name)));
        }
        people.sort_unstable();
        people.dedup_by_key(|person| person.exact);
        let title = &recording.title;
        Fact {
            id: recording.id,
            source,
            begin,
            end,
            planned_begin: recording.scheduled_start_s.unwrap_or(unknown),
            planned_end: recording.scheduled_end_s.unwrap_or(unknown),
            has_duration: recording.duration_s.is_some_and(|length| length > 0.0),
            series: recording.calendar.as_ref().map_or(0, |id| hash(&id.series)),
            occurrence: recording
                .calendar
                .as_ref()
                .and_then(|id| id.occurrence.as_deref())
                .map_or(0, hash),
            room: recording
                .conference
                .as_ref()
                .map_or(0, |conference| hash(&conference.room)),
            room_is_personal: recording
                .conference
                .as_ref()
                .is_some_and(|conference| conference.personal),
            host: host.map_or(0, |host| host.exact),
            people: people.into(),
            title: if title.tells() { hash(&title.key()) } else { 0 },
            title_words: title.word_hashes(),
            words: recording.words.clone(),
            no_show: recording.no_show,
        }
    }
}

impl Fact {
    /// Zero if it is not known.
    pub fn length_s(&self) -> f64 {
        self.end - self.begin
    }

    /// The same, so many seconds later.
    pub fn moved(&self, by_s: f64) -> Fact {
        Fact {
            begin: self.begin + by_s,
            end: self.end + by_s,
            planned_begin: self.planned_begin + by_s,
            planned_end: self.planned_end + by_s,
            ..self.clone()
        }
    }
}

fn by_address(email: &str) -> Person {
    let (local, host) = email.rsplit_once('@').unwrap_or((email, ""));
    let host = if host == "googlemail.com" {
        "gmail.com"
    } else {
        host
    };
    let mut local = local.split('+').next().unwrap_or(local).to_owned();
    let called = called(local.split(['.', '_', '-']));
    if DOTLESS.contains(&host) {
        local.retain(|c| c != '.');
    }
    Person {
        exact: hash(&format!("{local}@{host}")),
        alias: short_hash(&format!("{called}@{host}")),
        called: short_hash(&called),
    }
}

fn by_name(name: &str) -> Option<Person> {
    let lower = name.to_lowercase();
    let parts = || {
        lower
            .split(|c: char| !c.is_alphanumeric())
            .filter(|part| !part.is_empty())
    };
    let first = parts().next()?;
    if NO_NAMES.contains(&first) || !lower.contains(char::is_alphabetic) {
        return None;
    }
    let called = called(parts());
    let exact = hash(&parts().collect::<Vec<_>>().join(" "));
    Some(Person {
        exact,
        alias: 0,
        called: short_hash(&called),
    })
}

/// `kim lee`, `kim.lee` and `klee` are called klee; `kim` is called kim.
fn called<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first, .., last] => first.chars().take(1).chain(last.chars()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_of_one_person_have_something_in_common() {
        let kim = by_address("kim.lee@larkspur.example");
        assert_eq!(kim.exact, by_address("kim.lee+zoom@larkspur.example").exact);
        for alias in [
            "klee@larkspur.example",
            "k_lee@larkspur.example",
            "kim.j.lee@larkspur.example",
        ] {
            assert_ne!(kim.exact, by_address(alias).exact, "{alias}");
            assert_eq!(kim.alias, by_address(alias).alias, "{alias}");
        }
        assert_ne!(kim.alias, by_address("klee@monro.example").alias);
        assert_eq!(
            by_address("k.lee@gmail.com").exact,
            by_address("klee@googlemail.com").exact
        );
    }

    #[test]
    fn a_name_and_an_address_may_be_one_person() {
        let kim = by_name("Kim Lee").unwrap();
        assert_eq!(kim.called, by_address("kim.lee@larkspur.example").called);
        assert_eq!(by_name("Speaker 2"), None);
        assert_eq!(by_name(" - "), None);
        assert_eq!(by_name("+1 555 0100"), None);
    }
}
