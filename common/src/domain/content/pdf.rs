//! PDF: whether it has actions that run by themselves, as far as they can be seen.

use super::{Active, Content, Detected, Glimpse, has, pdf_list};

/// The least that a PDF has, in bytes.
const SMALLEST: u64 = 32;

/// The names of what runs, and what each is. `JS` is not among them: the three letters come up by chance in what is packed,
/// and what has it is also named for what it is.
const NAMES: &[(&[u8], Active)] = &[
    (b"JavaScript", Active::Script),
    (b"Launch", Active::Launch),
    (b"GoToE", Active::Launch),
    (b"ImportData", Active::Launch),
    (b"SubmitForm", Active::Launch),
    (b"XFA", Active::Script),
    (b"RichMedia", Active::EmbeddedObject),
    (b"Rendition", Active::EmbeddedObject),
    (b"Movie", Active::EmbeddedObject),
];

/// How far into a file readers look for its beginning, in bytes.
pub(super) const BEGINS_WITHIN: usize = 1024;

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
    let parts = if offset > 0 { vec![start, last] } else { vec![start] };
    let mut active = Vec::new();
    for part in &parts {
        look_at(part, &mut active);
    }
    pdf_list::look_into(&parts, &mut active);
    active.sort_unstable();
    active.dedup();
    // A mark with no object behind it is no document.
    let is_document = has(seen.head, b"obj");
    let shown = if is_document { Content::of_type("application/pdf") } else { Content::of(Detected::Unknown) };
    shown.with(active)
}

/// Notes the actions that these bytes name, each kind once.
pub(super) fn look_at(bytes: &[u8], active: &mut Vec<Active>) {
    for (at, name) in names(bytes) {
        let found = match name.letters() {
            b"EmbeddedFile" => Some(Active::EmbeddedObject),
            letters => NAMES.iter().find(|(known, _)| *known == letters).map(|(_, action)| *action),
        };
        let Some(action) = found.filter(|action| !active.contains(action)) else { continue };
        if name.letters() != b"EmbeddedFile" || !is_xml(bytes, at) {
            active.push(action);
        }
    }
}

/// Whether an embedded file is XML, as electronic invoices have one: its subtype stands near its kind, on either side.
fn is_xml(bytes: &[u8], at: usize) -> bool {
    const NEAR: usize = 64;
    let near = &bytes[at.saturating_sub(NEAR)..bytes.len().min(at + NEAR)];
    let names: Vec<Name> = names(near).map(|(_, name)| name).collect();
    let is_xml = |name: &Name| {
        [&b"text/xml"[..], b"application/xml"].iter().any(|kind| name.letters().eq_ignore_ascii_case(kind))
    };
    names.windows(2).any(|pair| pair[0].letters() == b"Subtype" && is_xml(&pair[1]))
}

/// The longest name that matters, in letters.
const LONGEST_NAME: usize = 15;

/// A name as it is meant: any of its letters can be written as `#` and two digits. Of a longer one, one letter more than matters.
pub(super) struct Name([u8; LONGEST_NAME + 1], usize);

impl Name {
    /// The letters.
    pub(super) fn letters(&self) -> &[u8] {
        &self.0[..self.1]
    }

    /// The name that begins here, behind its slash.
    fn read(bytes: &[u8]) -> Self {
        let (mut name, mut rest) = (Self([0; LONGEST_NAME + 1], 0), bytes);
        while let [byte, behind @ ..] = rest
            && name.1 <= LONGEST_NAME
            && !b"\0\t\n\x0c\r ()<>[]{}/%".contains(byte)
        {
            let digit = |at: usize| behind.get(at).and_then(|digit| char::from(*digit).to_digit(16));
            (name.0[name.1], rest) = match (byte, digit(0), digit(1)) {
                (b'#', Some(high), Some(low)) => (u8::try_from(high * 16 + low).expect("two digits"), &behind[2..]),
                _ => (*byte, behind),
            };
            name.1 += 1;
        }
        name
    }
}

/// The names in these bytes, each with the place behind its slash.
pub(super) fn names(bytes: &[u8]) -> impl Iterator<Item = (usize, Name)> {
    let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at + 1);
    slashes.map(|at| (at, Name::read(&bytes[at..])))
}
