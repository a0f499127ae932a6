//! Whose customers a meeting was held with: by account, by address, by domain, by hand.

use crate::customers_house::House;

#[test]
fn a_meeting_belongs_to_the_customer_of_an_attendees_domain() {
    let mut house = House::new();
    let meeting = house.meeting("-ria@ours.example kim@larkspur.example");
    assert!(house.whose(meeting).is_empty());
    house.customers("lark");
    house.run("INSERT INTO chorus.customer_domains VALUES ('larkspur.example', 'lark')");
    assert_eq!(house.whose(meeting), ["lark domain"]);
    assert_eq!(house.evidence(meeting, "lark"), "domain larkspur.example");
}

#[test]
fn what_is_added_and_taken_away_shows_in_the_same_transaction() {
    let mut house = House::new();
    let meeting = house.meeting_of_account("0014X00002abCdE", "kim@larkspur.example");
    house.run("BEGIN");
    house.run("INSERT INTO chorus.customer_domains VALUES ('larkspur.example', 'lark')");
    assert!(
        house.whose(meeting).is_empty(),
        "a domain before its customer"
    );
    house.customers("lark");
    assert_eq!(house.whose(meeting), ["lark domain"]);
    house.run("INSERT INTO chorus.domain_rules VALUES ('larkspur.example', 'ignore')");
    assert!(house.whose(meeting).is_empty());
    house.run("INSERT INTO chorus.customer_contacts VALUES ('kim@larkspur.example', 'lark')");
    assert_eq!(house.whose(meeting), ["lark contact"]);
    house.run("INSERT INTO chorus.customer_accounts VALUES ('0014X00002abCdEQAZ', 'lark')");
    assert_eq!(house.whose(meeting), ["lark account"]);
    house.run("DELETE FROM chorus.customer_accounts; DELETE FROM chorus.customer_contacts");
    assert!(house.whose(meeting).is_empty());
    house.run("UPDATE chorus.domain_rules SET rule = 'allow'");
    assert_eq!(house.whose(meeting), ["lark domain"]);
    house.run("UPDATE chorus.customer_domains SET domain = 'other.example'");
    assert!(house.whose(meeting).is_empty());
    house.run("ROLLBACK");
    assert!(house.whose(meeting).is_empty());
}

#[test]
fn the_most_specific_domain_that_has_a_customer_decides() {
    let mut house = House::new();
    let deep = house.meeting("kim@mail.eu.larkspur.co.uk");
    let flat = house.meeting("lee@larkspur.co.uk");
    house.customers("lark eu");
    house.run("INSERT INTO chorus.customer_domains VALUES ('larkspur.co.uk', 'lark')");
    assert_eq!(house.whose(deep), ["lark domain"]);
    house.run("INSERT INTO chorus.customer_domains VALUES ('eu.larkspur.co.uk', 'eu'), ('mail.eu.larkspur.co.uk', 'unborn')");
    assert_eq!(house.whose(deep), ["eu domain"]);
    assert_eq!(house.whose(flat), ["lark domain"]);
    house.run("DELETE FROM chorus.customers WHERE customer_id = 'eu'");
    assert_eq!(
        house.whose(deep),
        ["lark domain"],
        "a customer that is gone has no domain"
    );
}

#[test]
fn two_shops_on_one_hosting_domain_are_not_one_customer() {
    let mut house = House::new();
    let one = house.meeting("kim@shop-one.myshopify.com");
    let two = house.meeting("lee@shop-two.myshopify.com");
    house.customers("one host");
    house.run("INSERT INTO chorus.customer_domains VALUES ('shop-one.myshopify.com', 'one'), ('myshopify.com', 'host')");
    assert_eq!(house.whose(one), ["one domain"]);
    assert!(house.whose(two).is_empty());
}

