//! The seller's own people: teams, managers, reps, and how managers score calls.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::customers::mailbox;
use super::names::{COMMENTS, FIRST_NAMES, LAST_NAMES, REP_TITLES, TEAM_NAMES, TEMPLATES};
use super::{chance, pick};
use crate::tenant::{Call, Moment, Playlist, Score, Scorecard, Team, Tenant, User};

const FIRST_USER: i64 = 300;
const FIRST_TEAM: i64 = 21;
/// A person's id is the user's id plus this, as people outside have ids of the same kind.
const PERSON_OFFSET: i64 = 4_700;

/// A tenant with people but without calls. The first user leads sales and owns the token.
pub(crate) fn hire(
    rng: &mut ChaCha8Rng,
    domain: &str,
    reps: usize,
    teams: usize,
    until: DateTime<Utc>,
) -> Tenant {
    let mut users: Vec<User> = Vec::new();
    let head = user(rng, &users, domain, "VP Sales", "ADMIN", until);
    let head_id = head.id;
    users.push(head);
    let mut list = Vec::new();
    for number in 0..teams {
        let mut manager = user(rng, &users, domain, "Sales Manager", "MANAGER", until);
        manager.manager_id = Some(head_id);
        list.push(Team {
            id: FIRST_TEAM + number as i64,
            name: match TEAM_NAMES.get(number) {
                Some(name) => (*name).to_owned(),
                None => format!("Region {number}"),
            },
            manager_id: Some(manager.id),
            user_ids: vec![manager.id],
            parent_team: None,
        });
        users.push(manager);
    }
    for number in 0..reps {
        let title = *pick(rng, REP_TITLES);
        let mut rep = user(rng, &users, domain, title, "USER", until);
        let team = &mut list[number % teams];
        rep.manager_id = team.manager_id;
        rep.active = number == 0 || !chance(rng, 0.05);
        team.user_ids.push(rep.id);
        users.push(rep);
    }
    list[0].user_ids.insert(0, head_id);
    for user in &mut users {
        user.team_ids = list
            .iter()
            .filter(|team| team.user_ids.contains(&user.id))
            .map(|team| team.id)
            .collect();
        user.primary_team = user.team_ids[0];
    }
    let company = domain.split('.').next().unwrap_or(domain);
    Tenant {
        company: company[..1].to_uppercase() + &company[1..],
        domain: domain.to_owned(),
        customer_id: 77,
        token_user_id: head_id,
        users,
        teams: list,
        ..Tenant::default()
    }
}

fn user(
    rng: &mut ChaCha8Rng,
    others: &[User],
    domain: &str,
    title: &str,
    role: &str,
    until: DateTime<Utc>,
) -> User {
    let id = FIRST_USER + others.len() as i64;
    let (first, last) = loop {
        let name = (*pick(rng, FIRST_NAMES), *pick(rng, LAST_NAMES));
        if !others
            .iter()
            .any(|other| other.first_name == name.0 && other.last_name == name.1)
        {
            break name;
        }
    };
    User {
        id,
        person_id: id + PERSON_OFFSET,
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        email: format!("{}@{domain}", mailbox(first, last)),
        title: title.to_owned(),
        role: role.to_owned(),
        manager_id: None,
        primary_team: 0,
        team_ids: Vec::new(),
        active: true,
        created_on: until - Duration::days(rng.random_range(200..900)),
    }
}

/// Managers score a share of the recorded calls of their people.
pub(crate) fn scorecards_for(
    rng: &mut ChaCha8Rng,
    tenant: &mut Tenant,
    share: f64,
    until: DateTime<Utc>,
) {
    let calls: Vec<Arc<Call>> = tenant.newest_first();
    for call in calls
        .iter()
        .filter(|call| call.is_recorded() && !call.utterances.is_empty())
    {
        if !chance(rng, share) {
            continue;
        }
        let Some(owner) = tenant.user(call.user_id) else {
            continue;
        };
        let reviewer_id = owner.manager_id.unwrap_or(tenant.token_user_id);
        let number = rng.random_range(0..TEMPLATES.len());
        let (template, questions) = TEMPLATES[number];
        let scores = questions
            .iter()
            .enumerate()
            .map(|(question, text)| Score {
                question_id: (number * 10 + question + 1) as i64,
                question: (*text).to_owned(),
                score: rng.random_range(1..=5),
                comment: (*pick(rng, COMMENTS)).to_owned(),
                comment_time: rng.random_range(0..=call.duration as i64),
            })
            .collect();
        let ended = call.date_time + call.duration + rng.random_range(3_600.0..200_000.0);
        tenant.scorecards.push(Scorecard {
            id: 9_001 + tenant.scorecards.len() as i64,
            engagement_id: call.engagement_id.clone(),
            initiative_id: 12 + number as i64,
            initiative: template.to_owned(),
            recipient_id: call.user_id,
            reviewer_id,
            submitted: DateTime::from_timestamp(ended as i64, 0)
                .unwrap_or(until)
                .min(until),
            seen: chance(rng, 0.7),
            scores,
        });
    }
}

/// A few playlists, and clips of some calls that were shared outside.
pub(crate) fn clips_and_playlists(rng: &mut ChaCha8Rng, tenant: &mut Tenant, until: DateTime<Utc>) {
    for (number, name) in [
        "Good openings",
        "Objections",
        "Pricing talks",
        "Onboarding",
        "Won deals",
    ]
    .iter()
    .enumerate()
    {
        tenant.playlists.push(Playlist {
            id: 30 + number as i64,
            name: (*name).to_owned(),
            owner_id: pick(rng, &tenant.users).id,
            size: rng.random_range(0..12),
            private: false,
            created_at: until - Duration::days(rng.random_range(60..400)),
            modified_at: chance(rng, 0.5).then(|| until - Duration::days(rng.random_range(0..60))),
        });
    }
    for call in tenant
        .newest_first()
        .iter()
        .filter(|call| !call.utterances.is_empty())
        .step_by(25)
    {
        let words = pick(rng, &call.utterances);
        tenant.moments.push(Moment {
            id: 4 + tenant.moments.len() as i64,
            engagement_id: call.engagement_id.clone(),
            subject: call.subject.clone(),
            user_id: call.user_id,
            start_s: words.start_s,
            duration_s: words.length_s,
            words: words.text.clone(),
            shared_on: DateTime::from_timestamp((call.date_time + 90_000.0) as i64, 0)
                .unwrap_or(until)
                .min(until),
        });
    }
}
