//! The page for analysts is true: what each of its queries answers is worked out here from the tenant's truth.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use chorus_tests::fake_chorus::{Call, Generate, Scorecard, Tenant, User};
use chorus_tests::{Database, Workspace, plan};
use chrono::{DateTime, Utc};
use serde_json::Value;

const PAGE: &str = include_str!("../../../docs/analysts.md");

/// The query of the question with this number.
fn query(question: usize) -> &'static str {
    PAGE.split(&format!("\n## {question}. "))
        .nth(1)
        .and_then(|section| section.split("```sql\n").nth(1))
        .and_then(|rest| rest.split(";\n```").next())
        .unwrap_or_else(|| panic!("no query for question {question}"))
}

/// What a reader gets, a JSON object per row.
fn ask(database: &Database, question: usize) -> Vec<Value> {
    let mut session = database.connect();
    session
        .batch_execute("SET ROLE chorus_reader; SET timezone = 'UTC'")
        .unwrap();
    session
        .query(
            &format!("SELECT to_jsonb(q) FROM ({}) q", query(question)),
            &[],
        )
        .unwrap_or_else(|error| panic!("question {question}: {error:?}"))
        .iter()
        .map(|row| row.get(0))
        .collect()
}

fn text(row: &Value, column: &str) -> String {
    row[column].as_str().unwrap_or_default().to_owned()
}

fn whole(row: &Value, column: &str) -> i64 {
    row[column]
        .as_i64()
        .unwrap_or_else(|| panic!("{column} in {row}"))
}

#[track_caller]
fn assert_near(row: &Value, column: &str, expected: f64, rounding: f64) {
    let answered = row[column].as_f64().unwrap_or_default();
    assert!(
        (answered - expected).abs() <= rounding,
        "{column} is {answered}, not {expected}, in {row}"
    );
}

#[track_caller]
fn assert_falls(rows: &[Value], column: &str) {
    let values: Vec<f64> = rows
        .iter()
        .map(|row| row[column].as_f64().unwrap_or(f64::INFINITY))
        .collect();
    assert!(
        values.is_sorted_by(|a, b| a >= b),
        "by {column}: {values:?}"
    );
}

/// A synced tenant whose accounts are customers; one call was removed, and one was recorded by another tool as well.
struct Place {
    database: Database<'static>,
    calls: Vec<Call>,
    users: Vec<User>,
    scorecards: Vec<Scorecard>,
}

static PLACE: LazyLock<Place> = LazyLock::new(|| {
    let mut tenant = Tenant::generate(&Generate {
        only_calls: true,
        scorecard_share: 0.6,
        utterances_per_call: 24,
        ..plan(60)
    });
    // Somebody talks on while others do.
    let newest = tenant.newest_first();
    for call in newest.iter().take(5) {
        let said = &mut tenant.call_mut(&call.engagement_id).unwrap().utterances;
        said[3].length_s = said[9].start_s - said[3].start_s;
    }
    let workspace = Workspace::of(tenant);
    workspace.sync();
    let removed = newest[6].engagement_id.clone();
    // What was said in it stays for the purpose of this test: no query may look at it.
    workspace.database.sql(&format!(
        "SET check_function_bodies = off; UPDATE chorus.calls SET removed_at = now() WHERE source_call_id = '{removed}'"
    ));
    customers(&workspace.database);
    recorded_by_zoom_too(&workspace.database);
    let (calls, users, scorecards) = workspace.tenant.read(|tenant| {
        let kept = |call: &&std::sync::Arc<Call>| call.engagement_id != removed;
        let calls = tenant.calls.iter().filter(kept);
        (
            calls.map(|call| Call::clone(call)).collect(),
            tenant.users.clone(),
            tenant.scorecards.clone(),
        )
    });
    Place {
        database: workspace.database,
        calls,
        users,
        scorecards: scorecards
            .into_iter()
            .filter(|card: &Scorecard| card.engagement_id != removed)
            .collect(),
    }
});

fn customers(database: &Database) {
    database.sql(
        "INSERT INTO chorus.customers SELECT account_id, min(account_name) FROM chorus.calls WHERE account_id IS NOT NULL GROUP BY account_id;
         INSERT INTO chorus.customer_accounts SELECT customer_id, customer_id FROM chorus.customers",
    );
}

