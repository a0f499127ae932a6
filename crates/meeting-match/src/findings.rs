//! What is found for each feature of two recordings side by side, what all of it comes to, and what forbids that they
//! are one meeting.

use crate::weights;

/// What may be found, feature by feature. Exactly one of each feature's findings holds for a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Finding {
    /// Begin within two minutes of each other, by recorder or calendar.
    TimeSame,
    /// Within six.
    TimeNear,
    /// Within sixteen: somebody joined late.
    TimeLate,
    /// At least half of the shorter one lies within the other.
    TimeOverlapping,
    TimeTouching,
    /// One begins when the other ends: back to back, or the next part.
    TimeFollows,
    /// Whole hours apart, up to fourteen: somebody's time zone is wrong, perhaps.
    TimeSlipped,
    TimeApart,
    TimeUnknown,

    /// Planned for the same minute.
    PlanSame,
    PlanNear,
    PlanOther,
    PlanUnknown,

    /// End within one minute of each other.
    EndSame,
    /// Within four.
    EndNear,
    EndOther,
    EndUnknown,

    EntrySame,
    /// One series, and nothing says which occurrence.
    EntryOfSeries,
    EntryOtherOccurrence,
    EntryOther,
    EntryUnknown,

    RoomSame,
    /// The room of a person, or one that many meetings are held in.
    RoomShared,
    RoomOther,
    RoomUnknown,

    /// How much of the shorter list of people is in the longer one.
    PeopleAll,
    PeopleMost,
    PeopleSome,
    PeopleNone,
    PeopleUnknown,

    HostSame,
    /// The host of one is on the list of the other.
    HostAttends,
    HostOther,
    HostUnknown,

    TitleSame,
    TitleAlike,
    TitleSomewhatAlike,
    TitleOther,
    TitleUnknown,

    WordsSame,
    WordsAlike,
    WordsHardlyAlike,
    WordsOther,
    /// Not of the same minutes, so that there is nothing to compare.
    WordsOfOtherTimes,
    WordsUnknown,

    SourceOther,
    /// One source, at the same time: two people had it recorded, perhaps.
    SourceTwice,
    /// One source, one after the other, and alike in all that is known: parts, perhaps.
    SourceNextPart,
    /// One source, otherwise: it does not record a meeting twice.
    SourceSame,
}

/// How many findings there are.
pub const FINDINGS: usize = Finding::SourceSame as usize + 1;

/// What is found for each feature of a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Findings {
    pub time: Finding,
    pub plan: Finding,
    pub end: Finding,
    pub entry: Finding,
    pub room: Finding,
    pub people: Finding,
    pub host: Finding,
    pub title: Finding,
    pub words: Finding,
    pub source: Finding,
    /// People in both; each further one counts less, as people come in company.
    pub shared: f64,
    /// The same, each by the power of two of the number of recordings that person is in.
    pub shared_common: f64,
    /// The power of two of the number of recordings of that title, if it is the same.
    pub title_common: f64,
    /// Nobody came to one, and somebody to the other.
    pub one_no_show: bool,
}

/// Why two recordings are not one meeting, whatever the rest says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Veto {
    OtherWords,
    /// Hours apart, and neither calendar nor words say that it is the time which is wrong.
    OtherTime,
    /// An appointment that nobody came to, and its replacement.
    Replaced,
    /// One source does not record a meeting twice.
    OneSource,
}

/// Why two recordings are not one meeting by themselves, though their score would do. Others may still show that they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Recorders of one meeting run side by side. These two sources took turns, and neither plan nor calendar nor words
    /// say that it was one meeting.
    TakeTurns,
    /// Calls begin at the full hour and take half of one.
    OnlyTime,
}

impl Finding {
    /// Whether it says that something is not known, which is evidence of nothing.
    pub fn is_unknown(self) -> bool {
        use Finding::*;
        matches!(
            self,
            TimeUnknown
                | PlanUnknown
                | EndUnknown
                | EntryUnknown
                | RoomUnknown
                | PeopleUnknown
                | HostUnknown
                | TitleUnknown
                | WordsUnknown
                | SourceOther
        )
    }
}

impl Findings {
    pub fn all(&self) -> [Finding; 10] {
        [
            self.time,
            self.plan,
            self.end,
            self.entry,
            self.room,
            self.people,
            self.host,
            self.title,
            self.words,
            self.source,
        ]
    }

