//! Users, the token's user, the session and teams.

use serde_json::{Value, json};

use super::iso;
use crate::tenant::{Team, Tenant, User};

/// A row of `GET /v3/users`.
pub fn user_row(user: &User) -> Value {
    json!({
        "id": user.id, "name": user.name(), "first_name": user.first_name, "last_name": user.last_name,
        "email": user.email, "title": user.title, "role": user.role, "manager_id": user.manager_id,
        "primary_team": user.primary_team, "team_ids": user.team_ids, "active": i64::from(user.active),
        "autojoin": 1, "sync_calendar": 1, "sync_email": 0, "created_on": iso(user.created_on),
        "invalidated": null, "license_type": "RECORDER", "onboarding_status": "ONBOARDED",
        "provisioning_type": "manual",
    })
}

/// `GET /api/v1/users/me`: all of its attributes are required and none may be null.
pub fn me(tenant: &Tenant) -> Option<Value> {
    let user = tenant.user(tenant.token_user_id)?;
    let attributes = json!({
        "allowed_access": 1, "autojoin": 1, "biometric_policy": false, "created_on": iso(user.created_on),
        "default_meeting_link": "", "domain": tenant.domain, "email": user.email,
        "fingerprint_state": "automatically_created", "first_name": user.first_name, "internal": false,
        "invalidated": false, "is_email_linked": true, "language": "en", "last_login_at": iso(user.created_on),
        "last_name": user.last_name, "license_type": "RECORDER", "linkedin": "", "location": "",
        "manager_id": user.manager_id.unwrap_or(0), "meta": {"sf_record_id": null}, "name": user.name(),
        "onboarding_status": "ONBOARDED", "person_id": user.person_id, "permission_role_id": 4, "picture": "",
        "primary_team": user.primary_team, "privacy_policy": true, "provisioning_type": "manual",
        "role": user.role, "seniority": "", "sub_role": "", "sync_calendar": 1, "team_ids": user.team_ids,
        "terms_and_conditions": true, "terms_conditions": 1, "tier": "", "title": user.title,
        "type": "Sales Rep", "utc_offset": -5.0,
    });
    Some(json!({"data": {"id": user.id.to_string(), "type": "user", "attributes": attributes}}))
}

/// `GET /api/v1/sessions/current`
pub fn session(tenant: &Tenant) -> Value {
    let person = tenant.user(tenant.token_user_id).map(|user| user.person_id);
    json!({"data": {"id": "1", "type": "session", "attributes": {
        "active": true, "status": "ok", "customer_id": tenant.customer_id, "person_id": person,
        "user_id": tenant.token_user_id,
    }}})
}

/// One team of `GET /api/v1/teams`.
pub fn team(team: &Team) -> Value {
    json!({"id": team.id.to_string(), "type": "team", "attributes": {
        "name": team.name, "language": "en", "users": team.user_ids, "description": null, "default": false,
        "include_descendant_teams": true, "manager": team.manager_id, "parent_team": team.parent_team,
    }})
}
