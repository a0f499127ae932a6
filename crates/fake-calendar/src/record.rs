//! What sources make of a meeting, with all their troubles.

use crate::company::{Meeting, misheard};
use meeting_match::{Recording, Title, Words, calendar_id, conference};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A kind of trouble that a source had with a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trouble {
    NoAttendees,
    SomeAttendees,
    NamesOnly,
    Aliases,
    NoTitle,
    OtherTitle,
    NoCalendar,
    NoConference,
    PersonalRoom,
    Series,
    SlippedByHours,
    JoinedLate,
    NoSchedule,
    InParts,
    TwiceInOneSource,
    NobodyCame,
    OtherHost,
    OnlyWords,
    NoWords,
    MisheardWords,
}

/// How often each trouble comes.
#[derive(Debug, Clone)]
pub struct Noise {
    /// In how many of the sources a meeting is, by chance for each beyond the first.
    pub in_another_source: f64,
    pub no_attendees: f64,
    pub some_attendees: f64,
    pub names_only: f64,
    pub aliases: f64,
    pub no_title: f64,
    pub other_title: f64,
    pub no_calendar: f64,
    pub no_conference: f64,
    pub slipped: f64,
    pub joined_late: f64,
    pub no_schedule: f64,
    pub in_parts: f64,
    pub twice: f64,
    pub other_host: f64,
    pub no_words: f64,
    /// Share of words heard wrongly.
    pub misheard: f64,
    pub seed: u64,
}

impl Noise {
    /// What sources that work have.
    pub fn typical() -> Noise {
        Noise {
            in_another_source: 0.5,
            no_attendees: 0.05,
            some_attendees: 0.2,
            names_only: 0.03,
            aliases: 0.03,
            no_title: 0.08,
            other_title: 0.08,
            no_calendar: 0.25,
            no_conference: 0.2,
            slipped: 0.005,
            joined_late: 0.05,
            no_schedule: 0.3,
            in_parts: 0.01,
            twice: 0.02,
            other_host: 0.05,
            no_words: 0.1,
            misheard: 0.1,
            seed: 1,
        }
    }

    /// What badly connected sources have.
    pub fn nasty() -> Noise {
        Noise {
            no_attendees: 0.25,
            some_attendees: 0.4,
            names_only: 0.1,
            aliases: 0.15,
            no_title: 0.3,
            other_title: 0.25,
            no_calendar: 0.6,
            no_conference: 0.5,
            slipped: 0.03,
            joined_late: 0.15,
            no_schedule: 0.5,
            in_parts: 0.04,
            twice: 0.05,
            other_host: 0.15,
            no_words: 0.3,
            misheard: 0.18,
            ..Noise::typical()
        }
    }
}

/// A recording, the meeting it is of, and the troubles it has.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub recording: Recording,
    pub meeting: usize,
    pub troubles: Vec<Trouble>,
}

const SOURCES: [&str; 3] = ["chorus", "gong", "zoom"];
const BY_A_PRODUCT: [&str; 4] = ["Unscheduled Meeting", "Zoom Meeting", "", "Instant meeting"];

