//! Topics and trackers of a call: the list gives names and counts, the detail gives ids and places as well.

use chorus_client::{Tracker, TrackerMatch};
use serde::Serialize;
use std::collections::HashMap;

/// How often a topic or tracker came up, and where.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallTracker {
    /// `topic` or `tracker`; `listed` if only the list is known, which does not say which of both.
    pub kind: &'static str,
    pub name: String,
    /// As Chorus calls its type and its id.
    pub chorus_type: Option<String>,
    pub chorus_id: Option<String>,
    pub count: i64,
    /// `seq` of the utterance (None if Chorus did not send it), and the offset in it.
    #[serde(skip)]
    pub mentions: Vec<(Option<i32>, Option<i64>)>,
}

fn kind(chorus_type: Option<&str>) -> &'static str {
    match chorus_type {
        Some("topics" | "autotopics" | "topic") => "topic",
        _ => "tracker",
    }
}

/// From the list, where names may repeat.
pub fn from_list(matches: &[TrackerMatch]) -> Vec<CallTracker> {
    let mut trackers = Vec::new();
    for wire in matches {
        add(
            &mut trackers,
            "listed",
            wire.name.trim(),
            wire.kind_type.as_deref(),
            None,
            wire.count,
            Vec::new(),
        );
    }
    trackers
}

/// From the detail; `seq_of` maps the index of an utterance to its place in our table.
pub fn from_detail(wire: &[Tracker], seq_of: &HashMap<i64, i32>) -> Vec<CallTracker> {
    let mut trackers = Vec::new();
    for tracker in wire {
        let mentions = tracker
            .mentions
            .iter()
            .map(|mention| {
                (
                    mention
                        .utterance
                        .and_then(|index| seq_of.get(&index).copied()),
                    mention.offset,
                )
            })
            .collect();
        add(
            &mut trackers,
            kind(tracker.tracker_type.as_deref()),
            tracker.name.trim(),
            tracker.tracker_type.as_deref(),
            tracker.id.as_deref(),
            tracker.count,
            mentions,
        );
    }
    trackers
}

/// One row per kind and name: what comes twice is added up.
fn add(
    trackers: &mut Vec<CallTracker>,
    kind: &'static str,
    name: &str,
    chorus_type: Option<&str>,
    chorus_id: Option<&str>,
    count: i64,
    mentions: Vec<(Option<i32>, Option<i64>)>,
) {
    let name = name.replace('\0', "");
    if name.is_empty() {
        return;
    }
    match trackers
        .iter_mut()
        .find(|known| known.kind == kind && known.name == name)
    {
        Some(known) => {
            known.count = known.count.saturating_add(count);
            known.mentions.extend(mentions);
        }
        None => trackers.push(CallTracker {
            kind,
            name,
            chorus_type: chorus_type.map(str::to_owned),
            chorus_id: chorus_id.map(str::to_owned),
            count,
            mentions,
        }),
    }
}
