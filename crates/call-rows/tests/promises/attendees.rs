//! Attendees: one person is one row, whatever list and detail make of them.

use crate::samples::{
    Person, context_with_list, conversation, detail, done, listed, listed_side, names, people,
    sides,
};
use call_rows::{Side, listed as rows_of};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn from_both(list: Value, participants: Value) -> Vec<Person> {
    let attributes = json!({"status": "done", "participants": participants, "recording": {}});
    people(&call_rows::detail(
        conversation(&attributes),
        &context_with_list(list),
    ))
}

#[test]
fn the_same_number_in_list_and_detail_is_one_person_and_each_adds_what_it_knows() {
    let people = from_both(
        json!([{"person_id": 1, "user_id": 301, "name": "From the list", "title": "CSM", "email": "rae@seller.example", "type": "rep"}]),
        json!([{"person_id": 1, "name": "Rae Rep", "company_name": "Seller"}]),
    );
    assert_eq!(
        people,
        [Person {
            name: Some("Rae Rep".into()),
            email: Some("rae@seller.example".into()),
            domain: Some("seller.example".into()),
            side: "internal".into(),
            listed: true,
            person_id: Some(1),
            user_id: Some(301),
        }]
    );
}

#[test]
fn the_same_address_in_other_case_is_one_person_even_with_another_number() {
    let people = from_both(
        json!([{"person_id": 9, "email": " KIM@Mail.Larkspur.Example "}, {"email": "kim@mail.larkspur.example"}]),
        json!([{"person_id": 2, "name": "Kim Lee", "email": "Kim@mail.larkspur.example"}]),
    );
    assert_eq!(people.len(), 1);
    assert_eq!(
        people[0].email.as_deref(),
        Some("kim@mail.larkspur.example")
    );
    assert_eq!(people[0].domain.as_deref(), Some("larkspur.example"));
    assert_eq!(people[0].person_id, Some(2));
}

#[test]
fn whoever_has_two_numbers_is_heard_under_both() {
    let attributes = done(
        json!([{"person_id": 2, "email": "kim@larkspur.example"}, {"person_id": 9, "email": "KIM@larkspur.example"}]),
        json!([{"index": 0, "participant": 9, "snippet": "a"}, {"index": 1, "participant": 2, "snippet": "b"}]),
    );
    let detail = detail(&attributes);
    assert_eq!(people(&detail).len(), 1);
    assert_eq!(crate::samples::speakers(&detail), [1, 1]);
}

#[test]
fn a_number_and_an_address_that_come_together_tie_two_rows_into_one() {
    let people = from_both(
        json!([{"person_id": 1, "email": "kim@larkspur.example"}]),
        json!([
            {"person_id": 1, "name": "Kim"}, {"person_id": 5, "name": "Ann"},
            {"person_id": 2, "name": "K. Lee", "email": "kim@larkspur.example", "title": "CTO"}, {"person_id": 6, "name": "Bob"}
        ]),
    );
    assert_eq!(names(&people), [Some("Kim"), Some("Ann"), Some("Bob")]);
    assert_eq!(people[0].email.as_deref(), Some("kim@larkspur.example"));
}

#[test]
fn people_without_number_and_address_are_not_merged_by_name() {
    let people = from_both(
        json!([]),
        json!([{"name": "Kim"}, {"name": "Kim"}, {}, {"person_id": 3, "name": "Kim"}]),
    );
    assert_eq!(people.len(), 4);
}

#[test]
fn what_is_no_address_is_left_out_and_blanks_are_nothing() {
    let people = from_both(
        json!([]),
        json!([{"person_id": 1, "name": "  ", "email": "+1 555 0100", "title": " "}]),
    );
    assert_eq!(
        (&people[0].name, &people[0].email, people[0].side.as_str()),
        (&None, &None, "unknown")
    );
}

#[test]
fn a_call_may_have_nobody() {
    assert_eq!(from_both(json!([]), json!([])), []);
    assert_eq!(listed(&json!({})).unwrap().participants, []);
}

#[test]
fn the_detail_comes_first_then_who_is_only_in_the_list() {
    let people = from_both(
        json!([{"person_id": 3, "name": "C"}, {"person_id": 1, "name": "A"}]),
        json!([{"person_id": 2, "name": "B"}, {"person_id": 1, "name": "A"}]),
    );
    assert_eq!(names(&people), [Some("B"), Some("A"), Some("C")]);
}

