//! What a file's bytes show: its type, and what a policy may forbid of it.
//!
//! All of it is pure, and bounded by the bytes that were read: the [head](HEAD_LENGTH), and at most one more range of
//! [at most this length](LONGEST_LOOK), which [`second_look`] names where the head alone can't decide.

mod audio;
mod html;
mod inflate;
mod iso;
mod magic;
mod markup;
mod matroska;
mod namespace;
mod ogg;
mod ole;
mod pdf;
mod pdf_list;
mod picture;
mod script;
mod shown;
mod structure;
mod svg;
mod table;
mod text;
mod zip;
mod zip_kind;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

pub use shown::{Detected, Fit};

use super::MediaType;

/// How much of an object is read at first, in bytes: as far as `infer` looks.
pub const HEAD_LENGTH: usize = 8192;

/// How much is read at the second look, in bytes: a whole drawing, what comes behind the thumbnail of a photo, or the
/// directory of a ZIP of 2,500 files.
pub const SECOND_LENGTH: usize = 256 * 1024;

/// The most that is read of the end of a large ZIP, in bytes: a directory of 10,000 files.
pub const LONGEST_LOOK: usize = 1024 * 1024;

/// Whether a type is one of scripts.
pub(super) fn is_script(media_type: &MediaType) -> bool {
    script::is_told(media_type.as_str())
}

/// What a policy asks of a file beside its type. Each can cost the second look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Whether it would do something by itself when it is opened.
    pub active_content: bool,
    /// How wide and high a picture is.
    pub dimensions: bool,
}

impl Wanted {
    /// All of it.
    pub const ALL: Self = Self { active_content: true, dimensions: true };
}

/// What was read of a file.
#[derive(Debug, Clone, Copy)]
pub struct Glimpse<'a> {
    /// How large the whole file is, in bytes.
    pub size: u64,
    /// Its first [`HEAD_LENGTH`] bytes, or all of it.
    pub head: &'a [u8],
    /// What [`second_look`] asked for, if it did.
    pub second: Option<Part<'a>>,
}

/// A range of a file's bytes.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Where it begins.
    pub offset: u64,
    /// The bytes.
    pub bytes: &'a [u8],
}

impl<'a> Glimpse<'a> {
    /// A file that is no larger than its head.
    pub fn of_whole(bytes: &'a [u8]) -> Self {
        Self { size: bytes.len() as u64, head: bytes, second: None }
    }

    /// Whether every byte was read.
    fn is_whole(&self) -> bool {
        let second = self.second.filter(|part| part.offset == self.head.len() as u64);
        (self.head.len() + second.map_or(0, |part| part.bytes.len())) as u64 >= self.size
    }

    /// What was read without a gap from the first byte on.
    fn beginning(&self) -> Cow<'a, [u8]> {
        match self.second {
            Some(part) if part.offset == self.head.len() as u64 => Cow::Owned([self.head, part.bytes].concat()),
            _ => Cow::Borrowed(self.head),
        }
    }

    /// The last stretch without a gap, and where it begins.
    fn last_part(&self) -> (u64, Cow<'a, [u8]>) {
        match self.second {
            Some(part) if part.offset != self.head.len() as u64 => (part.offset, Cow::Borrowed(part.bytes)),
            _ => (0, self.beginning()),
        }
    }

    /// So many bytes at this place, or as many of them as were read.
    fn at(&self, offset: u64, length: usize) -> Option<Cow<'a, [u8]>> {
        let cut = |start: u64, bytes: &'a [u8]| {
            let from = usize::try_from(offset.checked_sub(start)?).ok().filter(|from| *from < bytes.len())?;
            Some(&bytes[from..from.saturating_add(length).min(bytes.len())])
        };
        let in_head = cut(0, self.head);
        let follows = |part: &Part<'_>| part.offset == self.head.len() as u64;
        match (in_head, self.second) {
            // Half in the one and half in the other.
            (Some(first), Some(part)) if first.len() < length && follows(&part) => {
                let rest = (length - first.len()).min(part.bytes.len());
                Some(Cow::Owned([first, &part.bytes[..rest]].concat()))
            }
            (Some(first), _) => Some(Cow::Borrowed(first)),
            (None, Some(part)) => cut(part.offset, part.bytes).map(Cow::Borrowed),
            (None, None) => None,
        }
    }
}

/// All that a file's bytes show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What it is.
    pub detected: Detected,
    /// What it would do by itself, as far as it was read.
    pub active: Vec<Active>,
    /// How large a picture is, where its head tells.
    pub dimensions: Option<Dimensions>,
    /// What a ZIP or a file of its family says of what is in it.
    pub archive: Option<Archive>,
}

impl Content {
    /// Something of which no more is known than what it is.
    fn of(detected: Detected) -> Self {
        Self { detected, active: Vec::new(), dimensions: None, archive: None }
    }

    /// A file of exactly this type.
    fn of_type(name: &str) -> Self {
        Self::of(Detected::Type(MediaType::known(name)))
    }

