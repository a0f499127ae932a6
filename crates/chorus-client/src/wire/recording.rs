//! What was recorded: utterances, voices, trackers (section 5.2 of the wire reference).
//!
//! An utterance is never left out for what it lacks: its text is what people look for.

use chrono::{DateTime, Utc};
use serde::de::Deserializer;

use crate::fingerprint::{Fingerprint, Hasher};
use crate::lenient::{Lenient, record};

record! {
    /// The recording of a conversation.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Recording {
        /// Actual start.
        pub start_time: Option<DateTime<Utc>> = "start_time",
        pub schedule_start_time: Option<DateTime<Utc>> = "schedule_start_time",
        pub schedule_end_time: Option<DateTime<Utc>> = "schedule_end_time",
        /// Seconds. Absent when missing, negative or absurd.
        pub duration_s: Option<f64> = "duration" in Seconds,
        /// Sorted by index, then by start; equal ones all stay. Empty while processing, and when nothing was said.
        pub utterances: Vec<Utterance> = "utterances",
        pub trackers: Vec<Tracker> = "trackers",
        /// One per voice that Chorus told apart.
        pub clusters: Vec<Cluster> = "clusters",
        ;
        /// Every member not named above, but for nulls and thumbnails.
        pub ..extra drop "thumbnails"
    }
}

/// Something said. One is made for every object in `utterances`, whatever it lacks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Utterance {
    /// Position as Chorus counts it: gaps and repetitions occur. The place in the answer when missing.
    pub index: i64,
    /// Seconds from the start of the recording; 0 when missing.
    pub start_s: f64,
    /// Seconds; 0 when missing.
    pub length_s: f64,
    /// May be empty.
    pub text: String,
    /// `participant`, or `speaker_id` when that is missing. Need not be among the participants.
    pub person_id: Option<i64>,
    pub speaker_name: Option<String>,
    /// `customer`, `rep`, or something new.
    pub speaker_type: Option<String>,
    /// Retention has passed; the text may be gone.
    pub expired: bool,
}

record! {
    /// An element of `utterances`.
    #[derive(Default)]
    pub struct Line {
        pub index: Option<i64> = "index",
        pub start_s: f64 = "snippet_time" in Seconds,
        pub length_s: f64 = "snippet_length" in Seconds,
        pub text: String = "snippet",
        pub participant: Option<i64> = "participant",
        pub speaker_id: Option<i64> = "speaker_id",
        pub speaker_name: Option<String> = "speaker_name",
        pub speaker_type: Option<String> = "speaker_type",
        pub expired: bool = "expired",
    }
}

/// Stands for a missing index until [`Recording::put_in_order`].
const NO_INDEX: i64 = i64::MIN;

impl Lenient for Utterance {
    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Utterance>, D::Error> {
        Ok(Line::read(json)?.map(|line| Utterance {
            index: line.index.unwrap_or(NO_INDEX),
            start_s: line.start_s,
            length_s: line.length_s,
            text: line.text,
            person_id: line.participant.or(line.speaker_id),
            speaker_name: line.speaker_name,
            speaker_type: line.speaker_type,
            expired: line.expired,
        }))
    }
}

impl Fingerprint for Utterance {
    fn absorb(&self, into: &mut Hasher) {
        self.index.absorb(into);
        self.start_s.absorb(into);
        self.length_s.absorb(into);
        self.text.absorb(into);
        self.person_id.absorb(into);
        self.speaker_name.absorb(into);
        self.speaker_type.absorb(into);
        self.expired.absorb(into);
    }
}

impl Recording {
    /// Sorts the utterances. The order in the answer is not promised, and decides only between full equals.
    pub(crate) fn put_in_order(&mut self) {
        for (place, utterance) in self.utterances.iter_mut().enumerate() {
            if utterance.index == NO_INDEX {
                utterance.index = place as i64;
            }
        }
        self.utterances
            .sort_by(|a, b| a.index.cmp(&b.index).then(a.start_s.total_cmp(&b.start_s)));
        self.utterances.shrink_to_fit();
    }
}

record! {
    /// A tracker or topic that was heard.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Tracker {
        /// Id in Chorus.
        pub id: Option<String> = "id",
        pub name: String = "name",
        /// `type`: `topics`, `autotopics`, `competitors`, `text` or another; the vocabulary is not published.
        pub tracker_type: Option<String> = "type",
        /// Who said it, as far as known; the vocabulary is not published.
        pub source: Option<String> = "source",
        pub owner_id: Option<i64> = "owner_id",
        pub team_ids: Vec<i64> = "team_ids",
        /// How often; 0 when missing. Need not equal the number of mentions.
        pub count: i64 = "count",
        pub mentions: Vec<Mention> = "mentions",
    }
}

record! {
    /// Where a tracker was heard.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Mention {
        /// Index of the utterance.
        pub utterance: Option<i64> = "utterance",
        /// Within the utterance; the unit is not documented.
        pub offset: Option<i64> = "offset",
    }
}

record! {
    /// A voice and whom Chorus takes it for.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Cluster {
        pub id: Option<i64> = "id",
        /// `participant`.
        pub person_id: Option<i64> = "participant",
        pub user_id: Option<i64> = "user_id",
        pub speaker_name: Option<String> = "speaker_name",
        pub display_name: Option<String> = "display_name",
        pub company_name: Option<String> = "company_name",
        pub title: Option<String> = "title",
        /// `type`: `cust`, `rep`, `unknown`, or something new.
        pub cluster_type: Option<String> = "type",
        /// How the name was found: `guess`, `user`, `video`, `voice`, `guessed_by_zoom`, or something new.
        pub match_method: Option<String> = "match_method",
        pub ranges: Vec<SpokenRange> = "ranges",
    }
}

record! {
    /// A stretch of time in which a voice is heard. Seconds from the start of the recording.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct SpokenRange {
        pub start_s: f64 = "start" in Seconds,
        pub length_s: f64 = "length" in Seconds,
        /// Speech within the stretch, without pauses.
        pub talk_time_s: f64 = "talk_time" in Seconds,
    }
}
