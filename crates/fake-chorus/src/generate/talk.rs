//! A conversation: who says what about which topics, and which trackers hear it.

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::names::FIRST_NAMES;
use super::topics::{CLOSINGS, MONTHS, OPENINGS, SMALL_TALK, SYSTEMS, TOPICS, Topic};
use super::{chance, pick};
use crate::tenant::{Mention, Participant, Tracker, Utterance};

/// Speaking rate, words a second.
const WORDS_PER_SECOND: f64 = 2.6;

/// What the lines of this conversation are about.
pub struct Setting<'a> {
    pub customer: &'a str,
    pub trade: &'a str,
    pub company: &'a str,
    pub rep: &'a str,
}

/// Topics of one conversation, in the order in which they come up.
pub fn agenda(rng: &mut ChaCha8Rng, count: usize) -> Vec<&'static Topic> {
    let mut topics: Vec<&Topic> = TOPICS.iter().collect();
    topics.shuffle(rng);
    topics.truncate(count);
    topics
}

/// Lines that are drawn one after the other, in another order each time round.
struct Deck {
    lines: Vec<&'static str>,
    drawn: usize,
}

impl Deck {
    fn of(rng: &mut ChaCha8Rng, lines: &[&'static str]) -> Deck {
        let mut lines = lines.to_vec();
        lines.shuffle(rng);
        Deck { lines, drawn: 0 }
    }

    fn draw(&mut self) -> &'static str {
        self.drawn += 1;
        self.lines[(self.drawn - 1) % self.lines.len()]
    }
}

/// Everything that may still be said.
struct Decks {
    openings: Deck,
    closings: Deck,
    small_talk: Deck,
    /// What customers ask and what reps answer, topic by topic.
    topics: Vec<[Deck; 2]>,
}

/// Exactly `count` utterances that touch every topic of the agenda.
pub fn converse(
    rng: &mut ChaCha8Rng,
    setting: &Setting,
    people: &[Participant],
    agenda: &[&Topic],
    count: usize,
) -> Vec<Utterance> {
    let mut decks = Decks {
        openings: Deck::of(rng, OPENINGS),
        closings: Deck::of(rng, CLOSINGS),
        small_talk: Deck::of(rng, SMALL_TALK),
        topics: agenda
            .iter()
            .map(|topic| [Deck::of(rng, topic.asks), Deck::of(rng, topic.answers)])
            .collect(),
    };
    let mut utterances: Vec<Utterance> = Vec::with_capacity(count);
    let mut clock = rng.random_range(1.0..6.0);
    let mut speaker = 0;
    for index in 0..count {
        // Mostly they take turns, sometimes one goes on.
        if people.len() > 1 && index > 0 && chance(rng, 0.8) {
            speaker = (speaker + rng.random_range(1..people.len())) % people.len();
        }
        let person = &people[speaker];
        let line = line(rng, &mut decks, person.is_rep, agenda, index, count);
        let mut text = fill(rng, &line, setting);
        if index + 1 == count {
            // A conversation shorter than its agenda names the rest at the end.
            for topic in agenda.iter().skip(count) {
                text.push(' ');
                text.push_str(&fill(rng, topic.asks[0], setting));
            }
        }
        let words = text.split_whitespace().count() as f64;
        let length = round(
            words / WORDS_PER_SECOND * rng.random_range(0.85..1.2) + 0.4,
            2,
        );
        utterances.push(Utterance {
            index: index as i64,
            person_id: person.person_id,
            start_s: round(clock, 2),
            length_s: length,
            text,
        });
        clock += length + rng.random_range(0.1..2.5);
    }
    utterances
}