    /// The same, with what it would do.
    fn with(mut self, active: Vec<Active>) -> Self {
        self.active = active;
        self
    }
}

/// Something that a file would do by itself, or have others do, when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Active {
    /// A script.
    Script,
    /// An attribute that runs a script when something happens.
    EventHandler,
    /// Foreign markup inside a drawing.
    ForeignObject,
    /// Something that is fetched from elsewhere.
    ExternalReference,
    /// Macros of an Office file.
    Macro,
    /// An action that starts another program or opens another file.
    Launch,
    /// An object of another program.
    EmbeddedObject,
    /// Markup, a script or a document inside what claims to be a picture, a sound or a film.
    HiddenMarkup,
    /// It could hold any of this, and was not read to its end or can't be understood.
    NotLookedThrough,
}

impl Active {
    /// What it is, to go on after "The file holds".
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Script => "a script",
            Self::EventHandler => "an event handler",
            Self::ForeignObject => "foreign markup",
            Self::ExternalReference => "a reference to something elsewhere",
            Self::Macro => "macros",
            Self::Launch => "an action that opens something else",
            Self::EmbeddedObject => "an embedded object",
            Self::HiddenMarkup => "hidden markup or a hidden document",
            Self::NotLookedThrough => "more than can be looked through for scripts",
        }
    }
}

/// The size of a picture in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dimensions {
    /// From left to right.
    pub width: u64,
    /// From top to bottom.
    pub height: u64,
}

impl Dimensions {
    /// How many pixels there are.
    pub fn pixels(self) -> u64 {
        self.width.saturating_mul(self.height)
    }
}

/// What the directory of an archive says. Its claims can be lies: who unpacks it must count as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Archive {
    /// How many bytes its entries take.
    pub packed: u64,
    /// How many they become.
    pub unpacked: u64,
    /// Whether all of the directory was read.
    pub is_whole: bool,
    /// What is wrong with it, to go on after "The archive".
    pub flaw: Option<&'static str>,
}

/// Which bytes to read beside the head, where that can't answer by itself. Never more than [`LONGEST_LOOK`].
pub fn second_look(head: &[u8], size: u64, wanted: Wanted) -> Option<Range<u64>> {
    let behind_head = head.len() as u64;
    if size <= behind_head {
        return None;
    }
    let most = SECOND_LENGTH as u64;
    let tail_of = |length: u64| size.saturating_sub(length).max(behind_head)..size;
    let tail = tail_of(most);
    // Directories grow with what they list.
    let directory = tail_of((size / 8).clamp(most, LONGEST_LOOK as u64));
    let from = |offset: u64| offset..size.min(offset.saturating_add(most));
    if zip::begins(head) {
        Some(directory)
    } else if ole::begins(head) {
        let offset = ole::directory_offset(head).filter(|offset| *offset < size)?;
        let is_told = || matches!(ole::read(&Glimpse { size, head, second: None }).detected, Detected::Type(_));
        // Never less than could be read: the directory can go on before its first sector, and its table is often the last.
        let start = offset.min(size.saturating_sub(most)).max(behind_head);
        (offset + 512 > behind_head || wanted.active_content || !is_told()).then(|| from(start))
    } else if pdf::begins(head) {
        wanted.active_content.then_some(tail)
    } else if let Some(text) = text::decode(head, true) {
        (wanted.active_content && markup::is_svg(&text)).then(|| from(behind_head))
    } else {
        let content = detect(&Glimpse { size, head, second: None });
        if content.detected == Detected::Unknown
            || content.archive.is_some()
            || matches!(content.detected, Detected::Container(_))
        {
            return zip::is_inside(head).then_some(directory);
        }
        (wanted.dimensions && content.detected.is_picture() && content.dimensions.is_none()).then(|| from(behind_head))
    }
}

/// What a file shows in the bytes that were read of it.
pub fn detect(seen: &Glimpse<'_>) -> Content {
    let head = seen.head;
    if zip::begins(head) {
        zip::read(seen)
    } else if ole::begins(head) {
        ole::read(seen)
    } else if pdf::begins(head) {
        pdf::read(seen)
    } else if let Some(text) = text::decode(head, seen.size > head.len() as u64) {
        text::read(&text, seen)
    } else {
        magic::read(seen)
    }
}

/// What a file shows that is at hand from its first to its last byte, looked at like one in a bucket.
pub fn detect_whole(bytes: &[u8], wanted: Wanted) -> Content {
    let size = bytes.len() as u64;
    let head = &bytes[..bytes.len().min(HEAD_LENGTH)];
    let second = second_look(head, size, wanted).map(|range| {
        let place = |offset: u64| usize::try_from(offset).expect("inside the bytes");
        Part { offset: range.start, bytes: &bytes[place(range.start)..place(range.end)] }
    });
    detect(&Glimpse { size, head, second })
}

/// Whether these bytes are somewhere in those.
fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
