//! What sources make of a meeting, with all their troubles.

use crate::company::Meeting;
use crate::noise::{Noise, Trouble};
use crate::people::{alias_of, name_of};
use crate::place::{Room, by_a_product};
use crate::speech::heard;
use meeting_match::{Recording, Title, Words, calendar_id, conference, email};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A recording, the meeting it is of, the troubles it has, and what its source said in so many words.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub recording: Recording,
    pub meeting: usize,
    pub troubles: Vec<Trouble>,
    /// By how much all its times are wrong.
    pub slipped_s: f64,
    pub title: String,
    pub link: String,
    pub uid: String,
}

impl Recorded {
    pub fn has(&self, trouble: Trouble) -> bool {
        self.troubles.contains(&trouble)
    }
}

const SOURCES: [&str; 3] = ["avoma", "gong", "zoom"];

/// The number of a source.
pub fn number_of(source: &str) -> u32 {
    SOURCES
        .iter()
        .position(|other| *other == source)
        .unwrap_or(SOURCES.len()) as u32
}

/// What the sources recorded of these meetings, by source and id.
pub fn record(meetings: &[Meeting], noise: &Noise) -> Vec<Recorded> {
    let mut random = ChaCha8Rng::seed_from_u64(noise.seed ^ 0xCA1E);
    let mut recorded = Vec::new();
    for (number, meeting) in meetings.iter().enumerate() {
        let mut sources = SOURCES;
        sources.shuffle(&mut random);
        for (place, source) in sources.into_iter().enumerate() {
            if place > 0 && !random.random_bool(noise.in_another_source) {
                break;
            }
            let whole = one(meeting, number, source, noise, &mut random);
            let long = !meeting.nobody_came
                && whole
                    .recording
                    .duration_s
                    .is_some_and(|length| length > 900.0);
            if long && random.random_bool(noise.in_parts) {
                recorded.extend(parts(meeting, &whole, noise, &mut random));
                continue;
            }
            if random.random_bool(noise.twice) {
                let mut again = one(meeting, number, source, noise, &mut random);
                again.troubles.push(Trouble::TwiceInOneSource);
                recorded.push(again);
            }
            recorded.push(whole);
        }
    }
    for (id, one) in recorded.iter_mut().enumerate() {
        one.recording.id = id as i64 + 1;
        one.recording.source_id = format!("{:08x}", (id as u32).wrapping_mul(2_654_435_761));
    }
    recorded.sort_by(|a, b| {
        let (a, b) = (&a.recording, &b.recording);
        (&a.source, &a.source_id).cmp(&(&b.source, &b.source_id))
    });
    recorded
}

