//! Makes a body readable as JSON that fits in a database: valid UTF-8, no NUL characters, no lone surrogates.
//!
//! Clean bodies, which is nearly all, are not copied. No record is lost for such text: what stands for no character
//! becomes U+FFFD, NUL is left out. [`mended`] is the second try for bodies that are still no JSON, such as those with
//! `NaN` for a number.

use std::borrow::Cow;

use memchr::memmem;

/// The body as text that a JSON reader takes.
pub(crate) fn readable(body: &[u8]) -> Cow<'_, str> {
    // The UTF-8 mark that some gateways put in front is no JSON.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match String::from_utf8_lossy(body) {
        Cow::Borrowed(text) => without_bad_escapes(text),
        Cow::Owned(text) => Cow::Owned(without_bad_escapes(&text).into_owned()),
    }
}

/// Drops `\u0000` and puts `\ufffd` for surrogates without their other half.
fn without_bad_escapes(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut clean = String::new();
    let mut copied = 0;
    let mut skip_to = 0;
    for at in memmem::find_iter(bytes, br"\u") {
        if at < skip_to || is_escaped(bytes, at) {
            continue;
        }
        let replacement = match unit(bytes, at) {
            Some(0) => "",
            Some(0xd800..=0xdbff) => {
                if matches!(unit(bytes, at + 6), Some(0xdc00..=0xdfff)) {
                    skip_to = at + 12;
                    continue;
                }
                r"\ufffd"
            }
            Some(0xdc00..=0xdfff) => r"\ufffd",
            _ => continue,
        };
        clean.push_str(&text[copied..at]);
        clean.push_str(replacement);
        copied = at + 6;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    clean.push_str(&text[copied..]);
    Cow::Owned(clean)
}

/// Whether the backslash at `at` is itself escaped: an odd number of backslashes stands before it.
fn is_escaped(bytes: &[u8], at: usize) -> bool {
    bytes[..at]
        .iter()
        .rev()
        .take_while(|byte| **byte == b'\\')
        .count()
        % 2
        == 1
}

/// The UTF-16 unit written as `\uXXXX` at `at`.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let hex = bytes.get(at..at + 6)?.strip_prefix(br"\u")?;
    hex.iter().try_fold(0, |unit, digit| {
        Some(unit << 4 | (*digit as char).to_digit(16)? as u16)
    })
}

/// The text with `null` for bare words and numbers that JSON readers refuse (`NaN`, `Infinity`, `1e999`), and a blank for
/// control characters inside strings. Absent if there is nothing to mend.
pub(crate) fn mended(text: &str) -> Option<String> {
    let mut mended = String::with_capacity(text.len());
    let mut changed = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => end_of_string(rest),
            c if is_bare(c) => rest.find(|c| !is_bare(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(end);
        if first == '"' && token.bytes().any(|byte| byte < 0x20) {
            mended.push_str(&token.replace(|c: char| c < ' ', " "));
            changed = true;
        } else if is_bare(first) && !is_literal(token) {
            mended.push_str("null");
            changed = true;
        } else {
            mended.push_str(token);
        }
        rest = after;
    }
    changed.then_some(mended)
}

fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_')
}

fn is_literal(token: &str) -> bool {
    matches!(token, "null" | "true" | "false") || serde_json::from_str::<f64>(token).is_ok()
}

/// Where the string that `text` begins with ends, behind its closing quote; the end of the text if it has none.
fn end_of_string(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(body: &[u8]) -> String {
        serde_json::from_str(&readable(body)).unwrap()
    }

    #[test]
    fn clean_text_is_not_copied() {
        for body in [
            "plain",
            "\u{1F600} é",
            r"\u00e9 \ud83d\ude00 \\u0000 \\ud800",
            "",
        ] {
            assert!(
                matches!(readable(body.as_bytes()), Cow::Borrowed(_)),
                "{body}"
            );
        }
    }

    #[test]
    fn nul_goes_and_lone_surrogates_become_replacement_characters() {
        assert_eq!(decoded(br#""a\u0000b""#), "ab");
        assert_eq!(decoded(br#""a\ud800b""#), "a\u{fffd}b");
        assert_eq!(
            decoded(br#""\udc00\uD800\ud83d\ude00\uDbff""#),
            "\u{fffd}\u{fffd}\u{1F600}\u{fffd}"
        );
        assert_eq!(decoded(br#""\\\u0000\\u0000""#), r"\\u0000");
        assert_eq!(decoded(b"\"a\xff\xc3\""), "a\u{fffd}\u{fffd}");
        assert_eq!(decoded(b"\xef\xbb\xbf\"a\""), "a");
    }

    #[test]
    fn words_and_numbers_that_are_no_json_become_null() {
        assert_eq!(
            mended(r#"{"a":NaN,"b":[-Infinity,1e999,1,05]}"#).unwrap(),
            r#"{"a":null,"b":[null,null,1,null]}"#
        );
        assert_eq!(
            mended("{\"a\":\"x\ty NaN\"}").unwrap(),
            r#"{"a":"x y NaN"}"#
        );
        assert_eq!(mended(r#"{"a":[1,-2.5e3,true,null],"b":"\"NaN"}"#), None);
        assert_eq!(mended(r#"{"a":"unended \"#), None);
    }
}
