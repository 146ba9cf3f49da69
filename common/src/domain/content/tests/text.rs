//! Which kinds a text fits.

use super::*;

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
