//! Where a page of a search or a batch of an action ended, as an opaque text that fits no other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sluice_common::db::uploads::search::Wanted;
use sluice_common::domain::{Sha256, UploadId};
use uuid::Uuid;

/// How much of the hash of what it belongs to a cursor holds, in bytes: enough that a mix-up is noticed.
const FINGERPRINT: usize = 8;

/// The cursor that continues this search, for this purpose, behind this upload.
pub fn after(last: UploadId, wanted: &Wanted, purpose: &str) -> String {
    BASE64.encode([&last.0.as_bytes()[..], &fingerprint(wanted, purpose)].concat())
}

/// The upload behind which to continue, if this is a cursor of this search for this purpose.
pub fn read(cursor: &str, wanted: &Wanted, purpose: &str) -> Option<UploadId> {
    let bytes = BASE64.decode(cursor).ok()?;
    let (id, seal) = bytes.split_first_chunk::<16>()?;
    (*seal == fingerprint(wanted, purpose)).then(|| UploadId(Uuid::from_bytes(*id)))
}

fn fingerprint(wanted: &Wanted, purpose: &str) -> [u8; FINGERPRINT] {
    let hash = Sha256::of(format!("{purpose} {wanted:?}").as_bytes()).0;
    *hash.first_chunk().expect("a hash is longer than its beginning")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_fits_the_search_and_the_purpose_it_came_from_and_no_other() {
        let (all, of_policy) = (Wanted::default(), Wanted { policy: Some("images".to_owned()), ..Wanted::default() });
        let id = UploadId::generate();
        let cursor = after(id, &of_policy, "list");
        assert_eq!(read(&cursor, &of_policy, "list"), Some(id));
        assert_eq!(read(&cursor, &all, "list"), None);
        assert_eq!(read(&cursor, &of_policy, "delete"), None);
        assert_eq!(read(&cursor[1..], &of_policy, "list"), None);
    }
}
