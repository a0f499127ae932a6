//! Settings that are texts and mean something else: how they are read, and refused where they cannot be.

use chrono::TimeDelta;
use pgrx::pg_sys;
use std::ffi::{CStr, c_char, c_void};

/// Reads `90`, `-2.5`, `3d`, `3 days` or `1 day 2 hours`; a bare number is seconds. None if it is neither.
pub fn offset(text: &str) -> Option<TimeDelta> {
    let mut total_s = 0.0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
            .unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let unit_s = match rest[..letters].trim_end_matches('s') {
            "" | "sec" | "second" => 1.0,
            "m" => 0.001,
            "min" | "minute" => 60.0,
            "h" | "hour" => 3600.0,
            "d" | "day" => 86_400.0,
            "w" | "week" => 604_800.0,
            _ => return None,
        };
        rest = rest[letters..].trim_start();
        total_s += number * unit_s;
    }
    (total_s.abs() <= 1e10).then(|| TimeDelta::microseconds((total_s * 1e6) as i64))
}

/// The ages at which details are read again; None if the text is no such list.
pub fn rereads(text: &str) -> Option<Vec<TimeDelta>> {
    const MOST: usize = 20;
    let ages: Option<Vec<_>> = text
        .split(',')
        .map(str::trim)
        .filter(|age| !age.is_empty())
        .map(offset)
        .collect();
    ages.filter(|ages| {
        let sane = TimeDelta::minutes(1)..=TimeDelta::days(366);
        ages.len() <= MOST && ages.iter().all(|age| sane.contains(age))
    })
}

/// Refuses a `chorus_sync.clock_offset` that would silently count as none.
#[pgrx::pg_guard]
pub unsafe extern "C-unwind" fn check_offset(
    value: *mut *mut c_char,
    _extra: *mut *mut c_void,
    _source: pg_sys::GucSource::Type,
) -> bool {
    unsafe { is_nothing_or(value, |text| offset(text).is_some()) }
}

/// Refuses a `chorus_sync.timezone` that is none.
#[pgrx::pg_guard]
pub unsafe extern "C-unwind" fn check_timezone(
    value: *mut *mut c_char,
    _extra: *mut *mut c_void,
    _source: pg_sys::GucSource::Type,
) -> bool {
    unsafe { is_nothing_or(value, |text| sync_plan::schedule::is_time_zone(text.trim())) }
}

/// Refuses a `chorus_sync.detail_rereads` that cannot be meant.
#[pgrx::pg_guard]
pub unsafe extern "C-unwind" fn check_rereads(
    value: *mut *mut c_char,
    _extra: *mut *mut c_void,
    _source: pg_sys::GucSource::Type,
) -> bool {
    unsafe { is_nothing_or(value, |text| rereads(text).is_some()) }
}

unsafe fn is_nothing_or(value: *mut *mut c_char, check: impl FnOnce(&str) -> bool) -> bool {
    let value = unsafe { *value };
    value.is_null() || check(&unsafe { CStr::from_ptr(value) }.to_string_lossy())
}
