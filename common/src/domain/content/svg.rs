//! Whether a drawing does more than be drawn.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape_with};
use quick_xml::events::{BytesStart, Event};

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

/// The longest text that a drawing may have a name for, in bytes: each use of the name repeats it.
const LONGEST_TEXT: usize = 128;

/// What a drawing of this text would do.
pub(super) fn active(text: &str) -> Vec<Active> {
    let mut active = Vec::new();
    if !text::has_known_encoding(text) {
        active.push(Active::NotLookedThrough);
    }
    let mut reader = Reader::from_str(text);
    let mut in_style = false;
    let mut own = BTreeMap::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                in_style = local(element.local_name().as_ref()) == "style";
                look_at(&element, &own, &mut active);
            }
            Ok(Event::Empty(element)) => look_at(&element, &own, &mut active),
            Ok(Event::End(_)) => in_style = false,
            Ok(Event::Text(style)) if in_style => look_at_style(&String::from_utf8_lossy(&style), &mut active),
            Ok(Event::CData(style)) if in_style => look_at_style(&String::from_utf8_lossy(&style), &mut active),
            // What a style says by a name of the file's own is not put together.
            Ok(Event::GeneralRef(name)) if in_style && name.resolve_char_ref().ok().flatten().is_none() => {
                active.push(Active::NotLookedThrough);
            }
            Ok(Event::DocType(definition)) => {
                own = definitions(&String::from_utf8_lossy(&definition), &mut active);
            }
            Ok(Event::PI(instruction)) if instruction.starts_with(b"xml-stylesheet") => {
                active.push(Active::ExternalReference);
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

fn local(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_ascii_lowercase()
}

fn look_at(element: &BytesStart<'_>, own: &BTreeMap<String, String>, active: &mut Vec<Active>) {
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
        "to" | "from" | "values" if html::names_script(&lower) => active.push(Active::Script),
        "href" | "src" | "to" | "from" | "values" => {}
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
        let quoted: Vec<&str> = entity.splitn(3, ['"', '\'']).collect();
        let (head, value) = (quoted[0], quoted.get(1).copied().unwrap_or_default());
        if head.contains("SYSTEM") || head.contains("PUBLIC") {
            active.push(Active::ExternalReference);
        } else if value.contains(['<', '&', '%']) || head.contains('%') {
            active.push(Active::NotLookedThrough);
        } else if value.len() <= LONGEST_TEXT {
            own.insert(head.trim().to_owned(), value.to_owned());
        } else {
            active.push(Active::NotLookedThrough);
        }
    }
    own
}