fn recorded_by_zoom_too(database: &Database) {
    database.sql(
        "INSERT INTO chorus.calls (source, source_call_id, title, started_at, duration_s, meeting_url)
         SELECT 'zoom', 'z-1', title, started_at + interval '20 seconds', duration_s - 30, meeting_url
           FROM chorus.calls WHERE meeting_url IS NOT NULL AND account_id IS NOT NULL AND removed_at IS NULL
          ORDER BY started_at LIMIT 1;
         INSERT INTO chorus.participants (call_id, participant_no, name, email)
         SELECT z.call_id, p.participant_no, p.name, p.email
           FROM chorus.calls z JOIN chorus.calls c ON c.meeting_url = z.meeting_url AND c.source = 'chorus'
                JOIN chorus.participants p ON p.call_id = c.call_id
          WHERE z.source = 'zoom'",
    );
    database.sql("SELECT chorus_dedup()");
}

impl Place {
    fn with_customer(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(|call| !call.account_id.is_empty())
    }
}

/// Speakers of a call with what they said from when to when.
fn said(call: &Call) -> impl Iterator<Item = (&str, bool, f64, f64)> {
    call.utterances.iter().map(|said| {
        let person = call.person(said.person_id).expect("no strangers here");
        let email = person.email.as_deref().unwrap_or_default();
        (
            email,
            person.is_rep,
            said.start_s,
            said.start_s + said.length_s,
        )
    })
}

fn seconds(call: &Call, ours: bool) -> f64 {
    said(call)
        .filter(|(_, is_rep, ..)| *is_rep == ours)
        .map(|(_, _, from, to)| to - from)
        .sum()
}

#[test]
fn the_page_has_ten_questions_and_each_has_an_answer() {
    assert_eq!(PAGE.matches("```sql").count(), 10);
    for question in (1..=10).filter(|question| *question != 6) {
        assert!(
            !ask(&PLACE.database, question).is_empty(),
            "question {question}"
        );
    }
}

#[test]
fn talk_time_is_divided_as_people_talked() {
    let mut expected: BTreeMap<&str, (i64, f64, f64)> = BTreeMap::new();
    for call in PLACE.with_customer() {
        let of = expected.entry(&call.account_name).or_default();
        of.0 += 1;
        of.1 += seconds(call, true);
        of.2 += seconds(call, false);
    }
    let rows = ask(&PLACE.database, 1);
    assert_eq!(rows.len(), expected.len());
    for row in &rows {
        let (meetings, ours, theirs) = expected[&*text(row, "customer")];
        assert_eq!(whole(row, "meetings"), meetings, "{row}");
        assert_near(row, "our_minutes", ours / 60.0, 0.06);
        assert_near(row, "their_minutes", theirs / 60.0, 0.06);
        assert_near(row, "our_percent", 100.0 * ours / (ours + theirs), 0.51);
    }
    assert_falls(&rows, "our_percent");
}

#[test]
fn topics_are_counted_by_customer_and_month() {
    let mut expected: BTreeMap<[String; 3], (i64, i64)> = BTreeMap::new();
    for call in PLACE.with_customer() {
        let month = DateTime::<Utc>::from_timestamp(call.date_time as i64, 0).unwrap();
        for topic in call
            .trackers
            .iter()
            .filter(|tracker| is_topic(&tracker.kind))
        {
            let of = expected
                .entry([
                    call.account_name.clone(),
                    month.format("%Y-%m").to_string(),
                    topic.name.clone(),
                ])
                .or_default();
            of.0 += 1;
            of.1 += topic.count;
        }
    }
    let answered: BTreeMap<[String; 3], (i64, i64)> = ask(&PLACE.database, 2)
        .iter()
        .map(|row| {
            (
                [
                    text(row, "customer"),
                    text(row, "month"),
                    text(row, "topic"),
                ],
                (whole(row, "meetings"), whole(row, "mentions")),
            )
        })
        .collect();
    assert_eq!(answered, expected);
}

fn is_topic(kind: &str) -> bool {
    matches!(kind, "topics" | "autotopics")
}