fn line(
    rng: &mut ChaCha8Rng,
    decks: &mut Decks,
    rep: bool,
    agenda: &[&Topic],
    index: usize,
    count: usize,
) -> String {
    let frame = if count > 12 { 2 } else { 0 };
    if index < frame {
        return decks.openings.draw().to_owned();
    }
    if count - index <= frame {
        return decks.closings.draw().to_owned();
    }
    // Each topic gets a stretch of the conversation, which begins with a line that its tracker hears.
    let index = index - frame;
    let stretch = ((count - 2 * frame) / agenda.len().max(1)).max(1);
    let number = (index / stretch).min(agenda.len().saturating_sub(1));
    let Some(topic) = agenda.get(number) else {
        return decks.small_talk.draw().to_owned();
    };
    if index == number * stretch {
        return if rep { topic.answers[0] } else { topic.asks[0] }.to_owned();
    }
    let [asks, answers] = &mut decks.topics[number];
    let on_topic = if rep { answers } else { asks };
    match rng.random_range(0..10) {
        0..5 => on_topic.draw().to_owned(),
        5..7 => format!("{} {}", decks.small_talk.draw(), on_topic.draw()),
        _ => decks.small_talk.draw().to_owned(),
    }
}

/// Puts words into the slots of a line.
pub fn fill(rng: &mut ChaCha8Rng, line: &str, setting: &Setting) -> String {
    let mut text = String::with_capacity(line.len() + 24);
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let (slot, after) = after.split_once('}').expect("slots are closed");
        match slot {
            "customer" => text.push_str(setting.customer),
            "trade" => text.push_str(setting.trade),
            "company" => text.push_str(setting.company),
            "product" => {
                text.push_str(setting.company);
                text.push_str(" Desk");
            }
            "rep" => text.push_str(setting.rep),
            "person" => text.push_str(pick::<&str>(rng, FIRST_NAMES)),
            "system" => text.push_str(pick::<&str>(rng, SYSTEMS)),
            "month" => text.push_str(pick::<&str>(rng, MONTHS)),
            "number" => {
                text.push_str(&(rng.random_range(1..=9) * *pick(rng, &[1, 2, 5, 10])).to_string())
            }
            other => unreachable!("no slot is called {other}"),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// What the trackers of these topics hear.
pub fn listen(agenda: &[&Topic], utterances: &[Utterance]) -> Vec<Tracker> {
    if utterances.is_empty() {
        return Vec::new();
    }
    let lower: Vec<String> = utterances
        .iter()
        .map(|utterance| utterance.text.to_lowercase())
        .collect();
    agenda
        .iter()
        .map(|topic| hear(topic.name, topic.kind, topic.keywords, utterances, &lower))
        .collect()
}

/// One tracker over a transcript whose texts were put in lower case by the caller.
pub(crate) fn hear(
    name: &str,
    kind: &str,
    keywords: &[&str],
    utterances: &[Utterance],
    lower: &[String],
) -> Tracker {
    let mut mentions = Vec::new();
    for (utterance, text) in utterances.iter().zip(lower) {
        for keyword in keywords {
            if let Some(at) = find_word(text, keyword) {
                // The word that the keyword is in counts as not yet said: "pre-" in "pre-design".
                let begun = text[..at].trim_end_matches(|letter: char| !letter.is_whitespace());
                let offset = begun.split_whitespace().count() as i64;
                let mention = Mention {
                    utterance: utterance.index,
                    offset,
                };
                // "renew" and "renewal" may be one word.
                if !mentions.contains(&mention) {
                    mentions.push(mention);
                }
            }
        }
    }
    Tracker {
        id: name
            .to_lowercase()
            .replace(|letter: char| !letter.is_ascii_alphanumeric(), "-"),
        name: name.to_owned(),
        kind: kind.to_owned(),
        count: mentions.len() as i64,
        mentions,
    }
}

/// Where the keyword begins a word, so that `api` is not heard in "rapid".
fn find_word(text: &str, keyword: &str) -> Option<usize> {
    text.match_indices(keyword).map(|(at, _)| at).find(|at| {
        !text[..*at]
            .chars()
            .next_back()
            .is_some_and(char::is_alphanumeric)
    })
}

pub(crate) fn round(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}
