//! What the first bytes show, and what hides behind them.

use super::*;

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
