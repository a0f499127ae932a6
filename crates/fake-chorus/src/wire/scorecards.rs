//! Rows of `GET /api/v1/scorecards`.

use serde_json::{Value, json};

use super::iso;
use crate::tenant::{Scorecard, Tenant};

pub fn resource(tenant: &Tenant, card: &Scorecard) -> Value {
    let scores: Vec<Value> = card
        .scores
        .iter()
        .map(|score| {
            json!({
                "score": score.score,
                "question": {"id": score.question_id, "text": score.question},
                "comment": {"text": score.comment, "time": score.comment_time},
            })
        })
        .collect();
    json!({"id": card.id.to_string(), "type": "scorecard", "attributes": {
        "engagement": card.engagement_id,
        "initiative": {
            "id": card.initiative_id, "name": card.initiative, "description": "",
            "url": format!("https://chorus.ai/i/{}", card.initiative_id),
        },
        "recipient": person(tenant, card.recipient_id),
        "reviewer": person(tenant, card.reviewer_id),
        "scores": scores,
        "seen": card.seen,
        "submitted": iso(card.submitted),
        "url": format!("https://chorus.ai/s/{}", card.id),
    }})
}

/// A user as scorecards and playlists name one.
pub fn person(tenant: &Tenant, user_id: i64) -> Value {
    match tenant.user(user_id) {
        Some(user) => json!({"user_id": user.id, "person_id": user.person_id, "name": user.name()}),
        None => json!({"user_id": user_id, "person_id": 0, "name": ""}),
    }
}
