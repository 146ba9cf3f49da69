//! What is told of bytes written here, and what must hold of any bytes; whole files are the corpus's.

use std::io::Write as _;

use super::*;

/// What the head of a larger file shows.
fn shows(head: &[u8]) -> String {
    let size = if head.len() < HEAD_LENGTH { 1 << 20 } else { head.len() as u64 + 1 };
    name(&detect(&Glimpse { size, head, second: None }))
}

/// What a file of just these bytes shows.
fn whole(bytes: &[u8]) -> String {
    name(&detect_whole(bytes, Wanted::ALL))
}

fn name(content: &Content) -> String {
    match &content.detected {
        Detected::Text(_) => "text".to_owned(),
        Detected::Container(kind) => format!("some {kind}"),
        Detected::Unknown => "unknown".to_owned(),
        Detected::Type(_) | Detected::OneOf(_) => content.detected.media_type().expect("one").to_string(),
    }
}

fn fits(bytes: &[u8], declared: &str) -> Fit {
    detect_whole(bytes, Wanted::ALL).detected.fits(&MediaType::known(declared))
}

/// An archive with these entries stored in it, one after another.
fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, body) in entries {
        let (length, offset) = (body.len() as u32, bytes.len() as u32);
        let sizes = [[0; 4], length.to_le_bytes(), length.to_le_bytes(), [name.len() as u8, 0, 0, 0]].concat();
        bytes.extend([&b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0"[..], &sizes, name.as_bytes(), body].concat());
        directory.extend(b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0");
        directory.extend([&sizes[..], &[0; 10], &offset.to_le_bytes(), name.as_bytes()].concat());
    }
    let (count, offset) = ((entries.len() as u16).to_le_bytes(), (bytes.len() as u32).to_le_bytes());
    let length = (directory.len() as u32).to_le_bytes();
    bytes.extend(&directory);
    bytes.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &length, &offset, &[0; 2]].concat());
    bytes
}

fn archive(bytes: &[u8]) -> Archive {
    detect_whole(bytes, Wanted::ALL).archive.expect("an archive")
}

