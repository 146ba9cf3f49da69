//! What a PDF does.

use std::io::Write as _;

use super::*;

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
pub(super) fn pdf_with_list(dictionary: &str, body: &[u8]) -> Vec<u8> {
    [b"%PDF-1.7\n1 0 obj ", dictionary.as_bytes(), b"\nstream\r\n", body, b"\nendstream endobj\n%%EOF"].concat()
}

pub(super) fn zlib(bytes: &[u8]) -> Vec<u8> {
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
