//! The error envelope.

use serde_json::{Value, json};

/// An envelope with one error.
pub fn envelope(status: u16, title: &str, detail: &str) -> Value {
    json!({"errors": [{"status": status.to_string(), "title": title, "detail": detail}]})
}

/// F1: a parameter that the server refuses.
pub fn bad_parameter(parameter: &str, detail: &str) -> Value {
    json!({"errors": [{
        "id": null, "code": null, "status": "400", "title": "Bad request", "detail": detail,
        "source": {"parameter": parameter, "pointer": null, "header": null, "cookie": null, "path": null},
    }]})
}

/// F6 and F7: a record or a path that is not there.
pub fn not_found() -> Value {
    envelope(
        404,
        "Not found",
        "The server has not found anything matching the Request-URI.",
    )
}

/// F5: the role of the token's user lacks this route.
pub fn forbidden() -> Value {
    json!({"errors": [{"detail": "API may not be called using this token."}]})
}

/// F4: refused at the ZoomInfo edge.
pub fn zi0001() -> Value {
    json!({"errors": [{"code": "ZI0001", "status": "401", "title": "Unauthorized", "detail": "Invalid access token."}]})
}
