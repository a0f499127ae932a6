//! What is said in a meeting, and what a recognizer makes of it.

use meeting_match::Words;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

const VOCABULARY: u16 = 4000;

/// Some words are said all the time, most hardly ever; and there are phrases that everybody uses.
pub(crate) fn speak(random: &mut ChaCha8Rng, length: usize) -> Vec<u16> {
    const PHRASE: [u16; 9] = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    let mut said = Vec::with_capacity(length);
    while said.len() < length {
        if random.random_bool(0.02) {
            let from = random.random_range(0..5);
            said.extend(&PHRASE[from..from + 4]);
        } else {
            let rare: f64 = random.random();
            said.push(10 + (f64::from(VOCABULARY) * rare * rare * rare) as u16);
        }
    }
    said
}

/// What is heard of it: some words wrong, some missing.
pub(crate) fn heard(said: &[u16], wrong: f64, random: &mut ChaCha8Rng) -> Words {
    let mut text = String::with_capacity(said.len() * 6);
    for word in said {
        let chance: f64 = random.random();
        if chance < wrong * 0.25 {
            continue;
        }
        let word = match chance < wrong {
            true => random.random_range(0..VOCABULARY),
            false => *word,
        };
        text.push('w');
        text += &word.to_string();
        text.push(' ');
    }
    Words::of([text.as_str()])
}
