//! Text that begins with a tag: which kind of markup it is, by its prolog and its root.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::namespace::{Prefixes, SVG, XHTML};
use super::{Active, Content, Detected, Glimpse, html, svg, text};
use crate::domain::MediaType;

/// Elements that stand at the beginning of a page and nowhere else, and those that run something.
const PAGE: &[&str] = &[
    "applet", "base", "body", "embed", "form", "frameset", "head", "html", "iframe", "link", "math", "meta",
    "noscript", "object", "script", "style", "template", "title",
];

/// Elements that stand anywhere in a page, and that writers of Markdown begin with as well.
const FRAGMENT: &[&str] = &[
    "a",
    "abbr",
    "article",
    "aside",
    "audio",
    "b",
    "blockquote",
    "br",
    "button",
    "center",
    "code",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "img",
    "input",
    "ins",
    "kbd",
    "li",
    "main",
    "mark",
    "marquee",
    "nav",
    "ol",
    "p",
    "picture",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "select",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "textarea",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "video",
];

/// What XML documents with these roots are.
const ROOTS: &[(&str, &str)] = &[
    ("feed", "application/atom+xml"),
    ("gpx", "application/gpx+xml"),
    ("kml", "application/vnd.google-earth.kml+xml"),
    ("mpd", "application/dash+xml"),
    ("rdf", "application/rdf+xml"),
    ("rss", "application/rss+xml"),
    ("collada", "model/vnd.collada+xml"),
    ("score-partwise", "application/vnd.recordare.musicxml+xml"),
    ("smil", "application/smil+xml"),
    ("tt", "application/ttml+xml"),
];

