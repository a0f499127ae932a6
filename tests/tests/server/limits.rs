//! Where a run cannot start: no worker slot, a standby, a read-only transaction.

use chorus_tests::{Cluster, ClusterOptions, SOON, Workspace, expect_error, rows, wait_until};

/// Slots that are free: PostgreSQL's own logical replication launcher takes one.
fn cluster_with_slots(free: usize) -> Cluster {
    let slots = (free + 1).to_string();
    Cluster::start(ClusterOptions {
        conf: &[("max_worker_processes", &slots)],
        ..Default::default()
    })
}

#[test]
fn without_a_free_worker_slot_the_caller_is_told_and_nothing_is_left() {
    let cluster = cluster_with_slots(1);
    let (busy, place) = (
        Workspace::unconnected_on(&cluster),
        Workspace::unconnected_on(&cluster),
    );
    for workplace in [&busy, &place] {
        workplace.database.sql(&workplace.connect());
    }
    let occupant = busy.run_until_hanging("SELECT state FROM chorus_sync()", "/v3/engagements");
    let mut session = place.database.connect();
    let waiting = session
        .simple_query("SELECT * FROM chorus_sync()")
        .map(drop);
    let queueing = session
        .simple_query("SELECT chorus_sync(wait => false)")
        .map(drop);
    for refused in [waiting, queueing] {
        let refusal = expect_error(refused, "53000");
        assert!(refusal.hint().unwrap().contains("max_worker_processes"));
    }
    let runs: i64 = place.database.value("SELECT count(*) FROM chorus.runs");
    assert_eq!(runs, 0);
    busy.tenant.clear_quirks();
    assert_eq!(occupant.end().unwrap(), [["succeeded"]]);
    busy.wait_for_no_worker();
    place.database.sql("SELECT chorus_sync()");
}

#[test]
fn a_run_that_is_queued_twice_needs_one_slot() {
    let cluster = cluster_with_slots(1);
    let place = Workspace::unconnected_on(&cluster);
    place.database.sql(&place.connect());
    place
        .database
        .sql("BEGIN; SELECT chorus_sync(wait => false); SELECT chorus_sync(wait => false); COMMIT");
    place.wait_for_state(place.last_run(), "succeeded");
}

#[test]
fn a_standby_refuses_what_writes_and_answers_what_reads() {
    let cluster = Cluster::start(ClusterOptions::default());
    let place = Workspace::unconnected_on(&cluster);
    place.database.sql(&place.connect());
    place.database.sql("SELECT chorus_sync()");
    let standby = cluster.basebackup_standby();
    let mut session = standby.connect_to(place.database.name());
    for writing in [
        &*place.connect(),
        "SELECT chorus_sync()",
        "SELECT chorus_sync(wait => false)",
        "SELECT chorus_dedup()",
        "SELECT chorus_merge(1, 2)",
        "SELECT chorus_cancel(1)",
        "SELECT chorus_disconnect()",
        "SELECT chorus_disconnect(purge => true)",
    ] {
        let refusal = expect_error(session.simple_query(writing).map(drop), "25006");
        assert!(refusal.message().contains("standby"), "{refusal:?}");
        assert!(refusal.hint().unwrap().contains("primary"), "{refusal:?}");
    }
    let status = session.simple_query("SELECT state, calls FROM chorus_status()");
    assert_eq!(rows(&status.unwrap()), [["paused", "12"]]);
    session.batch_execute("CALL chorus_wait(1)").unwrap();
    for reading in [
        "SELECT chorus_transcript(1)",
        "SELECT chorus_meeting_transcript(1)",
        "SELECT * FROM chorus_search('the')",
        "SELECT * FROM chorus_events(0)",
        "SELECT * FROM chorus_explain_match(1, 2)",
        "SELECT * FROM chorus_preview_domain('larkspur.example')",
        "SELECT * FROM chorus.unattached_meetings",
        "SELECT * FROM chorus.customer_meetings",
    ] {
        session
            .simple_query(reading)
            .unwrap_or_else(|error| panic!("{reading}: {error:?}"));
    }

    // A promoted standby is a server like any other: the backup brought the key file along.
    standby.promote();
    wait_until("the promoted server syncs", SOON, || {
        let state = session
            .simple_query("SELECT state FROM chorus_sync()")
            .ok()?;
        (rows(&state) == [["succeeded"]]).then_some(())
    });
}

#[test]
fn a_read_only_transaction_is_told_so() {
    let place = Workspace::small();
    let mut session = place.database.connect();
    for writing in [
        &*place.connect(),
        "SELECT chorus_sync()",
        "SELECT chorus_sync(wait => false)",
        "SELECT chorus_cancel(1)",
        "SELECT chorus_disconnect()",
    ] {
        session.batch_execute("BEGIN READ ONLY").unwrap();
        let refusal = expect_error(session.simple_query(writing).map(drop), "25006");
        assert!(refusal.message().contains("read-only"), "{refusal:?}");
        assert!(refusal.hint().is_some(), "{refusal:?}");
        session.batch_execute("ROLLBACK").unwrap();
    }
    // Runs do not inherit it from the caller's settings.
    session
        .batch_execute("SET default_transaction_read_only = on; SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; BEGIN READ WRITE; SELECT chorus_sync(); COMMIT")
        .unwrap();
}

#[test]
fn a_run_that_chorus_slows_down_says_so_and_can_be_cancelled() {
    let place = Workspace::small();
    place.tenant.set_quirk(
        "fail",
        serde_json::json!({"route": "/v3/engagements", "status": 429, "retry_after": "600"}),
    );
    place.database.sql("SELECT chorus_sync(wait => false)");
    let run_id = place.last_run();
    let mut session = place.database.connect();
    let (problem, hint) = wait_until("chorus_status() says why nothing moves", SOON, || {
        let row = session
            .query_one("SELECT problem, hint FROM chorus_status()", &[])
            .unwrap();
        Some((row.get::<_, Option<String>>(0)?, row.get::<_, String>(1)))
    });
    assert!(
        problem.starts_with("Chorus asks to slow down: waiting until"),
        "{problem}"
    );
    assert!(hint.contains("by itself"), "{hint}");
    place
        .database
        .sql(&format!("SELECT chorus_cancel({run_id})"));
    wait_until("it is cancelled", SOON, || {
        (place.state_of(run_id) == "cancelled").then_some(())
    });
}
