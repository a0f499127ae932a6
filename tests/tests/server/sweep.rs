//! SIGKILL at every commit of a run, one after the other: each time the next run ends in exactly the tables of a run
//! that nobody disturbed.
//!
//! Nothing in the product knows of this. Every table of ours gets a deferred trigger, which PostgreSQL runs when all
//! of a transaction is done but its commit. It counts the transactions of runs that write, and at the wanted one it
//! kills its own process, as the machine does when memory runs out. The server then restarts by itself.
//!
//! Workers do not flush their commits, so a crash may also take the ones before. Both extremes are swept: `Flushed`
//! loses nothing but the transaction under way, `Unflushed` everything since the last commit that somebody flushed.

use std::collections::BTreeSet;
use std::time::Duration;

use chorus_tests::fake_chorus::{Call, Generate, Tenant};
use chorus_tests::{Cluster, ClusterOptions, Contents, Database, Ran, Workspace, plan, wait_until};

const SOON: Duration = Duration::from_secs(60);
const HOUR_S: f64 = 3600.0;

const CALLS: usize = 300;

/// The trap, in a schema of its own. `target` says when it snaps; `kept` holds what was committed, by its number.
const TRAP: &str = r#"
    CREATE SCHEMA trap;
    CREATE TABLE trap.target (commit bigint, flushed boolean NOT NULL);
    CREATE TABLE trap.kept (commit bigint NOT NULL);
    CREATE TABLE trap.nothing (line text);
    -- Counts what was rolled back or lost, too.
    CREATE SEQUENCE trap.commits;
    CREATE FUNCTION trap.before_commit() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
    DECLARE
        target trap.target;
        number bigint;
    BEGIN
        SELECT * INTO target FROM trap.target;
        -- Once in each transaction.
        IF target.commit IS NULL OR current_setting('trap.counted', true) = pg_current_xact_id()::text THEN
            RETURN NULL;
        END IF;
        PERFORM set_config('trap.counted', pg_current_xact_id()::text, true);
        number := nextval('trap.commits');
        INSERT INTO trap.kept VALUES (number);
        IF number = target.commit THEN
            IF target.flushed THEN
                -- Flushes what was written so far, by this transaction and by those before it.
                PERFORM pg_switch_wal();
            END IF;
            COPY trap.nothing FROM PROGRAM 'kill -9 $PPID';
        END IF;
        RETURN NULL;
    END
    $$;
    DO $$
    DECLARE
        ours regclass;
    BEGIN
        FOR ours IN SELECT oid FROM pg_class WHERE relnamespace = 'chorus'::regnamespace AND relkind = 'r' LOOP
            EXECUTE format('CREATE CONSTRAINT TRIGGER trap AFTER INSERT OR UPDATE OR DELETE ON %s
                            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trap.before_commit()', ours);
        END LOOP;
    END
    $$;
    INSERT INTO trap.target VALUES (NULL, false);
"#;

#[derive(Clone, Copy, PartialEq)]
enum Before {
    Flushed,
    Unflushed,
}

fn tenant() -> Tenant {
    Tenant::generate(&Generate {
        utterances_per_call: 3,
        scorecard_share: 0.3,
        ..plan(CALLS)
    })
}

/// Servers that crash over and over.
fn cluster() -> Cluster {
    Cluster::start(ClusterOptions {
        conf: &[
            ("chorus_sync.trusted_hosts", "127.0.0.1"),
            // Nobody flushes what workers left unflushed, and nobody else writes.
            ("wal_writer_delay", "10s"),
            ("wal_writer_flush_after", "1GB"),
            ("autovacuum", "off"),
            // Small batches of details, so that there are more commits.
            ("chorus_sync.max_concurrent_requests", "3"),
        ],
        ..ClusterOptions::default()
    })
}

/// Waits for the next run. None: its server was killed under it.
fn sync(database: &Database) -> Option<Ran> {
    let ended = database
        .connect()
        .query_one("SELECT * FROM chorus_sync()", &[]);
    match ended {
        Ok(ran) => Some(Ran::from(ran)),
        // The server says that another process crashed, or just goes.
        Err(error) if error.code().is_none_or(|code| code.code() == "57P02") => None,
        Err(error) => panic!("chorus_sync: {error:?}"),
    }
}

/// Kills a run at this commit of it, in a copy of `template`, and has the next run complete the tables. None: the run
/// had fewer commits. Otherwise how many of them the crash left.
fn kill_at(commit: i64, before: Before, template: &Database, expected: &Contents) -> Option<i64> {
    let database = template.copy();
    let flushed = before == Before::Flushed;
    database.sql(&format!(
        "UPDATE trap.target SET commit = {commit}, flushed = {flushed}"
    ));
    if let Some(ran) = sync(&database) {
        assert_eq!(ran.state, "succeeded", "{ran:?}");
        let commits: i64 = database.value("SELECT last_value FROM trap.commits");
        assert!(
            commits < commit,
            "the run was not killed at commit {commit} of {commits}"
        );
        return None;
    }
    let cluster = database.cluster();
    wait_until("the server has recovered", SOON, || {
        cluster.try_connect(database.name(), "postgres").ok()
    });
    database.sql("UPDATE trap.target SET commit = NULL");
    let kept: Vec<i64> =
        database.value("SELECT coalesce(array_agg(commit ORDER BY commit), '{}') FROM trap.kept");
    let first: Vec<i64> = (1..commit).take(kept.len()).collect();
    assert_eq!(kept, first, "commits are lost from the end only");
    if before == Before::Flushed {
        assert_eq!(kept.len() as i64, commit - 1, "nothing flushed is lost");
    }

    let ran = sync(&database).expect("the trap is disarmed");
    assert_eq!(
        ran.state, "succeeded",
        "after a kill at commit {commit}: {ran:?}"
    );
    let difference = expected.difference(&database.stored());
    assert_eq!(difference, None, "after a kill at commit {commit}");
    database.assert_sound();
    let problems: i64 = database.value("SELECT count(*) FROM chorus.problems");
    assert_eq!(problems, 0, "after a kill at commit {commit}");
    let versions = database.row_versions();
    let again = sync(&database).expect("the trap is disarmed");
    assert_eq!(again.state, "succeeded", "{again:?}");
    assert!(
        database.row_versions() == versions,
        "after a kill at commit {commit} and the run that completed the tables, another one changes them: {again:?}"
    );
    Some(kept.len() as i64)
}

/// The tables as a run that nobody disturbs leaves them: those of the tenant, and what is left of removed calls.
fn undisturbed(workspace: &Workspace) -> Contents {
    let database = workspace.database.copy();
    let ran = sync(&database).expect("nothing was armed");
    assert_eq!(ran.state, "succeeded", "{ran:?}");
    let stored = database.stored();
    let removed: BTreeSet<String> = stored
        .rows("calls")
        .iter()
        .filter(|call| call["removed"] == true)
        .map(|call| call["call"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(removed.len() as i64, ran.calls_removed);
    let mut shown = stored.clone();
    shown.leave_out_calls(&removed);
    let mut of_tenant = workspace.expected();
    // A name that only a removed call had is a name still.
    let names = of_tenant.rows("trackers").to_vec();
    shown.retain("trackers", |name| names.contains(name));
    of_tenant.leave_out_calls(&removed);
    of_tenant.assert_stored(&shown);
    stored
}

/// Kills a run of `workspace` at each of its commits.
fn sweep(workspace: &Workspace, before: Before) {
    workspace.database.sql(TRAP);
    let expected = undisturbed(workspace);
    // What the first crash has to recover from begins here.
    workspace.database.sql("CHECKPOINT");
    let mut kept = Vec::new();
    for commit in 1.. {
        match kill_at(commit, before, &workspace.database, &expected) {
            Some(commits) => kept.push(commits),
            None => break,
        }
    }
    println!(
        "killed at each of {} commits, of which were kept: {kept:?}",
        kept.len()
    );
    // Claiming it, five phases, people, three pages, details, scorecards, its end.
    assert!(kept.len() > 12, "{}", kept.len());
    if before == Before::Unflushed {
        assert!(
            kept.iter().zip(0..).any(|(kept, done)| *kept < done),
            "nothing was lost: {kept:?}"
        );
    }
}

fn sweep_a_first_run(before: Before) {
    let cluster = cluster();
    sweep(&Workspace::on(&cluster, tenant()), before);
}

/// After a first run, calls were renamed, moved to another time, added and removed.
fn sweep_a_later_run(before: Before) {
    let cluster = cluster();
    let workspace = Workspace::on(&cluster, tenant());
    workspace.sync();
    workspace.tenant.edit(|tenant| {
        let newest: Vec<Call> = tenant
            .newest_first()
            .iter()
            .map(|call| Call::clone(call))
            .filter(|call| call.is_recorded())
            .take(32)
            .collect();
        for (place, call) in newest.into_iter().enumerate() {
            match place % 3 {
                _ if place == 7 || place == 20 => {
                    tenant.remove_call(&call.engagement_id);
                }
                0 => {
                    tenant.call_mut(&call.engagement_id).unwrap().subject =
                        format!("Renamed {place}")
                }
                1 => tenant.call_mut(&call.engagement_id).unwrap().date_time -= HOUR_S,
                _ => tenant.add_call(Call {
                    engagement_id: format!("ADDED{place:027}"),
                    // Nearer it would be a part of the same meeting.
                    date_time: call.date_time - 1200.0,
                    ..call
                }),
            }
        }
    });
    sweep(&workspace, before);
}

#[test]
fn a_first_run_killed_at_any_commit_is_completed_by_the_next() {
    sweep_a_first_run(Before::Flushed);
}

#[test]
fn a_first_run_whose_last_commits_a_crash_takes_is_completed_by_the_next() {
    sweep_a_first_run(Before::Unflushed);
}

#[test]
fn a_later_run_killed_at_any_commit_is_completed_by_the_next() {
    sweep_a_later_run(Before::Flushed);
}

#[test]
fn a_later_run_whose_last_commits_a_crash_takes_is_completed_by_the_next() {
    sweep_a_later_run(Before::Unflushed);
}
