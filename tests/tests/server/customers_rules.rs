//! Domains that stand for no customer: free mail, disposable, our own, and what a person decided about them.

use crate::customers_house::House;

#[test]
fn free_mail_attaches_nobody_but_an_exact_address_does() {
    let mut house = House::new();
    let free = house.meeting("pat@gmail.com");
    let disposable = house.meeting("pat@mailinator.com");
    house.customers("pat");
    house.run(
        "INSERT INTO chorus.customer_domains VALUES ('gmail.com', 'pat'), ('mailinator.com', 'pat');
         INSERT INTO chorus.customer_contacts VALUES ('Pat+news@gmail.com', 'pat')",
    );
    assert_eq!(house.whose(free), ["pat contact"]);
    assert!(house.whose(disposable).is_empty());
    house.run("INSERT INTO chorus.domain_rules VALUES ('mailinator.com', 'allow')");
    assert_eq!(house.whose(disposable), ["pat domain"]);
}

#[test]
fn own_domains_are_learnt_from_workspace_and_users() {
    let mut house = House::new();
    let ours = house.meeting("ria@ours.example rob@eu.ours.example");
    let sister = house.meeting("-ria@ours.example sam@sister.example");
    house.customers("ours sister");
    house.run("INSERT INTO chorus.customer_domains VALUES ('ours.example', 'ours'), ('sister.example', 'sister')");
    assert!(house.whose(ours).is_empty());
    assert_eq!(
        house.scope(ours),
        "internal",
        "whatever side they were taken for"
    );
    assert_eq!(house.whose(sister), ["sister domain"]);
    house.run("INSERT INTO chorus.users (connection_id, user_id, email) VALUES (1, 3, 'sam@it.sister.example')");
    assert!(house.whose(sister).is_empty());
    assert_eq!(house.scope(sister), "internal");
    house.run("INSERT INTO chorus.domain_rules VALUES ('sister.example', 'allow')");
    assert_eq!(house.whose(sister), ["sister domain"]);
    assert_eq!(house.scope(sister), "external");
}

#[test]
fn a_users_free_mail_makes_nobody_internal() {
    let mut house = House::new();
    let meeting = house.meeting("-ria@ours.example pat@gmail.com");
    assert_eq!(house.scope(meeting), "external");
    assert!(house.whose(meeting).is_empty());
}

#[test]
fn a_person_may_call_a_domain_internal_or_ignore_it() {
    let mut house = House::new();
    let meeting = house.meeting("-ria@ours.example kim@agency.example");
    house.customers("agency");
    house.run("INSERT INTO chorus.customer_domains VALUES ('agency.example', 'agency')");
    house.run("INSERT INTO chorus.domain_rules VALUES ('Agency.Example', 'ignore', 'our agency')");
    assert!(house.whose(meeting).is_empty());
    assert_eq!(house.scope(meeting), "external");
    house.run("UPDATE chorus.domain_rules SET rule = 'internal'");
    assert!(house.whose(meeting).is_empty());
    assert_eq!(house.scope(meeting), "internal");
}

#[test]
fn the_most_specific_decision_holds() {
    let mut house = House::new();
    let meeting = house.meeting("kim@eu.spin-off.ours.example");
    house.customers("spin");
    house.run(
        "INSERT INTO chorus.customer_domains VALUES ('spin-off.ours.example', 'spin');
         INSERT INTO chorus.domain_rules VALUES ('spin-off.ours.example', 'allow')",
    );
    assert_eq!(house.whose(meeting), ["spin domain"]);
    house.run("INSERT INTO chorus.domain_rules VALUES ('eu.spin-off.ours.example', 'ignore')");
    assert!(house.whose(meeting).is_empty());
}

#[test]
fn every_rule_says_where_it_comes_from_and_each_domain_has_one() {
    let mut house = House::new();
    house.run("INSERT INTO chorus.users (connection_id, user_id, email) VALUES (1, 3, 'sam@sister.example')");
    house.run("INSERT INTO chorus.domain_rules VALUES ('gmx.de', 'allow', 'they sell to us'), ('new.example', 'ignore', NULL)");
    let mut rule = |domain: &str| -> Vec<String> {
        let query = "SELECT concat_ws(', ', rule, origin, note) FROM chorus.effective_domain_rules WHERE domain = $1";
        let rows = house.session.query(query, &[&domain]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    assert_eq!(rule("gmail.com"), ["free_mail, built-in free mail"]);
    assert_eq!(rule("mailinator.com"), ["ignore, built-in disposable"]);
    assert_eq!(rule("ours.example"), ["internal, learnt from workspace"]);
    assert_eq!(rule("sister.example"), ["internal, learnt from users"]);
    assert_eq!(
        rule("gmx.de"),
        ["allow, decided by a person, they sell to us"]
    );
    assert_eq!(rule("new.example"), ["ignore, decided by a person"]);
    assert!(rule("larkspur.example").is_empty());
    let twice: i64 = house
        .database
        .value("SELECT count(*) - count(DISTINCT domain) FROM chorus.effective_domain_rules");
    assert_eq!(twice, 0);
}

#[test]
fn a_domain_that_nobody_can_have_is_not_offered() {
    let mut house = House::new();
    let meeting = house.meeting("kim@co.uk lee@larkspur..co.uk pat@larkspur.co.uk");
    let domains: Vec<String> = house
        .session
        .query_one(
            "SELECT domains FROM chorus.unattached_meetings WHERE meeting_id = $1",
            &[&meeting],
        )
        .unwrap()
        .get(0);
    assert_eq!(domains, ["larkspur.co.uk"]);
}
