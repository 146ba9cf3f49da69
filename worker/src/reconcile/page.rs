//! What one page of the bucket comes to: what it holds, whose that is, and what should be there and is not.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use sluice_common::chain::Chain;
use sluice_common::db::owners::{self, Confirmed, Owner};
use sluice_common::db::reconcile::{Claim, Page, Stray};
use sluice_common::db::{Db, DbError};
use sluice_common::domain::{ObjectKey, Policies, UploadId};
use sluice_common::storage::{Bucket, Listed, OpenMultipart, StoreError};

use super::sort::{Find, belong_together, count, sort, sort_multipart};

/// The most confirmed uploads that one page is compared with. More of them lie behind fewer objects only where many have
/// vanished; the page is cut short then.
const MOST_CONFIRMED: i64 = 2000;
/// How many objects that are out of place are looked at at the same time.
const AT_ONCE: usize = 16;
/// The most multipart uploads that a round looks at, and the longest that listing them may take: a page has five minutes.
const MOST_MULTIPARTS: usize = 20_000;
const LISTING: Duration = Duration::from_mins(1);
/// How long after a page the next is due: a round is no hurry, and should be no load.
pub(super) const BETWEEN_PAGES: Duration = Duration::from_secs(1);

/// Why a page could not be reconciled now. A retry can help.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReconcileError {
    /// Postgres.
    #[error("could not reconcile a page of the bucket")]
    Database(#[from] DbError),
    /// The store.
    #[error("could not reconcile a page of the bucket")]
    Store(#[from] StoreError),
    /// It hangs.
    #[error("it took too long to reconcile a page of the bucket")]
    TooSlow(#[from] tokio::time::error::Elapsed),
}

/// The times that an operator sets.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long after a round the next one begins.
    pub every: Duration,
    /// How old a stray must be.
    pub grace: Duration,
}

/// Looks at the page that was claimed.
pub(super) async fn look(
    db: &Db,
    bucket: &Bucket,
    policies: &Policies,
    claim: &Claim,
    pace: Pace,
) -> Result<Page, ReconcileError> {
    let after = claim.after.as_deref();
    let listing = bucket.list(after).await?;
    let confirmed = owners::confirmed_between(db, after, listing.more_after.as_deref(), MOST_CONFIRMED).await?;
    let end = first_end(listing.more_after, &confirmed);
    let objects: Vec<Listed> =
        listing.objects.into_iter().filter(|object| end.as_ref().is_none_or(|end| object.key <= *end)).collect();
    let finds = sort_all(db, policies, claim, &objects).await?;

    let mut counts = claim.counts;
    counts.pages += 1;
    finds.iter().for_each(|(_, find)| count(&mut counts, *find));
    let mut strays = strays(bucket, claim.trusted, &finds).await?;
    // With a round's first page, whatever part of the bucket it is.
    if after.is_none() {
        let open = open_multiparts(bucket).await;
        counts.multipart += i64::try_from(open.len()).expect("fewer than that");
        strays.extend(stray_multiparts(db, policies, claim, open).await?);
    }
    Ok(Page {
        pause: if end.is_some() { BETWEEN_PAGES } else { pace.every },
        trusted: if end.is_some() { claim.trusted } else { belong_together(&counts) },
        cursor: end,
        grace: pace.grace,
        counts,
        strays,
        missing: missing(bucket, &objects, confirmed).await?,
    })
}

/// Where the page ends: with the last object listed, or the last upload read, whichever comes first. `None` is the end of
/// the bucket.
fn first_end(listed: Option<String>, confirmed: &[Confirmed]) -> Option<String> {
    let full = i64::try_from(confirmed.len()).is_ok_and(|read| read >= MOST_CONFIRMED);
    let read = confirmed.last().filter(|_| full).map(|last| last.key.clone());
    listed.into_iter().chain(read).min()
}

/// What each object is. The uploads are read after the list: whoever was granted leave to put an object has a row by then.
async fn sort_all<'o>(
    db: &Db,
    policies: &Policies,
    claim: &Claim,
    objects: &'o [Listed],
) -> Result<Vec<(&'o str, Find)>, DbError> {
    let found = owners_of(db, ids(objects.iter().map(|object| object.key.as_str()))).await?;
    let owner = |object: &Listed| ObjectKey::upload_id(&object.key).and_then(|id| found.get(&id));
    let find = |object: &'o Listed| (object.key.as_str(), sort(object, owner(object), policies, claim.older_than));
    Ok(objects.iter().map(find).collect())
}

/// The uploads that these keys name, whether there are such uploads or not.
fn ids<'a>(keys: impl Iterator<Item = &'a str>) -> Vec<UploadId> {
    let ids: HashSet<UploadId> = keys.filter_map(ObjectKey::upload_id).collect();
    ids.into_iter().collect()
}