#[test]
fn magic_numbers_are_told_apart_under_their_usual_names() {
    for (head, expected) in [
        (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01"[..], "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"GIF89a\x01\0\x01\0", "image/gif"),
        (b"%PDF-1.7\n1 0 obj\n", "application/pdf"),
        (b"#!/bin/sh\necho hello\n", "text/x-shellscript"),
        (b"#!/usr/bin/env -S FOO=1 python3 -u\n", "text/x-python"),
        (b"<!DOCTYPE html><script>", "text/html"),
        (b"MZ\x90\0\x03\0\0\0", "application/vnd.microsoft.portable-executable"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
        (b"\xca\xfe\xba\xbe\0\0\0\x34", "application/java-vm"),
        (b"\xca\xfe\xba\xbe\0\0\0\x02", "application/x-mach-binary"),
        (b"\0\0\0\x1cftypM4A \0\0\0\0M4A mp42isom\0\0\0\x08free", "audio/mp4"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1miafavif\0\0\0\x08meta", "image/avif"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  \0\0\0\x08wide", "video/quicktime"),
        (b"\x1a\x45\xdf\xa3\x88\x42\x82\x85webm\0\x18\x53\x80\x67\x80", "video/webm"),
        (b"#!AMR\n\x3c\x08", "audio/amr"),
    ] {
        assert_eq!(shows(head), expected, "{}", String::from_utf8_lossy(head));
    }
}

#[test]
fn letters_at_the_start_of_a_text_are_no_magic_number() {
    for text in [
        "MZ is Mozambique",
        "BM, GIF and ID3",
        "GIF89a is a format",
        "ID3 tags\n",
        "RIFF them all",
        "BC\n",
        "II*",
        "8BPS",
        "OggS",
    ] {
        assert_eq!(whole(text.as_bytes()), "text", "{text}");
    }
}

#[test]
fn a_magic_number_with_nothing_behind_it_is_nothing() {
    for stump in [
        &b"\x89PNG\r\n\x1a\n"[..],
        b"\xff\xd8\xff",
        b"\x1f\x8b\x08",
        b"7z\xbc\xaf\x27\x1c",
        b"\0\0\0\x18ftypisom\0\0\0\0",
    ] {
        assert_eq!(whole(stump), "unknown");
    }
    // A brand before a program makes no film of it.
    assert_eq!(whole(b"\0\0\0\x10ftypheic\0\0\0\0MZ\x90\0\x03\0\0\0\x04"), "unknown");
    // GIF's letters before a script, its length chosen so that both are read.
    assert_eq!(whole(b"GIF89a/*\0\0\0\0\0\0\0\0*/=1;alert(1)"), "unknown");
}

#[test]
fn text_is_unicode_without_control_characters() {
    assert_eq!(whole("name,city\nZoë,Köln\n".as_bytes()), "text");
    assert_eq!(whole(b"\xef\xbb\xbfwith a mark"), "text");
    assert_eq!(whole(b"\xff\xfeh\0i\0"), "text");
    assert_eq!(whole(b"\xfe\xff\0h\0i"), "text");
    assert_eq!(whole(b"\xff\xfe<\0h\0t\0m\0l\0>\0"), "text/html");
    assert_eq!(whole(b"plain\0binary"), "unknown");
    assert_eq!(whole(b"caf\xe9 in Latin-1"), "unknown");
    assert_eq!(whole(b""), "unknown");
}

#[test]
fn a_character_cut_by_the_window_does_not_make_text_binary() {
    let mut text = vec![b'a'; HEAD_LENGTH - 1];
    text.extend("é".as_bytes());
    assert_eq!(whole(&text), "text");
    // A file that really ends in half a character is no text.
    assert_eq!(whole(&"é".as_bytes()[..1]), "unknown");
}

#[test]
fn only_the_window_is_looked_at() {
    let mut bytes = vec![b'a'; HEAD_LENGTH];
    bytes.push(0);
    assert_eq!(whole(&bytes), "text");
}

#[test]
fn a_text_is_taken_for_the_kinds_that_it_fits() {
    let cut = |text: &str| [text.as_bytes(), vec![b' '; HEAD_LENGTH].as_slice()].concat();
    for (text, declared, expected) in [
        ("{\"a\": [1, 2]}", "application/json", Fit::Yes),
        ("{\"a\": [1, 2", "application/json", Fit::No),
        ("{\"a\": 1} trailing", "application/json", Fit::No),
        ("just words", "application/json", Fit::No),
        ("{\"type\": \"Feature\"}", "application/geo+json", Fit::Yes),
        ("{\"a\": 1}\n{\"a\": 2}\n", "application/x-ndjson", Fit::Yes),
        ("a,b\n1,2\n3,4\n", "text/csv", Fit::Yes),
        ("a;b\n\"1\n;\";2\n", "text/csv", Fit::Yes),
        ("single\ncolumn\n", "text/csv", Fit::Yes),
        ("{\"a\": 1,\n\"b\": 2}", "text/csv", Fit::No),
        ("Words, with a comma.\nMore words.\nAnd more.\nAnd, as said, more.\n", "text/csv", Fit::No),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n", "text/vtt", Fit::Yes),
        ("WEBVTTs are fine", "text/vtt", Fit::No),
        ("BEGIN:VCARD\r\nEND:VCARD\r\n", "text/vcard", Fit::Yes),
        ("BEGIN:VCARD\r\nEND:VCARD\r\n", "text/calendar", Fit::No),
        ("1\n00:00:01,000 --> 00:00:02,000\nHi\n", "application/x-subrip", Fit::Yes),
        ("From: a@example.com\nTo: b@example.com\n\nHello\n", "message/rfc822", Fit::Yes),
        ("anything", "text/x-unheard-of", Fit::Yes),
        ("anything", "application/x-unheard-of", Fit::CannotTell),
        ("anything", "image/png", Fit::No),
        ("anything", "application/pdf", Fit::No),
        ("# A title\n\n<script>x</script>", "text/html", Fit::No),
    ] {
        assert_eq!(fits(text.as_bytes(), declared), expected, "{declared}: {text}");
    }
    let long = format!("[{}", "1,\n".repeat(HEAD_LENGTH));
    assert_eq!(fits(long.as_bytes(), "application/json"), Fit::Yes);
    assert_eq!(fits(&cut("[1, 2} "), "application/json"), Fit::No);
}

#[test]
fn markup_is_told_by_its_root() {
    for (text, expected) in [
        ("<?xml version=\"1.0\"?><note/>", "text/xml"),
        ("<?xml version=\"1.0\"?><rss version=\"2.0\"></rss>", "application/rss+xml"),
        ("<!-- drawn by hand --><svg xmlns=\"http://www.w3.org/2000/svg\"/>", "image/svg+xml"),
        (
            "<?xml version='1.0'?><!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' [<!ENTITY a 'b'>]><svg/>",
            "image/svg+xml",
        ),
        ("  \n<BODY onload=alert(1)>", "text/html"),
        ("<?php system($_GET['c']);", "text/x-php"),
        ("<john@example.com> wrote", "text"),
        ("< 5 apples", "text"),
    ] {
        assert_eq!(whole(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn markdown_may_begin_with_harmless_html_and_plain_text_may_not() {
    let readme =
        b"<p align=\"center\"><img src=\"logo.png\"></p>\n\n# Title\n\n```html\n<script src=\"x.js\"></script>\n```\n";
    assert_eq!(fits(readme, "text/markdown"), Fit::Yes);
    assert_eq!(fits(readme, "text/plain"), Fit::No);
    for page in [
        &b"<p>Hello</p><script>alert(1)</script>"[..],
        b"<div onclick=\"x()\">",
        b"<a href=\" java\nscript:x()\">",
        b"<html># Hi",
    ] {
        assert_eq!(fits(page, "text/markdown"), Fit::No, "{}", String::from_utf8_lossy(page));
    }
}

#[test]
fn a_drawing_that_does_something_says_what() {
    let active = |inside: &str| {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">{inside}</svg>"
        );
        detect_whole(svg.as_bytes(), Wanted::ALL).active
    };
    for (inside, expected) in [
        ("<circle r=\"4\"/><a href=\"https://example.com\"><text>hi</text></a>", &[][..]),
        ("<image href=\"data:image/png;base64,AAAA\"/><use xlink:href=\"#a\"/>", &[]),
        ("<style>.a { fill: url(#g) }</style>", &[]),
        ("<script>x()</script>", &[Active::Script]),
        ("<x:script xmlns:x=\"http://www.w3.org/2000/svg\"/>", &[Active::Script]),
        ("<circle onclick='x()'/>", &[Active::EventHandler]),
        ("<set attributeName=\"onmouseover\" to=\"x()\"/>", &[Active::EventHandler]),
        ("<a xlink:href=\"&#106;avascript:x()\"/>", &[Active::Script]),
        ("<a href=\"java&#9;script:x()\"/>", &[Active::Script]),
        ("<foreignObject/>", &[Active::ForeignObject]),
        ("<image href=\"//example.com/a.png\"/>", &[Active::ExternalReference]),
        ("<style>@import 'https://example.com/a.css';</style>", &[Active::ExternalReference]),
        ("<circle only_selected=\"true\" inkscape:onload=\"no handler\"/>", &[]),
        ("<circle></square>", &[Active::NotLookedThrough]),
    ] {
        assert_eq!(active(inside), expected, "{inside}");
    }
}

#[test]
fn a_style_in_a_drawing_is_read_as_a_browser_reads_it() {
    let active = |inside: &str| {
        let svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{inside}</svg>");
        detect_whole(svg.as_bytes(), Wanted::ALL).active
    };
    let (elsewhere, unread) = (&[Active::ExternalReference][..], &[Active::NotLookedThrough][..]);
    for (inside, expected) in [
        ("<style>a&gt;b{fill:url(#g)} .c&#62;d{}</style>", &[][..]),
        ("<style><![CDATA[a > b { fill: red }]]></style><text>a \\ b</text>", &[]),
        ("<g data-path=\"C:\\Users\\a.svg\" id=\"a\"/>", &[]),
        ("<style>@&#105;mport \"https://example.com/x.css\";</style>", elsewhere),
        ("<style>@im<!-- -->port \"https://example.com/x.css\";</style>", elsewhere),
        ("<style><b></b>@import url(//example.com/x);</style>", elsewhere),
        ("<style>@<b>im</b>port 'a.css';</style>", elsewhere),
        ("<style>@im<![CDATA[port 'a.css']]></style>", elsewhere),
        ("<style>@\\69mport 'a.css'</style>", unread),
        ("<g style=\"fill:\\75rl(https://example.com/a.svg#x)\"/>", unread),
        ("<g fill=\"\\75rl(https://example.com/a.svg#x)\"/>", unread),
        ("<style>a{cursor:image-set(\"https://example.com/a.png\" 1x)}</style>", elsewhere),
        ("<set attributeName=\"fill\" to=\"url(https://example.com/a.svg#x)\"/>", elsewhere),
        ("<style>a{}&unknown;</style>", unread),
        ("<style>a{}", unread),
    ] {
        assert_eq!(active(inside), expected, "{inside}");
    }
    for page in [
        "<h:meta xmlns:h=\"http://www.w3.org/1999/xhtml\" http-equiv=\"refresh\" content=\"0;url=https://example.com/\"/>",
        "<h:p xmlns:h=\"http://www.w3.org/1999/xhtm&#108;\"/>",
        "<p xmlns = 'http://www.w3.org/1999/xhtml'/>",
    ] {
        assert_eq!(active(page), [Active::ForeignObject], "{page}");
    }
    assert_eq!(active("<g xmlns:h=\"http://www.w3.org/1999/xhtml\"/>"), []);
}

#[test]
fn what_runs_in_xml_is_found_under_any_prefix() {
    let active = |xml: &str| detect_whole(format!("<?xml version=\"1.0\"?>\n{xml}").as_bytes(), Wanted::ALL).active;
    for xml in [
        "<r xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:img src=\"x\" onerror=\"alert(1)\"/></r>",
        "<r xmlns:h = 'http://www.w3.org/1999/xhtml'><h:script>x()</h:script></r>",
        "<r><h:iframe xmlns:h=\"http://www.w3.org/1999/xhtm&#108;\"/></r>",
        "<r xmlns:s=\"http://www.w3.org/2000/svg\"><s:svg onload=\"x()\"/></r>",
        "<r xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:a href=\"javascript:x()\">a</h:a></r>",
        "<r xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:meta http-equiv=\"refresh\" content=\"0;url=//a\"/></r>",
        "<r><script xmlns = \"http://www.w3.org/1999/xhtml\">x()</script></r>",
    ] {
        assert_eq!(active(xml), [Active::Script], "{xml}");
    }
    for xml in [
        "<urlset xmlns:xhtml=\"http://www.w3.org/1999/xhtml\"><url><xhtml:link rel=\"alternate\" hreflang=\"de\" href=\"https://example.com/de\"/></url></urlset>",
        "<feed><content><x:div xmlns:x=\"http://www.w3.org/1999/xhtml\"><x:img src=\"https://example.com/a.png\"/></x:div></content></feed>",
        "<r xmlns:h=\"urn:other\"><h:script onload=\"x()\"/></r>",
    ] {
        assert_eq!(active(xml), [], "{xml}");
    }
}

#[test]
fn what_a_drawing_names_for_itself_is_put_in_its_place() {
    let active = |entities: &str, inside: &str| {
        let svg = format!("<!DOCTYPE svg [{entities}]><svg xmlns=\"http://www.w3.org/2000/svg\">{inside}</svg>");
        detect_whole(svg.as_bytes(), Wanted::ALL).active
    };
    assert_eq!(active("<!ENTITY st \"fill:#008080;\">", "<path style=\"&st;\"/>"), []);
    assert_eq!(active("<!ENTITY a 'java'><!ENTITY b 'script:'>", "<a href='&a;&b;x()'/>"), [Active::Script]);
    assert_eq!(active("<!ENTITY a '<script/>'>", "&a;"), [Active::NotLookedThrough]);
    assert_eq!(active("<!ENTITY a SYSTEM 'file:///etc/passwd'>", "&a;"), [Active::ExternalReference]);
    assert_eq!(active("<!ENTITY a 'ort'>", "<style>@imp&a; 'a.css';</style>"), [Active::ExternalReference]);
    assert_eq!(active("<!ENTITY a \"'//example.com'\">", "<g style=\"fill:url(&a;)\"/>"), [Active::ExternalReference]);
    assert_eq!(active("<!ENTITY a '//example.com'><!ENTITY a '#b'>", "<use href='&a;'/>"), [Active::NotLookedThrough]);
}

#[test]
fn a_drawing_is_looked_through_to_its_end_or_not_trusted() {
    let drawing = |padding: usize| format!("<svg>{}<script/></svg>", " ".repeat(padding));
    let active = |padding| detect_whole(drawing(padding).as_bytes(), Wanted::ALL).active;
    assert_eq!(active(HEAD_LENGTH * 2), [Active::Script]);
    assert_eq!(active(SECOND_LENGTH * 2), [Active::NotLookedThrough]);
}

#[test]
fn a_pdf_shows_its_actions_however_their_names_are_written() {
    let active =
        |body: &str| detect_whole(format!("%PDF-1.7\n{body}\n%%EOF padded to a file").as_bytes(), Wanted::ALL).active;
    assert_eq!(active("<</S/JavaScript/JS(app.alert(1))>>"), [Active::Script]);
    assert_eq!(active("<</S/J#61vaScript>>"), [Active::Script]);
    assert_eq!(active("<</S/Launch/F(cmd.exe)>>"), [Active::Launch]);
    assert_eq!(active("<</OpenAction[1 0 R /Fit]/JSON 1>>"), []);
    assert_eq!(active("<</Type/EmbeddedFile/Length 1>>"), [Active::EmbeddedObject]);
    assert_eq!(active("<</Type/EmbeddedFile/Subtype/text#2Fxml>>"), []);
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(b"1 0 <</S/JavaScript>>").expect("memory");
    let body = [b"%PDF-1.7\n<</Type/ObjStm>>\nstream\r\n", packed.finish().expect("memory").as_slice()].concat();
    assert_eq!(detect_whole(&body, Wanted::ALL).active, [Active::Script]);
}

/// A PDF with this list of objects, packed as its dictionary says.
fn pdf_with_list(dictionary: &str, body: &[u8]) -> Vec<u8> {
    [b"%PDF-1.7\n1 0 obj ", dictionary.as_bytes(), b"\nstream\r\n", body, b"\nendstream endobj\n%%EOF"].concat()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).expect("memory");
    packed.finish().expect("memory")
}

#[test]
fn a_packed_list_in_a_pdf_is_looked_into_or_not_trusted() {
    let list = b"1 0 <</S/JavaScript/JS(app.alert(1); app.alert(1); app.alert(1); app.alert(1))>>";
    let far = format!("<</Type/ObjStm/Filter/FlateDecode/X({})>>", "x".repeat(1000));
    let farther = format!("<</Type/ObjStm/Filter/FlateDecode/X({})>>", "x".repeat(8000));
    let script = &[Active::Script][..];
    let unseen = &[Active::NotLookedThrough][..];
    for (dictionary, body, expected) in [
        ("<</Type/ObjStm/Filter/FlateDecode>>", zlib(list), script),
        ("<</Filter /FlateDecode /Type /Obj#53tm>>", zlib(list), script),
        ("<</Filter[/FlateDecode]/Type/ObjStm>>", zlib(list), script),
        (&far, zlib(list), script),
        (&farther, zlib(list), unseen),
        ("<</Type/ObjStm>>", list.to_vec(), script),
        ("<</Type/ObjStm/Filter/FlateDecode>>", zlib(b"1 0 <</Length 1>>"), &[]),
        ("<</Type/ObjStm/N 0/Filter/FlateDecode>>", zlib(b""), &[]),
        ("<</Type/ObjStm/Filter/LZWDecode>>", b"\x80\x0b\x60\x50".to_vec(), unseen),
        ("<</Filter/ASCIIHexDecode/Type/ObjStm>>", b"31203020".to_vec(), unseen),
        ("<</Type/ObjStm/Filter[/ASCII85Decode/FlateDecode]>>", b"GhVk\\0b~>".to_vec(), unseen),
        ("<</Type/ObjStm/Filter[/FlateDecode/FlateDecode]>>", zlib(&zlib(list)), unseen),
        ("<</Type/ObjStm/Filter/FlateDecode/DecodeParms<</Predictor 12>>>>", zlib(b"\x021 0 "), unseen),
        ("<</Type/ObjStm/Filter 9 0 R>>", zlib(b"1 0 "), unseen),
        ("<</Type/ObjStm/Filter/FlateDecode>>", b"not packed".to_vec(), unseen),
        ("<</Type/ObjStm/Filter/FlateDecode/Encrypt 2 0 R>>", b"not packed".to_vec(), &[]),
        ("<</Type/ObjStm/Filter/LZWDecode/Encrypt 2 0 R>>", b"\x80\x0b\x60\x50".to_vec(), unseen),
        ("<</Type/ObjStm/Filter/FlateDecode>>", zlib(&[&b"1 0 "[..], &[b' '; 1 << 20], list].concat()), script),
        ("<</Type/ObjStm/Filter/FlateDecode>>", zlib(&[&b"1 0 "[..], &[b' '; 5 << 20], list].concat()), unseen),
    ] {
        let shown: String = dictionary.chars().take(80).collect();
        assert_eq!(detect_whole(&pdf_with_list(dictionary, &body), Wanted::ALL).active, expected, "{shown}");
    }
    let one = pdf_with_list("<</Type/ObjStm/Filter/FlateDecode>>", &zlib(b"1 0 <<>>"));
    let many = [one.repeat(40), pdf_with_list("<</Type/ObjStm/Filter/FlateDecode>>", &zlib(list))].concat();
    assert_eq!(detect_whole(&many, Wanted::ALL).active, [Active::Script]);
    // A list that the head cuts off is as unseen as all that comes behind it.
    let begun = b"<</Type/ObjStm/Filter/FlateDecode>>stream\r\n\x78\x9c";
    let padding = [b' '; HEAD_LENGTH];
    let cut = [b"%PDF-1.7\n", &padding[begun.len() + 9..], begun, &[0xff; SECOND_LENGTH + 1]].concat();
    assert_eq!(detect_whole(&cut, Wanted::ALL).active, []);
}

#[test]
fn an_invoice_in_a_pdf_is_no_program_however_its_dictionary_is_sorted() {
    let active = |dictionary: &str| {
        detect_whole(format!("%PDF-1.7\n1 0 obj {dictionary} endobj\n%%EOF, padded").as_bytes(), Wanted::ALL).active
    };
    for invoice in [
        "<</Type/EmbeddedFile/Subtype/text#2Fxml>>",
        "<< /Length 9 /Subtype /text#2Fxml /Type /EmbeddedFile >>",
        "<< /Subtype /text#2fxml /Type /Embedded#46ile >>",
        "<< /Subtype /application#2Fxml /Type /EmbeddedFile >>",
    ] {
        assert_eq!(active(invoice), [], "{invoice}");
    }
    for program in
        ["<< /Subtype /application#2Fexe /Type /EmbeddedFile >>", "<< /Type /EmbeddedFile /XML /text#2Fxml >>"]
    {
        assert_eq!(active(program), [Active::EmbeddedObject], "{program}");
    }
}

#[test]
fn letters_that_come_up_by_chance_in_what_is_packed_are_nothing() {
    let packed = b"%PDF-1.7\n<</Filter/FlateDecode>>stream\n\x9c\x02/JS(\xff\xfe\x10/JS \x01\nendstream\n%%EOF";
    assert_eq!(detect_whole(packed, Wanted::ALL).active, []);
    assert_eq!(
        detect_whole(b"%PDF-1.7\n<</S/Rendition/JS(x())>>\n%%EOF, padded", Wanted::ALL).active,
        [Active::EmbeddedObject]
    );
    let jpeg = |inside: &[u8]| {
        detect_whole(&[b"\xff\xd8\xff\xdb\0\x04\0\0\xff\xda", inside, &[0; 32]].concat(), Wanted::ALL).active
    };
    assert_eq!(jpeg(b"\x01<%@\x93\x20\x01<svg\x8b<%@ab\xff"), []);
    for hidden in [&b"<%@ page import"[..], b"<%@Language=", b"<%@\tinclude", b"<svg onload", b"<SVG/onload", b"<svg>"]
    {
        assert_eq!(jpeg(hidden), [Active::HiddenMarkup], "{}", String::from_utf8_lossy(hidden));
    }
}

#[test]
fn a_pdf_begins_with_its_mark_or_with_what_a_printer_is_told() {
    let body = "\n1 0 obj <</Type /Catalog>> endobj\n%%EOF\n";
    for (before, expected) in [
        ("", "application/pdf"),
        ("\u{feff}", "application/pdf"),
        ("\r\n \0", "unknown"),
        ("\r\n \t", "application/pdf"),
        ("\x1b%-12345X@PJL SET JOBNAME=\"a\"\r\n@PJL ENTER LANGUAGE=PDF\r\n", "application/pdf"),
        ("@echo off\r\nstart calc.exe\r\nrem ", "application/x-bat"),
        ("@echo hello\r\nstart calc.exe\r\nrem ", "text"),
        ("@start calc.exe & rem ", "text"),
        ("#!/bin/sh\necho ", "text/x-shellscript"),
        ("name,magic\npdf,", "text"),
        ("\x1b%-12345X@PJL <script>x()</script>\r\n", "text"),
        ("\x1b%-12345X@PJL\r\nstart calc.exe\r\n", "text"),
    ] {
        assert_eq!(whole(format!("{before}%PDF-1.4{body}").as_bytes()), expected, "{before:?}");
    }
    assert_eq!(fits(b"name,magic\npdf,%PDF-\nzip,PK\n", "text/csv"), Fit::Yes);
}

#[test]
fn a_pdf_in_an_archive_of_tapes_does_not_make_a_pdf_of_it() {
    let mut header = vec![0; 512];
    header[..10].copy_from_slice(b"report.pdf");
    header[100..107].copy_from_slice(b"0000644");
    header[148..156].fill(b' ');
    let sum = format!("{:06o}\0 ", header.iter().map(|byte| u32::from(*byte)).sum::<u32>());
    header[148..156].copy_from_slice(sum.as_bytes());
    assert_eq!(
        whole(&[header.as_slice(), b"%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\n"].concat()),
        "application/x-tar"
    );
}

/// A compound file whose directory has these sectors, which lie where they say and follow one another.
fn ole_of(sectors: &[(u32, &[&str])]) -> Vec<u8> {
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
fn json_may_be_cut_anywhere() {
    let place = r#"{"type":"Feature","id":-12,"geometry":{"type":"Point","coordinates":[-71.0e-1,4.25E+2,0]},"properties":{"name":"K\u00f6ln","ok":true,"no":null}}"#;
    let fits_cut = |text: &str, declared: &str| {
        let seen = Glimpse { size: 1 << 20, head: text.as_bytes(), second: None };
        detect(&seen).detected.fits(&MediaType::known(declared))
    };
    for at in 1..place.len() {
        assert_eq!(fits_cut(&place[..at], "application/geo+json"), Fit::Yes, "{}", &place[..at]);
        assert_eq!(
            fits_cut(&format!("{place}\n{}", &place[..at]), "application/x-ndjson"),
            Fit::Yes,
            "{}",
            &place[..at]
        );
    }
    assert_eq!(fits_cut("{\"a\": -, 1", "application/json"), Fit::No);
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

#[test]
fn what_hides_in_a_picture_is_seen_and_how_large_it_is() {
    let gif = |comment: &[u8]| {
        let start = b"GIF89a\x40\0\x30\0\0\0\0!\xfe".to_vec();
        [start, vec![comment.len() as u8], comment.to_vec(), b"\0;".to_vec()].concat()
    };
    let plain = detect_whole(&gif(b"a holiday"), Wanted::ALL);
    assert_eq!((plain.active, plain.dimensions), (Vec::new(), Some(Dimensions { width: 64, height: 48 })));
    for hidden in [&b"<ScRiPt>x()</script>"[..], b"<?php eval($_GET[0]);", b"%PDF-1.4"] {
        assert_eq!(detect_whole(&gif(hidden), Wanted::ALL).active, [Active::HiddenMarkup]);
    }
}

#[test]
fn a_page_behind_a_bare_signature_is_nothing_for_certain() {
    let page = b"<!DOCTYPE html><html><body><script>x()</script></body></html>";
    for signature in [
        &b"\x89PNG\r\n\x1a\n"[..],
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0",
        b"RIFF\xff\xff\xff\xffWEBP",
        b"ID3\x03\0\0\0\0\0\0",
    ] {
        let content = detect_whole(&[signature, page].concat(), Wanted::ALL);
        assert_eq!(content.detected, Detected::Unknown, "{}", String::from_utf8_lossy(signature));
        assert_eq!(content.active, [Active::HiddenMarkup]);
    }
    // In a comment of a real one it is only active.
    let picture = [b"\xff\xd8\xff\xfe\0\x3f", &page[..61], b"\xff\xda\0\x02"].concat();
    assert_eq!(whole(&picture), "image/jpeg");
}

#[test]
fn a_second_look_is_taken_only_where_the_head_can_not_answer() {
    let size = 1 << 30;
    let looks = |head: &[u8], wanted| {
        let mut full = head.to_vec();
        full.resize(HEAD_LENGTH, b' ');
        second_look(&full, size, wanted)
    };
    let none = Wanted::default();
    assert_eq!(looks(b"PK\x03\x04", none), Some(size - LONGEST_LOOK as u64..size));
    let small = second_look(&[&b"PK\x03\x04"[..], &[0; HEAD_LENGTH - 4]].concat(), 1 << 20, none);
    assert_eq!(small, Some((1 << 20) - SECOND_LENGTH as u64..1 << 20));
    assert_eq!(looks(b"%PDF-1.7", none), None);
    assert_eq!(looks(b"%PDF-1.7", Wanted::ALL), Some(size - SECOND_LENGTH as u64..size));
    assert_eq!(looks(b"<svg>", Wanted::ALL), Some(8192..8192 + SECOND_LENGTH as u64));
    assert_eq!(looks(b"\xff\xd8\xff\xe1\xff\xff", none), None);
    assert_eq!(looks(b"\xff\xd8\xff\xe1\xff\xff", Wanted::ALL), Some(8192..8192 + SECOND_LENGTH as u64));
    assert_eq!(looks(b"\0\0\0\x1cftypisom\0\0\0\0isommp42avc1\0\0\0\x08moov", Wanted::ALL), None);
    assert_eq!(looks(b"words", Wanted::ALL), None);
    // A file that was read to its end is not read again.
    assert_eq!(second_look(b"PK\x03\x04", 4, Wanted::ALL), None);
}

/// Beginnings that lead into every reader.
const BEGINNINGS: &[&[u8]] = &[
    b"",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x09\0",
    b"%PDF-1.7 /ObjStm stream\n",
    b"\0\0\0\x18ftypisom",
    b"OggS\0\x02",
    b"\x1a\x45\xdf\xa3\x88\x42\x82\x85webm\0",
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"RIFF\0\0\0\0WEBPVP8 ",
    b"BM",
    b"II*\0",
    b"\xff\x0a",
    b"\0\0\0\x0cJXL \r\n\x87\n",
    b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x20meta",
    b"8BPS\0\x01",
    b"ID3\x04\0\0\0\0\0\x04",
    b"\xff\xfb\x90",
    b"\xff\xf1\x50",
    b"<svg ",
    b"<?xml version=\"1.0\"?><!DOCTYPE a [",
    b"\xff\xfe<\0",
    b"{\"",
];

proptest::proptest! {
    #[test]
    fn hostile_bytes_never_panic(
        beginning in 0..BEGINNINGS.len(),
        rest in proptest::collection::vec(proptest::num::u8::ANY, 0..HEAD_LENGTH * 2),
    ) {
        let bytes = [BEGINNINGS[beginning], &rest].concat();
        let content = detect_whole(&bytes, Wanted::ALL);
        let shown = content.detected.media_type();
        proptest::prop_assert_eq!(shown.as_ref().and_then(|shown| MediaType::parse(shown.as_str()).ok()), shown);
    }

    #[test]
    fn an_archive_with_any_byte_changed_never_panics(at in 0..400_usize, byte in proptest::num::u8::ANY) {
        let mut bytes = zip_of(&[("mimetype", b"application/epub+zip"), ("[Content_Types].xml", b"<a/>"), ("word/a", b"b")]);
        let at = at % bytes.len();
        bytes[at] = byte;
        detect_whole(&bytes, Wanted::ALL);
    }

    #[test]
    fn no_look_is_longer_than_it_may_be_or_leads_out_of_the_file(
        beginning in 0..BEGINNINGS.len(),
        rest in proptest::collection::vec(proptest::num::u8::ANY, 0..600),
        size in 0..=u64::MAX,
    ) {
        let head = [BEGINNINGS[beginning], &rest].concat();
        let size = size.max(head.len() as u64);
        if let Some(range) = second_look(&head, size, Wanted::ALL) {
            proptest::prop_assert!(range.start < range.end && range.end <= size);
            proptest::prop_assert!(range.end - range.start <= LONGEST_LOOK as u64 && range.start >= head.len() as u64);
        }
    }
}

/// The header of a compound file whose directory leads back to its own beginning.
fn compound_that_never_ends() -> Vec<u8> {
    let mut bytes = ole_of(&[(1, &["WordDocument", "a", "b", "c"])]);
    bytes[516..520].copy_from_slice(&1_u32.to_le_bytes());
    bytes
}

#[test]
fn the_work_grows_no_faster_than_the_bytes() {
    let full = HEAD_LENGTH + SECOND_LENGTH;
    let compound = compound_that_never_ends();
    let lists = zlib(&b"1 0 /EmbeddedFile /Subtype /text#2Fxml /EmbeddedFile ".repeat(1 << 14));
    let list = pdf_with_list("<</Type/ObjStm/Filter/FlateDecode>>", &lists);
    let patterns: [(&[u8], &[u8]); 13] = [
        (&compound, b"\x01\0\0\0"),
        (b"%PDF-1.7\n", &list),
        (b"%PDF-1.7\n", b"/EmbeddedFile/Subtype/text#2Fxml"),
        (b"<svg><style>", b"<b>&gt;"),
        (b"%PDF-1.7\n", b"/ObjStm stream\n"),
        (b"%PDF-1.7\n", b"/#4"),
        (b"<svg ", b"j \t"),
        (b"<svg>", b"<a "),
        (b"<!--", b"<!--"),
        (b"PK\x03\x04", b"PK\x05\x06"),
        (b"PK\x03\x04", b"PK\x01\x02"),
        (b"", b"["),
        (b"\xff\xd8\xff", b"\xff\xe1\0\x02"),
    ];
    for (beginning, pattern) in patterns {
        let mut bytes = beginning.to_vec();
        bytes.extend(pattern.iter().cycle().take(full - bytes.len()));
        let started = std::time::Instant::now();
        detect_whole(&bytes, Wanted::ALL);
        // Without optimisation, on a busy machine: what is quadratic takes many minutes.
        assert!(started.elapsed().as_secs() < 60, "{}", String::from_utf8_lossy(pattern));
    }
}