#[test]
fn questions_are_what_ends_with_a_question_mark() {
    let mut expected: BTreeMap<&str, (BTreeSet<&str>, usize)> = BTreeMap::new();
    for call in &PLACE.calls {
        if call.participants.iter().all(|person| person.is_rep) {
            continue;
        }
        for said in &call.utterances {
            let person = call.person(said.person_id).unwrap();
            if person.is_rep {
                let of = expected
                    .entry(person.email.as_deref().unwrap())
                    .or_default();
                of.0.insert(&call.engagement_id);
                of.1 += said.text.matches('?').count();
            }
        }
    }
    let mut expected: Vec<(String, i64, i64)> = expected
        .into_iter()
        .map(|(email, (calls, asked))| (name_of(email), calls.len() as i64, asked as i64))
        .collect();
    let rows = ask(&PLACE.database, 3);
    let mut answered: Vec<(String, i64, i64)> = rows
        .iter()
        .map(|row| {
            (
                text(row, "seller"),
                whole(row, "meetings"),
                whole(row, "questions"),
            )
        })
        .collect();
    expected.sort();
    answered.sort();
    assert_eq!(answered, expected);
    assert!(answered.iter().any(|(_, _, asked)| *asked > 0));
    assert_falls(&rows, "per_meeting");
}

fn name_of(email: &str) -> String {
    let user = PLACE.users.iter().find(|user| user.email == email);
    user.expect("one of ours").name()
}

#[test]
fn nobody_is_silent_while_somebody_else_still_talks() {
    let mut expected: Vec<f64> = PLACE
        .calls
        .iter()
        .map(|call| {
            let mut silent_from = f64::INFINITY;
            let mut longest: f64 = 0.0;
            for (_, _, from, to) in said(call) {
                longest = longest.max(from - silent_from);
                silent_from = if silent_from.is_finite() {
                    silent_from.max(to)
                } else {
                    to
                };
            }
            longest
        })
        .collect();
    expected.sort_by(|a, b| b.total_cmp(a));
    let rows = ask(&PLACE.database, 4);
    assert_eq!(rows.len(), expected.len().min(50));
    for (row, expected) in rows.iter().zip(expected) {
        assert_near(row, "silence_s", expected, 0.06);
    }
}

#[test]
fn a_monologue_ends_when_somebody_else_says_something() {
    let mut expected: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for call in &PLACE.calls {
        let said: Vec<_> = said(call).collect();
        for turn in said.chunk_by(|a, b| a.0 == b.0) {
            let (email, is_rep, from, _) = turn[0];
            let to = turn.iter().map(|said| said.3).fold(0.0, f64::max);
            if is_rep {
                expected.entry(email).or_default().push(to - from);
            }
        }
    }
    let rows = ask(&PLACE.database, 5);
    assert_eq!(rows.len(), expected.len());
    let mut longest: Vec<f64> = expected
        .values()
        .map(|turns| turns.iter().copied().fold(0.0, f64::max))
        .collect();
    longest.sort_by(|a, b| b.total_cmp(a));
    for (row, longest) in rows.iter().zip(longest) {
        assert_near(row, "longest_s", longest, 0.06);
    }
}

#[test]
fn who_was_not_spoken_to_for_sixty_days_is_listed_and_nobody_else() {
    let workspace = Workspace::synced(20);
    let database = &workspace.database;
    customers(database);
    assert!(ask(database, 6).is_empty());
    let (account, name): (String, String) = {
        let one = "SELECT account_id, min(account_name) FROM chorus.calls GROUP BY account_id HAVING count(account_id) > 1 LIMIT 1";
        let row = database.connect().query_one(one, &[]).unwrap();
        (row.get(0), row.get(1))
    };
    // All of its meetings were long ago, but one that nobody came to.
    database.sql(&format!(
        "INSERT INTO chorus.customers VALUES ('never', 'Never met');
         SET check_function_bodies = off;
         UPDATE chorus.calls SET no_show = true
          WHERE call_id = (SELECT max(call_id) FROM chorus.calls WHERE account_id = '{account}');
         UPDATE chorus.calls SET started_at = started_at - interval '61 days'
          WHERE account_id = '{account}' AND NOT no_show"
    ));
    let rows = ask(database, 6);
    let listed: Vec<String> = rows.iter().map(|row| text(row, "customer")).collect();
    assert_eq!(listed, ["Never met".to_owned(), name]);
    assert!(rows[0]["last_spoken"].is_null());
    assert!((61..=82).contains(&whole(&rows[1], "days_ago")), "{rows:?}");
}

