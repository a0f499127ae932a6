//! People and where they work. Names are made of syllables, so that there are many, and some are shared.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

const FIRST: [&str; 40] = [
    "kim", "rae", "ana", "bob", "cora", "dan", "eve", "finn", "gina", "hugo", "ines", "jon",
    "kira", "leo", "mia", "nils", "olga", "pia", "quin", "ron", "sue", "tom", "uma", "vera",
    "will", "xena", "yara", "zoe", "adam", "beth", "carl", "dora", "emil", "fay", "gus", "hana",
    "ivan", "june", "kurt", "lena",
];
const HEAD: [&str; 22] = [
    "bar", "cal", "den", "fer", "gar", "hol", "jan", "kar", "lam", "mor", "nor", "ost", "par",
    "ros", "san", "tur", "ul", "var", "wal", "yor", "zim", "bre",
];
const TAIL: [&str; 18] = [
    "berg", "dez", "ford", "ger", "ham", "ic", "kin", "ley", "man", "nova", "oux", "ric", "sen",
    "ton", "vich", "wood", "ya", "zak",
];

/// Own people and the contacts of customers, by address.
pub struct People {
    pub reps: Vec<String>,
    pub customers: Vec<Vec<String>>,
}

impl People {
    pub fn new(reps: usize, customers: usize, random: &mut ChaCha8Rng) -> People {
        let reps = (0..reps).map(|n| {
            let first = FIRST[n % FIRST.len()];
            format!("{first}.{}@seller.example", last_name(random))
        });
        let mut reps: Vec<String> = reps.collect();
        // No two of one company have one address.
        reps.sort();
        reps.dedup();
        let customers = (0..customers).map(|n| {
            let contacts = 2 + random.random_range(0..5);
            let mut contacts: Vec<String> = (0..contacts)
                .map(|_| {
                    let first = FIRST.choose(random).unwrap();
                    format!("{first}.{}@customer{n}.example", last_name(random))
                })
                .collect();
            contacts.sort();
            contacts.dedup();
            contacts
        });
        let customers = customers.collect();
        People { reps, customers }
    }
}

fn last_name(random: &mut ChaCha8Rng) -> String {
    let head = HEAD.choose(random).unwrap();
    let tail = TAIL.choose(random).unwrap();
    if random.random_bool(0.5) {
        return format!("{head}{tail}");
    }
    format!(
        "{head}{}{tail}",
        ["a", "e", "i", "o"].choose(random).unwrap()
    )
}

/// `kim.lee@larkspur.example` is called kim lee.
pub(crate) fn name_of(address: &str) -> String {
    let local = address.split('@').next().unwrap_or_default();
    local.replace('.', " ")
}

/// What else somebody's address may be.
pub(crate) fn alias_of(address: &str, random: &mut ChaCha8Rng) -> String {
    let (local, host) = address.split_once('@').unwrap_or((address, ""));
    match (random.random_range(0..4), local.split_once('.')) {
        (0, Some((first, last))) => format!("{}{last}@{host}", &first[..1]),
        (1, Some((first, last))) => format!("{first}_{last}@{host}"),
        (2, _) => address.to_uppercase(),
        _ => format!("{local}+calls@{host}"),
    }
}
