//! One physical meeting shows once: recordings of several sources are recognised as one, whatever the order they come in.

use chorus_tests::postgres::Client;
use chorus_tests::{Cluster, Database, expect_error};
use fake_calendar::{CALLS, Company, Noise, PARTICIPANTS, Pushed, Recorded, WORDS, facts, record};
use meeting_match::{Decisions, Rarity, match_all};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::io::Write;

/// Few people with much to do, so that rarity changes all the time.
pub fn recorded(meetings: usize, seed: u64) -> Vec<Recorded> {
    let company = Company {
        days: 5,
        reps: 20,
        customers: 40,
        words_per_meeting: 120,
        ..Company::with_meetings(meetings, seed)
    };
    record(&company.meetings(), &Noise::any(seed))
}

pub fn copy_in(session: &mut Client, target: &str, rows: &str) {
    let mut copy = session
        .copy_in(&format!("COPY {target} FROM stdin"))
        .expect("COPY begins");
    copy.write_all(rows.as_bytes()).expect("rows");
    copy.finish()
        .unwrap_or_else(|error| panic!("COPY {target}: {error:?}"));
}

pub fn push<'a>(session: &mut Client, recorded: impl IntoIterator<Item = &'a Recorded>) {
    let pushed = Pushed::of(recorded);
    copy_in(session, CALLS, &pushed.calls);
    copy_in(session, PARTICIPANTS, &pushed.participants);
    copy_in(session, WORDS, &pushed.words);
}

/// The meeting of each call, as the smallest call of it by number.
type Meetings = BTreeMap<i64, i64>;

