//! The truth as far as it can be known: recordings of one meeting that have nothing in common which could tell so are not
//! asked for.
//!
//! Two recordings of one meeting can be known to be one if their times agree and they share a person, a title, an entry
//! of the calendar, a room or words; or if one is whole hours off, by their entry or words alone, as the contract has it.
//! What is known of a and b, and of b and c, is known of a and c.

use crate::record::Recorded;
use meeting_match::Fact;
use std::collections::HashMap;

/// The meeting of each recording; one that cannot be known to be of its meeting is on its own.
pub fn knowable(recorded: &[Recorded], facts: &[Fact]) -> Vec<usize> {
    let mut of_meeting: HashMap<usize, Vec<usize>> = HashMap::new();
    for (place, one) in recorded.iter().enumerate() {
        of_meeting.entry(one.meeting).or_default().push(place);
    }
    let mut truth: Vec<usize> = (0..recorded.len()).collect();
    for places in of_meeting.values() {
        // Meetings are small, so that joining by name is quick enough.
        for (n, a) in places.iter().enumerate() {
            for b in &places[n + 1..] {
                if truth[*a] != truth[*b]
                    && can_be_known((&recorded[*a], &facts[*a]), (&recorded[*b], &facts[*b]))
                {
                    let (keep, gone) = (truth[*a], truth[*b]);
                    for place in places
                        .iter()
                        .filter(|place| truth[**place] == gone)
                        .copied()
                        .collect::<Vec<_>>()
                    {
                        truth[place] = keep;
                    }
                }
            }
        }
    }
    truth
}

fn can_be_known((a, x): (&Recorded, &Fact), (b, y): (&Recorded, &Fact)) -> bool {
    let same_entry = x.series != 0 && x.series == y.series;
    let same_words = x
        .words
        .common(&y.words)
        .is_some_and(|common| common.bits() > 11.0);
    if a.slipped_s != b.slipped_s {
        return same_entry || same_words;
    }
    let same_room = x.room != 0 && x.room == y.room;
    let same_title = x.title != 0 && x.title == y.title;
    let same_person = x
        .people
        .iter()
        .any(|one| y.people.iter().any(|other| one.called == other.called));
    same_entry || same_words || same_room || same_title || same_person
}
