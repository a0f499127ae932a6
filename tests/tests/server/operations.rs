//! The page for operators is true.

use chorus_tests::{Workspace, expect_error};
use serde_json::json;

const PAGE: &str = include_str!("../../../docs/operations.md");

/// The queries of the page, in order.
fn queries() -> Vec<&'static str> {
    PAGE.split("```sql\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect()
}

#[test]
fn every_query_of_the_page_runs_for_a_reader() {
    let workspace = Workspace::synced(12);
    workspace
        .database
        .sql("CREATE ROLE operations_reader LOGIN IN ROLE chorus_reader");
    let mut session = workspace.database.connect_as("operations_reader");
    assert!(queries().len() >= 8);
    for query in queries() {
        session
            .batch_execute(query)
            .unwrap_or_else(|error| panic!("{query}: {error:?}"));
    }
    drop(session);
    workspace.database.sql("DROP ROLE operations_reader");
}

#[test]
fn the_alarm_rings_when_nothing_was_read_for_hours_and_not_before() {
    let workspace = Workspace::synced(12);
    let alarm = queries()
        .into_iter()
        .find(|query| query.contains("interval '6 hours'"))
        .expect("an alarm");
    let rings = || {
        !workspace
            .database
            .connect()
            .query(alarm, &[])
            .unwrap()
            .is_empty()
    };
    workspace
        .database
        .sql("UPDATE chorus.connections SET state = 'active', schedule = '1 hour'");
    workspace.tenant.set_quirk("fail", json!({"status": 500}));
    expect_error(workspace.try_sync(), "08001");
    assert!(!rings());
    workspace
        .database
        .sql("UPDATE chorus.connections SET last_success_at = last_success_at - interval '1 day'");
    assert!(rings());
    workspace.tenant.clear_quirks();
    workspace.sync();
    assert!(!rings());
}
