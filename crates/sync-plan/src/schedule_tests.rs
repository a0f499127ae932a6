//! What [`super`] promises.

use super::*;
use proptest::prelude::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn cron(expression: &str, zone: &str) -> Schedule {
    Schedule::cron(expression, zone, at("2026-01-01T00:00:00Z")).unwrap()
}

fn every(minutes: i64) -> Schedule {
    Schedule::Every(TimeDelta::minutes(minutes))
}

fn ended(outcome: Outcome, failures: u32, interruptions: u32) -> History {
    History {
        began: at("2026-01-01T12:00:00Z"),
        ended: at("2026-01-01T12:02:00Z"),
        outcome,
        failures,
        interruptions,
    }
}

#[test]
fn an_interval_counts_from_the_beginning_of_the_last_run() {
    let last = ended(Outcome::Succeeded, 0, 0);
    assert_eq!(
        every(15).next_after(&last, 0.5),
        Some(at("2026-01-01T12:15:00Z"))
    );
}

#[test]
fn nothing_is_planned_further_ahead_than_from_now_on_whatever_the_clock_said_before() {
    let now = at("2026-01-01T12:00:00Z");
    let latest = |schedule: Schedule, last| schedule.latest(last, now);
    assert_eq!(latest(every(15), None), Some(at("2026-01-01T12:15:00Z")));
    let well = ended(Outcome::Succeeded, 0, 0);
    let in_time = Some(at("2026-01-01T12:15:00Z"));
    assert_eq!(latest(every(15), Some(&well)), in_time);
    assert_eq!(latest(cron("15 * * * *", "UTC"), Some(&well)), in_time);
    // What waits longer than its period does so because of what happened.
    let died = ended(Outcome::Interrupted, 0, 20);
    assert_eq!(
        latest(every(1), Some(&died)),
        Some(at("2026-01-01T13:00:00Z"))
    );
}

proptest! {
    #[test]
    fn a_clock_that_goes_on_changes_no_plan(minutes in 1i64..3000, which in 0usize..4, times in 1u32..50,
                                            chance in 0.0f64..=1.0, later_s in 0i64..100_000) {
        let outcome = [Outcome::Succeeded, Outcome::Failed, Outcome::Cancelled, Outcome::Interrupted][which];
        let last = ended(outcome, times, times);
        let now = last.ended + TimeDelta::seconds(later_s);
        let planned = every(minutes).next_after(&last, chance);
        prop_assert!(planned <= every(minutes).latest(Some(&last), now));
    }
}

#[test]
fn a_run_that_took_longer_than_the_interval_is_followed_at_once() {
    let last = ended(Outcome::Succeeded, 0, 0);
    assert_eq!(every(1).next_after(&last, 0.5), Some(last.ended));
}

#[test]
fn cron_counts_from_the_end_and_skips_what_the_run_itself_overran() {
    let last = ended(Outcome::Succeeded, 0, 0);
    let next = cron("*/1 * * * *", "UTC").next_after(&last, 0.5);
    assert_eq!(next, Some(at("2026-01-01T12:03:00Z")));
}

#[test]
fn cron_means_whole_minutes_whenever_it_is_asked() {
    let now = at("2026-07-01T11:59:59.123456Z");
    let next = cron("0 * * * *", "UTC").next(now, now);
    assert_eq!(next, Some(at("2026-07-01T12:00:00Z")));
    let then = at("2026-07-01T12:00:00.5Z");
    let next = cron("0 * * * *", "UTC").next(then, then);
    assert_eq!(next, Some(at("2026-07-01T13:00:00Z")));
}

#[test]
fn cron_is_meant_in_the_time_zone() {
    let summer = at("2026-07-01T00:00:00Z");
    let next = cron("30 3 * * *", "Europe/Berlin").next(summer, summer);
    assert_eq!(next, Some(at("2026-07-01T01:30:00Z")));
}

#[test]
fn a_daily_run_keeps_its_hour_when_the_clocks_change() {
    let daily = cron("0 6 * * *", "Europe/Berlin");
    // Summer time begins on 29 March and ends on 25 October 2026.
    let before = at("2026-03-28T05:00:00Z");
    assert_eq!(daily.next(before, before), Some(at("2026-03-29T04:00:00Z")));
    let before = at("2026-10-24T04:00:00Z");
    assert_eq!(daily.next(before, before), Some(at("2026-10-25T05:00:00Z")));
}

#[test]
fn a_time_that_the_clocks_skip_runs_right_after() {
    let nightly = cron("30 2 * * *", "Europe/Berlin");
    let before = at("2026-03-28T12:00:00Z");
    let next = nightly.next(before, before).unwrap();
    assert_eq!(next, at("2026-03-29T01:00:00Z"));
}

#[test]
fn a_time_that_comes_twice_runs_once_and_an_hourly_one_every_hour() {
    let from = at("2026-10-24T22:00:00Z");
    let count = |schedule: &Schedule| {
        let mut time = from;
        let mut runs = 0;
        while let Some(next) = schedule
            .next(time, time)
            .filter(|next| *next <= at("2026-10-25T10:00:00Z"))
        {
            assert!(next > time);
            time = next;
            runs += 1;
        }
        runs
    };
    assert_eq!(count(&cron("30 2 * * *", "Europe/Berlin")), 1);
    assert_eq!(count(&cron("0 * * * *", "Europe/Berlin")), 12);
}

#[test]
fn every_quarter_of_the_repeated_hour_is_one_run_and_time_only_goes_forward() {
    let quarters = cron("*/15 * * * *", "Europe/Berlin");
    let mut time = at("2026-10-24T22:00:00Z");
    for _ in 0..40 {
        let next = quarters.next(time, time).unwrap();
        assert_eq!(next - time, TimeDelta::minutes(15), "after {time}");
        time = next;
    }
}

