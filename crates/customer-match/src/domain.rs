//! Domains: what people type for one, and which domains a host lies in.

use crate::address::{ascii, is_number};

/// Why something is no domain of a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// It is not of the form of a domain.
    Malformed,
    /// A number that names a machine.
    Machine,
    /// `co.uk`: everybody registers below it.
    Suffix,
}

/// A domain as people type it: a URL, an address, `@larkspur.example`, with capitals, a final dot or `www.`.
pub fn domain(text: &str) -> Result<String, Misfit> {
    let text = text.trim();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.split(['/', '?', '#']).next().unwrap_or(text);
    let text = text.rsplit_once('@').map_or(text, |(_, host)| host);
    let text = match text.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => text,
    };
    let text = text.strip_prefix("*.").unwrap_or(text);
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.starts_with('[') || (text.contains('.') && is_number(text) && !text.ends_with('.')) {
        return Err(Misfit::Machine);
    }
    let host = idna::domain_to_ascii_strict(text).map_err(|_| Misfit::Malformed)?;
    if !host.contains('.') || host.starts_with('.') {
        return Err(Misfit::Malformed);
    }
    // Mail is not addressed to the web server.
    let host = match host.strip_prefix("www.") {
        Some(rest) if registrable_domain(rest).is_some() => rest.to_owned(),
        _ => host,
    };
    match is_suffix(&host) {
        true => Err(Misfit::Suffix),
        false => Ok(host),
    }
}

/// Everybody registers below it. Companies that give out names (`myshopify.com`) are companies all the same.
fn is_suffix(host: &str) -> bool {
    psl::suffix(host.as_bytes()).is_some_and(|suffix| {
        suffix.as_bytes() == host.as_bytes() && suffix.typ() == Some(psl::Type::Icann)
    })
}

/// The domains that a host lies in, most specific first: the host itself, then each parent down to the one that somebody
/// registered, by the public suffix list with its private part. None for `co.uk`, which nobody can have registered.
pub fn domains(host: &str) -> Vec<&str> {
    let Some(registrable) = psl::domain_str(host) else {
        return match is_suffix(host) {
            true => Vec::new(),
            false => vec![host],
        };
    };
    let mut domains = vec![host];
    let mut rest = host;
    while rest.len() > registrable.len()
        && let Some((_, parent)) = rest.split_once('.')
    {
        rest = parent;
        domains.push(rest);
    }
    domains
}

/// The registrable domain of an address or a host: `mail.eu.larkspur.co.uk` gives `larkspur.co.uk`, by the public
/// suffix list with its private part, internationalised names in their ASCII form. None for addresses of machines, for
/// what is no host, and for what is itself a public suffix.
pub fn registrable_domain(address_or_host: &str) -> Option<String> {
    let host = address_or_host
        .rsplit_once('@')
        .map_or(address_or_host, |(_, host)| host);
    let host = ascii(host)?;
    if is_number(&host) {
        return None;
    }
    psl::domain_str(&host).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_domain_may_be_typed_in_many_ways() {
        for text in [
            "larkspur.example",
            " Larkspur.Example. ",
            "@larkspur.example",
            "kim@larkspur.example",
            "https://larkspur.example",
            "https://www.larkspur.example/about?x=1#top",
            "http://larkspur.example:8080/",
            "www.larkspur.example",
            "*.larkspur.example",
            "https://kim:word@larkspur.example/",
        ] {
            assert_eq!(domain(text).as_deref(), Ok("larkspur.example"), "{text:?}");
        }
        assert_eq!(
            domain("Bücher.example").as_deref(),
            Ok("xn--bcher-kva.example")
        );
        assert_eq!(
            domain("mail.eu.larkspur.co.uk").as_deref(),
            Ok("mail.eu.larkspur.co.uk")
        );
        assert_eq!(domain("myshopify.com").as_deref(), Ok("myshopify.com"));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "  ",
            "larkspur",
            "lark spur.example",
            "lark_spur.example",
            ".example",
            "a..example",
            "https://",
            "@",
            "-a.example",
            "larkspur.example..",
            &"a.".repeat(200),
        ] {
            assert_eq!(domain(text), Err(Misfit::Malformed), "{text:?}");
        }
        for text in [
            "192.0.2.7",
            "http://192.0.2.7:80/",
            "[2001:db8::1]",
            "kim@192.0.2.7",
        ] {
            assert_eq!(domain(text), Err(Misfit::Machine), "{text:?}");
        }
        for text in ["co.uk", "https://com.au/"] {
            assert_eq!(domain(text), Err(Misfit::Suffix), "{text:?}");
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

    #[test]
    fn the_walk_goes_from_the_whole_host_to_what_was_registered() {
        assert_eq!(
            domains("mail.eu.larkspur.co.uk"),
            [
                "mail.eu.larkspur.co.uk",
                "eu.larkspur.co.uk",
                "larkspur.co.uk"
            ]
        );
        assert_eq!(domains("larkspur.example"), ["larkspur.example"]);
        assert_eq!(
            domains("eu.shop-one.myshopify.com"),
            ["eu.shop-one.myshopify.com", "shop-one.myshopify.com"]
        );
        assert_eq!(domains("myshopify.com"), ["myshopify.com"]);
        assert!(domains("co.uk").is_empty());
    }

    proptest! {
        #[test]
        fn what_is_a_domain_stays_one(text in "\\PC{0,30}(\\.[a-zA-Zäß]{1,8}){0,3}\\.?") {
            if let Ok(found) = domain(&text) {
                prop_assert_eq!(domain(&found), Ok(found.clone()));
                prop_assert!(found.len() <= 253 && found.is_ascii());
                prop_assert_eq!(crate::host(&format!("kim@{found}")), Some(found));
            }
        }

        #[test]
        fn every_domain_of_a_host_ends_it(host in "([a-z]{1,6}\\.){1,5}(com|co\\.uk|example|myshopify\\.com)") {
            let found = domains(&host);
            prop_assert!(found.first().is_none_or(|first| *first == host));
            for pair in found.windows(2) {
                let below = format!(".{}", pair[1]);
                prop_assert!(pair[0].ends_with(&below));
            }
        }
    }
}