/// What the sources recorded of these meetings, in no order.
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
            if !meeting.nobody_came
                && random.random_bool(noise.in_parts)
                && meeting.duration_s > 900.0
            {
                recorded.extend(parts(meeting, &whole, &mut random));
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
    recorded.shuffle(&mut random);
    for (id, one) in recorded.iter_mut().enumerate() {
        one.recording.id = id as i64 + 1;
        one.recording.source_id = format!("{:08x}", (id as u32).wrapping_mul(2_654_435_761));
    }
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
        let has = random.random_bool(share);
        if has {
            troubles.push(trouble);
        }
        has
    };
    let late_s = if has(random, noise.joined_late, JoinedLate) {
        random.random_range(300.0..meeting.duration_s.max(700.0) * 0.4 + 300.0)
    } else {
        random.random_range(-45.0..60.0)
    };
    let late_s = late_s.min(meeting.duration_s * 0.5);
    let slip_s = if has(random, noise.slipped, SlippedByHours) {
        let hours: f64 = *[-8.0, -7.0, -5.0, -1.0, 1.0, 2.0, 5.0]
            .choose(random)
            .unwrap();
        hours * 3600.0
    } else {
        0.0
    };
    let started_s = meeting.start_s + late_s + slip_s;
    let duration_s =
        (meeting.duration_s - late_s.max(0.0) + random.random_range(-30.0..30.0)).max(10.0);
    let scheduled = !has(random, noise.no_schedule, NoSchedule);
    let title = if has(random, noise.no_title, NoTitle) {
        (*BY_A_PRODUCT.choose(random).unwrap()).to_owned()
    } else if has(random, noise.other_title, OtherTitle) {
        match random.random_range(0..3) {
            0 => format!("Re: {} [external]", meeting.title),
            1 => format!(
                "Call with {}",
                meeting.title.split(' ').next().unwrap_or_default()
            ),
            _ => format!(
                "{} and {}",
                meeting.host.split(['.', '@']).next().unwrap(),
                meeting.title
            ),
        }
    } else {
        meeting.title.clone()
    };
    let host = if has(random, noise.other_host, OtherHost) {
        let own = meeting
            .emails
            .iter()
            .filter(|email| email.ends_with("@seller.example"));
        own.collect::<Vec<_>>()
            .choose(random)
            .map_or(meeting.host.clone(), |email| (*email).clone())
    } else {
        meeting.host.clone()
    };
    let mut emails = meeting.emails.clone();
    let mut names = Vec::new();
    if has(random, noise.no_attendees, NoAttendees) {
        emails.clear();
    } else if has(random, noise.names_only, NamesOnly) {
        names = emails
            .drain(..)
            .map(|email| email.split('@').next().unwrap().replace('.', " "))
            .collect();
    } else if has(random, noise.some_attendees, SomeAttendees) {
        emails.shuffle(random);
        emails.truncate((emails.len() / 2).max(1));
    }
    if !emails.is_empty() && has(random, noise.aliases, Aliases) {
        for email in &mut emails {
            let (local, host) = email.split_once('@').unwrap();
            let alias = match (random.random_range(0..3), local.split_once('.')) {
                (0, Some((first, last))) => format!("{}{last}", &first[..1]),
                (1, _) => format!("{local}+calls"),
                _ => local.to_owned(),
            };
            *email = format!("{alias}@{host}");
        }
    }
    let calendar = if has(random, noise.no_calendar, NoCalendar) {
        None
    } else {
        calendar_id(&meeting.uid)
    };
    let link = if has(random, noise.no_conference, NoConference) {
        None
    } else {
        conference(&meeting.conference)
    };
    let words = if meeting.words.is_empty() || has(random, noise.no_words, NoWords) {
        Words::default()
    } else {
        heard(
            &meeting.words,
            noise.misheard,
            late_s.max(0.0) / meeting.duration_s,
            random,
        )
    };
    if meeting.personal_room && link.is_some() {
        troubles.push(PersonalRoom);
    }
    if meeting.of_series {
        troubles.push(Series);
    }
    if meeting.nobody_came {
        troubles.push(NobodyCame);
    }
    if words.tell() && emails.is_empty() && names.is_empty() && calendar.is_none() && link.is_none()
    {
        troubles.push(OnlyWords);
    }
    Recorded {
        recording: Recording {
            source: source.to_owned(),
            started_s: Some(started_s),
            duration_s: Some(duration_s),
            scheduled_start_s: scheduled.then_some(meeting.scheduled_s + slip_s),
            scheduled_end_s: scheduled.then_some(meeting.scheduled_end_s + slip_s),
            title: Title::of(&title),
            host: Some(host),
            emails,
            names,
            conference: link,
            calendar,
            words,
            no_show: meeting.nobody_came,
            ..Recording::default()
        },
        meeting: number,
        troubles,
    }
}

/// The same recording cut in two, with a minute between the parts.
fn parts(meeting: &Meeting, whole: &Recorded, random: &mut ChaCha8Rng) -> [Recorded; 2] {
    let cut = random.random_range(0.3..0.7);
    [(0.0, cut), (cut, 1.0)].map(|(from, to)| {
        let mut part = whole.clone();
        let length = whole.recording.duration_s.unwrap_or(0.0);
        part.recording.started_s = whole
            .recording
            .started_s
            .map(|start| start + from * length + if from > 0.0 { 60.0 } else { 0.0 });
        part.recording.duration_s = Some((to - from) * length);
        if whole.recording.words.tell() {
            let words = &meeting.words;
            let said =
                &words[(from * words.len() as f64) as usize..(to * words.len() as f64) as usize];
            part.recording.words = heard(said, 0.1, 0.0, random);
        }
        part.troubles.push(Trouble::InParts);
        part
    })
}

/// What a recognizer makes of it: some words wrong, some missing, and the beginning missed.
fn heard(said: &[u16], wrong: f64, missed: f64, random: &mut ChaCha8Rng) -> Words {
    let from = (missed.clamp(0.0, 0.9) * said.len() as f64) as usize;
    let mut text = String::with_capacity(said.len() * 6);
    for word in &said[from..] {
        let chance: f64 = random.random();
        if chance < wrong * 0.25 {
            continue;
        }
        let word = if chance < wrong {
            misheard(random)
        } else {
            *word
        };
        text += &format!("w{word} ");
    }
    Words::of([text.as_str()])
}