#[test]
fn sides_follow_the_order_of_trust() {
    let with = |participant: Value, speaker_type: Value| {
        let mut participant = participant;
        participant["person_id"] = json!(1);
        let said =
            json!([{"index": 0, "participant": 1, "snippet": "a", "speaker_type": speaker_type}]);
        let people = people(&detail(&done(json!([participant]), said)));
        sides(&people)[0].to_owned()
    };
    let all = json!({"type": "prospect", "is_my_team": false, "email": "kim@larkspur.example"});
    assert_eq!(with(all, json!("rep")), "internal");
    let typed = json!({"type": "rep", "is_my_team": false, "email": "kim@larkspur.example"});
    assert_eq!(with(typed, Value::Null), "internal");
    let team = json!({"type": "partner", "is_my_team": true, "email": "kim@larkspur.example"});
    assert_eq!(with(team, json!("host")), "internal");
    let not_team = json!({"is_my_team": false, "email": "rae@seller.example"});
    assert_eq!(with(not_team, Value::Null), "external");
    assert_eq!(with(json!({"type": "rep"}), json!("customer")), "external");
    assert_eq!(
        with(json!({"email": "rae@eu.seller.example"}), Value::Null),
        "internal"
    );
    assert_eq!(
        with(json!({"email": "kim@larkspur.example"}), Value::Null),
        "external"
    );
    assert_eq!(with(json!({}), Value::Null), "unknown");
}

#[test]
fn all_words_of_chorus_for_a_side_are_known_in_any_case() {
    for (word, side) in [
        ("rep", Side::Internal),
        ("Rep", Side::Internal),
        ("prospect", Side::External),
        ("customer", Side::External),
        (" CUST ", Side::External),
    ] {
        assert_eq!(
            listed_side(json!({"person_id": 1, "type": word})),
            side,
            "{word}"
        );
    }
}

#[test]
fn a_type_that_is_new_means_outside_only_where_nothing_better_is_known() {
    let side =
        |email: Value| listed_side(json!({"person_id": 1, "type": "partner", "email": email}));
    assert_eq!(side(Value::Null), Side::External);
    assert_eq!(side(json!("rae@seller.example")), Side::Internal);
    assert_eq!(side(json!("kim@larkspur.example")), Side::External);
    assert_eq!(
        listed_side(json!({"person_id": 1, "type": "Unknown"})),
        Side::Unknown
    );
    assert_eq!(
        listed_side(json!({"person_id": 1, "type": "  "})),
        Side::Unknown
    );
}

#[test]
fn without_a_workspace_domain_no_address_tells_a_side() {
    let row = json!({"participants": [{"email": "rae@seller.example"}, {"email": "kim@larkspur.example", "type": "prospect"}]});
    let call = rows_of(crate::samples::engagement(&row), None).unwrap();
    let sides: Vec<Side> = call.participants.iter().map(|person| person.side).collect();
    assert_eq!(sides, [Side::Unknown, Side::External]);
}

fn any_attendee() -> impl Strategy<Value = Value> {
    let number = prop::option::of(1..6_i64);
    let address = prop::option::of(prop::sample::select(vec![
        "a@x.example",
        "B@x.example",
        "b@x.example",
        "c@x.example",
    ]));
    (number, address).prop_map(|(number, email)| json!({"person_id": number, "email": email}))
}

/// Addresses and numbers of each person, whatever the order.
fn who(participants: &[Value]) -> BTreeSet<(usize, BTreeSet<String>)> {
    let said: Vec<Value> = (1..6)
        .map(|id| json!({"index": id, "participant": id, "snippet": "a"}))
        .collect();
    let detail = detail(&done(json!(participants), json!(said)));
    let speakers = crate::samples::speakers(&detail);
    let count = people(&detail)
        .iter()
        .filter(|person| person.listed)
        .count();
    speakers
        .iter()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .map(|no| {
            let numbers = (1..6).filter(|id| speakers[*id - 1] == *no);
            (count, numbers.map(|id| id.to_string()).collect())
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn who_is_one_person_does_not_depend_on_the_order(
        (sent, shuffled) in prop::collection::vec(any_attendee(), 0..8)
            .prop_flat_map(|sent| (Just(sent.clone()), Just(sent).prop_shuffle())),
    ) {
        prop_assert_eq!(who(&sent), who(&shuffled));
    }
}
