//! The weight of each finding in bits, as `cargo run --release -p fake-calendar --example estimate` prints them.

use crate::findings::Finding;

/// What a pair starts from: of the pairs that are compared, few are of one meeting.
pub const PRIOR: f64 = -3.4;
/// What a person in both says who is in no other recording.
pub const PERSON: f64 = 4.8;
/// What is added to that each time the number of that person's recordings doubles.
pub const PERSON_DOUBLED: f64 = -0.3;
/// What is added each time the number of recordings of the common title doubles.
pub const TITLE_DOUBLED: f64 = -0.4;

pub fn of(finding: Finding) -> f64 {
    use Finding::*;
    match finding {
        TimeSame => 2.9,
        TimeNear => 2.5,
        TimeLate => 2.4,
        TimeOverlapping => -0.7,
        TimeTouching => -3.3,
        TimeFollows => -4.3,
        TimeSlipped => -6.0,
        TimeApart => -4.6,
        PlanSame => 0.5,
        PlanOther => -1.7,
        PlanUnknown => 0.0,
        EndSame => 3.7,
        EndNear => 0.3,
        EndOther => -2.1,
        EntrySame => 9.0,
        EntryOfSeries => 3.5,
        EntryOtherOccurrence => -6.0,
        EntryOther => -3.1,
        EntryUnknown => 0.0,
        RoomSame => 5.1,
        RoomShared => 3.4,
        RoomOther => -3.8,
        RoomUnknown => 0.0,
        PeopleAll => 0.9,
        PeopleMost => -2.0,
        PeopleSome => -5.6,
        PeopleNone => -3.4,
        PeopleUnknown => 0.0,
        HostSame => 2.1,
        HostAttends => -2.0,
        HostOther => -4.3,
        HostUnknown => 0.0,
        TitleSame => 5.8,
        TitleAlike => 4.9,
        TitleSomewhatAlike => 1.2,
        TitleOther => -6.0,
        TitleUnknown => 0.0,
        WordsSame => 9.0,
        WordsAlike => 9.0,
        WordsHardlyAlike => 0.0,
        WordsOther => -6.0,
        WordsOfOtherTimes => 1.0,
        WordsUnknown => 0.0,
        SourceOther => 0.0,
        SourceTwice => -2.9,
        SourceNextPart => 2.7,
        SourceSame => -4.7,
        // Forbidden, or not known: no evidence.
        _ => 0.0,
    }
}
