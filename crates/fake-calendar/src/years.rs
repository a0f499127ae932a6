//! Two years of a company, month by month: too many recordings to hold what was said in all of them at once.

use crate::company::Company;
use crate::noise::Noise;
use crate::record::{Recorded, record};

const MONTHS: u32 = 24;

/// The recordings of each month, of so many in all. Those of different months have the same numbers.
pub fn two_years(recordings: usize) -> impl Iterator<Item = Vec<Recorded>> {
    // A meeting is recorded 1.8 times.
    let meetings = recordings * 10 / 18 / MONTHS as usize;
    (0..MONTHS).map(move |month| {
        let seed = u64::from(month) + 1;
        let company = Company {
            first_day: month * 30,
            days: 30,
            reps: (recordings / 700).max(20),
            customers: (recordings / 50).max(50),
            people_seed: 7,
            ..Company::with_meetings(meetings, seed)
        };
        record(&company.meetings(), &Noise::typical(seed))
    })
}
