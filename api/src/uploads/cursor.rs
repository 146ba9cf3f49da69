//! Where a page of a list ended, as an opaque text that fits no other list.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sluice_common::db::uploads::Filter;
use sluice_common::domain::{Sha256, Tenant, UploadId, UploadStatus};
use uuid::Uuid;

/// How much of the filters' hash a cursor holds, in bytes: enough that a mix-up is noticed.
const FINGERPRINT: usize = 8;

/// The cursor that continues this list after this upload.
pub fn after(last: UploadId, tenant: &Tenant, filter: &Filter) -> String {
    BASE64.encode([&last.0.as_bytes()[..], &fingerprint(tenant, filter)].concat())
}

/// The upload after which to continue, if this is a cursor of this list.
pub fn read(cursor: &str, tenant: &Tenant, filter: &Filter) -> Option<UploadId> {
    let bytes = BASE64.decode(cursor).ok()?;
    let (id, seal) = bytes.split_first_chunk::<16>()?;
    (*seal == fingerprint(tenant, filter)).then(|| UploadId(Uuid::from_bytes(*id)))
}

fn fingerprint(tenant: &Tenant, filter: &Filter) -> [u8; FINGERPRINT] {
    let Filter { status, policy, created_from, created_before } = filter;
    let status = status.map(UploadStatus::as_str);
    let said = format!("{tenant} {status:?} {policy:?} {created_from:?} {created_before:?}");
    let hash = Sha256::of(said.as_bytes()).0;
    *hash.first_chunk().expect("a hash is longer than its beginning")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_fits_the_list_it_came_from_and_no_other() {
        let (tenant, other) = (Tenant::parse("acme").expect("valid"), Tenant::parse("other").expect("valid"));
        let all = Filter::default();
        let confirmed = Filter { status: Some(UploadStatus::Confirmed), ..Filter::default() };
        let id = UploadId::generate();
        let cursor = after(id, &tenant, &confirmed);
        assert_eq!(read(&cursor, &tenant, &confirmed), Some(id));
        assert_eq!(read(&cursor, &tenant, &all), None);
        assert_eq!(read(&cursor, &other, &confirmed), None);
        for nonsense in ["", "x", "####", &cursor[1..], &format!("{cursor}AAAA")] {
            assert_eq!(read(nonsense, &tenant, &confirmed), None, "{nonsense}");
        }
    }
}
