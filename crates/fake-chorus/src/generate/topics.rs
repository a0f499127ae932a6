//! What a seller and its customers talk about, topic by topic.
//!
//! Lines hold slots in braces: `{product}`, `{customer}`, `{rep}`, `{person}`, `{number}`, `{month}`, `{system}`.

/// Something that is talked about, and the tracker that hears it.
pub struct Topic {
    /// Name of the tracker.
    pub name: &'static str,
    /// Wire `type` of the tracker.
    pub kind: &'static str,
    /// Lower-case words that a mention is recognised by. Each first line of either side holds one.
    pub keywords: &'static [&'static str],
    /// Said by the customer.
    pub asks: &'static [&'static str],
    /// Said by the seller.
    pub answers: &'static [&'static str],
    /// What the seller has to do afterwards.
    pub action: &'static str,
}

pub const TOPICS: &[Topic] = &[
    Topic {
        name: "SSO and security",
        kind: "topics",
        keywords: &["sso", "single sign-on", "saml", "audit log"],
        asks: &[
            "Our security team will not approve the rollout until SSO works with {system}.",
            "Is single sign-on part of the plan we are on, or would that be an extra?",
            "We also need the audit log to go back at least {number} months, otherwise compliance will push back.",
            "When somebody leaves the company we want their access gone within {number} minutes, and today we do that by hand.",
        ],
        answers: &[
            "SSO with {system} is in the plan you have, and the SAML setup takes about {number} minutes.",
            "You can export the audit log every night, and I will send you the guide for the {system} side.",
            "Provisioning through {system} also removes people automatically, so nobody has to remember it.",
        ],
        action: "Send the SSO setup guide for {system}",
    },
    Topic {
        name: "Renewal",
        kind: "autotopics",
        keywords: &["renewal", "renew", "contract ends"],
        asks: &[
            "The renewal is on my desk for {month}, and I need to show what we got out of {product} this year.",
            "Our contract ends in {month}, so procurement wants the paperwork two months before that.",
            "Honestly, we will renew, but the number of seats will not stay the same.",
            "Finance asks me every year why we need this, so some numbers about usage would help a lot.",
        ],
        answers: &[
            "For the renewal I will put together usage for the last {number} months, team by team.",
            "If you renew before the end of {month} we can hold the price you have today.",
            "Most teams at your size look at seats again a few months before the date.",
        ],
        action: "Prepare the usage report for the renewal in {month}",
    },
    Topic {
        name: "Pricing",
        kind: "text",
        keywords: &["price", "pricing", "discount", "budget"],
        asks: &[
            "The price per seat went up by {number} percent, and I have to explain that to our CFO.",
            "Is there a discount if we commit to {number} seats for two years?",
            "We have budget for this quarter, but after {month} everything is frozen.",
            "Could you split the invoice between our two subsidiaries, so that each of them pays for its own seats?",
        ],
        answers: &[
            "On pricing, the step at {number} seats brings it down, so let me run both versions for you.",
            "I can ask for a discount on a two-year term, but I need a signature before the end of {month}.",
            "We can bill quarterly as well, if that makes the budget easier on your side.",
        ],
        action: "Send two pricing options, one with {number} seats",
    },
    Topic {
        name: "Onboarding",
        kind: "topics",
        keywords: &["onboarding", "rollout", "training"],
        asks: &[
            "The onboarding of our second office starts in {month}, with around {number} people.",
            "How long does the rollout usually take for a team of {number}?",
            "People skip the training and then complain that they do not find anything.",
            "Is there something short that managers can watch before the first week?",
        ],
        answers: &[
            "For onboarding we plan two sessions of {number} minutes, and everything is recorded.",
            "A rollout like yours took {number} weeks with another customer in {trade}.",
            "The training has a version for managers, and they see who finished it.",
        ],
        action: "Schedule the onboarding sessions with {person}",
    },
    Topic {
        name: "Product bugs",
        kind: "text",
        keywords: &["bug", "error", "broken", "crash"],
        asks: &[
            "There is a bug in the export: rows with an empty owner are simply missing.",
            "Since the last release the mobile app shows an error about {number} times a day.",
            "The dashboard is broken for everybody who is in more than one team.",
            "We opened a ticket {number} days ago and nobody has answered so far.",
        ],
        answers: &[
            "I have seen that bug, engineering has a fix in review and it ships in {month}.",
            "Let me look up the error with support while we talk, I have your ticket open here.",
            "Until it is fixed you can filter by team first, then the numbers are right.",
        ],
        action: "Follow up on the open support ticket with engineering",
    },
    Topic {
        name: "Feature requests",
        kind: "topics",
        keywords: &["feature", "roadmap", "wish"],
        asks: &[
            "The one feature everybody asks for is scheduled reports by team.",
            "Is a second language for the interface on the roadmap at all?",
            "I wish we could see changes since the last visit, without opening every record.",
            "Right now {person} copies {number} rows into a spreadsheet every Monday, which is silly.",
        ],
        answers: &[
            "Scheduled reports are on the roadmap for {month}, and I can add you to the preview.",
            "I will file that as a feature request with your name on it, and tell you what product says.",
            "What would you do with it on the first day? That helps me to explain it to the product team.",
        ],
        action: "File the request for scheduled reports and add {customer} to the preview",
    },
    Topic {
        name: "Integrations",
        kind: "topics",
        keywords: &["integration", "api", "sync", "webhook"],
        asks: &[
            "The integration with {system} stopped twice last month, and we only noticed after {number} days.",
            "Is there an API for the activity data, or do we have to export files?",
            "We want contacts to sync both ways, but only for accounts in our region.",
            "Our data team would rather pull everything into the warehouse once an hour.",
        ],
        answers: &[
            "The {system} integration now sends a warning when nothing arrives for {number} hours.",
            "Everything you see on the screen is in the API, with a limit of {number} requests a minute.",
            "With a webhook your team would know at once, and the nightly sync stays as a safety net.",
        ],
        action: "Connect {person} with a solutions engineer about {system}",
    },
    Topic {
        name: "Competitors",
        kind: "competitors",
        keywords: &["northwind", "contoso", "competitor"],
        asks: &[
            "We had a demo with Northwind last week, mostly because of their reporting.",
            "Contoso offered us the same thing for {number} percent less.",
            "Our new COO used a competitor at his last company and keeps asking about it.",
        ],
        answers: &[
            "What did you like about the Northwind demo, and what was missing for you?",
            "Compared with Contoso, our customers usually mention support and the depth of the {system} connection.",
            "I am happy to put you in touch with a customer in {trade} who moved from a competitor to us.",
        ],
        action: "Share the comparison and a reference customer in {trade}",
    },
    Topic {
        name: "Procurement and legal",
        kind: "text",
        keywords: &["legal", "procurement", "data processing", "redline"],
        asks: &[
            "Legal sent the data processing agreement back with {number} comments.",
            "Procurement needs three quotes for anything above {number} thousand.",
            "Who on your side can look at the redline this week?",
        ],
        answers: &[
            "I can get our legal team on a call with yours, thirty minutes should be enough.",
            "The data processing agreement is the standard one, so most comments should be quick.",
            "For procurement I will send the vendor form filled in, you only need to forward it.",
        ],
        action: "Return the redlined agreement to legal at {customer}",
    },
    Topic {
        name: "Adoption",
        kind: "autotopics",
        keywords: &["adoption", "usage", "log in", "seats"],
        asks: &[
            "Adoption is fine in sales, but support hardly uses {product} at all.",
            "Only {number} of our people log in every week, and I expected twice as many.",
            "If usage does not go up by {month}, I cannot defend the extra seats.",
        ],
        answers: &[
            "Adoption usually jumps once the team lead uses it in the weekly meeting.",
            "I looked at your usage before the call: {number} people were active in the last month.",
            "We could move unused seats from support to the partner team for now.",
        ],
        action: "Run an adoption workshop with the support team",
    },
    Topic {
        name: "Reporting",
        kind: "topics",
        keywords: &["report", "dashboard", "metric"],
        asks: &[
            "The report for our board has to show response times by region.",
            "Can the dashboard be shared with people who have no seat?",
            "We track {number} metrics today, and honestly nobody looks at more than five.",
        ],
        answers: &[
            "You can share the dashboard by link, read-only, with a date on which it expires.",
            "Let me show you the board report another customer in {trade} built, it took {number} minutes.",
            "I would start with the one metric your team lead already asks for every week.",
        ],
        action: "Send the board report template",
    },
    Topic {
        name: "Next steps",
        kind: "text",
        keywords: &["next step", "follow up", "next week"],
        asks: &[
            "What is the next step from your side, and what do you need from us?",
            "Let us talk again next week, once {person} has seen the numbers.",
            "Please follow up with {person} directly, with me in copy.",
        ],
        answers: &[
            "As a next step I will send a summary today and a proposal by the {number}th.",
            "I will follow up with {person} and bring our solutions engineer next week.",
            "Does the same time next week work for everybody?",
        ],
        action: "Send a summary and agree on the date of the next call",
    },
];

