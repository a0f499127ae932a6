//! What is made up or played is what was asked for, and the same every time.

mod support;

use std::collections::HashSet;

use fake_chorus::{Call, Generate, Play, Tenant, Tracker};
use support::{plan, today};

#[test]
fn the_same_seed_makes_the_same_tenant() {
    assert_eq!(Tenant::generate(&plan(120)), Tenant::generate(&plan(120)));
    let other = Generate {
        seed: 2,
        ..plan(120)
    };
    assert_ne!(Tenant::generate(&plan(120)), Tenant::generate(&other));
}

#[test]
fn a_tenant_is_as_large_as_asked_for() {
    let plan = Generate {
        only_calls: true,
        dialer_share: 0.0,
        utterances_per_call: 33,
        participants_per_call: 5,
        trackers_per_call: 4,
        ..plan(200)
    };
    let tenant = Tenant::generate(&plan);
    assert_eq!(tenant.calls.len(), 200);
    let from = (today() - chrono::Duration::days(31)).timestamp() as f64;
    for call in &tenant.calls {
        assert_eq!(call.engagement_type, "meeting");
        assert_eq!(
            (
                call.utterances.len(),
                call.participants.len(),
                call.trackers.len()
            ),
            (33, 5, 4)
        );
        assert!(
            call.date_time > from && call.date_time + call.duration <= today().timestamp() as f64
        );
        let people: HashSet<i64> = call
            .participants
            .iter()
            .map(|person| person.person_id)
            .collect();
        assert_eq!(people.len(), 5, "everybody is there once");
        assert!(
            call.utterances
                .iter()
                .all(|said| people.contains(&said.person_id))
        );
        call.trackers
            .iter()
            .for_each(|tracker| hears_right(call, tracker));
    }
    let ids: HashSet<&str> = tenant
        .calls
        .iter()
        .map(|call| call.engagement_id.as_str())
        .collect();
    assert_eq!(ids.len(), 200);
}

fn hears_right(call: &Call, tracker: &Tracker) {
    assert!(tracker.count > 0, "{} was talked about", tracker.name);
    assert_eq!(tracker.count as usize, tracker.mentions.len());
    for mention in &tracker.mentions {
        let said = &call.utterances[mention.utterance as usize].text;
        assert!(said.split_whitespace().count() > mention.offset as usize);
    }
}

#[test]
fn a_tenant_has_every_kind_of_engagement() {
    let tenant = Tenant::generate(&plan(400));
    for kind in [
        "meeting",
        "dialer",
        "email",
        "content_viewed",
        "unrecorded_meeting",
    ] {
        assert!(
            tenant.calls.iter().any(|call| call.engagement_type == kind),
            "{kind}"
        );
    }
    assert!(tenant.calls.iter().any(|call| call.no_show));
    assert!(
        tenant
            .calls
            .iter()
            .any(|call| call.account_id.is_empty() && call.account_name.ends_with(" Meetings"))
    );
    assert!(
        tenant
            .calls
            .iter()
            .any(|call| call.participants.iter().all(|person| person.is_rep))
    );
    assert!(
        tenant
            .calls
            .iter()
            .all(|call| call.account_id.is_empty() || call.account_id.len() == 18)
    );
    assert_eq!((tenant.teams.len(), tenant.users.len()), (3, 16));
    assert!(!tenant.scorecards.is_empty() && !tenant.moments.is_empty());
}

#[test]
fn extremes_of_a_plan_are_fine() {
    for (utterances, participants, trackers, calls) in
        [(0, 1, 0, 3), (1, 2, 12, 3), (5, 30, 40, 3), (3, 4, 3, 0)]
    {
        let plan = Generate {
            utterances_per_call: utterances,
            participants_per_call: participants,
            trackers_per_call: trackers,
            ..plan(calls)
        };
        assert_eq!(Tenant::generate(&plan).calls.len(), calls);
    }
}

#[test]
fn real_meetings_are_played() {
    let path = std::env::var_os("CHORUS_MEETINGS")
        .map(Into::into)
        .unwrap_or_else(|| {
            std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../../../shared/meetings/meetings.jsonl.gz")
        });
    if !path.exists() {
        eprintln!("skipped: no meetings at {}", path.display());
        return;
    }
    let tenant = Tenant::play(&path, today(), 30).unwrap();
    assert_eq!(tenant.calls.len(), 192);
    let monro = tenant
        .calls
        .iter()
        .find(|call| call.subject == "Monro Inc Q3 earnings call")
        .unwrap();
    assert_eq!(monro.account_name, "Monro Inc");
    assert!(
        monro
            .participants
            .iter()
            .any(|person| person.email.as_deref() == Some("brett.ponton@monro-inc.example"))
    );
    for call in &tenant.calls {
        assert!(!call.utterances.is_empty());
        for tracker in &call.trackers {
            hears_right(call, tracker);
        }
    }
    let every_line = Play {
        one_per_meeting: false,
        until: today(),
        ..Play::default()
    };
    let every_line = Tenant::play_with(&path, &every_line).unwrap();
    assert_eq!(every_line.calls.len(), 252);
    assert!(
        every_line
            .calls
            .iter()
            .any(|call| call.participants.iter().any(|person| person.name.is_none()))
    );
}
