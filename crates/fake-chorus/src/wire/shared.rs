//! What was put aside or shared outside: rows of `GET /api/v1/playlists` and `GET /api/v1/moments`.

use serde_json::{Value, json};

use super::iso;
use super::scorecards::person;
use crate::tenant::{Moment, Playlist, Tenant};

pub fn playlist(tenant: &Tenant, list: &Playlist) -> Value {
    json!({"id": list.id.to_string(), "type": "playlist", "attributes": {
        "name": list.name, "description": null, "child_count": 0, "size": list.size, "private": list.private,
        "_created_at": iso(list.created_at), "_modified_at": list.modified_at.map(iso), "_modified_by": null,
        "parent": null, "owner": person(tenant, list.owner_id), "path": [],
    }})
}

pub fn moment(tenant: &Tenant, clip: &Moment) -> Value {
    let user = tenant.user(clip.user_id);
    json!({"id": clip.id.to_string(), "type": "moment", "attributes": {
        "conversation": clip.engagement_id, "subject": clip.subject, "start": clip.start_s,
        "duration": clip.duration_s, "asr": clip.words, "shared_on": iso(clip.shared_on),
        "expiration_date": null, "password": null, "internal_only": false,
        "creator": {"id": clip.user_id.to_string(), "name": user.map(|user| user.name())},
    }})
}
