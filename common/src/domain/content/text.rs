//! Text: whether it is any, and which kinds of text it fits.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::{Active, Content, Detected, Glimpse, markup, script};
use crate::domain::MediaType;

/// How many rows of a table are looked at.
const ROWS: usize = 200;
/// What may divide its fields.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What numbers of JSON are made of.
const NUMBER: &[char] = &['-', '+', '.', 'e', 'E', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/// The text that these bytes are, if they are any: UTF-8, or UTF-16 with its mark, without control characters but those that lay
/// text out. Where bytes were cut off, a character that is cut in two does not count against it.
pub(super) fn decode(bytes: &[u8], is_cut: bool) -> Option<Cow<'_, str>> {
    let text = match bytes {
        [0xff, 0xfe, units @ ..] => Cow::Owned(utf16(units, u16::from_le_bytes, is_cut)?),
        [0xfe, 0xff, units @ ..] => Cow::Owned(utf16(units, u16::from_be_bytes, is_cut)?),
        bytes if is_old_xml(bytes) => Cow::Owned(bytes.iter().map(|byte| roughly(*byte)).collect()),
        bytes => Cow::Borrowed(utf8(bytes, is_cut)?),
    };
    let is_binary = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}' | '\u{85}');
    (!text.is_empty() && !text.contains(is_binary)).then_some(text)
}

/// Whether it is XML that says it is written in an older encoding which has ASCII in it.
fn is_old_xml(bytes: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(256)]);
    declared_encoding(&start).is_some_and(|name| is_like_ascii(&name))
}

/// Whether the letters of an XML document mean what they seem to: encodings there are in which `+ADw-` begins a tag.
pub(super) fn has_known_encoding(text: &str) -> bool {
    declared_encoding(text).is_none_or(|name| name.starts_with("utf-8") || name == "utf-16" || is_like_ascii(&name))
}

/// The encoding that an XML document says it is written in, in lower case.
fn declared_encoding(text: &str) -> Option<String> {
    let (inside, _) = text.trim_start().strip_prefix("<?xml")?.split_once("?>")?;
    let (_, rest) = inside.split_once("encoding")?;
    rest.split(['"', '\'']).nth(1).map(str::to_ascii_lowercase)
}

/// Whether the letters of ASCII are themselves in an encoding, and nothing else is made of those that markup is made of.
fn is_like_ascii(encoding: &str) -> bool {
    const LIKE: &[&str] = &[
        "us-ascii",
        "ascii",
        "cp",
        "ibm",
        "iso-8859-",
        "iso8859-",
        "windows-125",
        "koi8-",
        "euc-",
        "gb2312",
        "gbk",
        "gb18030",
        "big5",
        "shift_jis",
        "tis-620",
        "mac",
    ];
    LIKE.iter().any(|start| encoding.starts_with(start))
}

/// A letter of ASCII, or some letter; which one does not matter.
fn roughly(byte: u8) -> char {
    if byte.is_ascii() { char::from(byte) } else { '\u{fffd}' }
}

fn utf8(bytes: &[u8], is_cut: bool) -> Option<&str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() && is_cut => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok(),
        Err(_) => None,
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, is_cut: bool) -> Option<String> {
    let pairs = bytes.chunks_exact(2);
    if !pairs.remainder().is_empty() && !is_cut {
        return None;
    }
    let mut units: Vec<u16> = pairs.map(|pair| unit([pair[0], pair[1]])).collect();
    if is_cut && units.last().is_some_and(|last| (0xd800..0xdc00).contains(last)) {
        units.pop();
    }
    String::from_utf16(&units).ok()
}

/// What a file is whose head is this text.
pub(super) fn read(text: &str, seen: &Glimpse<'_>) -> Content {
    let is_cut = seen.size > seen.head.len() as u64;
    if text.starts_with("{\\rtf") {
        let has_object = ["\\objdata", "\\objupdate", "\\objocx"].iter().any(|word| text.contains(word));
        return Content::of_type("application/rtf").with(if has_object {
            vec![Active::EmbeddedObject]
        } else {
            Vec::new()
        });
    }
    // What comes behind so much white space is not known.
    if is_cut && text.trim().is_empty() {
        return Content::of(Detected::Unknown);
    }
    if text.starts_with("!<arch>\n") {
        return Content::of_type("application/x-unix-archive");
    }
    if ["ply\n", "ply\r\n"].iter().any(|start| text.starts_with(start)) {
        return Content::of_type("application/x-ply");
    }
    if text.starts_with("%!PS") {
        return Content::of_type("application/postscript");
    }
    if let Some(kind) = script::kind(text) {
        return Content::of_type(kind);
    }
    markup::read(text, seen)
        .unwrap_or_else(|| Content::of(Detected::Text(kinds(text, is_cut))).with(markup::hidden(text)))
}

