//! A place in the timeline as an opaque text: the id of an event.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sluice_common::db::timeline::Cursor;

/// The text.
pub fn write(cursor: Cursor) -> String {
    BASE64.encode([cursor.xid.to_be_bytes(), cursor.id.to_be_bytes()].concat())
}

/// The place, if the text is written like one. Whose timeline it is in, only the database knows.
pub fn read(text: &str) -> Option<Cursor> {
    let bytes = BASE64.decode(text).ok()?;
    let (xid, id) = bytes.split_first_chunk::<8>()?;
    Some(Cursor { xid: u64::from_be_bytes(*xid), id: i64::from_be_bytes(id.try_into().ok()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is_one() {
        for cursor in [Cursor::BEGINNING, Cursor { xid: 7, id: 9 }, Cursor { xid: u64::MAX, id: i64::MAX }] {
            assert_eq!(read(&write(cursor)), Some(cursor));
        }
        let cursor = write(Cursor { xid: 7, id: 9 });
        for nonsense in ["", "x", "####", &cursor[1..], &format!("{cursor}AAAA")] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }
}
