//! Calendar identities: one iCalUID may name a single meeting, an occurrence of a series, or the series as a whole.
//!
//! Google puts the occurrence into the UID (`abc_20250602T150000Z@google.com`, and `abc_R20250602T150000@google.com`
//! for a series that was cut in two); Outlook puts its date into the bytes 16 to 19 of a "global object id"
//! (MS-OXOCAL 2.2.1.27). Others send the UID of the series for each of its occurrences.

/// Who a calendar entry is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CalendarId {
    /// Of the series, if there is one; lower case.
    pub series: String,
    /// Which occurrence, where the UID says so: a date, perhaps with a time.
    pub occurrence: Option<String>,
}

/// How every global object id of Outlook begins, in hexadecimal.
const GLOBAL_OBJECT_ID: &str = "040000008200e00074c5b7101a82e008";

/// Takes an iCalUID apart; None if there is none.
pub fn calendar_id(uid: &str) -> Option<CalendarId> {
    let uid = uid.trim().to_ascii_lowercase();
    if uid.is_empty() {
        return None;
    }
    Some(
        outlook(&uid)
            .or_else(|| google(&uid))
            .unwrap_or(CalendarId {
                series: uid,
                occurrence: None,
            }),
    )
}

fn outlook(uid: &str) -> Option<CalendarId> {
    let rest = uid.strip_prefix(GLOBAL_OBJECT_ID)?;
    let (date, rest) = (rest.get(..8)?, rest.get(8..)?);
    let occurrence = (date != "00000000" && date.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| date.to_owned());
    Some(CalendarId {
        series: format!("{GLOBAL_OBJECT_ID}00000000{rest}"),
        occurrence,
    })
}

fn google(uid: &str) -> Option<CalendarId> {
    let (local, host) = uid.split_once('@')?;
    let (series, suffix) = local.rsplit_once('_')?;
    let date = suffix.strip_prefix('r').unwrap_or(suffix);
    let digits = date.bytes().filter(u8::is_ascii_digit).count();
    let is_date = digits >= 8
        && date
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b't' | b'z'));
    // A series that was cut in two is one series: which half, its time says.
    is_date.then(|| CalendarId {
        series: format!("{series}@{host}"),
        occurrence: (date.len() == suffix.len()).then(|| date.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(uid: &str) -> Option<(String, Option<String>)> {
        calendar_id(uid).map(|id| (id.series, id.occurrence))
    }

    #[test]
    fn google_names_the_occurrence_in_the_uid() {
        let series = || "abc123@google.com".to_owned();
        assert_eq!(parts("abc123@google.com"), Some((series(), None)));
        assert_eq!(
            parts("ABC123_20250602T150000Z@google.com"),
            Some((series(), Some("20250602t150000z".into())))
        );
        assert_eq!(
            parts("abc123_R20250602T150000@google.com"),
            Some((series(), None))
        );
        assert_eq!(
            parts("team_sync@google.com").unwrap().0,
            "team_sync@google.com"
        );
    }

    #[test]
    fn outlook_keeps_the_date_of_the_occurrence_in_four_bytes() {
        let tail = "0000000000000000000000000000000010000000ab12";
        let series = format!("{GLOBAL_OBJECT_ID}00000000{tail}");
        assert_eq!(parts(&series), Some((series.clone(), None)));
        let occurrence = format!("{GLOBAL_OBJECT_ID}07E90602{tail}").to_uppercase();
        assert_eq!(parts(&occurrence), Some((series, Some("07e90602".into()))));
    }

    #[test]
    fn other_uids_are_taken_as_they_are() {
        assert_eq!(parts("  "), None);
        assert_eq!(parts("EVENT-1"), Some(("event-1".into(), None)));
        assert_eq!(
            parts(GLOBAL_OBJECT_ID),
            Some((GLOBAL_OBJECT_ID.into(), None))
        );
    }

    proptest::proptest! {
        #[test]
        fn no_uid_is_too_odd(uid: String, tail: String) {
            let _ = calendar_id(&uid);
            let _ = calendar_id(&format!("{GLOBAL_OBJECT_ID}{tail}"));
            let _ = calendar_id(&format!("{uid}_{tail}@google.com"));
        }
    }
}
