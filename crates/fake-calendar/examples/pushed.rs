//! A million recordings of two years as files for COPY, for `scripts`: `cargo run --release -p fake-calendar --example
//! pushed -- DIRECTORY [recordings]` writes calls, participants and words there, one file each.

use fake_calendar::{Pushed, two_years};
use std::fs::File;
use std::io::{BufWriter, Write};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let directory = std::path::PathBuf::from(arguments.next().expect("a directory"));
    let wanted: usize = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let open =
        |name: &str| Ok::<_, std::io::Error>(BufWriter::new(File::create(directory.join(name))?));
    let (mut calls, mut participants, mut words) =
        (open("calls")?, open("participants")?, open("words")?);
    let mut first = 0;
    for (month, mut recorded) in two_years(wanted).enumerate() {
        let count = recorded.len() as i64;
        for one in &mut recorded {
            one.recording.id += first;
            one.recording.source_id = format!("{month:02}-{}", one.recording.source_id);
        }
        first += count;
        let pushed = Pushed::of(&recorded);
        calls.write_all(pushed.calls.as_bytes())?;
        participants.write_all(pushed.participants.as_bytes())?;
        words.write_all(pushed.words.as_bytes())?;
    }
    println!("{first} recordings");
    Ok(())
}
