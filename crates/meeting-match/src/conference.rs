//! Conference links: what two calendars and three products write of one room becomes one name.
//!
//! A name is made of the provider and its own id, such as `zoom:95944577110`; passwords, regions, vanity hosts and the
//! wrappers of mail filters do not matter. A room that belongs to a person is used for meeting after meeting, so it says
//! little by itself.

use url::Url;

/// A conference room.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Conference {
    /// Provider and id, such as `meet:abc-defg-hij`.
    pub room: String,
    /// Whether it belongs to a person rather than to a meeting.
    pub personal: bool,
}

/// Wrappers may lie in one another; nobody wraps deeper than that in earnest.
const DEEPEST: usize = 4;

/// The room that a link leads to; the link may stand in a longer text, such as the location of a calendar entry. None
/// if there is no link in it.
pub fn conference(text: &str) -> Option<Conference> {
    let mut url = first_link(text)?;
    for _ in 0..DEEPEST {
        match unwrapped(&url) {
            Some(inner) => url = inner,
            None => break,
        }
    }
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    let path: Vec<&str> = url
        .path_segments()
        .map(|parts| parts.filter(|part| !part.is_empty()).collect())
        .unwrap_or_default();
    let is = |domain: &str| {
        host == domain
            || host
                .strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with('.'))
    };
    if [
        "zoom.us",
        "zoom.com",
        "zoomgov.com",
        "zoom.com.cn",
        "zoom.de",
    ]
    .iter()
    .any(|domain| is(domain))
    {
        return zoom(&path);
    }
    if is("meet.google.com") {
        return meet(&path);
    }
    if is("teams.microsoft.com")
        || is("teams.microsoft.us")
        || is("teams.live.com")
        || is("teams.cloud.microsoft")
    {
        return teams(&path);
    }
    if is("webex.com") {
        return webex(&host, &path, &url);
    }
    // The page of a provider and nothing behind it is no room.
    let room = path.join("/");
    (!room.is_empty()).then(|| Conference {
        room: format!("{host}/{room}"),
        personal: false,
    })
}

/// The first http link in a text. Links without a scheme, as people type them, count if the text is nothing else.
fn first_link(text: &str) -> Option<Url> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let Some(start) = lower.find("https://").or_else(|| lower.find("http://")) else {
        let bare = !text.is_empty()
            && !text.contains(char::is_whitespace)
            && text.contains('.')
            && text.contains('/');
        return bare
            .then(|| Url::parse(&format!("https://{text}")).ok())
            .flatten();
    };
    let rest = &text[start..];
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | '|'))
        .unwrap_or(rest.len());
    Url::parse(rest[..end].trim_end_matches([')', ']', ',', ';', '.'])).ok()
}

/// What a redirect or a mail filter has put its own address around.
fn unwrapped(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    // urldefense.com/v3/__https://zoom.us/j/1__;…
    if host.ends_with("urldefense.com") || host.ends_with("urldefense.us") {
        let (_, rest) = url.path().split_once("/__")?;
        let inner = rest.split("__").next()?;
        // The path parser folds the two slashes behind the scheme into one.
        let inner = inner
            .replacen("https:/", "https://", 1)
            .replace(":///", "://");
        return Url::parse(&inner).ok();
    }
    const KNOWN: [&str; 6] = [
        "safelinks.protection.outlook.com",
        "google.com",
        "l.facebook.com",
        "linkedin.com",
        "slack-redir.net",
        "mimecastprotect.com",
    ];
    const NAMES: [&str; 6] = ["url", "q", "u", "target", "link", "redirect"];
    if !KNOWN.iter().any(|known| host.ends_with(known)) {
        return None;
    }
    let inner = url
        .query_pairs()
        .find(|(name, value)| NAMES.contains(&name.as_ref()) && value.starts_with("http"))?;
    Url::parse(&inner.1).ok()
}

fn zoom(path: &[&str]) -> Option<Conference> {
    let digits = |text: &str| -> Option<String> {
        let id: String = text.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
        ((9..=12).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit())).then_some(id)
    };
    let id = match path {
        ["my", name, ..] => {
            return Some(Conference {
                room: format!("zoom:my/{}", name.to_ascii_lowercase()),
                personal: true,
            });
        }
        ["j" | "w" | "s" | "u" | "launch", id, ..] => digits(id),
        ["wc", "join", id, ..] | ["wc", id, ..] => digits(id),
        ["webinar", "register", ..] => None,
        other => other.iter().find_map(|part| digits(part)),
    }?;
    Some(Conference {
        // Zoom makes eleven digits for meetings and ten for people's own rooms.
        personal: id.len() == 10,
        room: format!("zoom:{id}"),
    })
}

