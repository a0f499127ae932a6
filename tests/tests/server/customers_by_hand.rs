//! What a person says about a meeting and about domains.

use chorus_tests::expect_error;

use crate::customers_house::House;

#[test]
fn a_decision_by_hand_overrules_everything() {
    let mut house = House::new();
    let meeting = house.meeting("kim@larkspur.example pat@gmail.com");
    let free = house.meeting("pat@gmail.com");
    house.customers("lark heron");
    house.run("INSERT INTO chorus.customer_domains VALUES ('larkspur.example', 'lark')");
    house.run(&format!(
        "SELECT chorus_detach({meeting}, 'lark'), chorus_attach({free}, 'heron')"
    ));
    assert!(house.whose(meeting).is_empty());
    assert_eq!(house.whose(free), ["heron manual"]);
    house.run("INSERT INTO chorus.customer_contacts VALUES ('kim@larkspur.example', 'lark')");
    assert!(house.whose(meeting).is_empty(), "still detached");
    house.run(&format!("SELECT chorus_attach({meeting}, 'lark'), chorus_attach({meeting}, 'lark'), chorus_attach({meeting}, 'heron')"));
    assert_eq!(house.whose(meeting), ["heron manual", "lark manual"]);
    house.run("DELETE FROM chorus.customer_decisions");
    assert_eq!(
        house.whose(meeting),
        ["lark contact"],
        "left to the rules again"
    );
}

#[test]
fn a_decision_stays_with_its_recording_when_meetings_are_merged_and_separated() {
    let mut house = House::new();
    let first = house.meeting("kim@larkspur.example");
    let second = house.meeting("lee@heron.example");
    house.customers("lark heron");
    house.run("INSERT INTO chorus.customer_domains VALUES ('larkspur.example', 'lark'), ('heron.example', 'heron')");
    house.run(&format!(
        "SELECT chorus_attach({second}, 'lark'), chorus_detach({second}, 'heron')"
    ));
    assert_eq!(house.whose(second), ["lark manual"]);
    let merge = format!("meeting_id = {first}, is_main_call = false WHERE call_id = {second}");
    house.recognise(&merge);
    assert_eq!(house.whose(first), ["lark manual"]);
    assert!(house.whose(second).is_empty());
    // The last word holds for all of it.
    house.run(&format!("SELECT chorus_attach({first}, 'heron')"));
    assert_eq!(house.whose(first), ["heron manual", "lark manual"]);
    house.recognise(&format!(
        "meeting_id = {second}, is_main_call = true WHERE call_id = {second}"
    ));
    assert_eq!(house.whose(first), ["heron manual", "lark domain"]);
    assert_eq!(house.whose(second), ["heron domain", "lark manual"]);
}

#[test]
fn who_and_what_is_unknown_is_an_error() {
    let mut house = House::new();
    let meeting = house.meeting("kim@larkspur.example");
    house.customers("lark");
    for (refused, begins) in [
        (
            format!("SELECT chorus_attach({meeting}, 'nobody')"),
            "there is no customer \"nobody\"",
        ),
        (
            format!("SELECT chorus_attach({meeting}, NULL)"),
            "there is no customer \"NULL\"",
        ),
        (
            "SELECT chorus_attach(4711, 'lark')".to_owned(),
            "there is no meeting 4711",
        ),
        (
            "SELECT chorus_detach(NULL, 'lark')".to_owned(),
            "there is no meeting NULL",
        ),
    ] {
        let error = expect_error(house.session.batch_execute(&refused), "42704");
        assert!(error.message().starts_with(begins), "{error:?}");
        assert!(error.hint().is_some(), "{error:?}");
    }
    house.recognise(&format!("removed_at = now() WHERE call_id = {meeting}"));
    expect_error(
        house
            .session
            .batch_execute(&format!("SELECT chorus_attach({meeting}, 'lark')")),
        "42704",
    );
}