fn one(
    meeting: &Meeting,
    number: usize,
    source: &str,
    noise: &Noise,
    random: &mut ChaCha8Rng,
) -> Recorded {
    use Trouble::*;
    let mut troubles = Vec::new();
    let mut has = |random: &mut ChaCha8Rng, share: f64, trouble: Trouble| {
        let has = random.random_bool(share.min(1.0));
        if has {
            troubles.push(trouble);
        }
        has
    };
    let mut late_s = random.random_range(-45.0..60.0);
    if has(random, noise.joined_late, JoinedLate) {
        late_s = random.random_range(240.0..meeting.duration_s.max(700.0) * 0.4 + 300.0);
    }
    late_s = f64::min(late_s, meeting.duration_s * 0.5);
    let skew_s = match has(random, noise.clock_skewed, ClockSkewed) {
        true => random.random_range(-280.0..280.0),
        false => 0.0,
    };
    let mut slipped_s = 0.0;
    if has(random, noise.slipped, SlippedByHours) {
        let hours: f64 = *[-8.0, -7.0, -5.0, -1.0, 1.0, 2.0, 5.0]
            .choose(random)
            .unwrap();
        slipped_s = hours * 3600.0;
    }
    let mut started_s = meeting.start_s + late_s + skew_s + slipped_s;
    let mut duration_s =
        (meeting.duration_s - late_s.max(0.0) + random.random_range(-30.0..30.0)).max(10.0);
    let scheduled = !has(random, noise.no_schedule, NoSchedule);
    if has(random, noise.only_schedule, OnlySchedule) {
        started_s = meeting.scheduled_s + slipped_s;
        duration_s = meeting.scheduled_end_s - meeting.scheduled_s;
    }
    let title = if has(random, noise.no_title, NoTitle) {
        by_a_product(random)
    } else if has(random, noise.other_title, OtherTitle) {
        other_title(meeting, random)
    } else {
        meeting.title.clone()
    };
    let host = if has(random, noise.no_host, NoHost) {
        None
    } else if has(random, noise.other_host, OtherHost) {
        // Somebody who was there and had it recorded.
        let own: Vec<&String> = meeting
            .came
            .iter()
            .filter(|email| email.ends_with("@seller.example"))
            .collect();
        Some(
            own.choose(random)
                .map_or(&meeting.host, |email| *email)
                .clone(),
        )
    } else {
        Some(meeting.host.clone())
    };
    // Some sources know who was invited, some who came.
    let mut emails = if source == "zoom" {
        meeting.came.clone()
    } else {
        meeting.invited.clone()
    };
    let mut names = Vec::new();
    if has(random, noise.no_attendees, NoAttendees) {
        emails.clear();
    } else if has(random, noise.names_only, NamesOnly) {
        names = emails.drain(..).map(|email| name_of(&email)).collect();
    } else if has(random, noise.some_attendees, SomeAttendees) {
        emails.shuffle(random);
        emails.truncate((emails.len() / 2).max(1));
    }
    if emails.len() > 1 && has(random, noise.dial_ins, DialIns) {
        emails.pop();
        names.push(format!("+1 555 {:04}", random.random_range(0..10_000)));
    }
    if !emails.is_empty() && has(random, noise.aliases, Aliases) {
        emails = emails.iter().map(|email| alias_of(email, random)).collect();
    }
    let uid = if has(random, noise.no_calendar, NoCalendar) {
        String::new()
    } else if has(random, noise.other_calendar, OtherCalendar) {
        format!("{source}-{number}")
    } else {
        meeting
            .entry
            .spelled(meeting.scheduled_s, random.random_bool(0.5))
    };
    let link = if has(random, noise.no_conference, NoConference) {
        String::new()
    } else if has(random, noise.other_conference, OtherConference) {
        Room::of_meeting(random.random_range(1 << 50..1 << 51), random).spelled(random)
    } else {
        meeting.room.spelled(random)
    };
    let words = if meeting.words.is_empty() || has(random, noise.no_words, NoWords) {
        Words::default()
    } else {
        let missed =
            (late_s.max(0.0) / meeting.duration_s).clamp(0.0, 0.9) * meeting.words.len() as f64;
        heard(&meeting.words[missed as usize..], noise.misheard, random)
    };
    let conference = conference(&link);
    let calendar = calendar_id(&uid);
    let none_of_these =
        emails.is_empty() && names.is_empty() && calendar.is_none() && conference.is_none();
    for (is, trouble) in [
        (
            meeting.room.is_personal() && conference.is_some(),
            PersonalRoom,
        ),
        (meeting.entry.of_series, Series),
        (meeting.nobody_came, NobodyCame),
        (words.tell() && none_of_these, OnlyWords),
    ] {
        if is {
            troubles.push(trouble);
        }
    }
    Recorded {
        recording: Recording {
            source: source.to_owned(),
            started_s: Some(started_s),
            duration_s: Some(duration_s),
            scheduled_start_s: scheduled.then_some(meeting.scheduled_s + slipped_s),
            scheduled_end_s: scheduled.then_some(meeting.scheduled_end_s + slipped_s),
            title: Title::of(&title),
            host,
            emails: emails.iter().filter_map(|address| email(address)).collect(),
            names,
            conference,
            calendar,
            words,
            no_show: meeting.nobody_came,
            ..Recording::default()
        },
        meeting: number,
        troubles,
        slipped_s,
        title,
        link,
        uid,
    }
}

fn other_title(meeting: &Meeting, random: &mut ChaCha8Rng) -> String {
    match random.random_range(0..3) {
        0 => format!("Re: {} [external]", meeting.title),
        1 => format!(
            "Call with {}",
            meeting.title.split(' ').next().unwrap_or_default()
        ),
        _ => format!(
            "{} and {}",
            meeting.host.split(['.', '@']).next().unwrap_or_default(),
            meeting.title
        ),
    }
}

/// The same recording cut in two, with a minute or so between the parts.
fn parts(
    meeting: &Meeting,
    whole: &Recorded,
    noise: &Noise,
    random: &mut ChaCha8Rng,
) -> [Recorded; 2] {
    let cut = random.random_range(0.3..0.7);
    let lost_s = random.random_range(5.0..150.0);
    [(0.0, cut), (cut, 1.0)].map(|(from, to)| {
        let mut part = whole.clone();
        let length = whole.recording.duration_s.unwrap_or(0.0);
        let lost_s = if from > 0.0 { lost_s } else { 0.0 };
        part.recording.started_s = whole
            .recording
            .started_s
            .map(|start| start + from * length + lost_s);
        part.recording.duration_s = Some((to - from) * length - lost_s);
        if whole.recording.words.tell() {
            let words = &meeting.words;
            let at = |share: f64| (share * words.len() as f64) as usize;
            part.recording.words = heard(&words[at(from)..at(to)], noise.misheard, random);
        }
        part.troubles.push(Trouble::InParts);
        part
    })
}
