//! Rows of `GET /api/v1/emails`, which are also the details of e-mail engagements.

use serde_json::{Value, json};

use super::conversation::members;
use super::iso;
use crate::generate::instant;
use crate::tenant::{Call, Tenant};

/// One e-mail as a JSON:API resource.
pub fn resource(tenant: &Tenant, call: &Call) -> Value {
    let mut attributes =
        serde_json::to_value(members(tenant, call, false)).expect("members are plain JSON");
    let sender = tenant.user(call.user_id);
    let email = call.email.clone().unwrap_or_default();
    attributes["email"] = json!({
        "sent_time": iso(instant(call.date_time)),
        "body": email.body,
        "thread": email.thread,
        "initiator": {
            "name": sender.map(|user| user.name()).unwrap_or_default(),
            "email": sender.map(|user| user.email.as_str()).unwrap_or_default(),
        },
    });
    json!({"id": call.engagement_id, "type": "email", "attributes": attributes})
}
