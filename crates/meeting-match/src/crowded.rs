//! Keys that have become too common, or no longer are: whose other pairs that may change.

use crate::facts::Fact;
use crate::keys::{MOST_TO_ONE_KEY, keys};
use rustc_hash::FxHashMap;

/// The places of those `near` that share with a changed recording a key which is, or was before the change, so common
/// that it may now find other pairs than before. `changed` are the facts as they were and as they are; `near` holds
/// whatever is within a day of them, as it is. Rather too many than too few: comparing again does no harm.
pub fn crowded(changed: &[&Fact], near: &[Fact]) -> Vec<u32> {
    let mut wanted: FxHashMap<u64, (Vec<i64>, Vec<u32>)> = FxHashMap::default();
    for fact in changed {
        keys(fact, |key| {
            wanted.entry(key.what).or_default().0.push(key.at_s)
        });
    }
    for (place, fact) in (0..).zip(near) {
        keys(fact, |key| {
            if let Some((times, places)) = wanted.get_mut(&key.what) {
                let within = |at_s: &i64| at_s.abs_diff(key.at_s) <= u64::from(key.reach_s);
                if times.iter().any(within) {
                    places.push(place);
                }
            }
        });
    }
    // A recording of which the key was taken away is not counted among those near; hence the sum.
    let is_crowded =
        |(times, places): &(Vec<i64>, Vec<u32>)| times.len() + places.len() > MOST_TO_ONE_KEY;
    let mut all: Vec<u32> = wanted
        .into_values()
        .filter(is_crowded)
        .flat_map(|(_, places)| places)
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}
