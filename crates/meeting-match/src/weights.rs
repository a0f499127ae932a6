//! What each finding says, in bits: the logarithm (base 2) of how much more often it is met between two recordings of one
//! meeting than between recordings of different meetings that are near enough to be compared (Fellegi and Sunter's
//! weight of evidence).

use crate::compare::{
    CalendarFinding, DurationFinding, HostFinding, PeopleFinding, RoomFinding, TimeFinding,
    TitleFinding, WordsFinding,
};

/// What a pair starts from: of the pairs that are compared, few are of one meeting.
pub const PRIOR: f64 = -4.0;
/// From this score on two recordings are of one meeting.
pub const SAME: f64 = 0.0;
/// From this score on a pair is doubtful, and shown to people.
pub const POSSIBLE: f64 = -4.0;

/// What one source says twice is two meetings, as a rule.
pub const SAME_SOURCE: f64 = -12.0;

pub fn time(finding: TimeFinding) -> f64 {
    match finding {
        TimeFinding::Same => 3.0,
        TimeFinding::Near => 2.0,
        TimeFinding::Late => 0.5,
        TimeFinding::Overlapping => -1.0,
        TimeFinding::Touching => -3.5,
        TimeFinding::Follows => -6.0,
        TimeFinding::Slipped => -7.0,
        TimeFinding::Apart => -16.0,
        TimeFinding::Unknown => -4.0,
    }
}

pub fn duration(finding: DurationFinding) -> f64 {
    match finding {
        DurationFinding::Same => 1.5,
        DurationFinding::Similar => 0.0,
        DurationFinding::Different => -1.0,
        DurationFinding::VeryDifferent => -1.5,
        DurationFinding::Unknown => 0.0,
    }
}

pub fn calendar(finding: CalendarFinding) -> f64 {
    match finding {
        CalendarFinding::SameOccurrence => 12.0,
        CalendarFinding::SameSeries => 5.0,
        CalendarFinding::OtherOccurrence => -8.0,
        CalendarFinding::Different => -4.0,
        CalendarFinding::Unknown => 0.0,
    }
}

pub fn room(finding: RoomFinding) -> f64 {
    match finding {
        RoomFinding::Same => 8.0,
        RoomFinding::SamePersonal => 3.0,
        RoomFinding::Different => -4.0,
        RoomFinding::Unknown => 0.0,
    }
}

pub fn people(finding: PeopleFinding) -> f64 {
    match finding {
        PeopleFinding::All => 2.5,
        PeopleFinding::Most => 1.0,
        PeopleFinding::Some => -1.5,
        PeopleFinding::None => -6.0,
        PeopleFinding::Unknown => 0.0,
    }
}

/// What one person in both says at the same time, by the power of two of the number of recordings that person is in, of
/// `log2_all` in all: somebody met twice says more than somebody met two thousand times.
pub fn person(log2_count: u32, log2_all: u32) -> f64 {
    (2.0 + 0.35 * f64::from(log2_all.saturating_sub(log2_count))).min(6.5)
}

/// The second person in both says less than the first, as people come in company.
pub const NEXT_PERSON: f64 = 0.45;
/// An alias may be somebody else.
pub const ALIAS: f64 = 0.7;
/// People who look the same in name only.
pub const NAME: f64 = 2.5;
pub const MOST_FROM_PEOPLE: f64 = 12.0;

pub fn host(finding: HostFinding) -> f64 {
    match finding {
        HostFinding::Same => 1.5,
        HostFinding::Different => -1.5,
        HostFinding::Unknown => 0.0,
    }
}

pub fn title(finding: TitleFinding) -> f64 {
    match finding {
        TitleFinding::Same => 4.5,
        TitleFinding::Alike => 2.0,
        TitleFinding::SomewhatAlike => 0.0,
        TitleFinding::Different => -3.0,
        TitleFinding::Unknown => 0.0,
    }
}

pub fn words(finding: WordsFinding) -> f64 {
    match finding {
        WordsFinding::Same => 16.0,
        WordsFinding::Alike => 10.0,
        WordsFinding::HardlyAlike => -6.0,
        WordsFinding::Different => -20.0,
        WordsFinding::Unknown => 0.0,
    }
}