/// The kinds of text that this fits, of those that can be checked: first those that it is made for, then what any text is.
fn kinds(text: &str, is_cut: bool) -> Vec<MediaType> {
    let is_json = is_json(text, is_cut);
    let certain = [
        ("text/vtt", is_vtt(text)),
        ("application/x-subrip", is_srt(text)),
        ("text/calendar", begins_with_line(text, "BEGIN:VCALENDAR")),
        ("text/vcard", begins_with_line(text, "BEGIN:VCARD")),
        ("application/vnd.apple.mpegurl", text.starts_with("#EXTM3U")),
        ("application/x-pem-file", is_pem(text)),
        ("application/pgp-signature", is_armoured(text, "SIGNATURE")),
        ("application/pgp-encrypted", is_armoured(text, "MESSAGE")),
        ("application/pgp-keys", is_armoured(text, "PUBLIC KEY BLOCK")),
        ("application/x-sylk", text.starts_with("ID;")),
        ("model/stl", text.starts_with("solid") && text.contains("facet ")),
        ("image/vnd.dxf", text.lines().take(40).any(|line| line.trim() == "SECTION")),
        ("application/json", is_json),
        ("application/x-ndjson", is_json_lines(text, is_cut)),
        ("application/jsonl", is_json_lines(text, is_cut)),
        ("text/plain", true),
        ("text/csv", !is_json && DELIMITERS.iter().any(|delimiter| is_table(text, *delimiter, is_cut))),
        ("text/tab-separated-values", !is_json && is_table(text, b'\t', is_cut)),
        ("text/css", is_css(text, is_cut)),
        ("message/rfc822", is_mail(text)),
        ("application/mbox", text.starts_with("From ")),
    ];
    certain.into_iter().filter(|(_, fits)| *fits).map(|(name, _)| MediaType::known(name)).collect()
}

/// Whether it parses as far as it goes. A number or a word alone is JSON only if nothing was cut off.
fn is_json(text: &str, is_cut: bool) -> bool {
    let text = text.trim();
    let is_list_or_object = text.starts_with(['{', '[']);
    // Half a number is none.
    let text = if is_cut && is_list_or_object { text.trim_end_matches(NUMBER) } else { text };
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => is_list_or_object || !is_cut,
        Err(error) => is_cut && is_list_or_object && error.is_eof(),
    }
}

/// Whether each line is an object or a list of its own, and there is one at least.
fn is_json_lines(text: &str, is_cut: bool) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    lines.peek().is_some()
        && std::iter::from_fn(|| lines.next().map(|line| (line, lines.peek().is_none())))
            .all(|(line, is_last)| line.starts_with(['{', '[']) && is_json(line, is_cut && is_last))
}

fn is_vtt(text: &str) -> bool {
    text.strip_prefix("WEBVTT").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

/// Whether the first subtitle is one: its number, then its times.
fn is_srt(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).skip_while(|line| line.is_empty());
    let is_number = |line: &str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    lines.next().is_some_and(is_number)
        && lines.next().is_some_and(|line| line.contains(" --> ") && line.starts_with(|c: char| c.is_ascii_digit()))
}

fn begins_with_line(text: &str, line: &str) -> bool {
    text.trim_start().lines().next().is_some_and(|first| first.trim_end().eq_ignore_ascii_case(line))
}

fn is_pem(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("-----BEGIN ") && line.trim_end().ends_with("-----"))
}

fn is_armoured(text: &str, what: &str) -> bool {
    text.trim_start().strip_prefix("-----BEGIN PGP ").is_some_and(|rest| rest.starts_with(what))
}

/// Whether it has rules, or begins with what is about to have some.
fn is_css(text: &str, is_cut: bool) -> bool {
    let has_rule = text.find('{').is_some_and(|at| text[at..].contains([':', '}']) || is_cut);
    let is_statement = text.contains('@') && text.contains(';');
    let is_comment = text.trim_start().starts_with("/*");
    (has_rule && !text.trim_start().starts_with(['{', '['])) || is_statement || is_comment
}

/// Whether its first lines are a mail's: names and values, and those that go on.
fn is_mail(text: &str) -> bool {
    let is_field = |line: &str| {
        line.split_once(':').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
    };
    let mut lines =
        text.lines().take_while(|line| !line.is_empty()).skip_while(|line| line.starts_with("From ")).peekable();
    lines.peek().is_some_and(|line| is_field(line)) && lines.all(|line| is_field(line) || line.starts_with([' ', '\t']))
}

/// How many fields each of the first rows has.
fn field_counts(text: &str, delimiter: u8, is_cut: bool) -> Vec<usize> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut counts: Vec<usize> = reader.byte_records().take(ROWS).map_while(Result::ok).map(|row| row.len()).collect();
    if is_cut && counts.len() > 1 && counts.len() < ROWS {
        counts.pop();
    }
    counts
}

/// Whether most rows have as many fields as the others, or all have some: at least two; or one, where the text has nothing that could divide it.
fn is_table(text: &str, delimiter: u8, is_cut: bool) -> bool {
    let text = text.strip_prefix("sep=").and_then(|rest| rest.split_once('\n')).map_or(text, |(_, rest)| rest);
    let counts = field_counts(text, delimiter, is_cut);
    let most = |count: usize| counts.iter().filter(|other| **other == count).count();
    let Some(usual) = counts.iter().copied().max_by_key(|count| most(*count)) else { return false };
    if usual == 1 {
        // What is in quotes divides nothing.
        return DELIMITERS.iter().all(|other| field_counts(text, *other, is_cut).iter().all(|count| *count == 1));
    }
    // Careless writers leave out fields at the end, but hardly ever all of them.
    most(usual) * 2 > counts.len() || (counts.len() > 1 && counts.iter().all(|count| *count > 1))
}
