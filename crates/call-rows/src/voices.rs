//! Who said what: an attendee, or a voice that gets a row of its own.
//!
//! Looking somebody up costs the same in a call with five hundred people as in one with two.

use crate::attendees::Person;
use crate::participants::{Participant, Side};
use std::collections::{HashMap, VecDeque};

/// The attendees of a call and every voice heard besides them.
pub struct Voices<'a> {
    workspace_domain: Option<&'a str>,
    people: Vec<Person>,
    by_number: HashMap<i64, usize>,
    /// By name in lower case.
    by_name: HashMap<String, Named>,
    /// The one row of all voices that have neither number nor name.
    nameless: Option<usize>,
}

/// The people of one name, by their places.
struct Named {
    first: usize,
    /// Those of whom no number is known, in order.
    unnumbered: VecDeque<usize>,
}

impl<'a> Voices<'a> {
    pub(crate) fn new(
        workspace_domain: Option<&'a str>,
        people: Vec<Person>,
        by_number: HashMap<i64, usize>,
    ) -> Self {
        let mut voices = Voices {
            workspace_domain,
            people,
            by_number,
            by_name: HashMap::new(),
            nameless: None,
        };
        for place in 0..voices.people.len() {
            voices.index_name(place);
        }
        voices
    }

    /// Who said something: an attendee, or a voice that gets a row of its own. Returns the participant_no.
    pub fn heard(
        &mut self,
        person_id: Option<i64>,
        name: Option<&str>,
        speaker_type: Option<&str>,
    ) -> i32 {
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        let place = person_id
            .and_then(|id| self.by_number.get(&id).copied())
            .or_else(|| self.named(person_id, name?))
            .or_else(|| {
                self.nameless
                    .filter(|_| person_id.is_none() && name.is_none())
            })
            .unwrap_or_else(|| self.add_voice(person_id, name));
        if self.people[place].row.name.is_none() && name.is_some() {
            self.people[place].row.name = name.map(str::to_owned);
            self.index_name(place);
        }
        let person = &mut self.people[place];
        let side = speaker_type.and_then(Side::from_word);
        person.spoken_side = person.spoken_side.or(side);
        place as i32 + 1
    }

    /// Everybody, in the order in which they were met.
    pub fn finish(self) -> Vec<Participant> {
        let workspace_domain = self.workspace_domain;
        self.people
            .into_iter()
            .map(|person| person.decide(workspace_domain))
            .collect()
    }

    /// A name finds somebody only where no number does: namesakes are told apart by their numbers. Whoever had no number
    /// has the one that came with the name from then on.
    fn named(&mut self, person_id: Option<i64>, name: &str) -> Option<usize> {
        let named = self.by_name.get_mut(&name.to_lowercase())?;
        let Some(id) = person_id else {
            return Some(named.first);
        };
        let place = named.unnumbered.pop_front()?;
        self.people[place].row.person_id = Some(id);
        self.by_number.insert(id, place);
        Some(place)
    }

    fn add_voice(&mut self, person_id: Option<i64>, name: Option<&str>) -> usize {
        let place = self.people.len();
        self.people.push(Person::new(Participant {
            name: name.map(str::to_owned),
            person_id,
            listed: false,
            ..Participant::default()
        }));
        self.index_name(place);
        match (person_id, name) {
            (Some(id), _) => {
                self.by_number.insert(id, place);
            }
            (None, None) => self.nameless = Some(place),
            (None, Some(_)) => {}
        }
        place
    }

    fn index_name(&mut self, place: usize) {
        let row = &self.people[place].row;
        let Some(name) = &row.name else {
            return;
        };
        let named = self
            .by_name
            .entry(name.to_lowercase())
            .or_insert_with(|| Named {
                first: place,
                unnumbered: VecDeque::new(),
            });
        named.first = named.first.min(place);
        if row.person_id.is_none() {
            named.unnumbered.push_back(place);
        }
    }
}
