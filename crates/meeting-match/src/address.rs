//! Addresses as people type them, and the domain that somebody registered.

/// An e-mail address in lower case and without surrounding blanks; None if it is not an address at all.
pub fn email(text: &str) -> Option<String> {
    let address = text.trim().trim_matches(['<', '>']).to_lowercase();
    let (local, host) = address.rsplit_once('@')?;
    let plausible = !local.is_empty() && !host.is_empty() && !address.contains(char::is_whitespace);
    plausible.then_some(address)
}

/// The registrable domain of an address or a host: `mail.eu.larkspur.co.uk` gives `larkspur.co.uk`, by the public
/// suffix list with its private part, internationalised names in their ASCII form. None for addresses of machines and
/// for what is itself a public suffix.
pub fn registrable_domain(address_or_host: &str) -> Option<String> {
    let host = address_or_host
        .rsplit_once('@')
        .map_or(address_or_host, |(_, host)| host);
    let host = idna::domain_to_ascii(host.trim().trim_end_matches('.')).ok()?;
    if host.parse::<std::net::IpAddr>().is_ok() || host.starts_with('[') {
        return None;
    }
    psl::domain_str(&host).map(str::to_owned)
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

    #[test]
    fn the_registrable_domain_follows_the_public_suffix_list() {
        let cases = [
            ("kim@larkspur.example", Some("larkspur.example")),
            ("kim@mail.eu.larkspur.co.uk", Some("larkspur.co.uk")),
            ("shop-one.myshopify.com", Some("shop-one.myshopify.com")),
            ("kim@Bücher.example", Some("xn--bcher-kva.example")),
            ("larkspur.com.", Some("larkspur.com")),
            ("co.uk", None),
            ("kim@192.0.2.7", None),
            ("kim@[2001:db8::1]", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(registrable_domain(text).as_deref(), expected, "{text:?}");
        }
    }
}
