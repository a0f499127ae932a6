//! Two recordings side by side: how each feature is compared.

use crate::facts::Fact;
use crate::findings::{Finding, Findings};
use crate::people::people;
use crate::rarity::Rarity;
use Finding::*;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
/// Recordings of calls that nobody came to are shorter.
const LASTING: f64 = 4.0 * MINUTE;
/// A room that more recordings than two to this are held in is somebody's own, whatever its link looks like.
const SHARED_ROOM: u32 = 4;

impl Findings {
    /// Whether when they were and how little else is known forbids already that they are one meeting. Most that have a key
    /// in common end here.
    pub fn are_far_apart(a: &Fact, b: &Fact) -> bool {
        let have_words = a.words.tell() && b.words.tell();
        let have_entry = a.series != 0 && a.series == b.series && a.source != b.source;
        match time(a, b).0 {
            TimeApart => !have_words,
            TimeSlipped => !have_words && !have_entry,
            _ => false,
        }
    }

    pub fn of(a: &Fact, b: &Fact, rarity: &Rarity) -> Findings {
        let (time, slip_s) = time(a, b);
        let plan = plan(a, b);
        let (people, shared, shared_common) = people(a, b, rarity);
        let entry = entry(a, b, time);
        let room = room(a, b, rarity);
        let host = host(a, b);
        let title = title(a, b);
        let alike = |finding: Finding| {
            matches!(
                finding,
                TitleSame | TitleUnknown | PeopleAll | PeopleUnknown | HostSame | HostUnknown
            )
        };
        let source = if a.source != b.source {
            SourceOther
        } else if time <= TimeOverlapping && gap_s(a, b) <= MINUTE {
            SourceTwice
        } else if time <= TimeFollows
            && gap_s(a, b) <= 10.0 * MINUTE
            && plan != PlanOther
            // What one source has of one customer on one day is alike. Its own parts have more in common.
            && (title == TitleSame || entry == EntrySame || room == RoomSame)
            && alike(title)
            && alike(people)
            && alike(host)
            && !matches!(entry, EntryOther | EntryOtherOccurrence)
            && room != RoomOther
        {
            SourceNextPart
        } else {
            SourceSame
        };
        Findings {
            time,
            plan,
            end: end(a, b, slip_s),
            entry,
            room,
            people,
            host,
            title,
            words: words(a, b, slip_s),
            source,
            shared,
            shared_common,
            title_common: if title == TitleSame {
                f64::from(rarity.log2_count(a.title))
            } else {
                0.0
            },
            one_no_show: a.no_show != b.no_show,
        }
    }
}

/// Seconds between the end of one and the begin of the other; nothing if they overlap. One source has one clock, so that
/// near is not enough there.
fn gap_s(a: &Fact, b: &Fact) -> f64 {
    (a.begin.max(b.begin) - a.end.min(b.end)).max(0.0)
}

/// When they begin, and by how many seconds of whole hours one is off. What is not known is NaN and loses every comparison.
pub fn time(a: &Fact, b: &Fact) -> (Finding, f64) {
    let apart = (a.begin - b.begin).abs();
    // Who only tells the plan is compared with the other's plan, too.
    let nearest = apart
        .min((a.begin - b.planned_begin).abs())
        .min((a.planned_begin - b.begin).abs());
    if nearest.is_nan() {
        return (TimeUnknown, 0.0);
    }
    let overlap = a.end.min(b.end) - a.begin.max(b.begin);
    let shorter = (a.end - a.begin).min(b.end - b.begin);
    // What begins when the other has ended does not begin with it, however short the other was.
    let apart_all_along = shorter > LASTING && overlap < shorter * 0.1;
    for (within, finding) in [(2.0, TimeSame), (6.0, TimeNear), (16.0, TimeLate)] {
        if nearest <= within * MINUTE && !apart_all_along {
            return (finding, 0.0);
        }
    }
    if overlap > 0.0 && overlap >= shorter / 2.0 {
        return (TimeOverlapping, 0.0);
    }
    for (x, y) in [(a.begin, b.begin), (a.planned_begin, b.planned_begin)] {
        let hours = ((x - y) / HOUR).round();
        if (1.0..=14.0).contains(&hours.abs()) && (x - y - hours * HOUR).abs() <= 5.0 * MINUTE {
            return (TimeSlipped, hours * HOUR);
        }
    }
    match overlap {
        overlap if overlap > 2.0 * MINUTE => (TimeTouching, 0.0),
        overlap if overlap >= -10.0 * MINUTE => (TimeFollows, 0.0),
        _ => (TimeApart, 0.0),
    }
}