pub const OPENINGS: &[&str] = &[
    "Hi everyone, thanks for making the time today.",
    "Good morning, can you hear me all right?",
    "Before we start, is it fine for you that this call is recorded?",
    "Great to see you again, how was the week at {customer}?",
    "I have {number} minutes, so let us start with the points that matter most to you.",
    "We wanted to look at how the teams use {product} and then talk about the plan for {month}.",
];

pub const SMALL_TALK: &[&str] = &[
    "That makes sense.",
    "Right, that is what I thought.",
    "Could you say a bit more about that?",
    "Sorry, I was on mute. Could you repeat the last part?",
    "Let me share my screen for a second.",
    "I will have to check that with {person} and come back to you.",
    "On our side it was {number} in the last month, if I remember correctly.",
    "Exactly, and that is the part our people in {trade} care about.",
    "We tried that in {month} and it worked better than I expected.",
    "Good question, I do not know that from the top of my head.",
    "Let me write that down so that we do not lose it.",
    "I agree, and I think {person} would say the same.",
    "One moment, somebody is at the door.",
    "Does that answer your question?",
    "Okay, understood. Then let us move on to the next point.",
    "From what I hear from other customers in {trade}, that is quite common.",
    "I spoke with {person} about that on Monday, and we both had the same impression.",
    "Can we come back to that at the end? I would like to see the other point first.",
    "We are {number} people in that team, and they sit in two different time zones.",
    "For us the summer is slow, so {month} would be a good moment to change something.",
    "That is not a decision I can make alone, {person} has to be in the room for it.",
    "Sure, I can show you, just tell me when you see my screen.",
    "Yes, I see it now, but the text is a bit small.",
    "So if I understand you correctly, this takes your team about {number} hours every week.",
    "Yes, more or less, and in {month} it is even worse.",
    "I would rather start small with one team and then see how it goes.",
    "Could you put that into an email, so that I can forward it to {person}?",
    "The last time we changed a tool it took us until {month} to get everybody on board.",
    "It depends on who you ask, but I would say it is better than a year ago.",
    "We had an outage of our own last week, so everybody is a little nervous right now.",
    "That is good to hear, I will pass it on to the team.",
    "I am not worried about that part at all, to be honest.",
    "What would have to be true for you to call this a success by {month}?",
    "Fewer emails, mostly. If {person} does not have to ask {number} people every week, I am happy.",
    "Let me ask it the other way round: what happens if you do nothing?",
    "Then we hire somebody, and I would like to avoid that.",
    "Is there anybody at {customer} who has not been heard yet and should be?",
    "{person} will join in ten minutes, so maybe we keep that part for then.",
    "I have it here in my notes from {month}, we said {number} days.",
    "Sorry, go ahead, I did not want to interrupt you.",
    "No, that is fine, please go on.",
];

pub const CLOSINGS: &[&str] = &[
    "Thank you all, this was really useful.",
    "Great, thanks for your time, and have a good rest of the day.",
    "Thanks, talk to you soon. Bye.",
];

pub const SYSTEMS: &[&str] = &[
    "Okta",
    "Azure AD",
    "Salesforce",
    "HubSpot",
    "Slack",
    "Workday",
    "ServiceNow",
    "Zendesk",
    "Snowflake",
    "Jira",
];

pub const MONTHS: &[&str] = &[
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub const TITLES: &[&str] = &[
    "{customer} / quarterly review",
    "{customer} <> {company}: weekly sync",
    "Demo for {customer}",
    "{customer} renewal planning",
    "{company} & {customer} onboarding",
    "Intro call with {customer}",
    "{customer}: technical deep dive",
    "Pricing discussion - {customer}",
    "{customer} security review",
    "Check-in with {person} ({customer})",
];

pub const INTERNAL_TITLES: &[&str] = &[
    "Pipeline review",
    "Team standup",
    "Deal strategy: {customer}",
    "1:1 {rep}",
    "Forecast call",
    "Handover {customer}",
];
