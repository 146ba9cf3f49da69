//! What is in archives, office files and compound files.

use super::*;

fn archive(bytes: &[u8]) -> Archive {
    detect_whole(bytes, Wanted::ALL).archive.expect("an archive")
}

/// A compound file whose directory has these sectors, which lie where they say and follow one another.
pub(super) fn ole_of(sectors: &[(u32, &[&str])]) -> Vec<u8> {
    let last = sectors.iter().map(|(number, _)| *number).max().expect("some");
    let mut bytes = vec![0; 512 * (last as usize + 2)];
    bytes[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    bytes[30] = 9;
    bytes[48..52].copy_from_slice(&sectors[0].0.to_le_bytes());
    // One table is enough for these, and it is in the first sectors.
    for (at, table) in (0..=last / 128).enumerate() {
        bytes[76 + 4 * at..80 + 4 * at].copy_from_slice(&table.to_le_bytes());
    }
    let ends = sectors.iter().skip(1).map(|(number, _)| *number).chain([0xffff_fffe]);
    for ((number, names), next) in sectors.iter().zip(ends) {
        let number = *number as usize;
        bytes[512 + 4 * number..516 + 4 * number].copy_from_slice(&next.to_le_bytes());
        for (at, name) in names.iter().enumerate() {
            let entry = &mut bytes[512 * (number + 1) + 128 * at..][..128];
            for (place, unit) in name.encode_utf16().enumerate() {
                entry[2 * place..2 * place + 2].copy_from_slice(&unit.to_le_bytes());
            }
            (entry[64], entry[66]) = (2 * name.len() as u8 + 2, if *name == "?" { 9 } else { 1 });
        }
    }
    bytes
}

#[test]
fn the_directory_of_a_compound_file_is_walked_to_its_end() {
    let active = |sectors: &[(u32, &[&str])]| detect_whole(&ole_of(sectors), Wanted::ALL).active;
    let word = "WordDocument";
    for (sectors, expected) in [
        (&[(8, &[word][..])][..], &[][..]),
        (&[(8, &[word]), (9, &["Macros"])], &[Active::Macro]),
        (&[(8, &[word]), (9, &["MACROS"])], &[Active::Macro]),
        (&[(8, &[word]), (9, &[]), (10, &["Macros"])], &[Active::Macro]),
        (&[(8, &[word, "?", "Macros"])], &[Active::Macro]),
        (&[(30, &[word]), (20, &["Macros"])], &[Active::Macro]),
        (&[(8, &[word]), (8, &[])], &[]),
        (&[(8, &[word]), (1000, &["Macros"])], &[Active::NotLookedThrough]),
        (&[(8, &["__properties_version1.0"]), (1000, &["__attach"])], &[]),
    ] {
        assert_eq!(active(sectors), expected, "{sectors:?}");
    }
}

#[test]
fn an_archive_is_what_is_in_it() {
    let types = |main: &str| format!("<Types><Override ContentType=\"application/vnd.{main}\"/></Types>");
    let docx = types("openxmlformats-officedocument.wordprocessingml.document.main+xml");
    let docm = types("ms-word.document.macroEnabled.main+xml");
    let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    for (entries, expected) in [
        (&[("a.txt", &b"a"[..])][..], "application/zip"),
        (&[("[Content_Types].xml", docx.as_bytes()), ("word/document.xml", b"")], word),
        // The list comes last, and the first file is any.
        (&[("docProps/app.xml", b""), ("word/document.xml", b""), ("[Content_Types].xml", docx.as_bytes())], word),
        (
            &[("[Content_Types].xml", docm.as_bytes()), ("word/document.xml", b"")],
            "application/vnd.ms-word.document.macroenabled.12",
        ),
        (
            &[("[Content_Types].xml", b""), ("xl/workbook.xml", b"")],
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        (&[("mimetype", b"application/epub+zip"), ("META-INF/container.xml", b"")], "application/epub+zip"),
        (
            &[("mimetype", b"application/vnd.oasis.opendocument.graphics")],
            "application/vnd.oasis.opendocument.graphics",
        ),
        (&[("a", b""), ("mimetype", b"application/vnd.oasis.opendocument.text")], "application/zip"),
        (&[("mimetype", b"image/png")], "application/zip"),
        (&[("META-INF/MANIFEST.MF", b"")], "application/java-archive"),
        (
            &[("META-INF/MANIFEST.MF", b""), ("AndroidManifest.xml", b""), ("classes.dex", b"")],
            "application/vnd.android.package-archive",
        ),
    ] {
        assert_eq!(whole(&zip_of(entries)), expected, "{entries:?}");
    }
    assert_eq!(whole(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "application/zip");
    assert_eq!(whole(b"PK\x03\x04 and then nothing more of it"), "some application/zip");
}

#[test]
fn macros_are_found_by_what_the_parts_of_an_office_file_are_called() {
    let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    let look = |types: &[&str], names: &[&str]| {
        let list: String = types.iter().map(|kind| format!("<Override ContentType=\"{kind}\"/>")).collect();
        let list = format!("<Types>{list}</Types>");
        let mut entries = vec![("[Content_Types].xml", list.as_bytes()), ("word/document.xml", b"")];
        entries.extend(names.iter().map(|name| (*name, &b""[..])));
        detect_whole(&zip_of(&entries), Wanted::ALL)
    };
    let main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
    for (types, names, expected) in [
        (&[main][..], &[][..], &[][..]),
        (&[main, "application/vnd.openxmlformats-officedocument.oleObject"], &["word/embeddings/a.bin"], &[]),
        (&[main, "application/vnd.ms-office.vbaProject"], &["word/x.bin"], &[Active::Macro]),
        (&[main, "application/vnd.ms-office.VBAPROJECT"], &["word/x.bin"], &[Active::Macro]),
        (&[main], &["word/vbaProject.bin"], &[Active::Macro]),
        (&[main, "application/vnd.ms-excel.macrosheet+xml"], &[], &[Active::Macro]),
        (&[main], &["xl/macrosheets/sheet1.xml"], &[Active::Macro]),
        (&[main, "application/vnd.ms-word.document.macroEnabled.12"], &["word/embeddings/a.docm"], &[Active::Macro]),
        (&[main, "application/vnd.ms-office.activeX+xml"], &[], &[Active::EmbeddedObject]),
        (&[main, "application/vnd.ms-office.vba&#80;roject"], &["word/x.bin"], &[Active::NotLookedThrough]),
        (&[main], &["[content_types].xml"], &[Active::NotLookedThrough]),
    ] {
        let content = look(types, names);
        assert_eq!(content.active, expected, "{types:?} {names:?}");
        assert_eq!(content.detected, Detected::known(word), "{types:?} {names:?}");
    }
    // A list that names both kinds is that of the worse one.
    let both = look(&[main, "application/vnd.ms-word.document.macroEnabled.main+xml"], &[]);
    assert_eq!(both.detected, Detected::known("application/vnd.ms-word.document.macroenabled.12"));
}

#[test]
fn an_office_file_whose_list_of_types_was_not_read_is_not_looked_through() {
    let padding = vec![0; SECOND_LENGTH];
    let list = b"<Types ContentType=\"x.wordprocessingml.document.main+xml\"/>";
    let active = |entries: &[(&str, &[u8])]| detect_whole(&zip_of(entries), Wanted::ALL).active;
    let in_the_middle = [("word/a", &padding[..]), ("[Content_Types].xml", list), ("word/b", &padding)];
    assert_eq!(active(&in_the_middle), [Active::NotLookedThrough]);
    let at_the_end = [("word/a", &padding[..]), ("word/b", &padding), ("[Content_Types].xml", list)];
    assert_eq!(active(&at_the_end), []);
    // What is no Office file is not asked for its list.
    let without_folders = [("a", &padding[..]), ("[Content_Types].xml", list), ("b", &padding)];
    assert_eq!(active(&without_folders), []);
}

#[test]
fn an_archive_behind_something_else_is_still_told() {
    let archive = [b"\x80\0 anything\n".to_vec(), zip_of(&[("a", b"b")])].concat();
    assert_eq!(whole(&archive), "application/zip");
    let script = [b"#!/bin/sh\nexit\n\0".to_vec(), zip_of(&[("a", b"b")])].concat();
    assert_eq!(whole(&script), "text/x-shellscript");
}

#[test]
fn a_directory_beyond_what_is_read_is_told_by_what_was_seen() {
    let docx = b"<Types ContentType=\"x.wordprocessingml.document.main+xml\"/>";
    let names: Vec<String> = (0..20_000).map(|n| format!("word/media/a-picture-with-a-long-name-{n}.png")).collect();
    let mut entries: Vec<(&str, &[u8])> = vec![("[Content_Types].xml", docx)];
    entries.extend(names.iter().map(|name| (name.as_str(), &b""[..])));
    let content = detect_whole(&zip_of(&entries), Wanted::ALL);
    assert_eq!(content.archive.map(|archive| archive.is_whole), Some(false));
    assert_eq!(
        content
            .detected
            .fits(&MediaType::known("application/vnd.openxmlformats-officedocument.wordprocessingml.document")),
        Fit::Yes
    );
}

#[test]
fn what_an_archive_claims_is_counted_and_what_can_not_be_is_a_flaw() {
    let honest = archive(&zip_of(&[("a", b"12345"), ("folder/b", b"")]));
    assert_eq!((honest.packed, honest.unpacked, honest.flaw), (5, 5, None));
    for name in ["../a", "/etc/passwd", "C:\\a", "a\\..\\b", "a\0b"] {
        assert!(archive(&zip_of(&[(name, b"")])).flaw.is_some(), "{name}");
    }
    assert!(archive(&zip_of(&[("a", b""), ("a", b"")])).flaw.is_some());
    let mut overlapping = zip_of(&[("a", b"12345"), ("b", b"")]);
    let second = overlapping.windows(4).rposition(|window| window == b"PK\x01\x02").expect("there") + 42;
    overlapping[second..second + 4].fill(0);
    assert_eq!(archive(&overlapping).flaw, Some("holds files that overlap"));
}