pub fn meetings(session: &mut Client) -> Meetings {
    let rows = session
        .query(
            "SELECT call_id, meeting_id FROM chorus.calls WHERE removed_at IS NULL",
            &[],
        )
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

pub fn pairs(session: &mut Client) -> Vec<String> {
    let rows = session
        .query("SELECT format('%s %s %s %s %s', call_a, call_b, score, verdict, evidence) FROM chorus.match_scores ORDER BY call_a, call_b", &[])
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// What comparing all of them at once, in memory, comes to.
fn at_once(recorded: &[Recorded]) -> Meetings {
    let facts = facts(recorded);
    let matched = match_all(&facts, &Rarity::of(&facts), &Decisions::default(), 1);
    let mut groups: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    for (fact, first) in facts.iter().zip(&matched.meeting) {
        groups.entry(*first).or_default().push(fact.id);
    }
    groups
        .values()
        .flat_map(|group| group.iter().map(|id| (*id, *group.iter().min().unwrap())))
        .collect()
}

fn dedup(session: &mut Client) -> (i64, i64, i64, i64) {
    let row = session
        .query_one(
            "SELECT calls, meetings, merged, separated FROM chorus_dedup()",
            &[],
        )
        .unwrap_or_else(|error| panic!("{error:?}"));
    (row.get(0), row.get(1), row.get(2), row.get(3))
}

pub fn place() -> Database<'static> {
    Cluster::shared().database().with_extension()
}

#[test]
fn batches_in_any_order_come_to_what_all_at_once_comes_to() {
    for seed in [1, 2, 3] {
        let recorded = recorded(120, seed);
        let expected = at_once(&recorded);
        let mut order: Vec<&Recorded> = recorded.iter().collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let database = place();
        let mut session = database.connect();
        for batch in order.chunks(order.len().div_ceil(7)) {
            push(&mut session, batch.iter().copied());
            dedup(&mut session);
        }
        assert_eq!(meetings(&mut session), expected, "seed {seed}");
        let in_batches = pairs(&mut session);
        assert_eq!(dedup(&mut session).0, 0, "nothing is due any more");

        session
            .execute("SELECT chorus_dedup('-infinity')", &[])
            .unwrap();
        assert_eq!(meetings(&mut session), expected, "seed {seed}, all anew");
        assert_eq!(pairs(&mut session), in_batches, "seed {seed}, all anew");

        let at_once = place();
        let mut session = at_once.connect();
        push(&mut session, &recorded);
        dedup(&mut session);
        assert_eq!(meetings(&mut session), expected, "seed {seed}, at once");
        assert_eq!(pairs(&mut session), in_batches, "seed {seed}, at once");
    }
}

#[test]
fn what_was_there_in_between_leaves_no_trace() {
    let recorded = recorded(100, 9);
    let expected = at_once(&recorded);
    let database = place();
    let mut session = database.connect();
    push(&mut session, &recorded);
    dedup(&mut session);
    let undisturbed = pairs(&mut session);
    // Half of them go, or are other meetings for a while.
    session
        .batch_execute(
            "DELETE FROM chorus.calls WHERE call_id % 4 = 0;
             UPDATE chorus.calls SET started_at = started_at + interval '2 hours', title = 'All hands' WHERE call_id % 4 = 1;
             UPDATE chorus.participants SET email = 'kim@seller.example' WHERE call_id % 8 = 2",
        )
        .unwrap();
    dedup(&mut session);
    assert_ne!(pairs(&mut session), undisturbed);
    session.batch_execute("DELETE FROM chorus.calls").unwrap();
    dedup(&mut session);
    let left: i64 = database.value("SELECT (SELECT count(*) FROM chorus.match_facts) + (SELECT count(*) FROM chorus.match_counts) + (SELECT count(*) FROM chorus.match_scores)");
    assert_eq!(left, 0);
    push(&mut session, &recorded);
    dedup(&mut session);
    assert_eq!(meetings(&mut session), expected);
    assert_eq!(pairs(&mut session), undisturbed);
}

/// Two recordings of one hour by two sources, and one of another hour: calls 1, 2 and 3.
fn three(session: &mut Client) {
    session
        .batch_execute(
            "INSERT INTO chorus.calls (call_id, source, source_call_id, title, started_at, duration_s, host_email, meeting_url)
             VALUES (1, 'gong', 'g1', 'Larkspur renewal', '2026-03-02 10:00Z', 1800, 'rae@seller.example', 'https://zoom.us/j/95944577110?pwd=x'),
                    (2, 'zoom', 'z1', 'Larkspur renewal', '2026-03-02 10:01Z', 1740, 'rae@seller.example', 'https://seller.zoom.us/w/95944577110'),
                    (3, 'zoom', 'z2', 'Monro pricing',    '2026-03-03 15:00Z', 900, 'rae@seller.example', NULL);
             INSERT INTO chorus.participants (call_id, participant_no, email)
             VALUES (1, 1, 'rae@seller.example'), (1, 2, 'kim.lee@larkspur.example'),
                    (2, 1, 'rae@seller.example'), (2, 2, 'klee+zoom@larkspur.example'),
                    (3, 1, 'rae@seller.example'), (3, 2, 'bo@monro.example')",
        )
        .unwrap();
}

fn meetings_shown(session: &mut Client) -> Vec<(i64, i64, i64)> {
    let rows = session
        .query(
            "SELECT meeting_id, main_call_id, call_count FROM chorus.meetings ORDER BY 1",
            &[],
        )
        .unwrap();
    rows.iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect()
}

#[test]
fn a_meeting_shows_once_and_says_why() {
    let database = place();
    let mut session = database.connect();
    three(&mut session);
    assert_eq!(
        meetings_shown(&mut session),
        [],
        "not before it is recognised"
    );
    assert_eq!(dedup(&mut session), (3, 2, 1, 0));
    assert_eq!(meetings_shown(&mut session), [(1, 1, 2), (3, 3, 1)]);
    let (stored, explained, sum): (f64, f64, f64) = {
        let row = session
            .query_one(
                "SELECT s.score,
                        (SELECT e.weight FROM chorus_explain_match(1, 2) WITH ORDINALITY e(feature, a, b, weight, n) ORDER BY n DESC LIMIT 1),
                        (SELECT sum(e.weight) FROM chorus_explain_match(2, 1) e WHERE e.feature <> 'verdict')
                   FROM chorus.match_scores s WHERE s.call_a = 1 AND s.call_b = 2 AND s.verdict = 'same'",
                &[],
            )
            .unwrap();
        (row.get(0), row.get(1), row.get(2))
    };
    assert_eq!(stored, explained);
    assert!((explained - sum).abs() < 1e-9);
    let verdict: String =
        database.value("SELECT a FROM chorus_explain_match(1, 3) WHERE feature = 'verdict'");
    assert_eq!(verdict, "different");
}

#[test]
fn a_persons_decision_wins_and_taking_it_back_restores_what_was_there() {
    let database = place();
    let mut session = database.connect();
    three(&mut session);
    dedup(&mut session);
    let before = (meetings_shown(&mut session), pairs(&mut session));
    // Merged by hand, with the whole meeting it is in.
    assert_eq!(
        database.value::<i64>("SELECT chorus_merge(3, 2, 'Kim was in both')"),
        1
    );
    assert_eq!(meetings_shown(&mut session), [(1, 1, 3)]);
    session
        .execute("SELECT chorus_dedup('-infinity')", &[])
        .unwrap();
    assert_eq!(
        meetings_shown(&mut session),
        [(1, 1, 3)],
        "a decision survives a rebuild"
    );
    session
        .execute("SELECT chorus_separate(2, 3)", &[])
        .unwrap();
    assert_eq!((meetings_shown(&mut session), pairs(&mut session)), before);
    // Separated by hand.
    session
        .execute("SELECT chorus_separate(1, 2, 'two rooms')", &[])
        .unwrap();
    assert_eq!(
        meetings_shown(&mut session),
        [(1, 1, 1), (2, 2, 1), (3, 3, 1)]
    );
    assert_eq!(
        database.value::<i64>("SELECT count(*) FROM chorus.possible_duplicates"),
        0
    );
    session
        .execute("SELECT chorus_dedup('-infinity')", &[])
        .unwrap();
    assert_eq!(meetings_shown(&mut session).len(), 3);
    // 1 and 3 may be one, but not with 2 as well.
    assert_eq!(database.value::<i64>("SELECT chorus_merge(1, 3)"), 1);
    let refused = expect_error(session.batch_execute("SELECT chorus_merge(2, 3)"), "55000");
    assert_eq!(
        refused.hint(),
        Some("Take that back first: SELECT chorus_merge(1, 2);")
    );
    assert_eq!(database.value::<i64>("SELECT chorus_merge(1, 2)"), 1);
    assert_eq!(database.value::<i64>("SELECT chorus_merge(2, 3)"), 1);
}

#[test]
fn decisions_need_two_calls_that_there_are() {
    let database = place();
    let mut session = database.connect();
    three(&mut session);
    for (wrong, sqlstate) in [
        ("SELECT chorus_merge(1, 1)", "22023"),
        ("SELECT chorus_separate(1, NULL)", "22023"),
        ("SELECT chorus_merge(1, 99)", "42704"),
        ("SELECT chorus_explain_match(1, 99)", "42704"),
        (
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT chorus_merge(1, 2)",
            "25001",
        ),
    ] {
        let refused = expect_error(session.batch_execute(wrong), sqlstate);
        assert!(refused.hint().is_some(), "{wrong}");
        let _ = session.batch_execute("ROLLBACK");
    }
    // Calls that nothing has looked at yet can be decided about.
    assert_eq!(database.value::<i64>("SELECT chorus_merge(1, 3)"), 1);
    assert_eq!(meetings_shown(&mut session), [(1, 1, 2)]);
    dedup(&mut session);
    assert_eq!(meetings_shown(&mut session), [(1, 1, 3)]);
}

#[test]
fn writers_of_meetings_do_not_hinder_each_other_and_come_to_the_same() {
    let recorded = recorded(80, 21);
    let database = place();
    std::thread::scope(|scope| {
        for batch in recorded.chunks(recorded.len().div_ceil(3)) {
            let database = &database;
            scope.spawn(move || {
                let mut session = database.connect();
                for some in batch.chunks(15) {
                    push(&mut session, some);
                    dedup(&mut session);
                    let (a, b) = (some[0].recording.id, some[some.len() - 1].recording.id);
                    session
                        .execute("SELECT chorus_merge($1, $2)", &[&a, &b])
                        .unwrap();
                    session
                        .execute("SELECT chorus_separate($1, $2)", &[&a, &b])
                        .unwrap();
                    session
                        .execute("DELETE FROM chorus.match_decisions", &[])
                        .unwrap();
                }
            });
        }
    });
    let mut session = database.connect();
    session
        .execute("SELECT chorus_dedup('-infinity')", &[])
        .unwrap();
    assert_eq!(meetings(&mut session), at_once(&recorded));
}

#[test]
fn a_killed_server_loses_no_mark_and_the_next_dedup_goes_on() {
    let cluster = Cluster::start(chorus_tests::ClusterOptions::default());
    let recorded = recorded(150, 33);
    let database = cluster.database().with_extension();
    push(&mut database.connect(), &recorded);
    for _ in 0..3 {
        let mut session = database.connect();
        std::thread::scope(|scope| {
            let run = scope.spawn(move || {
                session
                    .execute("SELECT chorus_dedup('-infinity')", &[])
                    .is_ok()
            });
            std::thread::sleep(std::time::Duration::from_millis(60));
            cluster.kill9();
            let _ = run.join();
        });
        cluster.start_again();
    }
    let mut session = database.connect();
    dedup(&mut session);
    assert_eq!(meetings(&mut session), at_once(&recorded));
}

#[test]
fn a_meeting_whose_main_call_goes_is_shown_by_another_one_at_once() {
    let database = place();
    let mut session = database.connect();
    three(&mut session);
    dedup(&mut session);
    session
        .batch_execute("DELETE FROM chorus.calls WHERE call_id = 1")
        .unwrap();
    assert_eq!(meetings_shown(&mut session), [(1, 2, 1), (3, 3, 1)]);
    dedup(&mut session);
    assert_eq!(meetings_shown(&mut session), [(2, 2, 1), (3, 3, 1)]);
}

#[test]
fn a_colleague_in_hundreds_of_calls_counts_the_same_whichever_way_they_came() {
    /// Calls with Kim an hour apart; every 25th was recorded twice.
    const RECORD: &str = "
        WITH new AS (
            INSERT INTO chorus.calls (source, source_call_id, title, started_at, duration_s)
            SELECT s, n, 'Call ' || n, '2026-01-01 09:00Z'::timestamptz + n * interval '1 hour', 1500
              FROM generate_series($1::integer, $2) n, unnest(ARRAY['gong', 'zoom']) s WHERE s = 'gong' OR n % 25 = 0
            RETURNING call_id, source_call_id)
        INSERT INTO chorus.participants (call_id, participant_no, email)
        SELECT call_id, 1, 'kim@seller.example' FROM new
        UNION ALL SELECT call_id, 2, 'guest' || source_call_id || '@larkspur.example' FROM new";
    let database = place();
    let mut session = database.connect();
    let mut before = Vec::new();
    let mut is_as_anew = |session: &mut Client, when: &str| {
        dedup(session);
        let as_they_came = pairs(session);
        assert_ne!(
            as_they_came, before,
            "{when}: the same calls say something else"
        );
        session
            .execute("SELECT chorus_dedup('-infinity')", &[])
            .unwrap();
        assert_eq!(pairs(session), as_they_came, "{when}");
        before = as_they_came;
    };
    session.execute(RECORD, &[&1, &230]).unwrap();
    is_as_anew(&mut session, "239 recordings");
    session.execute(RECORD, &[&231, &249]).unwrap();
    is_as_anew(&mut session, "258, more than are listed");
    session.execute(RECORD, &[&251, &499]).unwrap();
    is_as_anew(&mut session, "516");
    session
        .execute(
            "DELETE FROM chorus.calls WHERE source_call_id::integer > 480",
            &[],
        )
        .unwrap();
    is_as_anew(&mut session, "fewer than 512 again");
}
