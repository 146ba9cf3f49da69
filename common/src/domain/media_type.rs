//! Names of media types: one name for each, whatever it is called elsewhere.

use std::fmt;

use super::NotA;

/// A media type without parameters, in lower case, under its usual name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MediaType(String);

/// Other names in use, beside the usual one.
const ALIASES: &[(&str, &str)] = &[
    ("application/acrobat", "application/pdf"),
    ("application/bat", "application/x-bat"),
    ("application/bzip2", "application/x-bzip2"),
    ("application/csv", "text/csv"),
    ("application/ecmascript", "text/javascript"),
    ("application/eps", "image/x-eps"),
    ("application/exe", "application/vnd.microsoft.portable-executable"),
    ("application/font-sfnt", "font/sfnt"),
    ("application/font-woff", "font/woff"),
    ("application/font-woff2", "font/woff2"),
    ("application/ics", "text/calendar"),
    ("application/java", "application/java-vm"),
    ("application/javascript", "text/javascript"),
    ("application/json-lines", "application/jsonl"),
    ("application/markdown", "text/markdown"),
    ("application/msexcel", "application/vnd.ms-excel"),
    ("application/mspowerpoint", "application/vnd.ms-powerpoint"),
    ("application/ndjson", "application/x-ndjson"),
    ("application/oxps", "application/vnd.ms-xpsdocument"),
    ("application/parquet", "application/vnd.apache.parquet"),
    ("application/photoshop", "image/vnd.adobe.photoshop"),
    ("application/pkix-cert", "application/x-x509-ca-cert"),
    ("application/ps", "application/postscript"),
    ("application/rar", "application/vnd.rar"),
    ("application/rss", "application/rss+xml"),
    ("application/sla", "model/stl"),
    ("application/srt", "application/x-subrip"),
    ("application/vnd.apache.avro", "application/avro"),
    ("application/vnd.ms-asf", "video/x-ms-asf"),
    ("application/vnd.msexcel", "application/vnd.ms-excel"),
    ("application/vnd.msword", "application/msword"),
    ("application/vtt", "text/vtt"),
    ("application/x-7z", "application/x-7z-compressed"),
    ("application/x-archive", "application/x-unix-archive"),
    ("application/x-bash", "text/x-shellscript"),
    ("application/x-bz2", "application/x-bzip2"),
    ("application/x-bzip", "application/x-bzip2"),
    ("application/x-cab", "application/vnd.ms-cab-compressed"),
    ("application/x-compressed-tar", "application/gzip"),
    ("application/x-deb", "application/vnd.debian.binary-package"),
    ("application/x-debian-package", "application/vnd.debian.binary-package"),
    ("application/x-desktop-entry", "application/x-desktop"),
    ("application/x-dosexec", "application/vnd.microsoft.portable-executable"),
    ("application/x-elf", "application/x-executable"),
    ("application/x-eps", "image/x-eps"),
    ("application/x-epub+zip", "application/epub+zip"),
    ("application/x-exe", "application/vnd.microsoft.portable-executable"),
    ("application/x-font-opentype", "font/otf"),
    ("application/x-font-otf", "font/otf"),
    ("application/x-font-truetype", "font/ttf"),
    ("application/x-font-ttf", "font/ttf"),
    ("application/x-font-woff", "font/woff"),
    ("application/x-gtar", "application/x-tar"),
    ("application/x-gzip", "application/gzip"),
    ("application/x-httpd-php", "text/x-php"),
    ("application/x-jar", "application/java-archive"),
    ("application/x-java-applet", "application/java-vm"),
    ("application/x-java-archive", "application/java-archive"),
    ("application/x-javascript", "text/javascript"),
    ("application/x-json", "application/json"),
    ("application/x-jsonlines", "application/jsonl"),
    ("application/x-mach-o", "application/x-mach-binary"),
    ("application/x-midi", "audio/midi"),
    ("application/x-mpegurl", "application/vnd.apple.mpegurl"),
    ("application/x-ms-installer", "application/x-msi"),
    ("application/x-ms-wmv", "video/x-ms-wmv"),
    ("application/x-msdos-batch", "application/x-bat"),
    ("application/x-msdos-program", "application/vnd.microsoft.portable-executable"),
    ("application/x-msdownload", "application/vnd.microsoft.portable-executable"),
    ("application/x-msexcel", "application/vnd.ms-excel"),
    ("application/x-msword", "application/msword"),
    ("application/x-object", "application/x-executable"),
    ("application/x-ogg", "application/ogg"),
    ("application/x-parquet", "application/vnd.apache.parquet"),
    ("application/x-pdf", "application/pdf"),
    ("application/x-photoshop", "image/vnd.adobe.photoshop"),
    ("application/x-php", "text/x-php"),
    ("application/x-pie-executable", "application/x-executable"),
    ("application/x-rar", "application/vnd.rar"),
    ("application/x-rar-compressed", "application/vnd.rar"),
    ("application/x-rtf", "application/rtf"),
    ("application/x-sh", "text/x-shellscript"),
    ("application/x-sharedlib", "application/x-executable"),
    ("application/x-shellscript", "text/x-shellscript"),
    ("application/x-sqlite3", "application/vnd.sqlite3"),
    ("application/x-stl-binary", "model/stl"),
    ("application/x-subtitle", "application/x-subrip"),
    ("application/x-tgz", "application/gzip"),
    ("application/x-visio", "application/vnd.visio"),
    ("application/x-webassembly", "application/wasm"),
    ("application/x-windows-installer", "application/x-msi"),
    ("application/x-x509-user-cert", "application/x-x509-ca-cert"),
    ("application/x-yaml", "application/yaml"),
    ("application/x-zip", "application/zip"),
    ("application/x-zip-compressed", "application/zip"),
    ("application/x-zstd", "application/zstd"),
    ("application/xml", "text/xml"),
    ("application/xz", "application/x-xz"),
    ("audio/aacp", "audio/aac"),
    ("audio/amr-nb", "audio/amr"),
    ("audio/m4a", "audio/mp4"),
    ("audio/m4b", "audio/mp4"),
    ("audio/mid", "audio/midi"),
    ("audio/mp3", "audio/mpeg"),
    ("audio/mp4a-latm", "audio/mp4"),
    ("audio/mpeg3", "audio/mpeg"),
    ("audio/mpegurl", "application/vnd.apple.mpegurl"),
    ("audio/mpg", "audio/mpeg"),
    ("audio/opus", "audio/ogg"),
    ("audio/vnd.wave", "audio/wav"),
    ("audio/vorbis", "audio/ogg"),
    ("audio/wave", "audio/wav"),
    ("audio/x-aac", "audio/aac"),
    ("audio/x-aiff", "audio/aiff"),
    ("audio/x-caff", "audio/x-caf"),
    ("audio/x-flac", "audio/flac"),
    ("audio/x-hx-aac-adts", "audio/aac"),
    ("audio/x-m4a", "audio/mp4"),
    ("audio/x-m4b", "audio/mp4"),
    ("audio/x-midi", "audio/midi"),
    ("audio/x-mp3", "audio/mpeg"),
    ("audio/x-mpeg", "audio/mpeg"),
    ("audio/x-mpeg-3", "audio/mpeg"),
    ("audio/x-mpegurl", "application/vnd.apple.mpegurl"),
    ("audio/x-opus+ogg", "audio/ogg"),
    ("audio/x-pn-wav", "audio/wav"),
    ("audio/x-vorbis+ogg", "audio/ogg"),
    ("audio/x-wav", "audio/wav"),
    ("image/avif-sequence", "image/avif"),
    ("image/eps", "image/x-eps"),
    ("image/heic-sequence", "image/heic"),
    ("image/heif", "image/heic"),
    ("image/heif-sequence", "image/heic"),
    ("image/ico", "image/vnd.microsoft.icon"),
    ("image/icon", "image/vnd.microsoft.icon"),
    ("image/jfif", "image/jpeg"),
    ("image/jpeg2000", "image/jp2"),
    ("image/jpg", "image/jpeg"),
    ("image/jpx", "image/jp2"),
    ("image/jxr", "image/vnd.ms-photo"),
    ("image/pjpeg", "image/jpeg"),
    ("image/psd", "image/vnd.adobe.photoshop"),
    ("image/svg", "image/svg+xml"),
    ("image/tif", "image/tiff"),
    ("image/vnd.mozilla.apng", "image/apng"),
    ("image/x-bmp", "image/bmp"),
    ("image/x-djvu", "image/vnd.djvu"),
    ("image/x-dxf", "image/vnd.dxf"),
    ("image/x-gif", "image/gif"),
    ("image/x-ico", "image/vnd.microsoft.icon"),
    ("image/x-icon", "image/vnd.microsoft.icon"),
    ("image/x-jpeg", "image/jpeg"),
    ("image/x-ms-bmp", "image/bmp"),
    ("image/x-photoshop", "image/vnd.adobe.photoshop"),
    ("image/x-png", "image/png"),
    ("image/x-psd", "image/vnd.adobe.photoshop"),
    ("image/x-tif", "image/tiff"),
    ("image/x-tiff", "image/tiff"),
    ("image/x-webp", "image/webp"),
    ("image/x-windows-bmp", "image/bmp"),
    ("message/rfc2822", "message/rfc822"),
    ("text/comma-separated-values", "text/csv"),
    ("text/directory", "text/vcard"),
    ("text/ecmascript", "text/javascript"),
    ("text/jscript", "text/javascript"),
    ("text/json", "application/json"),
    ("text/livescript", "text/javascript"),
    ("text/md", "text/markdown"),
    ("text/php", "text/x-php"),
    ("text/richtext", "application/rtf"),
    ("text/rtf", "application/rtf"),
    ("text/srt", "application/x-subrip"),
    ("text/tsv", "text/tab-separated-values"),
    ("text/x-bat", "application/x-bat"),
    ("text/x-comma-separated-values", "text/csv"),
    ("text/x-csv", "text/csv"),
    ("text/x-ecmascript", "text/javascript"),
    ("text/x-javascript", "text/javascript"),
    ("text/x-markdown", "text/markdown"),
    ("text/x-script.python", "text/x-python"),
    ("text/x-sh", "text/x-shellscript"),
    ("text/x-sql", "application/sql"),
    ("text/x-srt", "application/x-subrip"),
    ("text/x-toml", "application/toml"),
    ("text/x-vcalendar", "text/calendar"),
    ("text/x-vcard", "text/vcard"),
    ("text/x-yaml", "application/yaml"),
    ("text/xsl", "text/xml"),
    ("text/yaml", "application/yaml"),
    ("video/3g2", "video/3gpp2"),
    ("video/3gp", "video/3gpp"),
    ("video/avi", "video/x-msvideo"),
    ("video/flv", "video/x-flv"),
    ("video/m4v", "video/mp4"),
    ("video/matroska", "video/x-matroska"),
    ("video/mkv", "video/x-matroska"),
    ("video/mov", "video/quicktime"),
    ("video/mp2p", "video/mpeg"),
    ("video/mpeg4", "video/mp4"),
    ("video/mpg", "video/mpeg"),
    ("video/msvideo", "video/x-msvideo"),
    ("video/mts", "video/mp2t"),
    ("video/vnd.avi", "video/x-msvideo"),
    ("video/x-m4v", "video/mp4"),
    ("video/x-mpeg", "video/mpeg"),
    ("video/x-ogg", "video/ogg"),
];

