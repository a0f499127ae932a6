//! Addresses of people who took part.

use std::borrow::Cow;

/// The longest that mail knows; what is longer is no address, and would not fit into an index.
const LONGEST: usize = 320;
const LONGEST_HOST: usize = 253;

/// An address as people type it, in lower case, without what mail programs put around it. None if it is no address, or
/// several.
pub fn typed(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(['<', '>']).to_lowercase();
    let text = text.strip_prefix("mailto:").unwrap_or(&text);
    let single =
        text.matches('@').count() == 1 && !text.contains([',', ';', ':', '<', '>', '(', ')', '"']);
    (single && address(text).is_some()).then(|| text.to_owned())
}

/// Whether this can be an address at all.
fn plausible(text: &str) -> bool {
    let text = text.trim();
    let Some((local, host)) = text.rsplit_once('@') else {
        return false;
    };
    !local.is_empty()
        && !host.is_empty()
        && text.len() <= LONGEST
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// The form in which two spellings of one mailbox are equal: lower case, no plus-tag, an ASCII host. None if it is no
/// address.
pub fn address(text: &str) -> Option<Cow<'_, str>> {
    if !plausible(text) {
        return None;
    }
    let text = text.trim();
    let (local, host) = text.rsplit_once('@')?;
    let untagged = match local.find('+') {
        None | Some(0) => local,
        Some(tag) => &local[..tag],
    };
    let plain = |c: u8| c.is_ascii() && !c.is_ascii_uppercase();
    if untagged.len() == local.len() && text.bytes().all(plain) && !host.ends_with('.') {
        return Some(Cow::Borrowed(text));
    }
    let host = ascii(host).unwrap_or_else(|| host.to_lowercase());
    let address = format!("{}@{host}", untagged.to_lowercase());
    (address.len() <= LONGEST).then_some(Cow::Owned(address))
}

/// The host of an address, in lower case and ASCII. None for addresses of machines and for what has no dot in it.
pub fn host(text: &str) -> Option<String> {
    let (_, host) = text.trim().rsplit_once('@')?;
    let host = ascii(host)?;
    let dotted = host.contains('.') && host.len() <= LONGEST_HOST;
    (dotted && !is_number(&host)).then_some(host)
}

/// Lower case, internationalised names in their ASCII form, without the final dot.
pub(crate) fn ascii(host: &str) -> Option<String> {
    let host = host.trim().trim_end_matches('.');
    if host.starts_with('.') || host.contains("..") {
        return None;
    }
    let simple = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'.';
    if !host.is_empty() && host.bytes().all(simple) && !host.contains("xn--") {
        return Some(host.to_owned());
    }
    let host = idna::domain_to_ascii(host).ok()?;
    let usable = !host.is_empty()
        && !host.starts_with('.')
        && !host.contains("..")
        && !host.contains(|c: char| c.is_whitespace() || c.is_control() || "[]/:@".contains(c));
    usable.then_some(host)
}

/// No top-level domain is a number: this is an address of a machine.
pub(crate) fn is_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    last.is_empty() || last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_mailbox_are_equal() {
        for text in [
            "kim@larkspur.example",
            " Kim@Larkspur.Example ",
            "kim+demo@larkspur.example",
            "KIM+a+b@larkspur.example.",
        ] {
            assert_eq!(
                address(text).as_deref(),
                Some("kim@larkspur.example"),
                "{text:?}"
            );
        }
        assert_eq!(
            address("kim@Bücher.example"),
            address("kim@xn--bcher-kva.example")
        );
    }

    #[test]
    fn one_address_is_typed_at_a_time() {
        for text in [
            " Kim@Larkspur.Example ",
            "<kim@larkspur.example>",
            "mailto:kim@larkspur.example",
        ] {
            assert_eq!(
                typed(text).as_deref(),
                Some("kim@larkspur.example"),
                "{text:?}"
            );
        }
        for text in [
            "",
            "kim",
            "kim@larkspur.example;lee@larkspur.example",
            "kim@larkspur.example,lee",
            "lee,kim@larkspur.example",
            "Kim Lee <kim@larkspur.example>",
        ] {
            assert_eq!(typed(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_plus_at_the_start_is_no_tag() {
        assert_eq!(
            address("+4930123@dial.example").as_deref(),
            Some("+4930123@dial.example")
        );
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in [
            "",
            "kim",
            "@larkspur.example",
            "kim@",
            "kim lee@larkspur.example",
            "+1 555 0100",
        ] {
            assert_eq!(address(text), None, "{text:?}");
        }
        assert_eq!(
            address(&format!("{}@larkspur.example", "k".repeat(400))),
            None
        );
    }

    #[test]
    fn a_host_is_what_follows_the_last_at_sign() {
        let cases = [
            ("kim@Mail.EU.Larkspur.co.uk", Some("mail.eu.larkspur.co.uk")),
            ("\"a@b\"@larkspur.example.", Some("larkspur.example")),
            ("kim@Bücher.example", Some("xn--bcher-kva.example")),
            ("kim@192.0.2.7", None),
            ("kim@[2001:db8::1]", None),
            ("kim@localhost", None),
            ("kim@larkspur..co.uk", None),
            ("kim@.larkspur.example", None),
            ("larkspur.example", None),
            ("kim@", None),
        ];
        for (text, expected) in cases {
            assert_eq!(host(text).as_deref(), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_an_address_or_none_and_it_is_its_own_address(text in "\\PC{0,40}@?\\PC{0,40}") {
            if let Some(found) = address(&text) {
                let again = address(&found).map(Cow::into_owned);
                prop_assert_eq!(again.as_deref(), Some(&*found));
            }
            if let Some(found) = host(&text) {
                prop_assert_eq!(host(&format!("kim@{found}")), Some(found));
            }
        }
    }
}
