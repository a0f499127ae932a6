//! Who took part: the attendee list, and every voice that was heard.
//!
//! Chorus names one person up to four times (list, detail, voice, utterance) and contradicts itself. One person
//! becomes one row: the same person_id, or else the same address, is the same person.

use crate::rows::{Rows, Target};
use chorus_client::{ConversationParticipant, ListedParticipant};
use meeting_match::{email, registrable_domain};
use serde::{Deserialize, Serialize};

pub static PARTICIPANTS: Target = Target {
    table: "participants",
    columns: &[
        "call_id",
        "participant_no",
        "name",
        "email",
        "email_domain",
        "title",
        "company",
        "side",
        "listed",
        "person_id",
        "user_id",
    ],
};

/// Own team, the other side, or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Internal,
    External,
    #[default]
    Unknown,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Side::Internal => "internal",
            Side::External => "external",
            Side::Unknown => "unknown",
        }
    }

    /// The three vocabularies of Chorus for one idea (wire reference, section 5).
    fn from_word(word: &str) -> Option<Side> {
        match word {
            "rep" => Some(Side::Internal),
            "prospect" | "customer" | "cust" => Some(Side::External),
            _ => None,
        }
    }
}

/// One row of `chorus.participants`; its number is its place in the list, from 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Participant {
    pub name: Option<String>,
    pub email: Option<String>,
    pub title: Option<String>,
    pub company: Option<String>,
    pub side: Side,
    pub listed: bool,
    pub person_id: Option<i64>,
    pub user_id: Option<i64>,
}

/// What the call list says of one attendee. Kept with the call, so that rows are always made from list and detail
/// together and do not depend on what was stored before.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Listed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_id: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

impl From<ListedParticipant> for Listed {
    fn from(wire: ListedParticipant) -> Self {
        Listed {
            person_id: wire.person_id,
            user_id: wire.user_id,
            name: filled(wire.name),
            email: filled(wire.email),
            title: filled(wire.title),
            company: filled(wire.company_name),
            kind: filled(wire.participant_type),
        }
    }
}

/// The attendees of a call, gathered from what each route says of them.
pub struct Attendees<'a> {
    /// Registrable domain of the workspace: its addresses are internal.
    workspace_domain: Option<&'a str>,
    people: Vec<Person>,
}

#[derive(Default)]
struct Person {
    row: Participant,
    /// Further numbers of the same person: Chorus has some people twice, with one address.
    other_ids: Vec<i64>,
    /// Said by whoever marked the utterances: trusted most.
    spoken_side: Option<Side>,
    typed_side: Option<Side>,
    is_my_team: Option<bool>,
}

impl Person {
    fn is_number(&self, person_id: i64) -> bool {
        self.row.person_id == Some(person_id) || self.other_ids.contains(&person_id)
    }
}

impl<'a> Attendees<'a> {
    pub fn new(workspace_domain: Option<&'a str>) -> Self {
        Attendees {
            workspace_domain,
            people: Vec::new(),
        }
    }

    pub fn add_detailed(&mut self, wire: &ConversationParticipant) {
        let seen = Participant {
            name: filled(wire.name.clone()),
            email: wire.email.as_deref().and_then(email),
            title: filled(wire.title.clone()),
            company: filled(wire.company_name.clone()),
            side: Side::Unknown,
            listed: true,
            person_id: wire.person_id,
            user_id: wire.user_id,
        };
        let person = self.meet(seen);
        let side = wire.participant_type.as_deref().and_then(Side::from_word);
        person.typed_side = person.typed_side.or(side);
        person.is_my_team = person.is_my_team.or(wire.is_my_team);
    }

    pub fn add_listed(&mut self, listed: &Listed) {
        let seen = Participant {
            name: listed.name.clone(),
            email: listed.email.as_deref().and_then(email),
            title: listed.title.clone(),
            company: listed.company.clone(),
            side: Side::Unknown,
            listed: true,
            person_id: listed.person_id,
            user_id: listed.user_id,
        };
        let person = self.meet(seen);
        let side = listed.kind.as_deref().and_then(Side::from_word);
        person.typed_side = person.typed_side.or(side);
    }