/// The extension that a key, and a download without one, is given.
const EXTENSIONS: &[(&str, &str)] = &[
    ("application/atom+xml", ".atom"),
    ("application/avro", ".avro"),
    ("application/epub+zip", ".epub"),
    ("application/gpx+xml", ".gpx"),
    ("application/gzip", ".gz"),
    ("application/java-archive", ".jar"),
    ("application/json", ".json"),
    ("application/jsonl", ".jsonl"),
    ("application/msword", ".doc"),
    ("application/pdf", ".pdf"),
    ("application/postscript", ".ps"),
    ("application/rss+xml", ".rss"),
    ("application/rtf", ".rtf"),
    ("application/sql", ".sql"),
    ("application/toml", ".toml"),
    ("application/vnd.android.package-archive", ".apk"),
    ("application/vnd.apache.parquet", ".parquet"),
    ("application/vnd.apple.mpegurl", ".m3u8"),
    ("application/vnd.google-earth.kml+xml", ".kml"),
    ("application/vnd.google-earth.kmz", ".kmz"),
    ("application/vnd.ms-excel", ".xls"),
    ("application/vnd.ms-excel.sheet.binary.macroenabled.12", ".xlsb"),
    ("application/vnd.ms-excel.sheet.macroenabled.12", ".xlsm"),
    ("application/vnd.ms-outlook", ".msg"),
    ("application/vnd.ms-powerpoint", ".ppt"),
    ("application/vnd.ms-powerpoint.presentation.macroenabled.12", ".pptm"),
    ("application/vnd.ms-word.document.macroenabled.12", ".docm"),
    ("application/vnd.oasis.opendocument.graphics", ".odg"),
    ("application/vnd.oasis.opendocument.presentation", ".odp"),
    ("application/vnd.oasis.opendocument.spreadsheet", ".ods"),
    ("application/vnd.oasis.opendocument.text", ".odt"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx"),
    ("application/vnd.openxmlformats-officedocument.presentationml.slideshow", ".ppsx"),
    ("application/vnd.openxmlformats-officedocument.presentationml.template", ".potx"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.template", ".xltx"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.template", ".dotx"),
    ("application/vnd.rar", ".rar"),
    ("application/vnd.sqlite3", ".sqlite"),
    ("application/wasm", ".wasm"),
    ("application/x-7z-compressed", ".7z"),
    ("application/x-bzip2", ".bz2"),
    ("application/x-ndjson", ".ndjson"),
    ("application/x-subrip", ".srt"),
    ("application/x-tar", ".tar"),
    ("application/x-xz", ".xz"),
    ("application/xhtml+xml", ".xhtml"),
    ("application/yaml", ".yaml"),
    ("application/zip", ".zip"),
    ("application/zstd", ".zst"),
    ("audio/aac", ".aac"),
    ("audio/aiff", ".aiff"),
    ("audio/amr", ".amr"),
    ("audio/flac", ".flac"),
    ("audio/midi", ".mid"),
    ("audio/mp4", ".m4a"),
    ("audio/mpeg", ".mp3"),
    ("audio/ogg", ".ogg"),
    ("audio/wav", ".wav"),
    ("audio/webm", ".weba"),
    ("audio/x-matroska", ".mka"),
    ("font/otf", ".otf"),
    ("font/ttf", ".ttf"),
    ("font/woff", ".woff"),
    ("font/woff2", ".woff2"),
    ("image/apng", ".apng"),
    ("image/avif", ".avif"),
    ("image/bmp", ".bmp"),
    ("image/gif", ".gif"),
    ("image/heic", ".heic"),
    ("image/jp2", ".jp2"),
    ("image/jpeg", ".jpg"),
    ("image/jxl", ".jxl"),
    ("image/png", ".png"),
    ("image/svg+xml", ".svg"),
    ("image/tiff", ".tiff"),
    ("image/vnd.adobe.photoshop", ".psd"),
    ("image/vnd.microsoft.icon", ".ico"),
    ("image/webp", ".webp"),
    ("message/rfc822", ".eml"),
    ("model/gltf-binary", ".glb"),
    ("text/calendar", ".ics"),
    ("text/css", ".css"),
    ("text/csv", ".csv"),
    ("text/html", ".html"),
    ("text/javascript", ".js"),
    ("text/markdown", ".md"),
    ("text/plain", ".txt"),
    ("text/tab-separated-values", ".tsv"),
    ("text/vcard", ".vcf"),
    ("text/vtt", ".vtt"),
    ("text/xml", ".xml"),
    ("video/3gpp", ".3gp"),
    ("video/3gpp2", ".3g2"),
    ("video/mp2t", ".ts"),
    ("video/mp4", ".mp4"),
    ("video/mpeg", ".mpg"),
    ("video/ogg", ".ogv"),
    ("video/quicktime", ".mov"),
    ("video/webm", ".webm"),
    ("video/x-flv", ".flv"),
    ("video/x-matroska", ".mkv"),
    ("video/x-ms-wmv", ".wmv"),
    ("video/x-msvideo", ".avi"),
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

    /// Whether a browser may show a file of this type where it stands: pictures made of pixels, sounds, films and PDF, which
    /// browsers show without running anything in the page's name.
    pub fn may_be_shown(&self) -> bool {
        let shown = ["image", "audio", "video"].iter().any(|group| self.is_a(group));
        (shown && !self.0.ends_with("+xml")) || self.0 == "application/pdf"
    }

    /// Whether it is of this group: `image` holds `image/png`.
    pub fn is_a(&self, group: &str) -> bool {
        self.0.split_once('/').is_some_and(|(of, _)| of == group)
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
        let tables = ALIASES.iter().map(|(_, usual)| *usual).chain(EXTENSIONS.iter().map(|(name, _)| *name));
        for name in tables {
            assert_eq!(MediaType::known(name).as_str(), name);
        }
    }

    #[test]
    fn the_tables_are_sorted_and_name_nothing_twice() {
        assert!(ALIASES.is_sorted_by(|one, next| one.0 < next.0));
        assert!(EXTENSIONS.is_sorted_by(|one, next| one.0 < next.0));
    }

    #[test]
    fn nothing_that_a_browser_runs_may_be_shown() {
        for (name, may_be) in [
            ("image/png", true),
            ("audio/mpeg", true),
            ("video/mp4", true),
            ("application/pdf", true),
            ("image/svg+xml", false),
            ("text/html", false),
            ("text/plain", false),
            ("application/xhtml+xml", false),
            ("text/javascript", false),
            ("application/octet-stream", false),
        ] {
            assert_eq!(MediaType::known(name).may_be_shown(), may_be, "{name}");
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
