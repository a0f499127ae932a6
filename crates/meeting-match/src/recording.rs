//! What is known of a recording, as far as it helps to recognise it.

use crate::title::Title;
use crate::words::Words;
use crate::{CalendarId, Conference};

/// One recording by one source. Times are seconds since 1970; whatever is not known is None or empty.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    /// The caller's number of it.
    pub id: i64,
    pub source: String,
    /// Its id at the source. Source and this id decide ties, so that the order of arrival does not.
    pub source_id: String,
    pub started_s: Option<f64>,
    pub duration_s: Option<f64>,
    pub scheduled_start_s: Option<f64>,
    pub scheduled_end_s: Option<f64>,
    pub title: Title,
    /// Address of the host or owner, as [`crate::email`] writes it.
    pub host: Option<String>,
    /// Addresses of attendees, the host's included.
    pub emails: Vec<String>,
    /// Names of attendees and speakers.
    pub names: Vec<String>,
    pub conference: Option<Conference>,
    pub calendar: Option<CalendarId>,
    pub words: Words,
    /// Nobody came.
    pub no_show: bool,
}

impl Recording {
    /// Begin and end by the recorder, or else by the calendar.
    pub fn span(&self) -> Option<(f64, f64)> {
        let begin = self.started_s.or(self.scheduled_start_s)?;
        let planned = self
            .scheduled_start_s
            .zip(self.scheduled_end_s)
            .map(|(from, to)| to - from);
        let length = self.duration_s.filter(|length| *length > 0.0).or(planned);
        Some((begin, begin + length.unwrap_or(0.0).max(0.0)))
    }

    /// The moments at which it may be said to begin.
    pub fn begins(&self) -> impl Iterator<Item = f64> {
        [self.started_s, self.scheduled_start_s]
            .into_iter()
            .flatten()
    }
}
