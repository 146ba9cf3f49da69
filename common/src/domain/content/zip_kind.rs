//! Which file of the ZIP family an archive is, by the names and two small files in it.

use std::borrow::Cow;

use super::{Active, Detected};
use crate::domain::MediaType;

/// What an Office file's list of content types calls its main part, and what the file is then. Those with macros come first:
/// a list can name more than one. The last is one that some writers name in each list.
const OFFICE: &[(&str, &str)] = &[
    ("ms-word.document.macroEnabled.main+xml", "application/vnd.ms-word.document.macroenabled.12"),
    ("ms-word.template.macroEnabledTemplate.main+xml", "application/vnd.ms-word.template.macroenabled.12"),
    ("ms-excel.sheet.macroEnabled.main+xml", "application/vnd.ms-excel.sheet.macroenabled.12"),
    ("ms-excel.template.macroEnabled.main+xml", "application/vnd.ms-excel.template.macroenabled.12"),
    ("ms-excel.addin.macroEnabled.main+xml", "application/vnd.ms-excel.addin.macroenabled.12"),
    ("ms-powerpoint.presentation.macroEnabled.main+xml", "application/vnd.ms-powerpoint.presentation.macroenabled.12"),
    ("ms-powerpoint.template.macroEnabled.main+xml", "application/vnd.ms-powerpoint.template.macroenabled.12"),
    ("ms-powerpoint.slideshow.macroEnabled.main+xml", "application/vnd.ms-powerpoint.slideshow.macroenabled.12"),
    ("ms-powerpoint.addin.macroEnabled.main+xml", "application/vnd.ms-powerpoint.addin.macroenabled.12"),
    ("wordprocessingml.document.main+xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("wordprocessingml.template.main+xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.template"),
    ("spreadsheetml.sheet.main+xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("spreadsheetml.template.main+xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.template"),
    (
        "presentationml.presentation.main+xml",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("presentationml.template.main+xml", "application/vnd.openxmlformats-officedocument.presentationml.template"),
    ("presentationml.slideshow.main+xml", "application/vnd.openxmlformats-officedocument.presentationml.slideshow"),
    ("ms-visio.drawing.main+xml", "application/vnd.ms-visio.drawing"),
    ("ms-excel.sheet.binary.macroEnabled.main", "application/vnd.ms-excel.sheet.binary.macroenabled.12"),
];

/// Where an Office file keeps its main part, and what the file then is, with or without macros, where its list of content
/// types was not read.
const OFFICE_FOLDERS: &[(&str, &[&str], &[&str])] = &[
    (
        "word/",
        &[
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
        ],
        &["application/vnd.ms-word.document.macroenabled.12", "application/vnd.ms-word.template.macroenabled.12"],
    ),
    (
        "xl/",
        &[
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.template",
        ],
        &[
            "application/vnd.ms-excel.sheet.macroenabled.12",
            "application/vnd.ms-excel.template.macroenabled.12",
            "application/vnd.ms-excel.sheet.binary.macroenabled.12",
        ],
    ),
    (
        "ppt/",
        &[
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
            "application/vnd.openxmlformats-officedocument.presentationml.template",
        ],
        &[
            "application/vnd.ms-powerpoint.presentation.macroenabled.12",
            "application/vnd.ms-powerpoint.slideshow.macroenabled.12",
            "application/vnd.ms-powerpoint.template.macroenabled.12",
        ],
    ),
    ("visio/", &["application/vnd.ms-visio.drawing"], &["application/vnd.ms-visio.drawing.macroenabled.12"]),
];

/// What a list of content types calls macros, and the files with macros that are embedded. In lower case.
const MACROS: &[&str] = &["vbaproject", "macrosheet", "macroenabled.12"];

/// How the names of Office's types begin.
const OFFICE_NAMES: &[&str] = &["application/vnd.openxmlformats-officedocument.", "application/vnd.ms-"];

/// What the small file named `mimetype` may call an archive.
const NAMED: &[&str] = &[
    "application/epub+zip",
    "application/vnd.adobe.indesign-idml-package",
    "application/vnd.etsi.asic-e+zip",
    "application/vnd.etsi.asic-s+zip",
    "application/vnd.recordare.musicxml",
    "application/x-krita",
    "image/openraster",
];

/// What an archive is by what is in it; nothing if it is just an archive.
pub(super) fn kind(names: &[Cow<'_, str>], content_types: Option<&str>, mimetype: Option<&str>) -> Option<Detected> {
    let has = |name: &str| names.iter().any(|other| other == name);
    let begins = |start: &str| names.iter().any(|name| name.starts_with(start));
    let ends = |end: &str| names.iter().any(|name| name.ends_with(end));
    // Its place is the first; elsewhere it is believed only beside what else such a file has.
    let is_in_place = names.first().is_some_and(|name| name == "mimetype");
    let has_manifest = has("META-INF/manifest.xml") || has("META-INF/container.xml");
    if let Some(named) = mimetype.and_then(named).filter(|_| is_in_place || has_manifest) {
        return Some(Detected::Type(named));
    }
    if has("[Content_Types].xml")
        && let Some(office) = office(names, content_types)
    {
        return Some(office);
    }
    let known = if has("META-INF/container.xml") && ends(".opf") {
        "application/epub+zip"
    } else if has("AndroidManifest.xml") {
        "application/vnd.android.package-archive"
    } else if has("META-INF/MANIFEST.MF") && !begins("META-INF/mozilla") {
        "application/java-archive"
    } else if has("install.rdf") || (has("manifest.json") && begins("META-INF/mozilla")) {
        "application/x-xpinstall"
    } else if has("doc.kml") {
        "application/vnd.google-earth.kmz"
    } else if ends("FixedDocSeq.fdseq") {
        "application/vnd.ms-xpsdocument"
    } else if has("[Content_Types].xml") && ends("3dmodel.model") {
        "model/3mf"
    } else if names.first().is_some_and(|name| [".usdc", ".usda", ".usd"].iter().any(|end| name.ends_with(end))) {
        "model/vnd.usdz+zip"
    } else if ends(".class") {
        return Some(Detected::one_of(&["application/java-archive", "application/zip"]));
    } else if begins("Index/") && ends(".iwa") || has("Index.zip") {
        return Some(Detected::one_of(&[
            "application/vnd.apple.pages",
            "application/vnd.apple.numbers",
            "application/vnd.apple.keynote",
        ]));
    } else {
        return None;
    };
    Some(Detected::known(known))
}

/// What the parts of an Office file do, by their names and by what its list of content types calls them.
pub(super) fn active(names: &[Cow<'_, str>], content_types: Option<&str>, detected: &Detected) -> Vec<Active> {
    let list = content_types.unwrap_or_default().to_ascii_lowercase();
    let lists = |part: &str| list.contains(part);
    let mut active = Vec::new();
    // A part can have any name, and its type then says what it is; or the other way, where the list was not read.
    if has_macros(names) || MACROS.iter().any(|part| lists(part)) {
        active.push(Active::Macro);
    }
    if lists("ms-office.activex") || names.iter().any(|name| name.to_ascii_lowercase().contains("/activex/")) {
        active.push(Active::EmbeddedObject);
    }
    let is_office =
        detected.media_type().is_some_and(|kind| OFFICE_NAMES.iter().any(|start| kind.as_str().starts_with(start)));
    let lists_of_types = names.iter().filter(|name| name.eq_ignore_ascii_case("[Content_Types].xml")).count();
    let is_plain = content_types.is_some() && !lists("&#") && !lists("<!doctype") && lists_of_types == 1;
    if is_office && !is_plain {
        active.push(Active::NotLookedThrough);
    }
    active
}

/// Whether the name of a part shows that an Office file has macros.
fn has_macros(names: &[Cow<'_, str>]) -> bool {
    let has = |name: &str| names.iter().any(|other| other == name);
    let is_macro = |name: &Cow<'_, str>| {
        let name = name.to_ascii_lowercase();
        name.ends_with("vbaproject.bin") || name.contains("/macrosheets/")
    };
    names.iter().any(is_macro)
        || ((has("content.xml") || has("mimetype"))
            && (has("Basic/script-lc.xml")
                || names.iter().any(|name| name.starts_with("Scripts/") && !name.ends_with('/'))))
}

/// The type that `mimetype` names, if that is one of archives.
fn named(text: &str) -> Option<MediaType> {
    let name = text.trim();
    let is_odf =
        ["application/vnd.oasis.opendocument.", "application/vnd.sun.xml."].iter().any(|start| name.starts_with(start));
    (is_odf || NAMED.contains(&name)).then(|| MediaType::parse(name).ok()).flatten()
}

fn office(names: &[Cow<'_, str>], content_types: Option<&str>) -> Option<Detected> {
    if let Some(list) = content_types.map(str::to_ascii_lowercase)
        && let Some((_, kind)) = OFFICE.iter().find(|(part, _)| list.contains(&part.to_ascii_lowercase()))
    {
        return Some(Detected::known(kind));
    }
    // Of the folders the one with the most files: a document can hold another.
    let files = |folder: &str| names.iter().filter(|name| name.starts_with(folder)).count();
    let (_, plain, with_macros) =
        OFFICE_FOLDERS.iter().filter(|(folder, ..)| files(folder) > 0).max_by_key(|(folder, ..)| files(folder))?;
    Some(Detected::one_of(if has_macros(names) { with_macros } else { plain }))
}
