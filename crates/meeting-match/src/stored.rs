//! A fact as bytes, so that it is read back much faster than it was made.

use crate::facts::{Fact, Person};
use crate::words::Words;

/// Another one means that facts have to be made again.
const VERSION: u8 = 2;

/// A fact and what decides ties.
#[derive(Debug, Clone)]
pub struct Stored {
    pub source: String,
    /// Its id at the source.
    pub source_id: String,
    pub fact: Fact,
}

/// All but the id and the words, which are kept beside it.
pub fn to_bytes(stored: &Stored) -> Vec<u8> {
    let Stored {
        source,
        source_id,
        fact,
    } = stored;
    let mut bytes = Vec::with_capacity(
        96 + 16 * fact.people.len() + 4 * fact.title_words.len() + source.len() + source_id.len(),
    );
    let flags = u8::from(fact.has_duration)
        | u8::from(fact.room_is_personal) << 1
        | u8::from(fact.no_show) << 2;
    bytes.extend([VERSION, flags]);
    bytes.extend(fact.source.to_le_bytes());
    for time in [fact.begin, fact.end, fact.planned_begin, fact.planned_end] {
        bytes.extend(time.to_le_bytes());
    }
    for hash in [
        fact.series,
        fact.occurrence,
        fact.room,
        fact.host,
        fact.title,
    ] {
        bytes.extend(hash.to_le_bytes());
    }
    bytes.extend(length(fact.people.len()));
    for person in &fact.people {
        bytes.extend(person.exact.to_le_bytes());
        bytes.extend(person.alias.to_le_bytes());
        bytes.extend(person.called.to_le_bytes());
    }
    bytes.extend(length(fact.title_words.len()));
    for word in &fact.title_words {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(length(source.len()));
    bytes.extend(source.as_bytes());
    bytes.extend(source_id.as_bytes());
    bytes
}

/// PostgreSQL holds nothing that is longer.
fn length(of: usize) -> [u8; 4] {
    (of as u32).to_le_bytes()
}

/// None if the bytes are no fact, or one of another version.
pub fn from_bytes(id: i64, bytes: &[u8], words: Option<&[u8]>) -> Option<Stored> {
    let mut rest = Rest(bytes);
    let [version, flags] = rest.take::<2>()?;
    if version != VERSION {
        return None;
    }
    let source_number = rest.u32()?;
    let [begin, end, planned_begin, planned_end] = rest.all(Rest::f64)?;
    let [series, occurrence, room, host, title] = rest.all(Rest::u64)?;
    let people = (0..rest.u32()?)
        .map(|_| {
            Some(Person {
                exact: rest.u64()?,
                alias: rest.u32()?,
                called: rest.u32()?,
            })
        })
        .collect::<Option<Box<[Person]>>>()?;
    let title_words = (0..rest.u32()?)
        .map(|_| rest.u32())
        .collect::<Option<Box<[u32]>>>()?;
    let length = rest.u32()? as usize;
    let (source, source_id) = rest.0.split_at_checked(length)?;
    let text = |bytes: &[u8]| Some(std::str::from_utf8(bytes).ok()?.to_owned());
    Some(Stored {
        source: text(source)?,
        source_id: text(source_id)?,
        fact: Fact {
            id,
            source: source_number,
            begin,
            end,
            planned_begin,
            planned_end,
            has_duration: flags & 1 != 0,
            series,
            occurrence,
            room,
            room_is_personal: flags & 2 != 0,
            host,
            people,
            title,
            title_words,
            words: words.and_then(Words::from_bytes).unwrap_or_default(),
            no_show: flags & 4 != 0,
        },
    })
}

struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn f64(&mut self) -> Option<f64> {
        self.take().map(f64::from_le_bytes)
    }

    fn all<T: Copy + Default, const N: usize>(
        &mut self,
        one: impl Fn(&mut Self) -> Option<T>,
    ) -> Option<[T; N]> {
        let mut all = [T::default(); N];
        for place in &mut all {
            *place = one(self)?;
        }
        Some(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Recording, Title};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_bytes_are_too_odd(bytes: Vec<u8>) {
            let _ = from_bytes(1, &bytes, None);
            let _ = from_bytes(1, &[&[VERSION][..], &bytes].concat(), Some(&bytes));
        }
    }

    #[test]
    fn nothing_is_too_long_to_be_read_back() {
        let many = 70_000;
        let recording = Recording {
            started_s: Some(1_748_876_400.0),
            emails: (0..many)
                .map(|n| format!("p{n}@larkspur.example"))
                .collect(),
            title: Title::of(&(0..many).map(|n| format!("w{n} ")).collect::<String>()),
            ..Recording::default()
        };
        let written = Stored {
            source: "s".repeat(many),
            source_id: "i".repeat(many),
            fact: Fact::of(&recording, 1),
        };
        let bytes = to_bytes(&written);
        let read = from_bytes(7, &bytes, None).unwrap();
        assert_eq!(
            (&read.source, &read.source_id),
            (&written.source, &written.source_id)
        );
        assert_eq!(read.fact.people, written.fact.people);
        assert_eq!(read.fact.people.len(), many);
        assert_eq!(read.fact.title_words, written.fact.title_words);
        assert_eq!(to_bytes(&read), bytes);
    }
}
