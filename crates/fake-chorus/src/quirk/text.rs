//! JSON as bytes, with a way to say what Rust strings cannot hold.

use bytes::Bytes;
use serde::Serialize;

/// Stands for a lone high surrogate in a text; [`encode`] writes `\ud83d` in its place.
pub const LONE_HIGH: char = '\u{F0F01}';
/// Stands for a lone low surrogate in a text; [`encode`] writes `\ude00` in its place.
pub const LONE_LOW: char = '\u{F0F02}';

/// Encodes a value as JSON.
pub fn encode(value: &impl Serialize) -> Bytes {
    let json = serde_json::to_string(value).expect("wire shapes are plain JSON");
    if json.contains([LONE_HIGH, LONE_LOW]) {
        return json
            .replace(LONE_HIGH, "\\ud83d")
            .replace(LONE_LOW, "\\ude00")
            .into();
    }
    json.into()
}
