//! Which types pass for which others, and which are told by their bytes at all.

use crate::domain::MediaType;

/// What the bytes show, and what a file may rightly be declared as all the same: a wider name for it, or a use of it.
const PASSES: &[(&str, &str)] = &[
    ("application/json", "application/geo+json"),
    ("application/json", "text/x-json"),
    ("application/postscript", "image/x-eps"),
    ("application/rdf+xml", "text/xml"),
    ("application/vnd.ms-excel", "application/vnd.ms-office"),
    ("application/vnd.ms-powerpoint", "application/vnd.ms-office"),
    ("application/msword", "application/vnd.ms-office"),
    ("application/x-hdf5", "application/netcdf"),
    ("application/zip", "application/vnd.comicbook+zip"),
    ("application/zip", "application/x-cbz"),
    ("application/zip", "application/x-xpinstall"),
    ("application/java-archive", "application/x-xpinstall"),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
    ),
    ("audio/ogg", "application/ogg"),
    ("video/ogg", "application/ogg"),
    // Browsers call a recording or a voice note a film by what it is kept in.
    ("audio/3gpp", "video/3gpp"),
    ("audio/3gpp2", "video/3gpp2"),
    ("audio/mp4", "video/mp4"),
    ("audio/ogg", "video/ogg"),
    ("audio/webm", "video/webm"),
    ("audio/x-matroska", "video/x-matroska"),
    ("font/otf", "font/sfnt"),
    ("font/ttf", "font/sfnt"),
    // A font whose outlines are OpenType's can come with the older magic number.
    ("font/ttf", "font/otf"),
    ("image/png", "image/apng"),
    ("image/tiff", "image/x-adobe-dng"),
    ("image/tiff", "image/x-nikon-nef"),
    ("image/tiff", "image/x-sony-arw"),
    ("video/mp4", "application/mp4"),
    ("application/vnd.rar", "application/vnd.comicbook-rar"),
    ("text/x-python", "application/x-python"),
];

/// Markup that a browser takes for a page or a drawing of its own, so that no wider name fits.
const OPENED: &[&str] = &["application/xhtml+xml", "image/svg+xml"];

/// Office documents that are kept in OLE, or in OLE when a password protects them.
const IN_OLE: &[&str] = &[
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-outlook",
    "application/vnd.ms-powerpoint",
    "application/vnd.ms-project",
    "application/vnd.ms-publisher",
    "application/vnd.ms-works",
    "application/vnd.visio",
    "application/x-msi",
    "application/x-ole-storage",
];

/// Types kept in ZIP, beside those whose names say so.
const IN_ZIP: &[&str] = &[
    "application/java-archive",
    "application/vnd.android.package-archive",
    "application/vnd.apple.keynote",
    "application/vnd.apple.numbers",
    "application/vnd.apple.pages",
    "application/vnd.google-earth.kmz",
    "application/vnd.ms-visio.drawing",
    "application/vnd.ms-xpsdocument",
    "application/x-xpinstall",
    "application/zip",
    "model/3mf",
];

/// Kinds of text that are looked at closer: a text is not taken for one that it does not fit.
const CHECKED: &[&str] = &[
    "application/json",
    "application/jsonl",
    "application/mbox",
    "application/pgp-encrypted",
    "application/pgp-keys",
    "application/pgp-signature",
    "application/vnd.apple.mpegurl",
    "application/x-ndjson",
    "application/x-pem-file",
    "application/x-subrip",
    "application/x-sylk",
    "image/vnd.dxf",
    "message/rfc822",
    "text/calendar",
    "text/css",
    "text/csv",
    "text/tab-separated-values",
    "text/vcard",
    "text/vtt",
];

/// Kinds of text that are called applications, of which no more can be told than that they are text.
const TEXT: &[&str] = &[
    "application/graphql",
    "application/sql",
    "application/toml",
    "application/typescript",
    "application/x-bibtex",
    "application/x-ipynb+json",
    "application/x-latex",
    "application/x-tex",
    "application/yaml",
    "model/obj",
];

