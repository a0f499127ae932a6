//! The same meetings come of the same recordings, whether they come at once, in batches, or in any order, and whatever was
//! there in between.

use fake_calendar::{Company, Noise, Recorded, facts, record};
use meeting_match::{
    Decisions, Fact, Findings, Given, MOST_TO_ONE_KEY, Matcher, Rarity, calendar_id, keys,
    match_all,
};
use proptest::prelude::*;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// Few people with much to do, so that rarity changes all the time and some keys become too common.
fn recorded(seed: u64) -> (Vec<Recorded>, Vec<Fact>) {
    let company = Company {
        days: 1,
        reps: 60,
        customers: 25,
        words_per_meeting: 120,
        ..Company::with_meetings(150, seed)
    };
    let mut recorded = record(&company.meetings(), &Noise::any(seed));
    // What some have in common is too common by day, and not so in the morning.
    for one in recorded.iter_mut().step_by(3) {
        one.recording.calendar = calendar_id("everybody@google.com");
    }
    let facts = facts(&recorded);
    (recorded, facts)
}

/// The first recording of each recording's meeting, and the scores of pairs, by ids.
type Result = (BTreeMap<i64, i64>, Vec<(i64, i64, f64)>);

fn at_once(facts: &[Fact], decisions: &Decisions) -> Result {
    let matched = match_all(facts, &Rarity::of(facts), decisions, 1 + facts.len() % 3);
    let id = |place: &u32| facts[*place as usize].id;
    let meetings = facts.iter().zip(&matched.meeting);
    let mut pairs: Vec<_> = matched
        .pairs
        .iter()
        .map(|pair| {
            (
                id(&pair.a).min(id(&pair.b)),
                id(&pair.a).max(id(&pair.b)),
                pair.score,
            )
        })
        .collect();
    pairs.sort_by_key(|(a, b, _)| (*a, *b));
    (
        meetings.map(|(fact, first)| (fact.id, id(first))).collect(),
        pairs,
    )
}

fn kept(matcher: &Matcher, facts: &[Fact]) -> Result {
    let meetings = facts
        .iter()
        .map(|fact| (fact.id, matcher.meeting_of(fact.id).unwrap()));
    (meetings.collect(), matcher.pairs().collect())
}

fn given(recorded: &Recorded, fact: &Fact) -> Given {
    Given {
        source: recorded.recording.source.clone(),
        source_id: recorded.recording.source_id.clone(),
        fact: fact.clone(),
    }
}

/// Says where two results differ, and no more.
fn same(found: &Result, expected: &Result) -> std::result::Result<(), TestCaseError> {
    for (id, first) in &expected.0 {
        prop_assert_eq!(found.0.get(id), Some(first), "the meeting of {}", id);
    }
    for (x, y) in found.1.iter().zip(&expected.1) {
        prop_assert_eq!(x, y);
    }
    prop_assert_eq!(found.1.len(), expected.1.len());
    Ok(())
}

/// Otherwise the rest would promise less than it says.
#[test]
fn some_keys_are_too_common() {
    let (_, facts) = recorded(1);
    let mut count: BTreeMap<u64, usize> = BTreeMap::new();
    for fact in &facts {
        keys(fact, |key| *count.entry(key.what).or_default() += 1);
    }
    assert!(count.values().any(|count| *count > MOST_TO_ONE_KEY));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn two_recordings_are_compared_either_way_round(seed in 0u64..1_000_000) {
        let (_, facts) = recorded(seed);
        let rarity = Rarity::of(&facts);
        for (n, a) in facts.iter().enumerate() {
            for b in &facts[n + 1..] {
                prop_assert_eq!(Findings::of(a, b, &rarity), Findings::of(b, a, &rarity), "{:?} and {:?}", a, b);
            }
        }
    }

    #[test]
    fn any_order_and_any_batches_give_what_all_at_once_gives(seed in 0u64..1_000_000, batches in 1usize..12) {
        let (recorded, facts) = recorded(seed);
        let expected = at_once(&facts, &Decisions::default());
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut order: Vec<usize> = (0..facts.len()).collect();
        order.shuffle(&mut random);
        let mut matcher = Matcher::default();
        for batch in order.chunks(facts.len().div_ceil(batches)) {
            matcher.update(batch.iter().map(|n| given(&recorded[*n], &facts[*n])), &[]);
        }
        same(&kept(&matcher, &facts), &expected)?;
    }

    #[test]
    fn what_was_there_in_between_leaves_no_trace(seed in 0u64..1_000_000) {
        let (recorded, facts) = recorded(seed);
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut matcher = Matcher::default();
        let mut decisions = Decisions::default();
        // Other facts under the same ids, some of which are removed and come again.
        let others = recorded.iter().zip(facts.iter().rev());
        matcher.update(others.map(|(one, fact)| given(one, &Fact { id: one.recording.id, ..fact.clone() })), &[]);
        let pick = |random: &mut ChaCha8Rng| facts.choose(random).unwrap().id;
        for _ in 0..12 {
            let gone: Vec<i64> = (0..20).map(|_| pick(&mut random)).collect();
            matcher.update([], &gone);
            let (a, b) = (pick(&mut random), pick(&mut random));
            let same = [Some(true), Some(false), None][random.random_range(0..3)];
            if a != b {
                matcher.decide(a, b, same);
                decisions.0.remove(&(a.min(b), a.max(b)));
                decisions.0.extend(same.map(|same| ((a.min(b), a.max(b)), same)));
            }
        }
        matcher.update(recorded.iter().zip(&facts).map(|(one, fact)| given(one, fact)), &[]);
        same(&kept(&matcher, &facts), &at_once(&facts, &decisions))?;
    }
}
