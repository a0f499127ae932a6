//! Everything that the tenant holds is in the tables, unchanged, and nothing else.

use chorus_tests::fake_chorus::{Generate, Tenant};
use chorus_tests::{Workspace, plan, real_meetings};

/// Real meetings where the file is there, made-up ones otherwise.
fn spoken() -> Tenant {
    match real_meetings() {
        Some(file) => Tenant::play(file, chrono::Utc::now(), 20).expect("a file of meetings"),
        None => {
            println!("no file of real meetings: CHORUS_MEETINGS names one. Made-up ones are used");
            Tenant::generate(&Generate {
                utterances_per_call: 400,
                ..plan(60)
            })
        }
    }
}

#[test]
fn every_word_of_real_meetings_is_in_the_tables() {
    let workspace = Workspace::of(spoken());
    workspace.sync();
    workspace.assert_complete();
    assert_eq!(workspace.problems(), 0);
}

#[test]
fn everything_that_a_tenant_holds_is_in_the_tables_and_nothing_else() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        private_share: 0.05,
        scorecard_share: 0.8,
        participants_per_call: 6,
        ..plan(330)
    }));
    let ran = workspace.sync();
    workspace.assert_complete();
    assert_eq!(workspace.problems(), 0);

    let expected = workspace.expected();
    let count = |table| expected.rows(table).len() as i64;
    assert_eq!(ran.calls_added, count("calls"));
    assert_eq!(ran.calls_updated, 0);
    assert_eq!(ran.utterances_added, count("utterances"));
    assert_eq!(ran.transcripts_pending, 0);
}

#[test]
fn a_second_sync_writes_nothing() {
    let workspace = Workspace::generated(150);
    workspace.sync();
    let before = workspace.database.row_versions();
    let ran = workspace.sync();
    let after = workspace.database.row_versions();
    let rewritten: Vec<_> = after
        .iter()
        .filter(|row| !before.contains(row))
        .take(5)
        .collect();
    assert!(rewritten.is_empty(), "{rewritten:#?}");
    assert_eq!(before.len(), after.len());
    assert!(ran.calls_listed > 0, "the overlap was not listed: {ran:?}");
    let written = [
        ran.calls_added,
        ran.calls_updated,
        ran.calls_removed,
        ran.transcripts_added,
        ran.utterances_added,
    ];
    assert_eq!(written, [0; 5], "{ran:?}");
}

#[test]
fn only_get_is_sent_and_no_recording_is_fetched() {
    let workspace = Workspace::generated(40);
    workspace.sync();
    workspace.sync();
    assert_eq!(workspace.tenant.non_get_requests(), 0);
    const READ: [&str; 6] = [
        "/api/v1/users/me",
        "/api/v1/sessions/current",
        "/v3/users",
        "/v3/engagements",
        "/api/v1/teams",
        "/api/v1/scorecards",
    ];
    for request in workspace.tenant.requests() {
        let expected = READ.contains(&request.path.as_str())
            || request.path.starts_with("/api/v1/conversations/");
        assert!(expected, "{request:?}");
        assert_eq!(request.method, "GET");
    }
}

#[test]
fn no_detail_is_read_of_what_was_not_recorded() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        no_show_share: 0.2,
        unrecorded_share: 0.2,
        email_share: 0.2,
        ..plan(60)
    }));
    workspace.sync();
    let recorded = workspace.tenant.read(|tenant| {
        tenant
            .calls
            .iter()
            .filter(|call| call.is_recorded())
            .count() as u64
    });
    let read = workspace.tenant.request_count("/api/v1/conversations/{id}");
    assert_eq!(read, recorded, "details read, each once");
    workspace.assert_complete();
}
