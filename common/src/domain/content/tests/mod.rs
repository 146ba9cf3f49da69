//! What is told of bytes written here, and what must hold of any bytes; whole files are the corpus's.

mod archives;
mod bounds;
mod heads;
mod markup;
mod pdf;
mod text;

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
