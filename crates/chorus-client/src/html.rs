//! Plain text of the HTML in summaries.
//!
//! It keeps words, line breaks, paragraphs and list items, and never fails. It is not a sanitiser: its result is text,
//! to be escaped wherever it is shown as HTML.

/// The text of a piece of HTML: `<br>`, `<p>`, `<div>`, headings and list items become lines, entities characters, other
/// tags nothing. Text without tags comes back with its own lines.
pub fn html_to_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        match Tag::at_start_of(rest) {
            Some((tag, length)) => {
                rest = &rest[length..];
                if matches!(tag.name.as_str(), "script" | "style") && !tag.closing {
                    rest = after_element(rest, &tag.name);
                }
                text.push_str(tag.stands_for());
            }
            None => {
                text.push('<');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    tidy(&html_escape::decode_html_entities(&text))
}

struct Tag {
    name: String,
    closing: bool,
}

impl Tag {
    /// The tag or comment that `html` begins with, and its length. A lone `<` begins none.
    fn at_start_of(html: &str) -> Option<(Tag, usize)> {
        if html.starts_with("<!--") {
            let end = html.find("-->")? + "-->".len();
            return Some((
                Tag {
                    name: String::new(),
                    closing: false,
                },
                end,
            ));
        }
        let inner = html[1..].strip_prefix('/');
        let closing = inner.is_some();
        let inner = inner.unwrap_or(&html[1..]);
        if !inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!') {
            return None;
        }
        let name = inner
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        Some((Tag { name, closing }, html.find('>')? + 1))
    }

    fn stands_for(&self) -> &'static str {
        match self.name.as_str() {
            "br" | "div" | "tr" => "\n",
            "ul" | "ol" if self.closing => "\n",
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => "\n\n",
            "li" if !self.closing => "\n- ",
            "td" | "th" => " ",
            _ => "",
        }
    }
}

/// What follows the closing tag of an element whose content is no text.
fn after_element<'a>(html: &'a str, name: &str) -> &'a str {
    let closing = format!("</{name}");
    let lower = html.to_ascii_lowercase();
    let Some(at) = lower.find(&closing) else {
        return "";
    };
    html[at..].find('>').map_or("", |end| &html[at + end + 1..])
}

/// Single blanks, no blanks at the ends of lines, at most one empty line in a row, none at the ends.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut empty_lines = 0;
    for line in text.lines() {
        let mut words = line.split_whitespace().peekable();
        if words.peek().is_none() {
            empty_lines += 1;
            continue;
        }
        if !tidy.is_empty() {
            tidy.push_str(if empty_lines > 0 { "\n\n" } else { "\n" });
        }
        empty_lines = 0;
        for (n, word) in words.enumerate() {
            if n > 0 {
                tidy.push(' ');
            }
            tidy.push_str(word);
        }
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::html_to_text;

    #[test]
    fn breaks_paragraphs_and_items_become_lines() {
        assert_eq!(
            html_to_text("Reviewed the rollout.<br>Asked for SSO &amp; audit logs."),
            "Reviewed the rollout.\nAsked for SSO & audit logs."
        );
        assert_eq!(
            html_to_text("<p>One</p><p>Two<br/>three</p>"),
            "One\n\nTwo\nthree"
        );
        assert_eq!(
            html_to_text("Next:<ul><li><b>SSO</b> guide</li><li>Audit</li></ul>"),
            "Next:\n- SSO guide\n- Audit"
        );
    }

    #[test]
    fn what_is_no_tag_stays() {
        assert_eq!(
            html_to_text("a < b and <3, 1 &lt; 2 &#x1F600; &nosuch; &"),
            "a < b and <3, 1 < 2 \u{1F600} &nosuch; &"
        );
        assert_eq!(html_to_text("unfinished <b"), "unfinished <b");
        assert_eq!(html_to_text("two\nlines  here"), "two\nlines here");
    }

    #[test]
    fn scripts_comments_and_attributes_are_no_text() {
        assert_eq!(
            html_to_text("a<!-- x > y --><script>1 < 2</script><a href=\"x\">b</a><style>p{}"),
            "ab"
        );
    }
}
