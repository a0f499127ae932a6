//! Domains whose addresses everybody can have.

/// Why addresses of a domain say nothing about a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    FreeMail,
    Disposable,
}

include!(concat!(env!("OUT_DIR"), "/listed.rs"));

/// Whether this very domain is listed.
pub fn listed(domain: &str) -> Option<Listed> {
    LISTED.get(domain).copied()
}

/// All of them, in no order.
pub fn all_listed() -> impl Iterator<Item = (&'static str, Listed)> {
    LISTED.entries().map(|(domain, listed)| (*domain, *listed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_ones_are_listed_and_companies_are_not() {
        for domain in [
            "gmail.com",
            "outlook.com",
            "gmx.de",
            "qq.com",
            "proton.me",
            "hey.com",
            "yahoo.co.uk",
        ] {
            assert_eq!(listed(domain), Some(Listed::FreeMail), "{domain}");
        }
        assert_eq!(listed("mailinator.com"), Some(Listed::Disposable));
        for domain in [
            "google.com",
            "microsoft.com",
            "salesforce.com",
            "larkspur.example",
            "co.uk",
            "com",
        ] {
            assert_eq!(listed(domain), None, "{domain}");
        }
    }

    #[test]
    fn every_line_of_a_list_is_a_domain_as_hosts_are_written() {
        for (list, text) in [
            ("free_mail.txt", include_str!("../lists/free_mail.txt")),
            ("disposable.txt", include_str!("../lists/disposable.txt")),
        ] {
            for line in text.lines() {
                assert_eq!(
                    crate::host(&format!("kim@{line}")).as_deref(),
                    Some(line),
                    "{list}: {line:?}"
                );
            }
            let lines: Vec<_> = text.lines().collect();
            assert!(lines.is_sorted(), "{list} is not sorted");
        }
    }
}
