//! Whether a drawing does more than be drawn.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape_with};
use quick_xml::events::{BytesStart, Event};

use super::namespace::{Prefixes, XHTML};
use super::{Active, html, text};

/// Elements that are, run or bring in something else, in lower case and without their prefix.
const ELEMENTS: &[(&str, Active)] = &[
    ("script", Active::Script),
    ("handler", Active::Script),
    ("listener", Active::Script),
    ("foreignobject", Active::ForeignObject),
    ("iframe", Active::ForeignObject),
    ("object", Active::ForeignObject),
    ("embed", Active::ForeignObject),
    ("html", Active::ForeignObject),
];

/// Attributes that are read as a style, or that change one.
const CSS: &[&str] = &[
    "style",
    "fill",
    "stroke",
    "filter",
    "mask",
    "clip-path",
    "cursor",
    "marker",
    "marker-start",
    "marker-mid",
    "marker-end",
    "to",
    "from",
    "by",
    "values",
];

/// The longest style that is looked at, in bytes: more only what a drawing has names for can become.
const LONGEST_STYLE: usize = 512 * 1024;

/// The longest text that a drawing may have a name for, in bytes: each use of the name repeats it.
const LONGEST_TEXT: usize = 128;

/// What a drawing of this text would do.
pub(super) fn active(text: &str) -> Vec<Active> {
    let mut active = Vec::new();
    if !text::has_known_encoding(text) {
        active.push(Active::NotLookedThrough);
    }
    let mut reader = Reader::from_str(text);
    let (mut own, mut pages, mut style) = (BTreeMap::new(), Prefixes::default(), Style::default());
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                style.depth += usize::from(style.depth > 0 || local(element.local_name().as_ref()) == "style");
                look_at_element(&element, &own, &mut pages, &mut active);
            }
            Ok(Event::Empty(element)) => look_at_element(&element, &own, &mut pages, &mut active),
            Ok(Event::End(_)) => style.end_element(&mut active),
            Ok(Event::Text(text)) => style.add(&String::from_utf8_lossy(&text)),
            Ok(Event::CData(text)) => style.add(&String::from_utf8_lossy(&text)),
            Ok(Event::GeneralRef(name)) => match (name.resolve_char_ref(), String::from_utf8_lossy(&name)) {
                (Ok(Some(letter)), _) => style.add(letter.encode_utf8(&mut [0; 4])),
                (_, name) => match own.get(&*name).map(String::as_str).or_else(|| resolve_predefined_entity(&name)) {
                    Some(text) => style.add(text),
                    None => style.has_unknown |= style.depth > 0,
                },
            },
            Ok(Event::DocType(definition)) => {
                own = definitions(&String::from_utf8_lossy(&definition), &mut active);
            }
            Ok(Event::PI(instruction)) if instruction.starts_with(b"xml-stylesheet") => {
                active.push(Active::ExternalReference);
            }
            Ok(Event::Eof) if style.depth > 0 => {
                active.push(Active::NotLookedThrough);
                break;
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(_) => {
                active.push(Active::NotLookedThrough);
                break;
            }
        }
    }
    active.sort_unstable();
    active.dedup();
    active
}

/// The style that is being read, whatever it is written as: text, references and nested elements.
#[derive(Default)]
struct Style {
    /// How many elements are open, of which the first is the style's; none outside of one.
    depth: usize,
    text: String,
    has_unknown: bool,
}

impl Style {
    fn add(&mut self, text: &str) {
        if self.depth > 0 && self.text.len() <= LONGEST_STYLE {
            self.text.push_str(text);
        }
    }

    fn end_element(&mut self, active: &mut Vec<Active>) {
        if self.depth == 1 {
            look_at_css(&self.text, active);
            if self.has_unknown || self.text.len() > LONGEST_STYLE {
                active.push(Active::NotLookedThrough);
            }
            *self = Self::default();
        } else {
            self.depth = self.depth.saturating_sub(1);
        }
    }
}

fn local(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_ascii_lowercase()
}

fn look_at_element(
    element: &BytesStart<'_>,
    own: &BTreeMap<String, String>,
    pages: &mut Prefixes,
    active: &mut Vec<Active>,
) {
    pages.note(element, &[XHTML], own);
    if pages.hold(element) {
        active.push(Active::ForeignObject);
    }
    look_at(element, own, active);
}

