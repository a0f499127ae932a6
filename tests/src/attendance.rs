//! Who took part in a call, as the tables must say it.

use fake_chorus::Call;

/// Somebody in a call. People with one address are one person.
pub(crate) struct Person {
    pub person_ids: Vec<i64>,
    pub user_id: Option<i64>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub title: Option<String>,
    pub company: Option<String>,
    pub side: &'static str,
    pub listed: bool,
}

pub(crate) fn people(call: &Call) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for wire in &call.participants {
        let email = wire.email.as_deref().map(|text| text.trim().to_lowercase());
        let known = people
            .iter_mut()
            .find(|person| email.is_some() && person.email == email);
        if let Some(known) = known {
            known.person_ids.push(wire.person_id);
            known.name = known.name.take().or(wire.name.clone());
            known.title = known.title.take().or(wire.title.clone());
            known.company = known.company.take().or(wire.company_name.clone());
            continue;
        }
        people.push(Person {
            person_ids: vec![wire.person_id],
            user_id: wire.user_id,
            name: wire.name.clone(),
            email,
            title: wire.title.clone(),
            company: wire.company_name.clone(),
            side: if wire.is_rep { "internal" } else { "external" },
            listed: true,
        });
    }
    for said in &call.utterances {
        if !people
            .iter()
            .any(|person| person.person_ids.contains(&said.person_id))
        {
            people.push(Person {
                person_ids: vec![said.person_id],
                user_id: None,
                name: None,
                email: None,
                title: None,
                company: None,
                side: "unknown",
                listed: false,
            });
        }
    }
    people
}

/// The last two labels: fake tenants use no other domains.
pub(crate) fn domain(email: &str) -> String {
    let host = email.rsplit('@').next().unwrap_or(email);
    let labels: Vec<_> = host.split('.').collect();
    labels[labels.len().saturating_sub(2)..].join(".")
}
