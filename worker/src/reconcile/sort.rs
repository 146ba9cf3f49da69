//! What an object in the bucket is: wanted, a stray, or none of our business. No I/O, no clock.

use jiff::Timestamp;
use sluice_common::db::owners::Owner;
use sluice_common::db::reconcile::Counts;
use sluice_common::domain::{ObjectKey, Policies, UploadId, UploadStatus};
use sluice_common::storage::{Listed, OpenMultipart};

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Find {
    /// A pending or confirmed upload wants it.
    Owned,
    /// Nobody wants it, and it is too young to say so for sure.
    Young,
    /// Its upload has ended without it.
    Stray(UploadId),
    /// There is no upload that its key names.
    WithoutUpload(UploadId),
    /// Sluice does not make such keys.
    Foreign,
}

/// What an object is, given the upload that its key names, if there is one.
pub(super) fn sort(object: &Listed, owner: Option<&Owner>, policies: &Policies, older_than: Timestamp) -> Find {
    let key = object.key.as_str();
    if owner.is_some_and(|owner| wants(owner, key)) {
        return Find::Owned;
    }
    let unowned = unowned(key, owner, policies);
    if unowned == Find::Foreign || object.modified < older_than { unowned } else { Find::Young }
}

/// What an open multipart upload is, given the upload that its key names, if there is one.
pub(super) fn sort_multipart(
    open: &OpenMultipart,
    owner: Option<&Owner>,
    policies: &Policies,
    older_than: Timestamp,
) -> Find {
    let is_owners = |owner: &Owner| owner.multipart_id.as_deref() == Some(&*open.id);
    if owner.is_some_and(|owner| owner.status == UploadStatus::Pending && is_owners(owner)) {
        return Find::Owned;
    }
    let unowned = unowned(&open.key, owner, policies);
    if unowned == Find::Foreign || open.begun < older_than { unowned } else { Find::Young }
}

/// What is under a key, if the upload that the key names does not want it.
fn unowned(key: &str, owner: Option<&Owner>, policies: &Policies) -> Find {
    match owner {
        Some(owner) if owner.grant_key.may_lead_to(key) => Find::Stray(owner.id),
        Some(_) => Find::Foreign,
        None => ObjectKey::made_under(policies, key).map_or(Find::Foreign, Find::WithoutUpload),
    }
}

/// While an upload is pending any copy of its object may be the one that is about to be confirmed.
fn wants(owner: &Owner, key: &str) -> bool {
    match owner.status {
        UploadStatus::Pending => owner.grant_key.may_lead_to(key),
        UploadStatus::Confirmed => owner.object_key.as_deref() == Some(key),
        UploadStatus::Rejected | UploadStatus::Expired | UploadStatus::Canceled | UploadStatus::Deleted => false,
    }
}

/// Adds an object to what was found.
pub(super) fn count(counts: &mut Counts, find: Find) {
    counts.objects += 1;
    match find {
        Find::Owned => counts.owned += 1,
        Find::Young => counts.young += 1,
        Find::WithoutUpload(_) => counts.without_upload += 1,
        Find::Foreign => counts.foreign += 1,
        // Counted when it is marked.
        Find::Stray(_) => {}
    }
}

