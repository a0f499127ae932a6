//! Conversations that people really held, as a tenant.
//!
//! Words, speakers, titles and times within a meeting are as recorded; addresses, dates, accounts and users are made.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use flate2::read::MultiGzDecoder;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use crate::generate::{
    clips_and_playlists, hear, hire, instant, round, salesforce_id, scorecards_for, upper_hex,
};
use crate::tenant::{Call, Participant, Tenant, Utterance};

/// How to play a file of meetings.
#[derive(Debug, Clone, PartialEq)]
pub struct Play {
    /// Only the first line of each meeting (the human one where there is one), not a call a line.
    pub one_per_meeting: bool,
    pub until: DateTime<Utc>,
    pub days: i64,
    pub domain: String,
    pub seed: u64,
}

impl Default for Play {
    fn default() -> Self {
        Play {
            one_per_meeting: true,
            until: Utc::now(),
            days: 30,
            domain: "seller.example".into(),
            seed: 1,
        }
    }
}

/// One line of the file.
#[derive(Deserialize)]
struct Line {
    meeting: String,
    title: String,
    company: Option<String>,
    duration_s: f64,
    speakers: Vec<Speaker>,
    utterances: Vec<Said>,
}

#[derive(Deserialize)]
struct Speaker {
    id: i64,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    speaker: i64,
    start_s: f64,
    end_s: f64,
    text: String,
}

/// Trackers that listen to played meetings.
const LISTENED: &[(&str, &str, &[&str])] = &[
    ("Revenue", "topics", &["revenue", "sales", "earnings"]),
    ("Guidance", "topics", &["guidance", "outlook", "forecast"]),
    ("Budget", "text", &["budget", "price", "cost"]),
    ("Design", "topics", &["design", "button", "interface"]),
    ("Data", "autotopics", &["data", "feature", "model"]),
    ("Education", "topics", &["school", "student", "teacher"]),
    ("Questions", "autotopics", &["question"]),
    (
        "Next steps",
        "text",
        &["next week", "next step", "follow up", "next meeting"],
    ),
];

impl Tenant {
    /// Plays a `.jsonl` or `.jsonl.gz` file of meetings: one call a meeting, spread over `days` before `until`.
    pub fn play(path: impl AsRef<Path>, until: DateTime<Utc>, days: i64) -> io::Result<Tenant> {
        Tenant::play_with(
            path,
            &Play {
                until,
                days,
                ..Play::default()
            },
        )
    }

    pub fn play_with(path: impl AsRef<Path>, play: &Play) -> io::Result<Tenant> {
        let mut lines = read(path.as_ref())?;
        if play.one_per_meeting {
            let mut met = std::collections::HashSet::new();
            lines.retain(|line| met.insert(line.meeting.clone()));
        }
        let mut rng = ChaCha8Rng::seed_from_u64(play.seed);
        let mut tenant = hire(&mut rng, &play.domain, 12, 3, play.until);
        let total = lines.len();
        for (number, line) in lines.into_iter().enumerate() {
            let call = call(&mut rng, play, &tenant, line, number, total);
            tenant.calls.push(Arc::new(call));
        }
        scorecards_for(&mut rng, &mut tenant, 0.15, play.until);
        clips_and_playlists(&mut rng, &mut tenant, play.until);
        Ok(tenant)
    }
}

fn read(path: &Path) -> io::Result<Vec<Line>> {
    let file = File::open(path)?;
    let reader: Box<dyn BufRead> = match path.extension().is_some_and(|extension| extension == "gz")
    {
        true => Box::new(BufReader::new(MultiGzDecoder::new(file))),
        false => Box::new(BufReader::new(file)),
    };
    reader
        .lines()
        .filter(|line| !line.as_ref().is_ok_and(|line| line.trim().is_empty()))
        .map(|line| Ok(serde_json::from_str(&line?)?))
        .collect()
}