/// What a text begins with.
enum Beginning {
    /// A page.
    Html,
    /// A page that is also well-formed, or claims to be.
    Xhtml { is_declared: bool },
    /// What a page or a text in Markdown can begin with.
    Fragment,
    /// A drawing.
    Svg,
    /// XML of this kind.
    Xml(&'static str),
    /// A tag that is none of HTML's, which could be XML.
    SomeTag,
    /// A program for a server.
    ServerPage(&'static str),
}

/// Whether a text is a drawing.
pub(super) fn is_svg(text: &str) -> bool {
    matches!(beginning(text), Some(Beginning::Svg))
}

/// What a text is that begins as markup; nothing if it does not.
pub(super) fn read(text: &str, seen: &Glimpse<'_>) -> Option<Content> {
    Some(match beginning(text)? {
        Beginning::Xhtml { is_declared } => {
            let kinds = if is_declared {
                ["application/xhtml+xml", "text/html"]
            } else {
                ["text/html", "application/xhtml+xml"]
            };
            Content::of(Detected::one_of(&kinds)).with(html::active(text))
        }
        Beginning::Html | Beginning::Fragment if text.contains("<?php") => Content::of_type("text/x-php"),
        Beginning::Html => Content::of_type("text/html").with(html::active(text)),
        Beginning::Fragment if is_page(&without_code(text)) => Content::of_type("text/html").with(html::active(text)),
        Beginning::Fragment => Content::of(Detected::one_of(&["text/html", "text/markdown"])),
        Beginning::Svg => Content::of_type("image/svg+xml").with(active_in_svg(seen)),
        Beginning::Xml(kind) => Content::of_type(kind).with(active_in_xml(text)),
        Beginning::SomeTag => Content::of(Detected::Text(["text/plain", "text/xml"].map(MediaType::known).to_vec()))
            .with(active_in_xml(text)),
        Beginning::ServerPage(kind) => Content::of_type(kind),
    })
}

/// Whether what can begin a text in Markdown is a page all the same.
fn is_page(text: &str) -> bool {
    html::is_page(text) || !html::active(text).is_empty()
}

/// The marks of a page at the beginning of a line near that of a text, where a careless reader would find them.
pub(super) fn hidden(text: &str) -> Vec<Active> {
    const NEAR: usize = 256;
    let start: String = text.chars().take(NEAR).collect();
    let start = without_code(&start).to_ascii_lowercase();
    // So far in, a line is an example.
    let is_example = |line: &str| line.starts_with("    ") || line.starts_with('\t');
    let begins = |line: &str| {
        let line = line.trim_start_matches(|c: char| c.is_whitespace() || "\"'".contains(c));
        ["<!doctype html", "<html", "<script", "<iframe"].iter().any(|mark| line.starts_with(mark))
    };
    if start.lines().filter(|line| !is_example(line)).any(begins) { vec![Active::HiddenMarkup] } else { Vec::new() }
}

/// What a drawing does, if it was read to its end.
fn active_in_svg(seen: &Glimpse<'_>) -> Vec<Active> {
    match text::decode(&seen.beginning(), false) {
        Some(whole) if seen.is_whole() => svg::active(&whole),
        _ => vec![Active::NotLookedThrough],
    }
}

/// What an XML document has a browser or a parser fetch.
fn active_in_xml(text: &str) -> Vec<Active> {
    let names_file = |at: usize| text[at..].chars().take(256).collect::<String>().contains("SYSTEM");
    // A style sheet only colours; a transformation makes anything of it.
    let instructions = text.split("<?xml-stylesheet").skip(1).filter_map(|rest| rest.split("?>").next());
    let has_stylesheet = instructions.into_iter().any(|inside| inside.contains("xsl") || inside.contains("/xml"));
    let has_entity = text.match_indices("<!ENTITY").any(|(at, _)| names_file(at));
    let mut active = if has_stylesheet || has_entity { vec![Active::ExternalReference] } else { Vec::new() };
    if holds_what_runs(text) {
        active.push(Active::Script);
    }
    active
}

/// Whether an element of a page or of a drawing would do something: they run wherever they are, under any prefix.
fn holds_what_runs(text: &str) -> bool {
    let (mut prefixes, mut reader, own) = (Prefixes::default(), Reader::from_str(text), BTreeMap::new());
    // Behind what can't be read, a browser stops as well.
    while let Ok(event) = reader.read_event() {
        let (Event::Start(element) | Event::Empty(element)) = event else {
            if matches!(event, Event::Eof) {
                break;
            }
            continue;
        };
        prefixes.note(&element, &[XHTML, SVG], &own);
        if element.name().prefix().is_some() && prefixes.hold(&element) && runs(&element) {
            return true;
        }
    }
    prefixes.hold_default() && !html::active(text).is_empty()
}

/// Whether an element of a page or of a drawing does more than be shown or lead elsewhere.
fn runs(element: &BytesStart<'_>) -> bool {
    let mut active = Vec::new();
    svg::look_at(element, &BTreeMap::new(), &mut active);
    let refreshes = || element.attributes().with_checks(false).flatten().any(|one| one.key.as_ref() == b"http-equiv");
    active.iter().any(|active| *active != Active::ExternalReference) || refreshes()
}

/// A text in Markdown without its examples, which nobody runs.
fn without_code(text: &str) -> String {
    let mut is_example = false;
    let mut kept = String::new();
    for line in text.lines() {
        let start = line.trim_start();
        if start.starts_with("```") || start.starts_with("~~~") {
            is_example = !is_example;
        } else if !is_example {
            kept.extend(line.split('`').step_by(2));
            kept.push('\n');
        }
    }
    kept
}

fn beginning(text: &str) -> Option<Beginning> {
    let mut rest = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if !rest.starts_with('<') {
        return None;
    }
    let (mut is_xml, mut doctype) = (false, None);
    loop {
        rest = rest.trim_start();
        if begins(rest, "<?php") || rest.starts_with("<?=") {
            return Some(Beginning::ServerPage("text/x-php"));
        } else if rest.starts_with("<%") {
            return Some(Beginning::ServerPage("text/x-jsp"));
        } else if rest.starts_with("<?") {
            is_xml = true;
            rest = behind(rest, "?>");
        } else if rest.starts_with("<!--") {
            rest = behind(&rest[4..], "-->");
        } else if begins(rest, "<!doctype") {
            doctype = Some(name_of(rest[9..].trim_start()));
            rest = behind_doctype(rest);
        } else {
            break;
        }
    }
    let Some(tag) = rest.strip_prefix('<').filter(|tag| tag.starts_with(|c: char| c.is_alphabetic() || c == '_'))
    else {
        return match (doctype.as_deref(), is_xml) {
            (Some("html"), _) => Some(Beginning::Html),
            (Some("svg"), _) => Some(Beginning::Svg),
            (Some(_), _) | (None, true) => Some(Beginning::Xml("text/xml")),
            // Nothing but a comment, or text after it.
            (None, false) => text.trim_start().starts_with("<!").then_some(Beginning::Fragment),
        };
    };
    root(tag, is_xml, doctype.as_deref())
}

/// What markup is by its first element.
fn root(tag: &str, is_xml: bool, doctype: Option<&str>) -> Option<Beginning> {
    let full = name_of(tag);
    let name = full.rsplit(':').next().unwrap_or_default();
    let attributes = tag.split('>').next().unwrap_or_default();
    let is_tag = tag[full.len()..].chars().next().is_none_or(|c| c.is_whitespace() || matches!(c, '>' | '/'));
    let is_html = name == "html" || doctype == Some("html");
    Some(match name {
        _ if is_html && attributes.contains("http://www.w3.org/1999/xhtml") => Beginning::Xhtml { is_declared: is_xml },
        "html" => Beginning::Html,
        "svg" if is_tag => Beginning::Svg,
        _ if is_html => Beginning::Html,
        _ if is_xml || doctype.is_some() || attributes.contains("xmlns") => {
            Beginning::Xml(ROOTS.iter().find(|(root, _)| *root == name).map_or("text/xml", |(_, kind)| *kind))
        }
        "rss" | "gpx" | "kml" if is_tag => Beginning::Xml(ROOTS.iter().find(|(root, _)| *root == name)?.1),
        _ if is_tag && PAGE.contains(&name) => Beginning::Html,
        _ if is_tag && FRAGMENT.contains(&name) => Beginning::Fragment,
        _ if is_tag => Beginning::SomeTag,
        _ => return None,
    })
}

/// The name at the beginning of a text, in lower case.
fn name_of(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/' | '['))
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}

fn begins(text: &str, beginning: &str) -> bool {
    text.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
}

/// What is behind a mark, or nothing where the text ends before it.
fn behind<'a>(text: &'a str, mark: &str) -> &'a str {
    text.split_once(mark).map_or("", |(_, rest)| rest)
}

/// What is behind a declaration of a document's type, and what it defines in brackets.
fn behind_doctype(text: &str) -> &str {
    match (text.find('['), text.find('>')) {
        (Some(bracket), Some(end)) if bracket < end => behind(behind(&text[bracket..], "]"), ">"),
        _ => behind(text, ">"),
    }
}
