//! Where a meeting takes place and which entry of a calendar it is, and the ways in which sources write that.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

/// A conference room.
#[derive(Debug, Clone)]
pub enum Room {
    Zoom(u64),
    /// By the name of its owner.
    ZoomPersonal(String),
    Meet(u64),
    Teams(u64),
    /// A vanity link that its owner uses for everything, and that does not look like it.
    Vanity(String),
}

impl Room {
    pub fn of_meeting(number: u64, random: &mut ChaCha8Rng) -> Room {
        match random.random_range(0..3) {
            0 => Room::Meet(number),
            1 => Room::Teams(number),
            _ => Room::Zoom(number),
        }
    }

    pub fn is_personal(&self) -> bool {
        matches!(self, Room::ZoomPersonal(_) | Room::Vanity(_))
    }

    /// One of the ways to write the link, perhaps in the wrapper of a mail filter.
    pub fn spelled(&self, random: &mut ChaCha8Rng) -> String {
        let link = match self {
            Room::Zoom(number) => {
                let id = 90_000_000_000 + number * 7919 % 9_999_999_999;
                match random.random_range(0..4) {
                    0 => format!("https://zoom.us/j/{id}"),
                    1 => format!("https://seller.zoom.us/j/{id}?pwd=abc"),
                    2 => format!("https://us02web.zoom.us/w/{id}?tk=1"),
                    _ => format!("https://seller.zoom.us/wc/{id}/join"),
                }
            }
            Room::ZoomPersonal(name) => format!("https://seller.zoom.us/my/{name}"),
            Room::Vanity(name) => format!("https://bridge.example/{name}"),
            Room::Meet(number) => {
                let letter = |n: u64| char::from(b'a' + (n % 26) as u8);
                let code: Vec<char> = (0..10)
                    .map(|n| letter(number / 26u64.pow(n.min(6)) + 3 * u64::from(n)))
                    .collect();
                let code: String = code.into_iter().collect();
                format!(
                    "https://meet.google.com/{}-{}-{}",
                    &code[..3],
                    &code[3..7],
                    &code[7..]
                )
            }
            Room::Teams(number) => format!(
                "https://teams.microsoft.com/l/meetup-join/19%3ameeting_{number:032x}%40thread.v2/0"
            ),
        };
        match random.random_range(0..12) {
            0 => format!(
                "https://www.google.com/url?q={}&sa=D",
                link.replace('?', "%3F").replace('&', "%26")
            ),
            1 => format!("https://urldefense.com/v3/__{link}__;!!x"),
            2 => format!("Join here: <{link}> or call +1 555 0100"),
            _ => link,
        }
    }
}

/// An entry of a calendar.
#[derive(Debug, Clone)]
pub struct Entry {
    pub number: u64,
    /// Whether it stands for many meetings.
    pub of_series: bool,
    pub by_outlook: bool,
}

impl Entry {
    /// Its iCalUID for the occurrence that was planned then; some sources name the occurrence, some only the series.
    pub fn spelled(&self, planned_s: f64, names_occurrence: bool) -> String {
        let tail = "0000000000000000000000000000000010000000";
        let names_occurrence = names_occurrence && self.of_series;
        // Days are written as if there were twelve months of thirty-one; all that counts is which.
        let day = (planned_s / 86_400.0) as u64;
        match (self.by_outlook, names_occurrence) {
            (true, true) => format!(
                "040000008200E00074C5B7101A82E008{:08X}{tail}{:012X}",
                0x07E8_0101 + day,
                self.number
            ),
            (true, false) => format!(
                "040000008200E00074C5B7101A82E00800000000{tail}{:012X}",
                self.number
            ),
            (false, true) => format!(
                "event{}_2024{:04}T{:06}Z@google.com",
                self.number,
                day % 10_000,
                planned_s as u64 % 86_400
            ),
            (false, false) => format!("event{}@google.com", self.number),
        }
    }
}

/// A title that its source made up.
pub(crate) fn by_a_product(random: &mut ChaCha8Rng) -> String {
    let titles = [
        "Unscheduled Meeting",
        "Zoom Meeting",
        "",
        "Instant meeting",
        "Untitled",
    ];
    (*titles.choose(random).unwrap()).to_owned()
}