/// Looks for what an element does by itself, whatever it is in.
pub(super) fn look_at(element: &BytesStart<'_>, own: &BTreeMap<String, String>, active: &mut Vec<Active>) {
    let name = local(element.local_name().as_ref());
    active.extend(ELEMENTS.iter().filter(|(known, _)| *known == name).map(|(_, what)| *what));
    for attribute in element.attributes().with_checks(false) {
        let Ok(attribute) = attribute else {
            active.push(Active::NotLookedThrough);
            return;
        };
        let raw = String::from_utf8_lossy(&attribute.value).into_owned();
        let named = |name: &str| own.get(name).map(String::as_str).or_else(|| resolve_predefined_entity(name));
        let value = unescape_with(&raw, named).map_or_else(|_| raw.clone(), std::borrow::Cow::into_owned);
        let handles = attribute.key.prefix().is_none() && is_handler(&local(attribute.key.as_ref()));
        if handles {
            active.push(Active::EventHandler);
        }
        look_at_attribute(&name, &local(attribute.key.local_name().as_ref()), value.trim(), active);
    }
}

/// Whether a name in lower case is one of those that run a script: `onload`.
fn is_handler(name: &str) -> bool {
    name.len() > 3 && name.starts_with("on") && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn look_at_attribute(element: &str, name: &str, value: &str, active: &mut Vec<Active>) {
    let lower = value.to_ascii_lowercase();
    // A drawing that changes an attribute can make a handler or an address of it.
    let changes = name == "attributename" && (lower.starts_with("on") || lower.ends_with("href"));
    if changes {
        active.push(Active::EventHandler);
    }
    match name {
        "href" | "src" if html::names_script(&lower) => active.push(Active::Script),
        // Where a link leads, nobody goes without a click.
        "href" | "src" if element != "a" && !is_inside(&lower) => active.push(Active::ExternalReference),
        "href" if element == "a" && lower.starts_with("data:") => active.push(Active::Script),
        "href" | "src" => {}
        _ if CSS.contains(&name) => look_at_css(&lower, active),
        _ => look_at_style(&lower, active),
    }
}

/// Whether an address leads nowhere else: into the drawing itself, or to a picture in the address.
fn is_inside(address: &str) -> bool {
    let pictures = ["png", "jpeg", "jpg", "gif", "webp", "avif"];
    let is_picture =
        address.strip_prefix("data:image/").is_some_and(|kind| pictures.iter().any(|known| kind.starts_with(known)));
    let is_font = ["data:font/", "data:application/font", "data:application/x-font"]
        .iter()
        .any(|start| address.starts_with(start));
    address.is_empty() || address.starts_with('#') || is_picture || is_font
}

/// Looks for what a style fetches, where it is a style for certain: letters can be written as others there.
fn look_at_css(style: &str, active: &mut Vec<Active>) {
    let lower = style.to_ascii_lowercase();
    if style.contains('\\') {
        active.push(Active::NotLookedThrough);
    }
    if ["image-set(", "image(", "src("].iter().any(|function| lower.contains(function)) {
        active.push(Active::ExternalReference);
    }
    look_at_style(&lower, active);
}

/// Looks for what a style fetches.
fn look_at_style(style: &str, active: &mut Vec<Active>) {
    let style = style.to_ascii_lowercase();
    let addresses = style
        .split("url(")
        .skip(1)
        .map(|rest| rest.trim_start_matches(|c: char| c.is_whitespace() || "\"'".contains(c)));
    if style.contains("@import") || addresses.into_iter().any(|address| !is_inside(address)) {
        active.push(Active::ExternalReference);
    }
    if html::names_script(&style) {
        active.push(Active::Script);
    }
}

/// The texts that a document names for itself, other than of namespaces. Notes where it names things elsewhere, or markup.
fn definitions(definition: &str, active: &mut Vec<Active>) -> BTreeMap<String, String> {
    let Some((_, inside)) = definition.split_once('[') else { return BTreeMap::new() };
    let mut own = BTreeMap::new();
    if inside.contains("<!ATTLIST") {
        active.push(Active::NotLookedThrough);
    }
    for entity in inside.split("<!ENTITY").skip(1) {
        let (head, quoted) = entity.split_at(entity.find(['"', '\'']).unwrap_or(entity.len()));
        let value = quoted.chars().next().and_then(|mark| quoted[1..].split(mark).next()).unwrap_or_default();
        if head.contains("SYSTEM") || head.contains("PUBLIC") {
            active.push(Active::ExternalReference);
        } else if value.contains(['<', '&', '%']) || head.contains('%') {
            active.push(Active::NotLookedThrough);
        } else if value.len() > LONGEST_TEXT || own.insert(head.trim().to_owned(), value.to_owned()).is_some() {
            // Of two texts of one name the first is meant, but not if it stands in a comment.
            active.push(Active::NotLookedThrough);
        }
    }
    own
}
