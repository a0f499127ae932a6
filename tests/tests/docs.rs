//! The documents say what the code says: every error and every setting is described. Needs no server.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_error_of_the_extension_is_in_docs_errors_md() {
    let errors = read("docs/errors.md");
    let mut raised = raised_in_rust();
    raised.extend(raised_in_sql());
    assert!(raised.len() > 40, "found only {} errors", raised.len());
    let missing: Vec<_> = raised
        .iter()
        .filter(|raised| {
            !errors.lines().any(|line| {
                line.contains(&format!("`{}`", raised.message))
                    && raised
                        .sqlstate
                        .as_ref()
                        .is_none_or(|code| line.contains(&format!("`{code}`")))
            })
        })
        .collect();
    assert!(missing.is_empty(), "not in docs/errors.md: {missing:#?}");
}

#[test]
fn every_setting_is_in_the_readme() {
    let readme = read("README.md");
    let settings = read("src/settings.rs");
    let names: Vec<_> = settings
        .split("c\"chorus_sync.")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(names.len() > 10, "found only {names:?}");
    let missing: Vec<_> = names
        .iter()
        .filter(|name| !readme.contains(&format!("| `{name}` |")))
        .collect();
    assert!(missing.is_empty(), "not in README.md: {missing:?}");
}

#[test]
fn every_setting_has_its_purpose_on_the_page_for_operators() {
    let page = read("docs/operations.md");
    let settings = read("src/settings.rs");
    let missing: Vec<_> = settings
        .split("c\"chorus_sync.")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|name| !page.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "not in docs/operations.md: {missing:?}");
}

/// An error as the code raises it; `…` stands for what is filled in.
#[derive(Debug)]
struct Raised {
    sqlstate: Option<String>,
    message: String,
}

/// What is made with the constructors of `src/error.rs` and a message that is written out.
fn raised_in_rust() -> Vec<Raised> {
    let constructors = [
        ("Error::new(", None),
        ("Error::bad_argument(", Some("22023")),
        ("Error::unknown(", Some("42704")),
        ("Error::not_allowed(", Some("42501")),
        ("Error::unusable_setting(", Some("F0000")),
    ];
    let mut raised = Vec::new();
    for file in files("src", "rs") {
        let text = fs::read_to_string(file).unwrap();
        for (constructor, code) in constructors {
            for (at, _) in text.match_indices(constructor) {
                let mut arguments = arguments(&text[at + constructor.len()..]).into_iter();
                let sqlstate = match code {
                    Some(code) => Some(code.to_owned()),
                    None => arguments.next().and_then(literal),
                };
                let message = arguments.next().and_then(literal);
                if let Some(message) = message.filter(|message| !message.is_empty()) {
                    raised.push(Raised {
                        sqlstate,
                        message: filled(&message, '{', "}"),
                    });
                }
            }
        }
    }
    raised
}

/// `MESSAGE = '…'` and `MESSAGE = format('…', …)` of the install script, as errors or warnings.
fn raised_in_sql() -> Vec<Raised> {
    files("sql/install", "sql")
        .iter()
        .flat_map(|file| {
            let text = fs::read_to_string(file).unwrap();
            text.split("MESSAGE")
                .skip(1)
                .filter_map(|rest| {
                    let statement = rest.split(';').next()?;
                    let from = statement.find('\'')? + 1;
                    let message = &statement[from..from + statement[from..].find('\'')?];
                    Some(Raised {
                        sqlstate: None,
                        message: filled(message, '%', "s"),
                    })
                })
                .collect::<Vec<_>>()
        })
        .filter(|raised| !raised.message.is_empty())
        .collect()
}

/// The arguments of a call, from behind its parenthesis.
fn arguments(text: &str) -> Vec<&str> {
    let (mut depth, mut from, mut quoted, mut escaped) = (0, 0, false, false);
    let mut arguments = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 0 => depth -= 1,
            ',' | ')' if depth == 0 => {
                arguments.push(&text[from..at]);
                from = at + 1;
                if c == ')' {
                    break;
                }
            }
            _ => {}
        }
    }
    arguments
}

/// The string that an argument begins with, be it bare or in `format!`.
fn literal(argument: &str) -> Option<String> {
    let argument = argument.trim();
    let argument = argument.strip_prefix("format!(").unwrap_or(argument).trim();
    let mut text = String::new();
    let mut characters = argument.strip_prefix('"')?.chars();
    loop {
        match characters.next()? {
            '"' => return Some(text),
            '\\' => text.push(characters.next()?),
            c => text.push(c),
        }
    }
}

/// `there is no run {run_id}` as `there is no run …`.
fn filled(message: &str, opening: char, closing: &str) -> String {
    let mut parts = message.split(opening);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push('…');
        text.push_str(part.split_once(closing).map_or("", |(_, rest)| rest));
    }
    text
}

fn files(directory: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![root().join(directory)];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