    /// Who said something: an attendee, or a voice that gets a row of its own. Returns the participant_no.
    pub fn heard(
        &mut self,
        person_id: Option<i64>,
        name: Option<&str>,
        speaker_type: Option<&str>,
    ) -> i32 {
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        let by_id = person_id.and_then(|id| self.place_of_number(id));
        // A name finds an attendee only where no number does: namesakes are told apart by their numbers.
        let by_name = || {
            let name = name?.to_lowercase();
            self.place(|row| {
                (person_id.is_none() || row.person_id.is_none())
                    && row
                        .name
                        .as_ref()
                        .is_some_and(|known| known.to_lowercase() == name)
            })
        };
        let nameless = || {
            (person_id.is_none() && name.is_none())
                .then(|| {
                    self.place(|row| !row.listed && row.person_id.is_none() && row.name.is_none())
                })
                .flatten()
        };
        let place = by_id.or_else(by_name).or_else(nameless).unwrap_or_else(|| {
            let voice = Participant {
                name: name.map(str::to_owned),
                person_id,
                listed: false,
                ..Participant::default()
            };
            self.people.push(Person {
                row: voice,
                ..Person::default()
            });
            self.people.len() - 1
        });
        let person = &mut self.people[place];
        if person.row.name.is_none() {
            person.row.name = name.map(str::to_owned);
        }
        let side = speaker_type.and_then(Side::from_word);
        person.spoken_side = person.spoken_side.or(side);
        place as i32 + 1
    }

    /// Everybody, in the order in which they were met.
    pub fn finish(self) -> Vec<Participant> {
        let workspace_domain = self.workspace_domain;
        let decide = |person: Person| {
            let team = person
                .is_my_team
                .map(|mine| if mine { Side::Internal } else { Side::External });
            let by_domain = || {
                let domain = registrable_domain(person.row.email.as_deref()?)?;
                let own = workspace_domain?;
                Some(if domain == own {
                    Side::Internal
                } else {
                    Side::External
                })
            };
            let side = person
                .spoken_side
                .or(person.typed_side)
                .or(team)
                .or_else(by_domain);
            Participant {
                side: side.unwrap_or_default(),
                ..person.row
            }
        };
        self.people.into_iter().map(decide).collect()
    }

    fn place_of_number(&self, person_id: i64) -> Option<usize> {
        self.people
            .iter()
            .position(|person| person.is_number(person_id))
    }

    fn place(&self, is: impl Fn(&Participant) -> bool) -> Option<usize> {
        self.people.iter().position(|person| is(&person.row))
    }

    /// The person that `seen` is, with what was not known of it before; a new one if nobody is.
    fn meet(&mut self, seen: Participant) -> &mut Person {
        let place = seen
            .person_id
            .and_then(|id| self.place_of_number(id))
            .or_else(|| {
                let address = seen.email.as_ref()?;
                self.place(|row| row.email.as_ref() == Some(address))
            });
        let place = place.unwrap_or_else(|| {
            self.people.push(Person {
                row: seen.clone(),
                ..Person::default()
            });
            self.people.len() - 1
        });
        let person = &mut self.people[place];
        if let Some(id) = seen.person_id
            && person.row.person_id.is_some()
            && !person.is_number(id)
        {
            person.other_ids.push(id);
        }
        let row = &mut person.row;
        row.name = row.name.take().or(seen.name);
        row.email = row.email.take().or(seen.email);
        row.title = row.title.take().or(seen.title);
        row.company = row.company.take().or(seen.company);
        row.person_id = row.person_id.or(seen.person_id);
        row.user_id = row.user_id.or(seen.user_id);
        person
    }
}

/// Adds the rows of one call.
pub fn add_rows(rows: &mut Rows, call_id: i64, participants: &[Participant]) {
    for (place, participant) in participants.iter().enumerate() {
        let domain = participant.email.as_deref().and_then(registrable_domain);
        rows.row()
            .int8(call_id)
            .int4(place as i32 + 1)
            .text(participant.name.as_deref())
            .text(participant.email.as_deref())
            .text(domain.as_deref())
            .text(participant.title.as_deref())
            .text(participant.company.as_deref())
            .text(participant.side.name())
            .bool(participant.listed)
            .int8(participant.person_id)
            .int8(participant.user_id);
    }
}

/// What is not blank, trimmed.
pub(crate) fn filled(text: Option<String>) -> Option<String> {
    let text = text?;
    let trimmed = text.trim();
    if trimmed.is_empty() {
        None
    } else if trimmed.len() == text.len() {
        Some(text)
    } else {
        Some(trimmed.to_owned())
    }
}