#[test]
fn a_tracker_comes_with_the_words_in_which_it_came_up() {
    let mut expected = BTreeSet::new();
    for call in &PLACE.calls {
        for tracker in call
            .trackers
            .iter()
            .filter(|tracker| !is_topic(&tracker.kind))
        {
            for mention in &tracker.mentions {
                let said = call
                    .utterances
                    .iter()
                    .find(|said| said.index == mention.utterance);
                let customer = if call.account_id.is_empty() {
                    ""
                } else {
                    &call.account_name
                };
                expected.insert((
                    tracker.name.as_str(),
                    call.engagement_id.as_str(),
                    mention.utterance,
                    said.unwrap().text.as_str(),
                    customer,
                ));
            }
        }
    }
    let rows = ask(&PLACE.database, 7);
    assert_eq!(rows.len(), expected.len().min(100));
    for row in &rows {
        let is_this = |known: &&(&str, &str, i64, &str, &str)| {
            known.0 == row["tracker"] && known.3 == row["text"] && known.4 == text(row, "customers")
        };
        assert!(expected.iter().any(|known| is_this(&known)), "{row}");
    }
    let when: Vec<String> = rows.iter().map(|row| text(row, "said_at")).collect();
    assert!(when.is_sorted_by(|a, b| a[..19] >= b[..19]));
}

#[test]
fn people_are_known_by_the_meetings_and_the_minutes_they_spoke() {
    let mut expected: BTreeMap<(&str, &str), (i64, f64)> = BTreeMap::new();
    for call in PLACE.with_customer() {
        let guests: BTreeSet<&str> = call
            .participants
            .iter()
            .filter(|person| !person.is_rep)
            .filter_map(|person| person.email.as_deref())
            .collect();
        for email in guests {
            let of = expected.entry((&call.account_name, email)).or_default();
            of.0 += 1;
            of.1 += said(call)
                .filter(|said| said.0 == email)
                .map(|said| said.3 - said.2)
                .sum::<f64>();
        }
    }
    let rows = ask(&PLACE.database, 8);
    assert_eq!(rows.len(), expected.len());
    for row in &rows {
        let (meetings, seconds) = expected[&(&*text(row, "customer"), &*text(row, "email"))];
        assert_eq!(whole(row, "meetings"), meetings, "{row}");
        assert_near(row, "minutes_spoken", seconds / 60.0, 0.06);
    }
}

#[test]
fn people_are_graded_as_their_scorecards_say() {
    let mut expected: BTreeMap<String, (i64, BTreeMap<&str, Vec<f64>>)> = BTreeMap::new();
    for card in &PLACE.scorecards {
        let recipient = PLACE.users.iter().find(|user| user.id == card.recipient_id);
        let of = expected.entry(recipient.unwrap().name()).or_default();
        of.0 += 1;
        for score in &card.scores {
            of.1.entry(&score.question)
                .or_default()
                .push(score.score as f64);
        }
    }
    let mean = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len() as f64;
    let rows = ask(&PLACE.database, 9);
    assert_eq!(rows.len(), expected.len());
    for row in &rows {
        let (cards, questions) = &expected[&text(row, "recipient")];
        assert_eq!(whole(row, "scorecards"), *cards, "{row}");
        let all: Vec<f64> = questions.values().flatten().copied().collect();
        assert_near(row, "average", mean(&all), 0.006);
        let hardest = &questions[&*text(row, "hardest_question")];
        assert_near(row, "average_there", mean(hardest), 0.006);
        assert!(
            questions
                .values()
                .all(|scores| mean(scores) >= mean(hardest) - 1e-9),
            "{row}"
        );
    }
    assert_falls(&rows, "average");
}

#[test]
fn a_meeting_of_several_tools_comes_once_with_the_evidence() {
    let rows = ask(&PLACE.database, 10);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["sources"], serde_json::json!(["chorus", "zoom"]));
    assert_eq!(whole(&rows[0], "recordings"), 2);
    assert!(rows[0]["surest"].as_f64().unwrap() >= 2.5, "{rows:?}");
    assert_eq!(rows[0]["by_hand"], false);
}

#[test]
fn a_meeting_joined_by_hand_says_so() {
    let workspace = Workspace::synced(6);
    let database = &workspace.database;
    assert!(ask(database, 10).is_empty());
    database.sql("SELECT chorus_merge(min(call_id), max(call_id)) FROM chorus.calls");
    let rows = ask(database, 10);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["by_hand"], true);
}