/// Whether a round looks as if database and bucket belonged together. A wrong or a restored database knows none of the
/// objects, and would have them all deleted.
pub(super) fn belong_together(counts: &Counts) -> bool {
    counts.without_upload <= counts.owned
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANT: &str = "images/acme/01930000-0000-7000-8000-000000000000.png";
    const PROMOTED: &str = "images/acme/01930000-0000-7000-8000-000000000000-0123456789ab.png";
    const THUMBNAIL: &str = "thumbnails/01930000-0000-7000-8000-000000000000.png";

    fn find(key: &str, status: Option<UploadStatus>, object_key: Option<&str>, age: i64) -> Find {
        let owner = status.map(|status| Owner {
            id: ObjectKey::upload_id(GRANT).expect("it names one"),
            status,
            grant_key: ObjectKey::recorded(GRANT.to_owned()),
            object_key: object_key.map(str::to_owned),
            multipart_id: None,
        });
        let at = |second| Timestamp::from_second(second).expect("a time");
        let object = Listed { key: key.to_owned(), modified: at(1000 - age) };
        sort(&object, owner.as_ref(), &Policies::built_in(), at(900))
    }

    #[test]
    fn what_an_upload_wants_is_never_a_stray_however_old() {
        use UploadStatus::{Canceled, Confirmed, Deleted, Expired, Pending, Rejected};
        let id = ObjectKey::upload_id(GRANT).expect("it names one");
        for age in [0, 99, 1_000] {
            assert_eq!(find(GRANT, Some(Pending), None, age), Find::Owned);
            assert_eq!(find(PROMOTED, Some(Pending), None, age), Find::Owned);
            assert_eq!(find(GRANT, Some(Confirmed), Some(GRANT), age), Find::Owned);
            assert_eq!(find(PROMOTED, Some(Confirmed), Some(PROMOTED), age), Find::Owned);
        }
        assert_eq!(find(GRANT, Some(Confirmed), Some(PROMOTED), 101), Find::Stray(id));
        assert_eq!(find(PROMOTED, Some(Confirmed), Some(GRANT), 101), Find::Stray(id));
        for ended in [Canceled, Deleted, Expired, Rejected] {
            assert_eq!(find(GRANT, Some(ended), None, 101), Find::Stray(id));
            assert_eq!(find(PROMOTED, Some(ended), None, 101), Find::Stray(id));
            assert_eq!(find(GRANT, Some(ended), None, 99), Find::Young);
        }
    }

    #[test]
    fn what_has_no_upload_is_told_from_what_is_not_ours() {
        let id = ObjectKey::upload_id(GRANT).expect("it names one");
        assert_eq!(find(GRANT, None, None, 101), Find::WithoutUpload(id));
        assert_eq!(find(GRANT, None, None, 99), Find::Young);
        for status in UploadStatus::ALL.map(Some).into_iter().chain([None]) {
            assert_eq!(find(THUMBNAIL, status, None, 1_000), Find::Foreign, "{status:?}");
            assert_eq!(find("backups/2026.tar", status, None, 1_000), Find::Foreign, "{status:?}");
        }
    }

    fn find_multipart(key: &str, status: Option<UploadStatus>, multipart_id: Option<&str>, age: i64) -> Find {
        let owner = status.map(|status| Owner {
            id: ObjectKey::upload_id(GRANT).expect("it names one"),
            status,
            grant_key: ObjectKey::recorded(GRANT.to_owned()),
            object_key: None,
            multipart_id: multipart_id.map(str::to_owned),
        });
        let at = |second| Timestamp::from_second(second).expect("a time");
        let open = OpenMultipart { id: "m".to_owned(), key: key.to_owned(), begun: at(1000 - age) };
        sort_multipart(&open, owner.as_ref(), &Policies::built_in(), at(900))
    }

    #[test]
    fn of_multipart_uploads_only_a_pending_upload_wants_one_and_only_its_own() {
        let id = ObjectKey::upload_id(GRANT).expect("it names one");
        assert_eq!(find_multipart(GRANT, Some(UploadStatus::Pending), Some("m"), 1_000), Find::Owned);
        assert_eq!(find_multipart(GRANT, Some(UploadStatus::Pending), Some("other"), 1_000), Find::Stray(id));
        assert_eq!(find_multipart(GRANT, Some(UploadStatus::Pending), None, 1_000), Find::Stray(id));
        for status in UploadStatus::ALL.into_iter().filter(|status| *status != UploadStatus::Pending) {
            assert_eq!(find_multipart(GRANT, Some(status), Some("m"), 101), Find::Stray(id), "{status:?}");
            assert_eq!(find_multipart(GRANT, Some(status), Some("m"), 99), Find::Young, "{status:?}");
        }
        assert_eq!(find_multipart(GRANT, None, None, 101), Find::WithoutUpload(id));
        assert_eq!(find_multipart(GRANT, None, None, 99), Find::Young);
        assert_eq!(find_multipart("backups/2026.tar", None, None, 1_000), Find::Foreign);
        assert_eq!(find_multipart(THUMBNAIL, Some(UploadStatus::Pending), Some("m2"), 1_000), Find::Foreign);
    }

    #[test]
    fn a_database_that_knows_fewer_objects_than_it_does_not_know_is_not_trusted() {
        let round = |owned, without_upload| Counts { owned, without_upload, ..Counts::default() };
        assert!(belong_together(&round(0, 0)) && belong_together(&round(3, 3)));
        assert!(!belong_together(&round(0, 1)) && !belong_together(&round(3, 4)));
    }
}