/// The uploads with these ids, as far as there are any.
async fn owners_of(db: &Db, ids: Vec<UploadId>) -> Result<HashMap<UploadId, Owner>, DbError> {
    Ok(owners::find(db, &ids).await?.into_iter().map(|owner| (owner.id, owner)).collect())
}

/// The multipart uploads that are neither completed nor aborted: at any time there are few. A store that does not list them,
/// or not for us, or very many, is no reason to leave its objects alone.
async fn open_multiparts(bucket: &Bucket) -> Vec<OpenMultipart> {
    let (mut open, mut after) = (Vec::new(), None::<String>);
    let begun = Instant::now();
    loop {
        match bucket.list_multiparts(after.as_deref()).await {
            Ok(page) => {
                open.extend(page.open);
                after = page.more_after;
            }
            Err(error) => {
                tracing::error!(error = %Chain(&error), "could not list multipart uploads; reconciling the objects alone");
                return open;
            }
        }
        if after.is_none() {
            return open;
        }
        if open.len() >= MOST_MULTIPARTS || begun.elapsed() > LISTING {
            tracing::warn!(
                listed = open.len(),
                "there are very many multipart uploads; the rest waits for another round"
            );
            return open;
        }
    }
}

/// The multipart uploads that no upload wants, by the same rules as objects.
async fn stray_multiparts(
    db: &Db,
    policies: &Policies,
    claim: &Claim,
    open: Vec<OpenMultipart>,
) -> Result<Vec<Stray>, DbError> {
    let found = owners_of(db, ids(open.iter().map(|open| open.key.as_str()))).await?;
    let stray = |open: OpenMultipart| {
        let owner = ObjectKey::upload_id(&open.key).and_then(|id| found.get(&id));
        let upload_id = match sort_multipart(&open, owner, policies, claim.older_than) {
            Find::Stray(id) => id,
            Find::WithoutUpload(id) if claim.trusted => id,
            _ => return None,
        };
        Some(Stray { upload_id, key: open.key, version_id: None, multipart_id: Some(open.id) })
    };
    Ok(open.into_iter().filter_map(stray).collect())
}

/// The strays, each in the version that is there now. One that is gone meanwhile is none.
async fn strays(bucket: &Bucket, trusted: bool, finds: &[(&str, Find)]) -> Result<Vec<Stray>, StoreError> {
    let unowned = finds.iter().filter_map(|(key, find)| match find {
        Find::Stray(id) => Some(((*key).to_owned(), *id)),
        Find::WithoutUpload(id) if trusted => Some(((*key).to_owned(), *id)),
        _ => None,
    });
    let unowned: Vec<(String, UploadId)> = unowned.collect();
    let looks = stream::iter(unowned).map(|(key, upload_id)| async move {
        let found = bucket.find(&key, None).await?;
        Ok(found.map(|found| Stray { upload_id, key, version_id: found.version_id, multipart_id: None }))
    });
    looks.buffer_unordered(AT_ONCE).try_filter_map(|stray| async move { Ok(stray) }).try_collect().await
}

/// The uploads whose object is not there. What was confirmed after the page was listed is not in the list either, so each
/// is looked for.
async fn missing(bucket: &Bucket, objects: &[Listed], confirmed: Vec<Confirmed>) -> Result<Vec<UploadId>, StoreError> {
    let listed: HashSet<&str> = objects.iter().map(|object| object.key.as_str()).collect();
    let unlisted: Vec<Confirmed> =
        confirmed.into_iter().filter(|upload| !listed.contains(upload.key.as_str())).collect();
    let looks = stream::iter(unlisted).map(|upload| async move {
        let found = bucket.find(&upload.key, upload.version_id.as_deref()).await?;
        Ok(found.is_none().then_some(upload.id))
    });
    looks.buffer_unordered(AT_ONCE).try_filter_map(|missing| async move { Ok(missing) }).try_collect().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confirmed(keys: impl IntoIterator<Item = String>) -> Vec<Confirmed> {
        let upload = |key| Confirmed { id: UploadId::generate(), key, version_id: None };
        keys.into_iter().map(upload).collect()
    }

    #[test]
    fn a_page_ends_where_either_side_was_cut_short() {
        let few = confirmed(["a".to_owned(), "b".to_owned()]);
        let full = confirmed((0..MOST_CONFIRMED).map(|n| format!("k{n:04}")));
        assert_eq!(first_end(None, &few), None);
        assert_eq!(first_end(Some("c".to_owned()), &few), Some("c".to_owned()));
        assert_eq!(first_end(None, &full), Some("k1999".to_owned()));
        assert_eq!(first_end(Some("k0500".to_owned()), &full), Some("k0500".to_owned()));
        assert_eq!(first_end(Some("z".to_owned()), &full), Some("k1999".to_owned()));
    }
}
