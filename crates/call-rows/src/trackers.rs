//! Topics and trackers of a call: the list gives names and counts, the detail gives ids and places as well.

use crate::rows::indexable;
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
    let chorus_type = chorus_type.unwrap_or_default().trim();
    if ["topics", "autotopics", "topic"]
        .iter()
        .any(|topic| chorus_type.eq_ignore_ascii_case(topic))
    {
        "topic"
    } else {
        "tracker"
    }
}

/// From the list, where names may repeat.
pub fn from_list(matches: &[TrackerMatch]) -> Vec<CallTracker> {
    let one = |wire: &TrackerMatch| CallTracker {
        kind: "listed",
        name: indexable(&wire.name),
        chorus_type: wire.kind_type.clone(),
        chorus_id: None,
        count: wire.count,
        mentions: Vec::new(),
    };
    added_up(matches.iter().map(one))
}

/// From the detail; `seq_of` maps the index of an utterance to its place in our table.
pub fn from_detail(wire: &[Tracker], seq_of: &HashMap<i64, i32>) -> Vec<CallTracker> {
    let place = |index| seq_of.get(&index).copied();
    let one = |tracker: &Tracker| CallTracker {
        kind: kind(tracker.tracker_type.as_deref()),
        name: indexable(&tracker.name),
        chorus_type: tracker.tracker_type.clone(),
        chorus_id: tracker.id.clone(),
        count: tracker.count,
        mentions: tracker
            .mentions
            .iter()
            .map(|mention| (mention.utterance.and_then(place), mention.offset))
            .collect(),
    };
    added_up(wire.iter().map(one))
}

/// One per kind and name, in the order in which they came first: what comes twice is added up.
fn added_up(sent: impl Iterator<Item = CallTracker>) -> Vec<CallTracker> {
    let mut trackers: Vec<CallTracker> = Vec::new();
    let mut places: HashMap<(&str, String), usize> = HashMap::new();
    for tracker in sent.filter(|tracker| !tracker.name.is_empty()) {
        let place = *places
            .entry((tracker.kind, tracker.name.clone()))
            .or_insert(trackers.len());
        match trackers.get_mut(place) {
            Some(known) => {
                known.count = known.count.saturating_add(tracker.count);
                known.mentions.extend(tracker.mentions);
            }
            None => trackers.push(tracker),
        }
    }
    trackers
}
