//! A transcript as somebody wrote it down: a line per utterance, with `[hh:mm:ss] Name:` in front or not.

/// What was said in one line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line<'a> {
    /// None: not even a line before says who spoke.
    pub speaker: Option<&'a str>,
    /// Seconds from the start of the recording; as in the line before where a line does not say.
    pub start_s: f64,
    /// When the next line begins, or the call ends; never before the start.
    pub end_s: f64,
    pub text: &'a str,
}

/// The longest name that is taken for one, in characters.
const LONGEST_NAME: usize = 60;
const MOST_WORDS_OF_A_NAME: usize = 6;
/// Words of names that are written small.
const SMALL_WORDS: [&str; 14] = [
    "al", "and", "bin", "da", "de", "del", "der", "di", "dos", "el", "la", "of", "van", "von",
];

/// The lines in their order, blank ones left out. `is_attendee` knows names that are not written as names are.
pub fn lines<'a>(
    transcript: &'a str,
    duration_s: Option<f64>,
    is_attendee: impl Fn(&str) -> bool,
) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    for line in transcript.lines() {
        let (time, rest) = after_time(line.trim());
        let (name, said) = after_name(rest, &is_attendee);
        let before = lines.last();
        let start_s = before.map_or(0.0, |before| before.start_s);
        let speaker = name.or(before.and_then(|before| before.speaker));
        if said.is_empty() {
            continue;
        }
        lines.push(Line {
            speaker,
            start_s: time.map_or(start_s, |time| time.max(start_s)),
            end_s: 0.0,
            text: said,
        });
    }
    let mut end = duration_s.filter(|length| length.is_finite());
    for place in (0..lines.len()).rev() {
        let start = lines[place].start_s;
        lines[place].end_s = end.unwrap_or(start).max(start);
        let begins_here = place == 0 || lines[place - 1].start_s < start;
        if begins_here {
            end = Some(start);
        }
    }
    lines
}

/// `[1:02:03]`, `[02:03]` or `(02:03)` in front, in seconds.
fn after_time(line: &str) -> (Option<f64>, &str) {
    let inside = match line.chars().next() {
        Some('[') => line[1..].split_once(']'),
        Some('(') => line[1..].split_once(')'),
        _ => None,
    };
    let Some((time, rest)) = inside else {
        return (None, line);
    };
    match seconds(time.trim()) {
        Some(seconds) => (Some(seconds), rest.trim_start()),
        None => (None, line),
    }
}

fn seconds(time: &str) -> Option<f64> {
    let parts: Vec<&str> = time.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    let mut seconds = 0.0;
    for part in parts {
        let plausible = part.starts_with(|c: char| c.is_ascii_digit())
            && part.len() <= 7
            && part.chars().all(|c| c.is_ascii_digit() || c == '.');
        let number: f64 = part.parse().ok().filter(|_| plausible)?;
        seconds = seconds * 60.0 + number;
    }
    Some(seconds)
}

/// What stands before the first colon, if that can be a name.
fn after_name<'a>(
    line: &'a str,
    is_attendee: &impl Fn(&str) -> bool,
) -> (Option<&'a str>, &'a str) {
    let Some((name, said)) = line.split_once(':') else {
        return (None, line);
    };
    let name = name.trim();
    let ends_there = said.is_empty() || said.starts_with(char::is_whitespace);
    if ends_there && (is_attendee(name) || looks_like_a_name(name)) {
        (Some(name), said.trim())
    } else {
        (None, line)
    }
}

fn looks_like_a_name(text: &str) -> bool {
    let as_names_are =
        |word: &str| !word.starts_with(char::is_lowercase) || SMALL_WORDS.contains(&word);
    !text.is_empty()
        && text.chars().count() <= LONGEST_NAME
        && !text.contains(['?', '!', ',', ';', '"', '“'])
        && text.chars().any(char::is_alphabetic)
        && text.split_whitespace().count() <= MOST_WORDS_OF_A_NAME
        && text.split_whitespace().all(as_names_are)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<(Option<&str>, f64, f64, &str)> {
        let lines = lines(text, Some(100.0), |name| name == "kim");
        lines
            .into_iter()
            .map(|line| (line.speaker, line.start_s, line.end_s, line.text))
            .collect()
    }

    #[test]
    fn time_and_name_stand_in_front_or_not() {
        let text = "[00:00:05] Kim Lee: We need SSO.\n\n[00:09] Ann van Dyke: Noted\r\nand this goes on\nkim: fine\n(1:01:40.5) Speaker 2: late";
        assert_eq!(
            read(text),
            [
                (Some("Kim Lee"), 5.0, 9.0, "We need SSO."),
                (Some("Ann van Dyke"), 9.0, 3700.5, "Noted"),
                (Some("Ann van Dyke"), 9.0, 3700.5, "and this goes on"),
                (Some("kim"), 9.0, 3700.5, "fine"),
                (Some("Speaker 2"), 3700.5, 3700.5, "late"),
            ]
        );
    }

    #[test]
    fn what_only_looks_like_a_name_is_said() {
        for line in [
            "We agreed on this: ship it",
            "see https://example.com/x",
            "it is 10:30 now",
            "Really? Yes: no",
            ": nothing",
            "[later] well",
        ] {
            assert_eq!(read(line), [(None, 0.0, 100.0, line)], "{line:?}");
        }
    }

    #[test]
    fn clocks_that_run_back_do_not_make_time_negative() {
        let said = read("[00:50] A: one\n[00:20] B: two\n[00:60] C: three");
        let times: Vec<_> = said.iter().map(|line| (line.1, line.2)).collect();
        assert_eq!(times, [(50.0, 60.0), (50.0, 60.0), (60.0, 100.0)]);
    }

    proptest! {
        #[test]
        fn any_text_becomes_lines_in_order(text in "(\\[[0-9:.]{0,12}\\] ?)?[A-Za-z :\\n\\[\\]0-9.é]{0,200}", duration in proptest::option::of(-5.0..1e9)) {
            let lines = lines(&text, duration, |_| false);
            for line in &lines {
                prop_assert!(!line.text.trim().is_empty() && text.contains(line.text));
                prop_assert!(line.start_s >= 0.0 && line.end_s >= line.start_s && line.end_s.is_finite());
            }
            prop_assert!(lines.is_sorted_by(|a, b| a.start_s <= b.start_s));
            prop_assert!(lines.len() <= text.lines().count());
        }

        #[test]
        fn what_is_written_down_is_read_back(said in proptest::collection::vec(("[A-Z][a-z]{1,8} [A-Z][a-z]{1,8}", 0u32..36_000, "[a-z]{1,9}( [a-z]{1,9}){0,9}"), 0..20)) {
            let mut said = said;
            said.sort_by_key(|line| line.1);
            let text: String = said
                .iter()
                .map(|(name, at, words)| format!("[{:02}:{:02}:{:02}] {name}: {words}\n", at / 3600, at / 60 % 60, at % 60))
                .collect();
            let read = lines(&text, None, |_| false);
            prop_assert_eq!(read.len(), said.len());
            for (line, (name, at, words)) in read.iter().zip(&said) {
                prop_assert_eq!((line.speaker, line.start_s, line.text), (Some(name.as_str()), f64::from(*at), words.as_str()));
            }
        }
    }
}
