//! PDF: whether it has actions that run by themselves, as far as they can be seen.

use super::{Active, Content, Detected, Glimpse, inflate};

/// The least that a PDF has, in bytes.
const SMALLEST: u64 = 32;

/// How many packed lists of objects are looked into, and how much of each, in bytes.
const LISTS: usize = 32;
const LONGEST_LIST: usize = 128 * 1024;

/// The names of what runs, and what each is.
const NAMES: &[(&[u8], Active)] = &[
    (b"JavaScript", Active::Script),
    (b"JS", Active::Script),
    (b"Launch", Active::Launch),
    (b"GoToE", Active::Launch),
    (b"ImportData", Active::Launch),
    (b"SubmitForm", Active::Launch),
    (b"XFA", Active::Script),
    (b"RichMedia", Active::EmbeddedObject),
    (b"Movie", Active::EmbeddedObject),
];

/// How far into a file readers look for its beginning, in bytes.
const BEGINS_WITHIN: usize = 1024;

/// Whether a file begins as a PDF. Before its mark there may be a byte order mark, white space, or what tells a printer that
/// a PDF follows; with anything else it could be taken for something else as well.
pub(super) fn begins(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start = head[..head.len().min(BEGINS_WITHIN)].windows(5).position(|window| window == b"%PDF-");
    start.is_some_and(|start| head[..start].trim_ascii().is_empty() || is_for_printer(&head[..start]))
}

/// Whether these are the lines in which a printer is told its job.
fn is_for_printer(bytes: &[u8]) -> bool {
    let Some(job) = bytes.strip_prefix(b"\x1b%-12345X") else { return false };
    job.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).all(|line| line.is_empty() || line.starts_with(b"@PJL"))
        && !job.contains(&b'<')
}

/// What a PDF would do.
pub(super) fn read(seen: &Glimpse<'_>) -> Content {
    if seen.size < SMALLEST {
        return Content::of(Detected::Unknown);
    }
    let start = seen.beginning();
    let (offset, last) = seen.last_part();
    let mut active = actions(&start);
    if offset > 0 {
        active.extend(actions(&last));
    }
    active.sort_unstable();
    active.dedup();
    Content::of_type("application/pdf").with(active)
}

/// The actions named in these bytes, and in the lists of objects packed in them.
fn actions(bytes: &[u8]) -> Vec<Active> {
    let mut found = named(bytes);
    for list in lists(bytes).take(LISTS) {
        found.extend(named(&inflate::zlib(list, LONGEST_LIST)));
    }
    found
}

/// The actions that these bytes name.
fn named(bytes: &[u8]) -> Vec<Active> {
    let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at + 1);
    let action = |at: usize| {
        let name = name(&bytes[at..]);
        if name == b"EmbeddedFile" {
            return (!is_xml(&bytes[at..])).then_some(Active::EmbeddedObject);
        }
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, action)| *action)
    };
    slashes.filter_map(action).collect()
}

/// Whether an embedded file is XML, as electronic invoices have one: its subtype stands near its kind.
fn is_xml(bytes: &[u8]) -> bool {
    const NEAR: usize = 64;
    let near = &bytes[..bytes.len().min(NEAR)];
    let is_subtype = |name: &[u8]| near.windows(name.len()).any(|window| window.eq_ignore_ascii_case(name));
    is_subtype(b"/Subtype/text#2Fxml")
        || is_subtype(b"/Subtype /text#2Fxml")
        || is_subtype(b"/Subtype/application#2Fxml")
}

/// A name as it is meant: any of its characters can be written as `#` and two digits. No name that matters is longer.
fn name(bytes: &[u8]) -> Vec<u8> {
    let mut name = Vec::new();
    let mut rest = bytes;
    while let [byte, behind @ ..] = rest
        && name.len() <= 13
        && !b"\0\t\n\x0c\r ()<>[]{}/%".contains(byte)
    {
        let digit = |at: usize| behind.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        rest = match (byte, digit(0), digit(1)) {
            (b'#', Some(high), Some(low)) => {
                name.push(u8::try_from(high * 16 + low).expect("two digits"));
                &behind[2..]
            }
            _ => {
                name.push(*byte);
                behind
            }
        };
    }
    name
}

/// The packed lists of objects in these bytes, each from its first byte on.
fn lists(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    const MARK: &[u8] = b"/ObjStm";
    const STREAM: &[u8] = b"stream";
    /// How far behind its kind the body of a stream can begin, in bytes.
    const DICTIONARY: usize = 512;
    let marks = bytes.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK).map(|(at, _)| at);
    marks.filter_map(|at| {
        let behind = &bytes[at..];
        let body = behind[..behind.len().min(DICTIONARY)].windows(STREAM.len()).position(|window| window == STREAM)?;
        let body = &behind[body + STREAM.len()..];
        Some(body.strip_prefix(b"\r\n").or_else(|| body.strip_prefix(b"\n")).unwrap_or(body))
    })
}
