//! Whether HTML holds a script: by its letters, as no parser reads all that browsers do.

use super::Active;

/// Elements that run something or bring in something that can, in lower case.
const RUN: &[&str] = &["<script", "<iframe", "<object", "<embed", "<frame", "<applet"];

/// What these letters would run.
pub(super) fn active(text: &str) -> Vec<Active> {
    let text = text.to_ascii_lowercase();
    let mut active = Vec::new();
    if RUN.iter().any(|element| text.contains(element)) || names_script(&text) {
        active.push(Active::Script);
    }
    if has_handler(&text) {
        active.push(Active::EventHandler);
    }
    active
}

/// Whether what can begin a text in Markdown belongs to a page, by elements that only pages have.
pub(super) fn is_page(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["<html", "<head>", "<body", "<meta", "<base", "<form", "<link"].iter().any(|element| text.contains(element))
}

/// Whether an address is a script: letters in lower case, of which white space and control characters don't count.
pub(super) fn names_script(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find(['j', 'v', '&']) {
        let letters = rest[at..].chars().filter(|c| !c.is_whitespace() && !c.is_control());
        let start: String = letters.take(11).collect();
        if start.starts_with("javascript:")
            || start.starts_with("vbscript:")
            || start.starts_with("&#") && start.contains("106")
        {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

/// Whether an attribute named like a handler has a value: ` onload=`.
fn has_handler(text: &str) -> bool {
    let bytes = text.as_bytes();
    let begins =
        |at: usize| at == 0 || matches!(bytes[at - 1], b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' | b'/' | b'"' | b'\'');
    let has_value = |at: usize| {
        let letters = bytes[at + 2..].iter().take(32).take_while(|byte| byte.is_ascii_alphabetic()).count();
        letters >= 2 && text[at + 2 + letters..].trim_start().starts_with('=')
    };
    text.match_indices("on").any(|(at, _)| begins(at) && has_value(at))
}
