//! A query that asks for many meetings is answered from memory, and says the same as the tables do.

use crate::customers_house::House;

#[test]
fn all_unattached_meetings_are_those_that_are_not_internal_and_have_no_customer() {
    let mut house = House::new();
    // Of five meetings one has an account, one a contact, one is internal, one with free mail, and one with a company.
    // Every ninth was recorded twice, and only the second recording knows who came.
    house.run(
        "INSERT INTO chorus.calls (call_id, source, source_call_id, started_at, account_id)
         SELECT n, 'gong', n, now() - n * interval '1 hour', CASE WHEN n % 5 = 0 THEN 'A' || n % 7 END FROM generate_series(1, 2000) n;
         INSERT INTO chorus.calls (call_id, source, source_call_id, started_at)
         SELECT 2000 + n, 'zoom', n, now() - n * interval '1 hour' FROM generate_series(9, 2000, 9) n;
         INSERT INTO chorus.participants (call_id, participant_no, email)
         SELECT CASE WHEN n % 9 = 0 THEN 2000 + n ELSE n END, 1,
                CASE n % 5 WHEN 1 THEN 'kim@company' || n % 40 || '.example'
                           WHEN 2 THEN 'ria@ours.example'
                           WHEN 3 THEN 'pat' || n % 8 || '@gmail.com'
                           ELSE 'lee@eu.company' || n % 40 || '.example' END
           FROM generate_series(1, 2000) n",
    );
    house.recognise("meeting_id = call_id, is_main_call = true WHERE call_id <= 2000");
    house.recognise("meeting_id = call_id - 2000, is_main_call = false WHERE call_id > 2000");
    house.customers("acc kim pat lark gone");
    house.run(
        "INSERT INTO chorus.customer_accounts VALUES ('A3', 'acc');
         INSERT INTO chorus.customer_contacts VALUES ('pat3@gmail.com', 'pat'), ('kim@company11.example', 'kim');
         INSERT INTO chorus.customer_domains SELECT 'company' || n || '.example', 'lark' FROM generate_series(0, 30, 3) n;
         INSERT INTO chorus.customer_domains VALUES ('eu.company4.example', 'gone'), ('company5.example', 'unborn');
         INSERT INTO chorus.domain_rules VALUES ('company9.example', 'ignore'), ('company14.example', 'internal');
         DELETE FROM chorus.customers WHERE customer_id = 'gone';
         SELECT chorus_attach(3, 'lark'), chorus_detach(61, 'kim'), chorus_detach(211, 'kim'), chorus_detach(24, 'lark')",
    );
    let row = house
        .session
        .query_one(
            "SELECT count(u.meeting_id), count(*) FILTER (WHERE u.meeting_id IS NULL), count(*) FILTER (WHERE d.meeting_id IS NULL)
               FROM chorus.unattached_meetings u
                    FULL JOIN (SELECT m.meeting_id FROM chorus.meetings m
                                WHERE m.scope <> 'internal'
                                  AND NOT EXISTS (SELECT FROM chorus.meeting_customers c WHERE c.meeting_id = m.meeting_id)) d
                    USING (meeting_id)",
            &[],
        )
        .unwrap();
    let (found, missing, wrong): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
    assert_eq!((missing, wrong), (0, 0));
    assert!((500..1500).contains(&found), "{found} of 2000");
}