#[test]
fn nonsense_is_refused_wherever_it_is_typed() {
    let mut house = House::new();
    for refused in [
        "INSERT INTO chorus.customer_domains VALUES ('larkspur', 'lark')",
        "INSERT INTO chorus.customer_domains VALUES ('lark spur.example', 'lark')",
        "INSERT INTO chorus.customer_domains VALUES ('co.uk', 'lark')",
        "INSERT INTO chorus.customer_domains VALUES ('http://192.0.2.7/', 'lark')",
        "INSERT INTO chorus.domain_rules VALUES ('', 'ignore')",
        "INSERT INTO chorus.customer_contacts VALUES ('kim at larkspur', 'lark')",
        "INSERT INTO chorus.customer_contacts VALUES ('kim@larkspur.example; lee@larkspur.example', 'lark')",
        "INSERT INTO chorus.customer_contacts VALUES ('kim@larkspur.example;lee@larkspur.example', 'lark')",
        "INSERT INTO chorus.customer_accounts VALUES (E'\\t ', 'lark')",
        "INSERT INTO chorus.customer_accounts VALUES (repeat('x', 1001), 'lark')",
        "INSERT INTO chorus.customer_accounts VALUES (' ', 'lark')",
        "SELECT * FROM chorus_preview_domain('larkspur')",
    ] {
        let error = expect_error(house.session.batch_execute(refused), "22023");
        assert!(error.hint().is_some(), "{refused}: {error:?}");
    }
    expect_error(
        house
            .session
            .batch_execute("INSERT INTO chorus.domain_rules VALUES ('larkspur.example', 'maybe')"),
        "23514",
    );
}

#[test]
fn a_preview_shows_what_a_domain_would_attach() {
    let mut house = House::new();
    let first = house.meeting("kim@larkspur.example lee@heron.example");
    let second = house.meeting("KIM@eu.larkspur.example -ria@ours.example");
    house.meeting("kim@larkspur.example.org");
    let mut previewed = |domain: &str| -> Vec<(i64, Vec<String>)> {
        let query = "SELECT meeting_id, emails FROM chorus_preview_domain($1) ORDER BY 1";
        let rows = house.session.query(query, &[&domain]).unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    };
    assert_eq!(
        previewed("https://Larkspur.example/"),
        [
            (first, vec!["kim@larkspur.example".to_owned()]),
            (second, vec!["kim@eu.larkspur.example".to_owned()])
        ]
    );
    assert!(previewed("ours.example").is_empty());
    house.customers("eu");
    house.run("INSERT INTO chorus.customer_domains VALUES ('eu.larkspur.example', 'eu')");
    let rows = house
        .session
        .query(
            "SELECT meeting_id FROM chorus_preview_domain('larkspur.example')",
            &[],
        )
        .unwrap();
    assert_eq!(
        rows.iter()
            .map(|row| row.get::<_, i64>(0))
            .collect::<Vec<_>>(),
        [first]
    );
}

#[test]
fn what_is_said_again_by_hand_is_the_last_word() {
    let mut house = House::new();
    let (one, two) = (
        house.meeting("kim@larkspur.example"),
        house.meeting("lee@larkspur.example"),
    );
    house.customers("heron");
    house.run(&format!("SELECT chorus_attach({one}, 'heron')"));
    house.run(&format!("SELECT chorus_detach({two}, 'heron')"));
    house.run(&format!("SELECT chorus_attach({one}, 'heron')"));
    house.recognise(&format!(
        "meeting_id = {one}, is_main_call = false WHERE call_id = {two}"
    ));
    assert_eq!(house.whose(one), ["heron manual"]);
}

#[test]
fn a_customer_who_was_taken_away_chooses_nobody_among_those_who_share_a_domain() {
    let mut house = House::new();
    let by_account = house.meeting_of_account("A1", "kim@group.example");
    let by_address = house.meeting("lee@group.example");
    house.customers("one two");
    house.run(
        "INSERT INTO chorus.customer_domains VALUES ('group.example', 'one'), ('group.example', 'two');
         INSERT INTO chorus.customer_accounts VALUES ('A1', 'one');
         INSERT INTO chorus.customer_contacts VALUES ('lee@group.example', 'one')",
    );
    assert_eq!(house.whose(by_account), ["one account"]);
    assert_eq!(house.whose(by_address), ["one contact"]);
    house.run(&format!(
        "SELECT chorus_detach({by_account}, 'one'), chorus_detach({by_address}, 'one')"
    ));
    assert_eq!(house.whose(by_account), ["two domain"]);
    assert_eq!(house.whose(by_address), ["two domain"]);
}