fn meet(path: &[&str]) -> Option<Conference> {
    let code = match path {
        ["lookup" | "_meet" | "new", code, ..] => code,
        [code, ..] => code,
        [] => return None,
    };
    Some(Conference {
        room: format!("meet:{}", code.to_ascii_lowercase()),
        personal: false,
    })
}

fn teams(path: &[&str]) -> Option<Conference> {
    let at = path
        .iter()
        .position(|part| matches!(*part, "meetup-join" | "meet"))?;
    let id = path.get(at + 1)?;
    let id = percent_decoded(id).to_ascii_lowercase();
    Some(Conference {
        room: format!("teams:{id}"),
        personal: false,
    })
}

fn webex(host: &str, path: &[&str], url: &Url) -> Option<Conference> {
    if let Some((_, id)) = url
        .query_pairs()
        .find(|(name, _)| name.eq_ignore_ascii_case("mtid"))
    {
        return Some(Conference {
            room: format!("webex:{}", id.to_ascii_lowercase()),
            personal: false,
        });
    }
    match path {
        ["meet" | "join", name, ..] => Some(Conference {
            room: format!("webex:{host}/{}", name.to_ascii_lowercase()),
            personal: true,
        }),
        [.., id] if id.len() >= 8 => Some(Conference {
            room: format!("webex:{}", id.to_ascii_lowercase()),
            personal: false,
        }),
        _ => None,
    }
}

fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(text: &str) -> Option<String> {
        conference(text).map(|conference| conference.room)
    }

    #[test]
    fn the_ways_to_write_a_zoom_link_are_one_room() {
        for link in [
            "https://zoom.us/j/95944577110",
            "https://seller.zoom.us/j/95944577110?pwd=x",
            "https://us02web.zoom.us/w/95944577110?tk=abc#success",
            "https://zoom.us/s/95944577110",
            "https://seller.zoom.us/wc/95944577110/join",
            "https://zoom.us/wc/join/95944577110",
            "zoom.us/j/959-4457-7110",
            "Join Zoom Meeting: <https://SELLER.zoom.us/j/95944577110> (ID 959 4457 7110)",
            "https://www.google.com/url?q=https://zoom.us/j/95944577110%3Fpwd%3Dx&sa=D",
            "https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fzoom.us%2Fj%2F95944577110&data=1",
            "https://urldefense.com/v3/__https://zoom.us/j/95944577110?pwd=x__;!!abc",
        ] {
            assert_eq!(room(link).as_deref(), Some("zoom:95944577110"), "{link}");
        }
    }

    #[test]
    fn rooms_of_people_are_told_apart_from_rooms_of_meetings() {
        for (link, personal) in [
            ("https://zoom.us/my/rae.rep", true),
            ("https://zoom.us/j/5551234567", true),
            ("https://zoom.us/j/95551234567", false),
            ("https://seller.webex.com/meet/rae", true),
            (
                "https://seller.webex.com/seller/j.php?MTID=m1234567890abcdef",
                false,
            ),
            ("https://meet.google.com/abc-defg-hij", false),
        ] {
            assert_eq!(conference(link).unwrap().personal, personal, "{link}");
        }
    }

    #[test]
    fn other_providers_are_known_by_their_ids() {
        for (link, expected) in [
            (
                "https://meet.google.com/ABC-defg-hij?authuser=1",
                "meet:abc-defg-hij",
            ),
            ("https://meet.google.com/lookup/xyz", "meet:xyz"),
            (
                "https://teams.microsoft.com/l/meetup-join/19%3ameeting_AbC%40thread.v2/0?context=%7b%7d",
                "teams:19:meeting_abc@thread.v2",
            ),
            (
                "https://teams.live.com/meet/9312345678?p=x",
                "teams:9312345678",
            ),
            (
                "https://seller.webex.com/seller/j.php?MTID=m12AB",
                "webex:m12ab",
            ),
            (
                "https://global.gotomeeting.com/join/123456789",
                "global.gotomeeting.com/join/123456789",
            ),
        ] {
            assert_eq!(room(link).as_deref(), Some(expected), "{link}");
        }
    }

    #[test]
    fn what_leads_to_no_room_is_none() {
        for text in [
            "",
            "Room 4, second floor",
            "https://zoom.us/",
            "https://zoom.us/pricing",
            "+1 555 0100",
            "https://",
        ] {
            assert_eq!(conference(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(text: String, tail: String) {
            let _ = conference(&text);
            for head in ["https://zoom.us/", "https://urldefense.com/v3/__", "https://google.com/url?q=", "https://x.webex.com/"] {
                let _ = conference(&format!("{head}{tail}"));
            }
        }
    }
}
