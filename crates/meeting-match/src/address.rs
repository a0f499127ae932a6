//! Addresses as people type them.

/// An e-mail address in lower case and without surrounding blanks; None if it is not an address at all.
pub fn email(text: &str) -> Option<String> {
    let address = text.trim().trim_matches(['<', '>']).to_lowercase();
    let (local, host) = address.rsplit_once('@')?;
    let plausible = !local.is_empty() && !host.is_empty() && !address.contains(char::is_whitespace);
    plausible.then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_lower_case_and_trimmed() {
        assert_eq!(
            email("  Kim.Lee@Larkspur.Example "),
            Some("kim.lee@larkspur.example".into())
        );
        assert_eq!(
            email("<kim@larkspur.example>"),
            Some("kim@larkspur.example".into())
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
            assert_eq!(email(text), None, "{text:?}");
        }
    }
}
