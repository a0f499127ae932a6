//! Companies that are sold to, and the people who work there.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::names::{COMPANY_FIRST, COMPANY_SECOND, CUSTOMER_TITLES, FIRST_NAMES, LAST_NAMES};
use super::{chance, pick};
use crate::tenant::Participant;

/// A customer with its CRM account.
pub struct Customer {
    pub name: String,
    pub trade: &'static str,
    /// 18-character Salesforce id.
    pub account_id: String,
    pub opportunity: Option<(String, String)>,
    pub contacts: Vec<Participant>,
}

/// Founds companies with distinct names and domains.
pub fn found(rng: &mut ChaCha8Rng, count: usize) -> Vec<Customer> {
    let mut names: Vec<(usize, usize)> = (0..COMPANY_FIRST.len())
        .flat_map(|first| (0..COMPANY_SECOND.len()).map(move |second| (first, second)))
        .collect();
    let mut person_id = 50_000;
    (0..count.min(names.len()))
        .map(|_| {
            let (first, second) = names.swap_remove(rng.random_range(0..names.len()));
            let (noun, trade) = COMPANY_SECOND[second];
            company(
                rng,
                &format!("{} {noun}", COMPANY_FIRST[first]),
                trade,
                &mut person_id,
            )
        })
        .collect()
}

fn company(rng: &mut ChaCha8Rng, name: &str, trade: &'static str, person_id: &mut i64) -> Customer {
    let slug = name.to_lowercase().replace(' ', "-");
    let top = if chance(rng, 0.7) { "example" } else { "test" };
    let contacts = (0..rng.random_range(4..=9))
        .map(|_| {
            *person_id += 1;
            contact(rng, *person_id, name, &format!("{slug}.{top}"))
        })
        .collect();
    let opportunity = chance(rng, 0.6).then(|| {
        let what = *pick(rng, &["renewal", "expansion", "new business", "pilot"]);
        (salesforce_id(rng, "006"), format!("{name} {what}"))
    });
    Customer {
        name: name.to_owned(),
        trade,
        account_id: salesforce_id(rng, "001"),
        opportunity,
        contacts,
    }
}

fn contact(rng: &mut ChaCha8Rng, person_id: i64, company: &str, domain: &str) -> Participant {
    let first = *pick(rng, FIRST_NAMES);
    let last = *pick(rng, LAST_NAMES);
    Participant {
        person_id,
        user_id: None,
        // Dial-ins and people who joined by link have an address or a name, not always both.
        name: (!chance(rng, 0.06)).then(|| format!("{first} {last}")),
        email: Some(format!("{}@{domain}", mailbox(first, last))),
        title: chance(rng, 0.7).then(|| (*pick(rng, CUSTOMER_TITLES)).to_owned()),
        company_name: chance(rng, 0.8).then(|| company.to_owned()),
        is_rep: false,
    }
}

/// `first.last` in the letters that an address may hold.
pub(crate) fn mailbox(first: &str, last: &str) -> String {
    format!("{first}.{last}")
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '.')
        .collect()
}

/// A well-formed 18-character id: 15 that matter and 3 that tell their capitals.
pub(crate) fn salesforce_id(rng: &mut ChaCha8Rng, prefix: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const CHECK: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    let mut id = format!("{prefix}4X00000");
    while id.len() < 15 {
        id.push(LETTERS[rng.random_range(0..LETTERS.len())] as char);
    }
    let checks: Vec<char> = id
        .as_bytes()
        .chunks(5)
        .map(|five| {
            let capitals = five
                .iter()
                .enumerate()
                .filter(|(_, letter)| letter.is_ascii_uppercase())
                .map(|(bit, _)| 1 << bit)
                .sum::<usize>();
            CHECK[capitals] as char
        })
        .collect();
    id.extend(checks);
    id
}