#[test]
fn a_run_that_ends_in_the_repeated_hour_does_not_repeat_what_ran_in_the_first() {
    let nightly = cron("30 2 * * *", "Europe/Berlin");
    // 02:10 for the second time.
    let ended = at("2026-10-25T01:10:00Z");
    assert_eq!(nightly.next(ended, ended), Some(at("2026-10-26T01:30:00Z")));
}

#[test]
fn a_day_that_never_comes_is_no_schedule() {
    let refused = Schedule::cron("0 0 31 2 *", "UTC", at("2026-01-01T00:00:00Z"));
    assert_eq!(refused.err(), Some(NoSchedule::Never));
}

#[test]
fn what_is_not_five_fields_is_no_cron() {
    for text in [
        "",
        "* * * *",
        "* * * * * *",
        "61 * * * *",
        "@daily",
        "a b c d e",
    ] {
        let refused = Schedule::cron(text, "UTC", at("2026-01-01T00:00:00Z"));
        assert_eq!(refused.err(), Some(NoSchedule::NotUnderstood), "{text}");
    }
}

#[test]
fn failures_wait_longer_each_time_up_to_an_hour() {
    let waits = |schedule: &Schedule, failures| {
        let last = ended(Outcome::Failed, failures, 0);
        (schedule.next_after(&last, 0.5).unwrap() - last.ended).num_minutes()
    };
    assert_eq!(waits(&every(15), 1), 15);
    assert_eq!(waits(&every(15), 2), 30);
    assert_eq!(waits(&every(15), 100), 60);
    // A daily run that failed does not wait for tomorrow.
    assert_eq!(waits(&cron("0 6 * * *", "UTC"), 1), 60);
}

#[test]
fn deaths_wait_ten_seconds_and_twice_as_long_each_time() {
    let waits = |deaths| {
        let last = ended(Outcome::Interrupted, 0, deaths);
        (every(15).next_after(&last, 0.0).unwrap() - last.ended).num_seconds()
    };
    assert_eq!([waits(1), waits(2), waits(3)], [10, 20, 40]);
    assert_eq!(waits(60), 3600);
}

#[test]
fn a_cancelled_run_is_not_started_again_before_its_time() {
    let last = ended(Outcome::Cancelled, 3, 0);
    assert_eq!(
        every(15).next_after(&last, 0.5),
        Some(at("2026-01-01T12:15:00Z"))
    );
    assert_eq!(next_retry(last.began, &last, 0.5), None);
}

#[test]
fn details_that_are_due_are_read_at_most_once_a_minute() {
    let last = ended(Outcome::Succeeded, 0, 0);
    assert_eq!(
        next_retry(last.began, &last, 0.5),
        Some(at("2026-01-01T12:03:00Z"))
    );
    let later = at("2026-01-01T13:00:00Z");
    assert_eq!(next_retry(later, &last, 0.5), Some(later));
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    prop_oneof![
        (1.0f64..1e12).prop_map(|seconds| Schedule::every(seconds).unwrap()),
        (
            0u32..60,
            0u32..24,
            prop::sample::select(vec![
                "UTC",
                "Europe/Berlin",
                "America/New_York",
                "Australia/Lord_Howe"
            ])
        )
            .prop_map(|(minute, hour, zone)| cron(&format!("{minute} {hour} * * *"), zone)),
        (1u32..30).prop_map(|step| cron(&format!("*/{step} * * * *"), "America/Sao_Paulo")),
    ]
}

fn any_history() -> impl Strategy<Value = History> {
    let outcomes = vec![
        Outcome::Succeeded,
        Outcome::Failed,
        Outcome::Cancelled,
        Outcome::Interrupted,
    ];
    (
        1_500_000_000i64..2_500_000_000,
        0i64..1_000_000,
        prop::sample::select(outcomes),
        any::<u32>(),
        any::<u32>(),
    )
        .prop_map(|(began, took, outcome, failures, interruptions)| History {
            began: DateTime::from_timestamp(began, 0).unwrap(),
            ended: DateTime::from_timestamp(began + took, 0).unwrap(),
            outcome,
            failures,
            interruptions,
        })
}

proptest! {
    #[test]
    fn no_run_is_due_before_the_last_one_ended(schedule in any_schedule(), last in any_history(), chance in 0.0f64..1.0) {
        let next = schedule.next_after(&last, chance).unwrap();
        prop_assert!(next >= last.ended);
    }

    #[test]
    fn a_clock_with_changes_matches_as_often_as_one_without(step in 1u32..30, from in 1_500_000_000i64..2_000_000_000) {
        let from = DateTime::from_timestamp(from, 0).unwrap();
        let here = cron(&format!("*/{step} * * * *"), "Australia/Lord_Howe").next(from, from).unwrap();
        prop_assert!(here > from && here - from <= TimeDelta::minutes(i64::from(step)));
    }

    #[test]
    fn after_trouble_nothing_waits_longer_than_an_hour_and_an_eighth(schedule in any_schedule(), last in any_history(), chance in 0.0f64..1.0) {
        if matches!(last.outcome, Outcome::Failed | Outcome::Interrupted) {
            let next = schedule.next_after(&last, chance).unwrap();
            prop_assert!(next > last.ended);
            prop_assert!(next - last.ended <= TimeDelta::minutes(68));
        }
    }

    #[test]
    fn details_are_never_read_again_within_half_a_minute(last in any_history(), due in 1_500_000_000i64..2_500_000_000, chance in 0.0f64..1.0) {
        let due = DateTime::from_timestamp(due, 0).unwrap();
        if let Some(next) = next_retry(due, &last, chance) {
            prop_assert!(next >= due && next >= last.ended + TimeDelta::seconds(30));
        }
    }
}