    /// What each feature says, in hundredths of bits; more would say more than is known. The score is the sum.
    pub fn weights(&self) -> [(&'static str, f64); 13] {
        let of = weights::of;
        [
            ("prior", weights::PRIOR),
            ("time", of(self.time)),
            ("schedule", of(self.plan)),
            ("end", of(self.end)),
            ("calendar", of(self.entry)),
            ("conference", of(self.room)),
            ("attendees", of(self.people)),
            (
                "rare attendees",
                rounded(
                    weights::PERSON * self.shared + weights::PERSON_DOUBLED * self.shared_common,
                ),
            ),
            ("host", of(self.host)),
            ("title", of(self.title)),
            (
                "rare title",
                rounded(weights::TITLE_DOUBLED * self.title_common),
            ),
            ("words", of(self.words)),
            ("source", of(self.source)),
        ]
    }

    pub fn score(&self) -> f64 {
        rounded(self.weights().iter().map(|(_, weight)| weight).sum())
    }

    pub fn veto(&self) -> Option<Veto> {
        use Finding::*;
        let said_the_same = matches!(self.words, WordsSame | WordsAlike);
        let in_one_source = self.source != SourceOther;
        if self.words == WordsOther {
            return Some(Veto::OtherWords);
        }
        // Whatever was said: the parts of a recording follow each other, and have other words.
        if self.source == SourceSame {
            return Some(Veto::OneSource);
        }
        if said_the_same {
            return None;
        }
        match self.time {
            TimeApart => Some(Veto::OtherTime),
            TimeSlipped => {
                let same_entry = matches!(self.entry, EntrySame | EntryOfSeries);
                if !same_entry || in_one_source {
                    Some(Veto::OtherTime)
                } else {
                    self.one_no_show.then_some(Veto::Replaced)
                }
            }
            TimeLate | TimeFollows if self.one_no_show => Some(Veto::Replaced),
            _ => None,
        }
    }

    pub fn doubt(&self) -> Option<Doubt> {
        use Finding::*;
        let said_the_same = matches!(self.words, WordsSame | WordsAlike);
        let is_of_two_sources = self.source == SourceOther;
        if matches!(self.time, TimeFollows | TimeTouching)
            && is_of_two_sources
            && !said_the_same
            && !self.are_planned_as_one()
        {
            return Some(Doubt::TakeTurns);
        }
        let have_something_in_common = said_the_same
            || self.shared > 0.0
            || matches!(self.entry, EntrySame | EntryOfSeries)
            || matches!(self.room, RoomSame | RoomShared)
            || matches!(self.host, HostSame | HostAttends)
            || matches!(self.title, TitleSame | TitleAlike | TitleSomewhatAlike);
        (!have_something_in_common).then_some(Doubt::OnlyTime)
    }

    /// Whether they may be two parts of one meeting: by themselves little speaks for that, and nothing against it.
    pub fn may_be_parts(&self) -> bool {
        use Finding::*;
        matches!(self.time, TimeFollows | TimeTouching)
            && self.plan != PlanOther
            && !matches!(self.entry, EntryOther | EntryOtherOccurrence)
            && !matches!(self.room, RoomOther)
            && !matches!(self.people, PeopleNone)
    }
}

/// To hundredths, and no minus before nothing.
pub fn rounded(bits: f64) -> f64 {
    (bits * 100.0).round() / 100.0 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hundredths(bits: f64) -> i64 {
        (bits * 100.0).round() as i64
    }

    proptest! {
        #[test]
        fn the_lines_shown_add_up_to_the_score_shown(shared in 0.0..2.0, doubled in 0u32..20, title_doubled in 0u32..20) {
            use Finding::*;
            let findings = Findings {
                time: TimeNear,
                plan: PlanUnknown,
                end: EndSame,
                entry: EntryUnknown,
                room: RoomShared,
                people: PeopleMost,
                host: HostSame,
                title: TitleSame,
                words: WordsUnknown,
                source: SourceOther,
                shared,
                shared_common: shared * f64::from(doubled),
                title_common: f64::from(title_doubled),
                one_no_show: false,
            };
            let lines = findings.weights().map(|(_, weight)| weight);
            for shown in lines.iter().chain([&findings.score()]).map(f64::to_string) {
                let decimals = shown.split_once('.').map_or(0, |(_, decimals)| decimals.len());
                prop_assert!(decimals <= 2, "{}", shown);
            }
            let sum: i64 = lines.into_iter().map(hundredths).sum();
            prop_assert_eq!(sum, hundredths(findings.score()));
        }
    }
}