fn call(
    rng: &mut ChaCha8Rng,
    play: &Play,
    tenant: &Tenant,
    line: Line,
    number: usize,
    total: usize,
) -> Call {
    let reps: Vec<_> = tenant
        .users
        .iter()
        .filter(|user| user.role == "USER")
        .collect();
    let owner = reps[number % reps.len()];
    let customer = line
        .company
        .clone()
        .unwrap_or_else(|| organisation(&line.meeting).to_owned());
    let domain = format!("{}.example", slug(&customer, '-'));
    let mut participants = vec![Participant {
        person_id: owner.person_id,
        user_id: Some(owner.id),
        name: Some(owner.name()),
        email: Some(owner.email.clone()),
        title: Some(owner.title.clone()),
        company_name: Some(tenant.company.clone()),
        is_rep: true,
    }];
    let first_person = 100_000 + number as i64 * 1_000;
    participants.extend(line.speakers.into_iter().map(|speaker| {
        Participant {
            person_id: first_person + speaker.id,
            user_id: None,
            // "Speaker 3" is a recognizer's way of saying that it heard no name.
            email: speaker
                .name
                .as_deref()
                .filter(|name| !name.starts_with("Speaker "))
                .map(|name| format!("{}@{domain}", slug(name, '.'))),
            name: speaker.name,
            title: None,
            company_name: Some(customer.clone()),
            is_rep: false,
        }
    }));
    let utterances: Vec<Utterance> = line
        .utterances
        .into_iter()
        .enumerate()
        .map(|(index, said)| Utterance {
            index: index as i64,
            person_id: first_person + said.speaker,
            start_s: said.start_s,
            length_s: round((said.end_s - said.start_s).max(0.0), 3),
            text: said.text,
        })
        .collect();
    let lower: Vec<String> = utterances
        .iter()
        .map(|utterance| utterance.text.to_lowercase())
        .collect();
    let trackers = LISTENED
        .iter()
        .map(|(name, kind, keywords)| hear(name, kind, keywords, &utterances, &lower))
        .filter(|tracker| tracker.count > 0)
        .collect();
    let span = (play.days.max(1) * 86_400) as f64 - line.duration_s - 1_200.0;
    let newest = play.until.timestamp() as f64 - line.duration_s - 600.0;
    let planned = ((newest - span.max(0.0) * number as f64 / total as f64) / 900.0).floor() * 900.0;
    let date_time = planned + round(rng.random_range(0.0..240.0), 2);
    let scheduled_start = instant(planned);
    Call {
        engagement_id: upper_hex(rng, 32),
        date_time,
        duration: line.duration_s,
        subject: line.title,
        account_id: account_of(play.seed, &customer),
        account_name: customer,
        user_id: owner.id,
        participants,
        utterances,
        trackers,
        compliance: Some("compliant".into()),
        meeting_id: (4_500_000 + number).to_string(),
        meeting_url: Some(format!(
            "https://seller.zoom.us/j/{}",
            rng.random_range(80_000_000_000_u64..99_999_999_999)
        )),
        calendar_id: Some("primary".into()),
        ical_uid: Some(format!("{}@google.com", upper_hex(rng, 26).to_lowercase())),
        scheduled_start,
        scheduled_end: scheduled_start + Duration::minutes(60),
        created_at: instant(date_time + line.duration_s + 60.5),
        modified_at: instant(date_time + line.duration_s + 420.25).min(play.until),
        ..Call::default()
    }
}

/// One customer has one account, whichever meeting is played first.
fn account_of(seed: u64, customer: &str) -> String {
    let name = customer.bytes().fold(seed, |sum, byte| {
        sum.wrapping_mul(1_099_511_628_211)
            .wrapping_add(u64::from(byte))
    });
    salesforce_id(&mut ChaCha8Rng::seed_from_u64(name), "001")
}

/// Who met, for meetings without a company: the kind of meeting tells.
fn organisation(meeting: &str) -> &'static str {
    let name = meeting.trim_start_matches("qmsum-");
    match name {
        name if name.starts_with("education") || name.starts_with("covid") => {
            "Parliament Committee"
        }
        name if name.starts_with('B') => "Speech Institute",
        name if name.starts_with("IS") => "Remote Works",
        name if name.starts_with("ES") => "Remote Design",
        name if name.starts_with("TS") => "Remote Labs",
        _ => "Research Group",
    }
}

/// Letters and digits in lower case, whatever else is between them as one separator.
fn slug(name: &str, separator: char) -> String {
    let words: Vec<String> = name
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join(&separator.to_string())
}
