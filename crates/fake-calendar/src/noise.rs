//! The troubles that sources have, and how often.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A kind of trouble that a source had with a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trouble {
    NoAttendees,
    SomeAttendees,
    NamesOnly,
    Aliases,
    DialIns,
    NoTitle,
    OtherTitle,
    NoCalendar,
    OtherCalendar,
    NoConference,
    OtherConference,
    PersonalRoom,
    Series,
    SlippedByHours,
    ClockSkewed,
    JoinedLate,
    NoSchedule,
    OnlySchedule,
    InParts,
    TwiceInOneSource,
    NobodyCame,
    OtherHost,
    NoHost,
    OnlyWords,
    NoWords,
}

/// How often each trouble comes, as shares from 0 to 1.
#[derive(Debug, Clone)]
pub struct Noise {
    /// How likely a meeting is in one more source.
    pub in_another_source: f64,
    pub no_attendees: f64,
    pub some_attendees: f64,
    pub names_only: f64,
    pub aliases: f64,
    pub dial_ins: f64,
    pub no_title: f64,
    pub other_title: f64,
    pub no_calendar: f64,
    /// The source gives an id of its own in place of the calendar's.
    pub other_calendar: f64,
    pub no_conference: f64,
    pub other_conference: f64,
    pub slipped: f64,
    pub clock_skewed: f64,
    pub joined_late: f64,
    pub no_schedule: f64,
    /// The source tells what was planned as if it had been so.
    pub only_schedule: f64,
    pub in_parts: f64,
    pub twice: f64,
    pub other_host: f64,
    pub no_host: f64,
    pub no_words: f64,
    /// Share of words heard wrongly.
    pub misheard: f64,
    pub seed: u64,
}

impl Noise {
    /// What sources that work have.
    pub fn typical(seed: u64) -> Noise {
        Noise {
            in_another_source: 0.5,
            no_attendees: 0.05,
            some_attendees: 0.2,
            names_only: 0.03,
            aliases: 0.03,
            dial_ins: 0.03,
            no_title: 0.08,
            other_title: 0.08,
            no_calendar: 0.25,
            other_calendar: 0.01,
            no_conference: 0.2,
            other_conference: 0.01,
            slipped: 0.005,
            clock_skewed: 0.02,
            joined_late: 0.05,
            no_schedule: 0.3,
            only_schedule: 0.02,
            in_parts: 0.01,
            twice: 0.02,
            other_host: 0.05,
            no_host: 0.05,
            no_words: 0.1,
            misheard: 0.1,
            seed,
        }
    }

    /// What badly connected sources have.
    pub fn nasty(seed: u64) -> Noise {
        Noise {
            in_another_source: 0.5,
            no_attendees: 0.25,
            some_attendees: 0.4,
            names_only: 0.1,
            aliases: 0.15,
            dial_ins: 0.1,
            no_title: 0.3,
            other_title: 0.25,
            no_calendar: 0.6,
            other_calendar: 0.04,
            no_conference: 0.5,
            other_conference: 0.04,
            slipped: 0.03,
            clock_skewed: 0.06,
            joined_late: 0.15,
            no_schedule: 0.5,
            only_schedule: 0.08,
            in_parts: 0.04,
            twice: 0.05,
            other_host: 0.15,
            no_host: 0.2,
            no_words: 0.3,
            misheard: 0.18,
            seed,
        }
    }

    /// Something between no noise and more than nasty, another mixture for each seed.
    pub fn any(seed: u64) -> Noise {
        let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0xA11);
        let mut noise = Noise::nasty(seed);
        let Noise {
            in_another_source: _,
            no_attendees,
            some_attendees,
            names_only,
            aliases,
            dial_ins,
            no_title,
            other_title,
            no_calendar,
            other_calendar,
            no_conference,
            other_conference,
            slipped,
            clock_skewed,
            joined_late,
            no_schedule,
            only_schedule,
            in_parts,
            twice,
            other_host,
            no_host,
            no_words,
            misheard,
            seed: _,
        } = &mut noise;
        for share in [
            no_attendees,
            some_attendees,
            names_only,
            aliases,
            dial_ins,
            no_title,
            other_title,
            no_calendar,
            other_calendar,
            no_conference,
            other_conference,
            slipped,
            clock_skewed,
            joined_late,
            no_schedule,
            only_schedule,
            in_parts,
            twice,
            other_host,
            no_host,
            no_words,
            misheard,
        ] {
            *share *= random.random_range(0.0..1.25);
        }
        noise
    }
}