/// Other types with a magic number or a root, whose files are not just any text.
const TOLD: &[&str] = &[
    "application/avro",
    "application/dicom",
    "application/gzip",
    "application/java-vm",
    "application/mp4",
    "application/ogg",
    "application/pdf",
    "application/postscript",
    "application/rtf",
    "application/vnd.android.dex",
    "application/vnd.apache.parquet",
    "application/vnd.debian.binary-package",
    "application/vnd.microsoft.portable-executable",
    "application/vnd.ms-cab-compressed",
    "application/vnd.rar",
    "application/vnd.sqlite3",
    "application/wasm",
    "application/x-7z-compressed",
    "application/x-bzip2",
    "application/x-executable",
    "application/x-hdf5",
    "application/x-mach-binary",
    "application/x-mobipocket-ebook",
    "application/x-rpm",
    "application/x-shockwave-flash",
    "application/x-tar",
    "application/x-xz",
    "application/xhtml+xml",
    "application/zstd",
    "model/gltf-binary",
    "text/html",
    "text/xml",
];

/// Whether a file that shows `shown` is also rightly declared as `declared`.
pub(super) fn passes_for(shown: &MediaType, declared: &MediaType) -> bool {
    let (shown, declared) = (shown.as_str(), declared.as_str());
    if OPENED.contains(&shown) || OPENED.contains(&declared) {
        return false;
    }
    let is_xml = |name: &str| name == "text/xml" || name.ends_with("+xml") || name.ends_with("-xml");
    PASSES.contains(&(shown, declared))
        || (shown == "text/xml" && is_xml(declared))
        || (is_xml(shown) && declared == "text/xml")
        || (shown == "application/json" && declared.ends_with("+json"))
        || (shown == "application/zip" && declared.ends_with("+zip") && declared != "application/epub+zip")
}

/// Whether files of this type are files of `container` with certain things in them.
pub(super) fn is_kept_in(declared: &MediaType, container: &MediaType) -> bool {
    let declared = declared.as_str();
    let is_office = ["application/vnd.openxmlformats-officedocument.", "application/vnd.ms-"]
        .iter()
        .any(|start| declared.starts_with(start) && (declared.ends_with(".12") || start.contains("openxml")));
    match container.as_str() {
        "application/x-ole-storage" => IN_OLE.contains(&declared) || is_office,
        "application/zip" => {
            let is_odf = declared.starts_with("application/vnd.oasis.opendocument.");
            is_office || is_odf || IN_ZIP.contains(&declared) || declared.ends_with("+zip")
        }
        _ => false,
    }
}

/// Whether a text must fit to be of this kind of text.
pub(super) fn is_checked(declared: &MediaType) -> bool {
    let name = declared.as_str();
    CHECKED.contains(&name) || (name.ends_with("+json") && !TEXT.contains(&name))
}

/// Whether any text can be of this type.
pub(super) fn is_any_text(declared: &MediaType) -> bool {
    !is_checked(declared) && !is_told(declared) && (declared.is_a("text") || TEXT.contains(&declared.as_str()))
}

/// Whether the files of this type show it by something else than being text.
pub(super) fn is_told(declared: &MediaType) -> bool {
    let name = declared.as_str();
    let groups = ["image", "audio", "video", "font"];
    let zip_or_ole = ["application/zip", "application/x-ole-storage"];
    groups.iter().any(|group| declared.is_a(group))
        || TOLD.contains(&name)
        || name.ends_with("+xml")
        || zip_or_ole.iter().any(|container| is_kept_in(declared, &MediaType::known(container)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_hold_usual_names_only() {
        let passes = PASSES.iter().flat_map(|(shown, declared)| [*shown, *declared]);
        let lists = [OPENED, IN_OLE, IN_ZIP, CHECKED, TEXT, TOLD].into_iter().flatten().copied();
        for name in passes.chain(lists) {
            assert_eq!(MediaType::known(name).as_str(), name);
        }
    }

    #[test]
    fn a_sound_may_be_declared_as_the_film_that_its_container_is_taken_for_and_not_the_other_way() {
        for container in ["webm", "mp4", "3gpp", "3gpp2", "x-matroska", "ogg"] {
            let [sound, film] = ["audio", "video"].map(|group| MediaType::known(&format!("{group}/{container}")));
            assert!(passes_for(&sound, &film), "{container}");
            assert!(!passes_for(&film, &sound), "{container}");
        }
    }
}
