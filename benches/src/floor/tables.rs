//! The tables that the loader fills: the columns and keys of the extension's, without its other indexes.

use tokio_postgres::types::Type;

use super::rows::Columns;

/// Each table with its primary key, as the extension has it.
pub const PRIMARY_KEYS: [(&str, &str); 8] = [
    ("calls", "call_id"),
    ("participants", "call_id, participant_no"),
    ("transcripts", "call_id"),
    ("utterances", "call_id, seq"),
    ("trackers", "tracker_id"),
    ("call_trackers", "call_id, tracker_id"),
    ("tracker_mentions", "call_id, tracker_id, mention_no"),
    ("call_metrics", "call_id, name"),
];

pub static CALLS: Columns = Columns {
    table: "calls",
    columns: &[
        ("call_id", Type::INT8),
        ("source", Type::TEXT),
        ("connection_id", Type::INT8),
        ("source_call_id", Type::TEXT),
        ("call_type", Type::TEXT),
        ("title", Type::TEXT),
        ("started_at", Type::TIMESTAMPTZ),
        ("duration_s", Type::FLOAT8),
        ("scheduled_start", Type::TIMESTAMPTZ),
        ("scheduled_end", Type::TIMESTAMPTZ),
        ("owner_user_id", Type::INT8),
        ("host_email", Type::TEXT),
        ("account_id", Type::TEXT),
        ("account_name", Type::TEXT),
        ("opportunity_id", Type::TEXT),
        ("opportunity_name", Type::TEXT),
        ("language", Type::TEXT),
        ("url", Type::TEXT),
        ("meeting_url", Type::TEXT),
        ("ical_uid", Type::TEXT),
        ("processing_state", Type::TEXT),
        ("no_show", Type::BOOL),
        ("private", Type::BOOL),
        ("summary", Type::TEXT),
        ("action_items", Type::TEXT_ARRAY),
        ("meeting_id", Type::INT8),
        ("first_seen_at", Type::TIMESTAMPTZ),
        ("updated_at", Type::TIMESTAMPTZ),
        ("source_data", Type::JSONB),
    ],
};

pub static PARTICIPANTS: Columns = Columns {
    table: "participants",
    columns: &[
        ("call_id", Type::INT8),
        ("participant_no", Type::INT4),
        ("name", Type::TEXT),
        ("email", Type::TEXT),
        ("email_domain", Type::TEXT),
        ("title", Type::TEXT),
        ("company", Type::TEXT),
        ("side", Type::TEXT),
        ("listed", Type::BOOL),
        ("person_id", Type::INT8),
        ("user_id", Type::INT8),
    ],
};

pub static TRANSCRIPTS: Columns = Columns {
    table: "transcripts",
    columns: &[("call_id", Type::INT8), ("state", Type::TEXT)],
};

pub static UTTERANCES: Columns = Columns {
    table: "utterances",
    columns: &[
        ("call_id", Type::INT8),
        ("seq", Type::INT4),
        ("participant_no", Type::INT4),
        ("start_s", Type::FLOAT8),
        ("end_s", Type::FLOAT8),
        ("text", Type::TEXT),
    ],
};

pub static TRACKERS: Columns = Columns {
    table: "trackers",
    columns: &[
        ("tracker_id", Type::INT8),
        ("connection_id", Type::INT8),
        ("kind", Type::TEXT),
        ("name", Type::TEXT),
    ],
};

pub static CALL_TRACKERS: Columns = Columns {
    table: "call_trackers",
    columns: &[
        ("call_id", Type::INT8),
        ("tracker_id", Type::INT8),
        ("count", Type::INT8),
    ],
};

pub static TRACKER_MENTIONS: Columns = Columns {
    table: "tracker_mentions",
    columns: &[
        ("call_id", Type::INT8),
        ("tracker_id", Type::INT8),
        ("mention_no", Type::INT4),
        ("seq", Type::INT4),
        ("offset", Type::INT8),
    ],
};

pub static CALL_METRICS: Columns = Columns {
    table: "call_metrics",
    columns: &[
        ("call_id", Type::INT8),
        ("name", Type::TEXT),
        ("value", Type::FLOAT8),
    ],
};