fn plan(a: &Fact, b: &Fact) -> Finding {
    match (a.planned_begin - b.planned_begin).abs() {
        apart if apart.is_nan() => PlanUnknown,
        apart if apart <= MINUTE => PlanSame,
        apart if apart <= 6.0 * MINUTE => PlanNear,
        _ => PlanOther,
    }
}

fn end(a: &Fact, b: &Fact, slip_s: f64) -> Finding {
    if !a.has_duration || !b.has_duration {
        return EndUnknown;
    }
    match (a.end - b.end - slip_s).abs() {
        apart if apart <= MINUTE => EndSame,
        apart if apart <= 4.0 * MINUTE => EndNear,
        _ => EndOther,
    }
}

fn entry(a: &Fact, b: &Fact, time: Finding) -> Finding {
    if a.series == 0 || b.series == 0 {
        return EntryUnknown;
    }
    if a.series != b.series {
        return EntryOther;
    }
    match (a.occurrence, b.occurrence) {
        (x, y) if x != 0 && x == y => EntrySame,
        (x, y) if x != 0 && y != 0 => EntryOtherOccurrence,
        // A series does not meet twice at once, so time says which occurrence it is.
        _ if time <= TimeOverlapping => EntrySame,
        _ if time == TimeApart => EntryOtherOccurrence,
        _ => EntryOfSeries,
    }
}

fn room(a: &Fact, b: &Fact, rarity: &Rarity) -> Finding {
    match (a.room, b.room) {
        (0, _) | (_, 0) => RoomUnknown,
        (x, y) if x != y => RoomOther,
        (x, _) if a.room_is_personal || rarity.log2_count(x) >= SHARED_ROOM => RoomShared,
        _ => RoomSame,
    }
}

fn host(a: &Fact, b: &Fact) -> Finding {
    if a.host == 0 || b.host == 0 {
        return HostUnknown;
    }
    if a.host == b.host {
        return HostSame;
    }
    let attends = |host: u64, fact: &Fact| {
        fact.people
            .binary_search_by_key(&host, |person| person.exact)
            .is_ok()
    };
    if attends(a.host, b) || attends(b.host, a) {
        return HostAttends;
    }
    HostOther
}

fn title(a: &Fact, b: &Fact) -> Finding {
    if a.title == 0 || b.title == 0 {
        return TitleUnknown;
    }
    if a.title == b.title {
        return TitleSame;
    }
    let common = a
        .title_words
        .iter()
        .filter(|word| b.title_words.binary_search(word).is_ok())
        .count();
    match 2.0 * common as f64 / (a.title_words.len() + b.title_words.len()) as f64 {
        alike if alike >= 0.7 => TitleAlike,
        alike if alike >= 0.35 => TitleSomewhatAlike,
        _ => TitleOther,
    }
}

fn words(a: &Fact, b: &Fact, slip_s: f64) -> Finding {
    let Some(common) = a.words.common(&b.words) else {
        return WordsUnknown;
    };
    let overlap = a.end.min(b.end + slip_s) - a.begin.max(b.begin + slip_s);
    let shorter = (a.end - a.begin).min(b.end - b.begin);
    match common.bits() {
        bits if bits >= 20.0 => WordsSame,
        bits if bits >= 11.0 => WordsAlike,
        // Two parts of one meeting have other words.
        _ if overlap < shorter * 0.6 => WordsOfOtherTimes,
        bits if bits >= -6.0 => WordsHardlyAlike,
        _ => WordsOther,
    }
}