#[test]
fn domains_and_addresses_are_the_same_however_they_are_written() {
    let mut house = House::new();
    let meeting = house.meeting("Kim+demo@Bücher.Example");
    house.customers("book kim");
    house.run(
        "INSERT INTO chorus.customer_domains VALUES ('https://www.bücher.example/start', 'book')",
    );
    house.run("INSERT INTO chorus.customer_contacts VALUES (' KIM@xn--bcher-kva.example', 'kim')");
    assert_eq!(house.whose(meeting), ["book domain", "kim contact"]);
    house.run("UPDATE chorus.customer_domains SET domain = '@XN--Bcher-kva.example.'");
    assert_eq!(house.whose(meeting), ["book domain", "kim contact"]);
}

#[test]
fn both_forms_of_a_salesforce_id_are_one_account() {
    let mut house = House::new();
    let long = house.meeting_of_account("0014X00002abCdEQAZ", "-ria@ours.example");
    let short = house.meeting_of_account("0014X00002abCdE", "-ria@ours.example");
    let other = house.meeting_of_account("0014X00002abcde", "-ria@ours.example");
    let placeholder = house.meeting_of_account("", "-ria@ours.example");
    house.customers("lark");
    house.run("INSERT INTO chorus.customer_accounts VALUES ('0014X00002abCdE', 'lark')");
    assert_eq!(house.whose(long), ["lark account"]);
    assert_eq!(house.whose(short), ["lark account"]);
    assert!(house.whose(other).is_empty());
    assert!(house.whose(placeholder).is_empty());
}

#[test]
fn a_meeting_may_belong_to_several_customers() {
    let mut house = House::new();
    let meeting =
        house.meeting_of_account("A1", "kim@larkspur.example pat@gmail.com lee@heron.example");
    house.customers("acc lark pat heron");
    house.run(
        "INSERT INTO chorus.customer_accounts VALUES ('A1', 'acc');
         INSERT INTO chorus.customer_contacts VALUES ('pat@gmail.com', 'pat');
         INSERT INTO chorus.customer_domains VALUES ('larkspur.example', 'lark'), ('heron.example', 'heron')",
    );
    assert_eq!(
        house.whose(meeting),
        ["acc account", "heron domain", "lark domain", "pat contact"]
    );
}

#[test]
fn of_customers_that_share_a_domain_account_then_address_choose() {
    let mut house = House::new();
    let plain = house.meeting("kim@group.example");
    let by_address = house.meeting("kim@group.example lee@group.example");
    let by_both = house.meeting_of_account("A1", "lee@group.example");
    house.customers("one two three");
    house.run(
        "INSERT INTO chorus.customer_domains VALUES ('group.example', 'one'), ('group.example', 'two'), ('group.example', 'three');
         INSERT INTO chorus.customer_accounts VALUES ('A1', 'one');
         INSERT INTO chorus.customer_contacts VALUES ('lee@group.example', 'two')",
    );
    assert_eq!(
        house.whose(plain),
        ["one domain", "three domain", "two domain"]
    );
    assert!(house.evidence(plain, "one").contains("shared"));
    assert_eq!(house.whose(by_address), ["two contact"]);
    // An exact address always attaches.
    assert_eq!(house.whose(by_both), ["one account", "two contact"]);
    // An account of somebody else chooses nobody here.
    house.customers("else");
    house.run("UPDATE chorus.customer_accounts SET customer_id = 'else'");
    assert_eq!(house.whose(by_both), ["else account", "two contact"]);
    house.run("DELETE FROM chorus.customer_contacts");
    assert_eq!(
        house.whose(by_both),
        ["else account", "one domain", "three domain", "two domain"]
    );
}

#[test]
fn nobody_is_attached_twice_however_many_reasons_there_are() {
    let mut house = House::new();
    let meeting = house.meeting_of_account(
        "A1",
        "kim@larkspur.example lee@eu.larkspur.example kim+x@larkspur.example",
    );
    house.another_call(meeting, "kim@larkspur.example");
    house.customers("lark");
    house.run(
        "INSERT INTO chorus.customer_domains VALUES ('larkspur.example', 'lark');
         INSERT INTO chorus.customer_accounts VALUES ('A1', 'lark'), (' A1 x', 'lark');
         INSERT INTO chorus.customer_contacts VALUES ('kim@larkspur.example', 'lark'), ('kim+y@larkspur.example', 'lark')",
    );
    assert_eq!(house.whose(meeting), ["lark account"]);
}
