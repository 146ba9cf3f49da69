//! Names of media types: one name for each, whatever it is called elsewhere.

use std::fmt;

use super::NotA;

/// A media type without parameters, in lower case, under its usual name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MediaType(String);

/// Other names in use, beside the usual one.
const ALIASES: &[(&str, &str)] = &[
    ("application/csv", "text/csv"),
    ("application/font-sfnt", "font/sfnt"),
    ("application/font-woff", "font/woff"),
    ("application/x-gzip", "application/gzip"),
    ("application/x-javascript", "text/javascript"),
    ("application/javascript", "text/javascript"),
    ("application/x-pdf", "application/pdf"),
    ("application/x-rar-compressed", "application/vnd.rar"),
    ("application/x-rar", "application/vnd.rar"),
    ("application/x-zip-compressed", "application/zip"),
    ("application/x-zip", "application/zip"),
    ("application/xml", "text/xml"),
    ("audio/m4a", "audio/mp4"),
    ("audio/mp3", "audio/mpeg"),
    ("audio/vnd.wave", "audio/wav"),
    ("audio/wave", "audio/wav"),
    ("audio/x-aiff", "audio/aiff"),
    ("audio/x-flac", "audio/flac"),
    ("audio/x-m4a", "audio/mp4"),
    ("audio/x-wav", "audio/wav"),
    ("image/heif", "image/heic"),
    ("image/jpg", "image/jpeg"),
    ("image/pjpeg", "image/jpeg"),
    ("image/x-icon", "image/vnd.microsoft.icon"),
    ("image/x-ms-bmp", "image/bmp"),
    ("image/x-png", "image/png"),
    ("text/rtf", "application/rtf"),
    ("text/x-csv", "text/csv"),
    ("text/x-markdown", "text/markdown"),
    ("video/avi", "video/x-msvideo"),
    ("video/msvideo", "video/x-msvideo"),
    ("video/x-m4v", "video/mp4"),
];

/// The extension that a key, and a download without one, is given.
const EXTENSIONS: &[(&str, &str)] = &[
    ("application/gzip", ".gz"),
    ("application/json", ".json"),
    ("application/msword", ".doc"),
    ("application/pdf", ".pdf"),
    ("application/rtf", ".rtf"),
    ("application/vnd.ms-excel", ".xls"),
    ("application/vnd.ms-powerpoint", ".ppt"),
    ("application/vnd.oasis.opendocument.presentation", ".odp"),
    ("application/vnd.oasis.opendocument.spreadsheet", ".ods"),
    ("application/vnd.oasis.opendocument.text", ".odt"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"),
    ("application/zip", ".zip"),
    ("audio/mp4", ".m4a"),
    ("audio/mpeg", ".mp3"),
    ("audio/ogg", ".ogg"),
    ("audio/wav", ".wav"),
    ("image/avif", ".avif"),
    ("image/bmp", ".bmp"),
    ("image/gif", ".gif"),
    ("image/heic", ".heic"),
    ("image/jpeg", ".jpg"),
    ("image/png", ".png"),
    ("image/tiff", ".tiff"),
    ("image/webp", ".webp"),
    ("text/csv", ".csv"),
    ("text/markdown", ".md"),
    ("text/plain", ".txt"),
    ("video/mp4", ".mp4"),
    ("video/quicktime", ".mov"),
    ("video/webm", ".webm"),
    ("video/x-matroska", ".mkv"),
    ("video/x-msvideo", ".avi"),
];

/// Types that have no magic number: their files are text, and nothing more can be told from the bytes.
const TEXT: &[&str] = &[
    "application/json",
    "text/calendar",
    "text/csv",
    "text/markdown",
    "text/plain",
    "text/tab-separated-values",
    "text/vcard",
    "text/vtt",
];

/// Types whose files are a container that a head of 8 KiB need not tell from others of its kind.
const CONTAINED: &[(&str, &str)] = &[
    ("application/msword", "application/x-ole-storage"),
    ("application/vnd.ms-excel", "application/x-ole-storage"),
    ("application/vnd.ms-outlook", "application/x-ole-storage"),
    ("application/vnd.ms-powerpoint", "application/x-ole-storage"),
    ("application/epub+zip", "application/zip"),
    ("application/java-archive", "application/zip"),
    ("application/vnd.oasis.opendocument.presentation", "application/zip"),
    ("application/vnd.oasis.opendocument.spreadsheet", "application/zip"),
    ("application/vnd.oasis.opendocument.text", "application/zip"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "application/zip"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/zip"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/zip"),
];

impl MediaType {
    /// Reads a type, with or without parameters, in any spelling.
    ///
    /// # Errors
    /// Where it is not `type/subtype` in the characters of RFC 6838.
    pub fn parse(text: &str) -> Result<Self, NotA> {
        const SHAPE: NotA = NotA("a content type looks like 'image/png'");
        let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let restricted = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphanumeric())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
        };
        match essence.split_once('/') {
            Some((kind, subtype)) if restricted(kind) && restricted(subtype) => {
                let usual = ALIASES.iter().find(|(alias, _)| *alias == essence).map(|(_, usual)| (*usual).to_owned());
                Ok(Self(usual.unwrap_or(essence)))
            }
            _ => Err(SHAPE),
        }
    }

    /// The type that a detector or a table calls by this name, known to be one.
    pub(super) fn known(name: &str) -> Self {
        Self::parse(name).expect("a detector's names are media types")
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The usual extension with its dot, or nothing where there is no usual one.
    pub fn extension(&self) -> &'static str {
        EXTENSIONS.iter().find(|(name, _)| *name == self.0).map_or("", |(_, extension)| extension)
    }

    /// Whether files of this type are files of `container` with certain things in them.
    pub fn is_kept_in(&self, container: &MediaType) -> bool {
        CONTAINED.iter().any(|(kind, of)| *kind == self.0 && *of == container.0)
    }

    /// Whether files of this type are text without a magic number.
    pub fn is_text_without_magic(&self) -> bool {
        TEXT.contains(&self.as_str())
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_has_one_name_however_it_is_written() {
        for (written, usual) in [
            ("image/jpg", "image/jpeg"),
            ("IMAGE/PNG", "image/png"),
            (" text/csv ; charset=utf-8", "text/csv"),
            ("audio/x-wav", "audio/wav"),
            ("application/vnd.api+json", "application/vnd.api+json"),
        ] {
            assert_eq!(MediaType::parse(written).expect(written).as_str(), usual);
        }
    }

    #[test]
    fn the_tables_hold_usual_names_only() {
        let tables = ALIASES
            .iter()
            .map(|(_, usual)| *usual)
            .chain(EXTENSIONS.iter().map(|(name, _)| *name))
            .chain(TEXT.iter().copied());
        for name in tables {
            assert_eq!(MediaType::known(name).as_str(), name);
        }
    }

    #[test]
    fn an_extension_fits_the_alphabet_of_keys() {
        for (_, extension) in EXTENSIONS {
            assert!(
                extension.starts_with('.')
                    && extension[1..].bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            );
        }
    }
}
