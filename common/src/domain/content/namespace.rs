//! Which prefixes of an XML document stand for pages or for drawings.

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::escape::{resolve_predefined_entity, unescape_with};
use quick_xml::events::BytesStart;

/// The namespace of pages.
pub(super) const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// The namespace of drawings.
pub(super) const SVG: &str = "http://www.w3.org/2000/svg";

/// Prefixes that stand for certain namespaces somewhere in a document; the empty one where elements need none. Where each of
/// them ends does not matter: nobody means two things by one.
#[derive(Default)]
pub(super) struct Prefixes(BTreeSet<Vec<u8>>);

impl Prefixes {
    /// Notes what an element declares for these namespaces. `own` is what the document names for itself.
    pub(super) fn note(&mut self, element: &BytesStart<'_>, namespaces: &[&str], own: &BTreeMap<String, String>) {
        for attribute in element.attributes().with_checks(false).flatten() {
            let prefix = match (attribute.key.prefix(), attribute.key.local_name()) {
                (None, name) if name.as_ref() == b"xmlns" => Vec::new(),
                (Some(prefix), name) if prefix.as_ref() == b"xmlns" => name.as_ref().to_vec(),
                _ => continue,
            };
            let raw = String::from_utf8_lossy(&attribute.value);
            let named = |name: &str| own.get(name).map(String::as_str).or_else(|| resolve_predefined_entity(name));
            if unescape_with(&raw, named).is_ok_and(|value| namespaces.contains(&value.trim())) {
                self.0.insert(prefix);
            }
        }
    }

    /// Whether an element stands under one of them.
    pub(super) fn hold(&self, element: &BytesStart<'_>) -> bool {
        let name = element.name();
        self.0.contains(name.prefix().as_ref().map_or(&b""[..], |prefix| prefix.as_ref()))
    }

    /// Whether there are elements without a prefix among them.
    pub(super) fn hold_default(&self) -> bool {
        self.0.contains(&b""[..])
    }
}
