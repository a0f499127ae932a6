//! Users, teams and scorecards: however they come, and when they change.

use chorus_tests::fake_chorus::{Generate, Scorecard, Tenant};
use chorus_tests::{Workspace, plan};
use chrono::Utc;
use serde_json::json;

use crate::quirk_case::{all_hold, calls, case};

#[test]
fn users_and_scorecards_come_in_any_wrapping() {
    let many = Generate {
        scorecard_share: 1.0,
        utterances_per_call: 3,
        ..calls(230)
    };
    let cases = [
        case("scorecard-pages", json!("drift")),
        case("scorecard-pages", json!("full-last-page")).serves(|tenant| {
            let newest = |card: &Scorecard| {
                (
                    std::cmp::Reverse(card.submitted),
                    std::cmp::Reverse(card.id),
                )
            };
            tenant.scorecards.sort_by_key(newest);
            tenant
                .scorecards
                .truncate(tenant.scorecards.len() / 100 * 100);
        }),
    ];
    all_hold(&many, cases);
    let cases = [
        case("bare-users", json!(true)),
        case("wrapped-users", json!(true)),
        case("missing-user", json!(true)).stores(|contents| {
            // The last one hired: users are numbered in order.
            let last = contents
                .rows("team_members")
                .iter()
                .map(|row| row["user"].as_i64())
                .max();
            contents.retain("users", |row| Some(row["user"].as_i64()) != last);
        }),
    ];
    all_hold(&plan(12), cases);
}

#[test]
fn users_and_teams_that_cannot_be_read_cost_nothing_else() {
    let workspace = Workspace::of(Tenant::generate(&calls(12)));
    for route in ["/v3/users", "/api/v1/teams"] {
        workspace
            .tenant
            .set_quirk("fail", json!({"route": route, "status": 403}));
    }
    workspace.sync();
    assert_eq!(workspace.problems(), 2);
    let (mut expected, stored) = (workspace.expected(), workspace.database.stored());
    for table in ["users", "teams", "team_members"] {
        expected.retain(table, |_| false);
    }
    expected.assert_stored(&stored);
    workspace.tenant.clear_quirks();
    workspace.sync();
    assert_eq!(workspace.problems(), 0);
    workspace.assert_complete();
}
#[test]
fn people_teams_and_scorecards_follow_chorus() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        scorecard_share: 1.0,
        ..plan(20)
    }));
    workspace.sync();
    let gone = workspace.tenant.edit(|tenant| {
        tenant.users[1].title = "Chief Listener".into();
        tenant.teams[0].name = "Renamed".into();
        tenant.teams[1].user_ids.pop();
        let newest = tenant
            .scorecards
            .iter()
            .max_by_key(|card| card.submitted)
            .unwrap()
            .id;
        let card = tenant
            .scorecards
            .iter_mut()
            .find(|card| card.id == newest)
            .unwrap();
        card.scores[0].score = 6 - card.scores[0].score.min(5);
        card.scores.pop();
        let again = card.clone();
        tenant.scorecards.push(Scorecard {
            id: 77_777,
            submitted: Utc::now() - chrono::Duration::seconds(5),
            ..again
        });
        tenant.users.pop().unwrap()
    });
    workspace.sync();
    let (mut expected, mut stored) = (workspace.expected(), workspace.database.stored());
    let inactive: bool = workspace.database.value(&format!(
        "SELECT NOT active FROM chorus.users WHERE user_id = {}",
        gone.id
    ));
    assert!(inactive, "a user who is gone is not active");
    stored.retain("users", |row| row["user"] != json!(gone.id));
    for contents in [&mut expected, &mut stored] {
        // Chorus names the owner of calls and scorecards by a list that now lacks one.
        contents.leave_out("calls", "host");
        for column in ["reviewer", "recipient"] {
            contents.leave_out("scorecards", column);
        }
    }
    expected.assert_stored(&stored);
}

#[test]
fn scorecards_that_could_not_be_read_are_all_read_when_they_can() {
    let workspace = Workspace::of(Tenant::generate(&Generate {
        scorecard_share: 1.0,
        ..calls(20)
    }));
    workspace.tenant.set_quirk(
        "fail",
        json!({"route": "/api/v1/scorecards", "status": 403}),
    );
    workspace.sync();
    workspace.sync();
    assert_eq!(workspace.problems(), 1);
    let mut expected = workspace.expected();
    for table in ["scorecards", "scorecard_scores"] {
        expected.retain(table, |_| false);
    }
    expected.assert_stored(&workspace.database.stored());
    workspace.tenant.clear_quirks();
    workspace.sync();
    workspace.assert_complete();
    assert_eq!(workspace.problems(), 0);
}
