//! The attendee lists of a call, put together: one person becomes one [`Participant`].
//!
//! Chorus names one person up to four times (list, detail, voice, utterance) and contradicts itself. The same
//! person_id, or else the same address, is the same person; a number and an address that come together tie two who were
//! taken for different people. Who is one person does not depend on the order in which they come.

use crate::participants::{Listed, Participant, Side, filled};
use crate::voices::Voices;
use chorus_client::ConversationParticipant;
use customer_match::registrable_domain;
use meeting_match::email;
use std::collections::HashMap;

/// Who was invited, before anybody is heard.
pub struct Attendees<'a> {
    /// Registrable domain of the workspace: its addresses are internal.
    workspace_domain: Option<&'a str>,
    people: Vec<Person>,
    /// Place in `people`. A person may have several numbers and addresses; the row shows the first of each.
    by_number: HashMap<i64, usize>,
    by_address: HashMap<String, usize>,
}

/// A row in the making, with what its side is decided by.
#[derive(Default)]
pub(crate) struct Person {
    pub row: Participant,
    /// Said by whoever marked the utterances: trusted most.
    pub spoken_side: Option<Side>,
    typed_side: Option<Side>,
    is_my_team: Option<bool>,
    /// The type is a word we do not know: anything but `rep` is said to be outside, which is trusted least.
    has_odd_type: bool,
}

impl Person {
    pub fn new(row: Participant) -> Self {
        Person {
            row,
            ..Person::default()
        }
    }

    fn note_type(&mut self, word: Option<&str>) {
        let side = word.and_then(Side::from_word);
        self.typed_side = self.typed_side.or(side);
        self.has_odd_type |= side.is_none()
            && word.is_some_and(|word| {
                let word = word.trim();
                !word.is_empty() && !word.eq_ignore_ascii_case("unknown")
            });
    }

    /// Takes over what was not known before.
    fn learn(&mut self, seen: Participant) {
        let row = &mut self.row;
        row.name = row.name.take().or(seen.name);
        row.email = row.email.take().or(seen.email);
        row.title = row.title.take().or(seen.title);
        row.company = row.company.take().or(seen.company);
        row.person_id = row.person_id.or(seen.person_id);
        row.user_id = row.user_id.or(seen.user_id);
    }

    /// Takes over everything from the same person, met later.
    fn absorb(&mut self, same: Person) {
        self.learn(same.row);
        self.typed_side = self.typed_side.or(same.typed_side);
        self.is_my_team = self.is_my_team.or(same.is_my_team);
        self.has_odd_type |= same.has_odd_type;
    }

    /// The row, with the side that the most trusted evidence gives (wire reference, section 5.2).
    pub fn decide(self, workspace_domain: Option<&str>) -> Participant {
        let side_if = |own: bool| {
            if own { Side::Internal } else { Side::External }
        };
        let by_domain = || {
            let domain = registrable_domain(self.row.email.as_deref()?)?;
            Some(side_if(domain == workspace_domain?))
        };
        let side = self
            .spoken_side
            .or(self.typed_side)
            .or(self.is_my_team.map(side_if))
            .or_else(by_domain)
            .or(self.has_odd_type.then_some(Side::External));
        Participant {
            side: side.unwrap_or_default(),
            ..self.row
        }
    }
}

impl<'a> Attendees<'a> {
    pub fn new(workspace_domain: Option<&'a str>) -> Self {
        Attendees {
            workspace_domain,
            people: Vec::new(),
            by_number: HashMap::new(),
            by_address: HashMap::new(),
        }
    }

    pub fn add_detailed(&mut self, wire: &ConversationParticipant) {
        let person = self.meet(Participant {
            name: filled(wire.name.clone()),
            email: wire.email.as_deref().and_then(email),
            title: filled(wire.title.clone()),
            company: filled(wire.company_name.clone()),
            side: Side::Unknown,
            listed: true,
            person_id: wire.person_id,
            user_id: wire.user_id,
        });
        person.note_type(wire.participant_type.as_deref());
        person.is_my_team = person.is_my_team.or(wire.is_my_team);
    }

    pub fn add_listed(&mut self, listed: &Listed) {
        let person = self.meet(Participant {
            name: listed.name.clone(),
            email: listed.email.as_deref().and_then(email),
            title: listed.title.clone(),
            company: listed.company.clone(),
            side: Side::Unknown,
            listed: true,
            person_id: listed.person_id,
            user_id: listed.user_id,
        });
        person.note_type(listed.kind.as_deref());
    }

    /// Nobody more is listed: from here on voices are heard.
    pub fn voices(self) -> Voices<'a> {
        Voices::new(self.workspace_domain, self.people, self.by_number)
    }

    /// Everybody, in the order in which they were met.
    pub fn finish(self) -> Vec<Participant> {
        self.voices().finish()
    }

    /// The person that `seen` is, with what was not known of it before; a new one if nobody is.
    fn meet(&mut self, seen: Participant) -> &mut Person {
        let by_number = seen.person_id.and_then(|id| self.by_number.get(&id));
        let by_address = seen
            .email
            .as_ref()
            .and_then(|address| self.by_address.get(address));
        let place = match (by_number.copied(), by_address.copied()) {
            (Some(one), Some(other)) if one != other => self.unite(one.min(other), one.max(other)),
            (Some(place), _) | (None, Some(place)) => place,
            (None, None) => {
                self.people.push(Person::new(Participant {
                    listed: true,
                    ..Participant::default()
                }));
                self.people.len() - 1
            }
        };
        if let Some(id) = seen.person_id {
            self.by_number.insert(id, place);
        }
        if let Some(address) = &seen.email {
            self.by_address.insert(address.clone(), place);
        }
        let person = &mut self.people[place];
        person.learn(seen);
        person
    }

    /// Two were one all along: the one met first stays, and its place is returned.
    fn unite(&mut self, stays: usize, goes: usize) -> usize {
        let gone = self.people.remove(goes);
        self.people[stays].absorb(gone);
        for place in self
            .by_number
            .values_mut()
            .chain(self.by_address.values_mut())
        {
            if *place == goes {
                *place = stays;
            } else if *place > goes {
                *place -= 1;
            }
        }
        stays
    }
}
