//! Whose domains stand for a company: what a person decided comes before what was learnt and what is built in.

use crate::domain::domains;
use crate::listed::listed;
use std::collections::{HashMap, HashSet};

/// What a person decided about a domain and everything below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    FreeMail,
    Internal,
    Ignore,
    Allow,
}

impl Rule {
    /// As `chorus.domain_rules` writes it.
    pub fn from_name(name: &str) -> Option<Rule> {
        match name {
            "free_mail" => Some(Rule::FreeMail),
            "internal" => Some(Rule::Internal),
            "ignore" => Some(Rule::Ignore),
            "allow" => Some(Rule::Allow),
            _ => None,
        }
    }
}

/// What a host is for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It may be a customer's.
    Open,
    /// Everybody's, or a person wants it ignored: it attaches nobody.
    Closed,
    /// Our own: it attaches nobody, and its people are own people.
    Internal,
}

/// All that is known beyond the built-in lists.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// By domain.
    pub decided: HashMap<String, Rule>,
    /// Registrable domains of the workspace and its users.
    pub own: HashSet<String>,
}

impl Rules {
    /// The most specific decision of a person holds. Without one, a host in a listed domain is closed and one in a
    /// domain of our own is internal; a user's free mail makes nobody internal.
    pub fn standing(&self, host: &str) -> Standing {
        let domains = domains(host);
        if let Some(rule) = domains.iter().find_map(|domain| self.decided.get(*domain)) {
            return match rule {
                Rule::Allow => Standing::Open,
                Rule::Internal => Standing::Internal,
                Rule::FreeMail | Rule::Ignore => Standing::Closed,
            };
        }
        if domains.iter().any(|domain| listed(domain).is_some()) {
            Standing::Closed
        } else if domains.iter().any(|domain| self.own.contains(*domain)) {
            Standing::Internal
        } else {
            Standing::Open
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(decided: &[(&str, Rule)]) -> Rules {
        Rules {
            decided: decided
                .iter()
                .map(|(domain, rule)| (domain.to_string(), *rule))
                .collect(),
            own: ["ours.example".to_owned(), "gmail.com".to_owned()].into(),
        }
    }

    #[test]
    fn free_mail_attaches_nobody_even_when_own_people_use_it() {
        assert_eq!(rules(&[]).standing("gmail.com"), Standing::Closed);
        assert_eq!(rules(&[]).standing("mailinator.com"), Standing::Closed);
    }

    #[test]
    fn hosts_below_an_own_domain_are_internal_too() {
        assert_eq!(rules(&[]).standing("ours.example"), Standing::Internal);
        assert_eq!(
            rules(&[]).standing("mail.eu.ours.example"),
            Standing::Internal
        );
        assert_eq!(rules(&[]).standing("notours.example"), Standing::Open);
    }

    #[test]
    fn what_a_person_decided_comes_first() {
        let rules = rules(&[
            ("gmail.com", Rule::Allow),
            ("ours.example", Rule::Allow),
            ("partner.example", Rule::Internal),
            ("noise.example", Rule::Ignore),
            ("isp.example", Rule::FreeMail),
        ]);
        assert_eq!(rules.standing("gmail.com"), Standing::Open);
        assert_eq!(rules.standing("ours.example"), Standing::Open);
        assert_eq!(rules.standing("eu.partner.example"), Standing::Internal);
        assert_eq!(rules.standing("noise.example"), Standing::Closed);
        assert_eq!(rules.standing("home.isp.example"), Standing::Closed);
    }

    #[test]
    fn the_most_specific_decision_holds() {
        let rules = rules(&[
            ("ours.example", Rule::Internal),
            ("spin-off.ours.example", Rule::Allow),
        ]);
        assert_eq!(rules.standing("eu.spin-off.ours.example"), Standing::Open);
        assert_eq!(rules.standing("eu.ours.example"), Standing::Internal);
    }
}
