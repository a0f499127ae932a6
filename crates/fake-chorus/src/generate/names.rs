//! Words that people, companies and titles are made of.

pub const FIRST_NAMES: &[&str] = &[
    "Ada", "Adrian", "Aisha", "Alex", "Amara", "Ana", "Andre", "Anika", "Arjun", "Beatriz", "Ben",
    "Camille", "Carlos", "Chen", "Clara", "Daniel", "Dara", "Diego", "Elena", "Elif", "Emeka",
    "Erik", "Fatima", "Felix", "Freya", "Grace", "Hannah", "Hiro", "Ines", "Ivan", "Jamal",
    "Jonas", "Julia", "Kai", "Karim", "Keiko", "Lars", "Leila", "Liam", "Lucia", "Maeve", "Marco",
    "Maya", "Mei", "Mina", "Nadia", "Nikhil", "Noah", "Nora", "Olga", "Omar", "Paula", "Pedro",
    "Priya", "Rahul", "Rosa", "Ruth", "Samir", "Sofia", "Stefan", "Tariq", "Tessa", "Tom", "Uma",
    "Victor", "Wei", "Yara", "Yusuf", "Zoe",
];

pub const LAST_NAMES: &[&str] = &[
    "Abbott", "Adeyemi", "Almeida", "Andersen", "Bauer", "Bennett", "Bergman", "Blake", "Brandt",
    "Castillo", "Chandra", "Cohen", "Costa", "Dalton", "Diaz", "Dubois", "Ellis", "Eriksen",
    "Farrell", "Fischer", "Foster", "Garcia", "Gupta", "Haddad", "Hansen", "Hayes", "Hoffman",
    "Ibrahim", "Ito", "Jensen", "Kapoor", "Keller", "Khan", "Kim", "Kowalski", "Laurent", "Lee",
    "Lindgren", "Lopez", "Marino", "Mensah", "Meyer", "Moreau", "Murphy", "Nakamura", "Nguyen",
    "Novak", "O'Brien", "Okafor", "Olsen", "Park", "Patel", "Petrov", "Quinn", "Ramos", "Reyes",
    "Rossi", "Sato", "Schmidt", "Shah", "Silva", "Singh", "Svensson", "Tanaka", "Torres", "Vargas",
    "Walsh", "Weber", "Yilmaz",
];

pub const COMPANY_FIRST: &[&str] = &[
    "Alder",
    "Amber",
    "Anchor",
    "Aspen",
    "Beacon",
    "Birch",
    "Blue Heron",
    "Bright",
    "Canyon",
    "Cedar",
    "Clear",
    "Copper",
    "Crest",
    "Delta",
    "Ember",
    "Evergreen",
    "Falcon",
    "Fern",
    "Granite",
    "Harbor",
    "Hazel",
    "Iron",
    "Juniper",
    "Keystone",
    "Lark",
    "Lumen",
    "Maple",
    "Meridian",
    "North",
    "Oak",
    "Orchard",
    "Pine",
    "Quarry",
    "River",
    "Sable",
    "Silver",
    "Summit",
    "Tidal",
    "Verdant",
    "Willow",
];

/// The second half of a company's name with the trade it is in.
pub const COMPANY_SECOND: &[(&str, &str)] = &[
    ("Analytics", "software"),
    ("Bank", "banking"),
    ("Capital", "banking"),
    ("Clinics", "health care"),
    ("Diagnostics", "health care"),
    ("Energy", "energy"),
    ("Foods", "consumer goods"),
    ("Freight", "logistics"),
    ("Health", "health care"),
    ("Hotels", "travel"),
    ("Insurance", "insurance"),
    ("Labs", "software"),
    ("Learning", "education"),
    ("Logistics", "logistics"),
    ("Manufacturing", "manufacturing"),
    ("Media", "media"),
    ("Mutual", "insurance"),
    ("Networks", "telecoms"),
    ("Outfitters", "retail"),
    ("Robotics", "manufacturing"),
    ("Software", "software"),
    ("Supply", "retail"),
    ("Systems", "software"),
    ("Travel", "travel"),
];

pub const CUSTOMER_TITLES: &[&str] = &[
    "VP Operations",
    "Head of IT",
    "Director of Revenue Operations",
    "Security Engineer",
    "CIO",
    "Procurement Manager",
    "Customer Support Lead",
    "Data Engineer",
    "Product Manager",
    "Finance Director",
    "IT Administrator",
    "Chief of Staff",
    "Director of Customer Experience",
    "Systems Analyst",
    "Compliance Officer",
    "COO",
];

pub const REP_TITLES: &[&str] = &[
    "Account Executive",
    "Senior Account Executive",
    "Customer Success Manager",
    "Solutions Engineer",
    "Sales Development Representative",
    "Account Manager",
];

pub const TEAM_NAMES: &[&str] = &[
    "Enterprise",
    "Mid-Market",
    "Customer Success",
    "Growth",
    "Partnerships",
    "Public Sector",
];

/// Scorecard templates with their questions.
pub const TEMPLATES: &[(&str, &[&str])] = &[
    (
        "Discovery",
        &[
            "Was an agenda set?",
            "Were the customer's goals uncovered?",
            "Were next steps agreed?",
        ],
    ),
    (
        "Product demo",
        &[
            "Was the demo tied to a stated problem?",
            "Were questions answered clearly?",
            "Was the customer asked for feedback?",
            "Was the decision process confirmed?",
        ],
    ),
    (
        "Renewal review",
        &[
            "Was value shown with the customer's own numbers?",
            "Were risks named?",
            "Was the timeline confirmed?",
        ],
    ),
];

pub const COMMENTS: &[&str] = &[
    "",
    "Good opening, clear agenda.",
    "Let the customer finish before answering.",
    "Nice recap of their numbers.",
    "Ask who else needs to sign off.",
    "Strong close with dates.",
    "Too much talking here, try a question.",
    "Great handling of the pricing question.",
];
