//! One table for one scenario: medians, and how they compare with the floor.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::contents::Contents;
use crate::measure::Measured;
use crate::scenario::Scenario;

/// The lines of a table, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    Floor,
    First,
    FirstList,
    AgainWhole,
    AgainRecent,
    Dlt,
    CopyOut,
    CopyIn,
}

impl Line {
    fn name(self) -> &'static str {
        match self {
            Line::Floor => "floor: hand-written COPY loader",
            Line::First => "chorus_sync, first sync",
            Line::FirstList => "  of that, until listed",
            Line::AgainWhole => "chorus_sync, no change, all again",
            Line::AgainRecent => "chorus_sync, no change, recent days",
            Line::Dlt => "dlt rest_api",
            Line::CopyOut => "plain COPY out, server only",
            Line::CopyIn => "plain COPY in, server only",
        }
    }

    /// Whether it does what the floor does, so that a ratio means something.
    fn does_the_same(self) -> bool {
        matches!(self, Line::Floor | Line::First | Line::Dlt)
    }

    fn writes_all_rows(self) -> bool {
        self.does_the_same() || matches!(self, Line::CopyIn)
    }
}

#[derive(Default)]
pub struct Report {
    head: String,
    rows: i64,
    lines: BTreeMap<Line, Vec<Measured>>,
}

impl Report {
    pub fn add(&mut self, line: Line, measured: Measured) {
        self.lines.entry(line).or_default().push(measured);
    }

    /// Names the scenario and what all contestants were found to have written.
    pub fn describe(&mut self, scenario: &Scenario, contents: &Contents) {
        let tables: Vec<_> = contents
            .tables()
            .map(|(table, rows)| format!("{} {}", grouped(rows as u64), table.replace('_', " ")))
            .collect();
        self.rows = contents.rows();
        self.head = format!("{}: {}", scenario.name, tables.join(", "));
    }
}

impl Display for Report {
    fn fmt(&self, to: &mut Formatter) -> fmt::Result {
        writeln!(to, "{}", self.head)?;
        writeln!(
            to,
            "{:36} {:>8} {:>15} {:>6} {:>9} {:>8} {:>7} {:>8}",
            "", "median s", "min … max", "ratio", "rows/s", "requests", "cpu s", "peak MiB"
        )?;
        let floor = self
            .lines
            .get(&Line::Floor)
            .map(|runs| median(elapsed(runs)));
        for (line, runs) in &self.lines {
            let times = elapsed(runs);
            let (least, most) = (times[0], times[times.len() - 1]);
            let middle = median(times);
            let ratio = floor
                .filter(|_| line.does_the_same())
                .map(|floor| middle / floor);
            let rate = line.writes_all_rows().then(|| self.rows as f64 / middle);
            let cpu = median_of(runs, |run| run.processor.map(|time| time.as_secs_f64()));
            let peak = runs.iter().filter_map(|run| run.peak_kb).max();
            let requests = median_of(runs, |run| run.requests.map(|requests| requests as f64));
            writeln!(
                to,
                "{:36} {middle:8.2} {:>15} {:>6} {:>9} {:>8} {:>7} {:>8}",
                line.name(),
                format!("{least:.2} … {most:.2}"),
                shown(ratio.map(|ratio| format!("{ratio:.2}"))),
                shown(rate.map(|rate| grouped(rate as u64))),
                shown(requests.map(|requests| grouped(requests as u64))),
                shown(cpu.map(|cpu| format!("{cpu:.2}"))),
                shown(peak.map(|kb| format!("{:.1}", kb as f64 / 1024.0))),
            )?;
        }
        write!(to, "rows equal")
    }
}

/// In seconds, sorted.
fn elapsed(runs: &[Measured]) -> Vec<f64> {
    let mut times: Vec<f64> = runs
        .iter()
        .map(|run| run.elapsed)
        .map(|time: Duration| time.as_secs_f64())
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

fn median_of(runs: &[Measured], figure: impl Fn(&Measured) -> Option<f64>) -> Option<f64> {
    let mut figures: Vec<f64> = runs.iter().filter_map(figure).collect();
    figures.sort_by(f64::total_cmp);
    (!figures.is_empty()).then(|| median(figures))
}

/// Of sorted figures.
fn median(sorted: Vec<f64>) -> f64 {
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        0 => (sorted[middle - 1] + sorted[middle]) / 2.0,
        _ => sorted[middle],
    }
}

fn shown(figure: Option<String>) -> String {
    figure.unwrap_or_else(|| "–".to_owned())
}

/// 1234567 as 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
