//! Recordings as a source pushes them into `chorus.calls` and `chorus.participants`: text for COPY.

use crate::record::Recorded;
use std::fmt::Write;

pub const CALLS: &str = "chorus.calls (call_id, source, source_call_id, title, started_at, duration_s, scheduled_start, scheduled_end, host_email, meeting_url, ical_uid, no_show)";
pub const PARTICIPANTS: &str = "chorus.participants (call_id, participant_no, name, email)";
/// Sketches of what was said, as a run leaves them when it writes a transcript.
pub const WORDS: &str = "chorus.match_due (call_id, words)";

/// Rows for COPY in text format, of [`CALLS`], [`PARTICIPANTS`] and [`WORDS`].
#[derive(Debug, Default)]
pub struct Pushed {
    pub calls: String,
    pub participants: String,
    pub words: String,
}

impl Pushed {
    pub fn of<'a>(recorded: impl IntoIterator<Item = &'a Recorded>) -> Pushed {
        let mut pushed = Pushed::default();
        recorded.into_iter().for_each(|one| pushed.add(one));
        pushed
    }

    fn add(&mut self, one: &Recorded) {
        let r = &one.recording;
        let time = |seconds: Option<f64>| {
            let time = seconds.and_then(|seconds| {
                chrono::DateTime::from_timestamp_micros((seconds * 1e6).round() as i64)
            });
            time.map_or("\\N".to_owned(), |time| time.to_rfc3339())
        };
        let text = |text: &str| match text {
            "" => "\\N".to_owned(),
            text => text.replace('\\', "\\\\").replace(['\t', '\n'], " "),
        };
        let number = |number: Option<f64>| number.map_or("\\N".to_owned(), |n| n.to_string());
        let columns = [
            r.id.to_string(),
            r.source.clone(),
            text(&r.source_id),
            text(&one.title),
            time(r.started_s),
            number(r.duration_s),
            time(r.scheduled_start_s),
            time(r.scheduled_end_s),
            text(r.host.as_deref().unwrap_or_default()),
            text(&one.link),
            text(&one.uid),
            r.no_show.to_string(),
        ];
        self.calls.push_str(&columns.join("\t"));
        self.calls.push('\n');
        let people = r.emails.iter().map(|email| ("", email.as_str()));
        let people = people.chain(r.names.iter().map(|name| (name.as_str(), "")));
        for (n, (name, email)) in (1..).zip(people) {
            let (name, email) = (text(name), text(email));
            let _ = writeln!(self.participants, "{}\t{n}\t{name}\t{email}", r.id);
        }
        if r.words.tell() {
            let _ = write!(self.words, "{}\t\\\\x", r.id);
            for byte in r.words.to_bytes() {
                let _ = write!(self.words, "{byte:02x}");
            }
            self.words.push('\n');
        }
    }
}
