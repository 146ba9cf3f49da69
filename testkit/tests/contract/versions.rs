//! Versions, copies, deletions and lists of objects.

use sluice_common::domain::MediaType;
use sluice_common::storage::Disposition;

use super::target::{Target, refusal, status, stored};
use super::{KEY, LIFETIME};

super::both_keep! {
    an_overwritten_version_can_still_be_read
    a_deleted_version_leaves_the_others
    a_copy_is_made_only_of_the_etag_that_was_seen
    deleting_what_is_absent_is_no_error
    a_list_is_walked_page_by_page_in_order
}

async fn an_overwritten_version_can_still_be_read(target: &Target) {
    target.keep_versions().await;
    let first = target.put(KEY, b"first").await.version_id().map(str::to_owned);
    let second = target.put(KEY, b"second").await;
    assert!(first.is_some() && first.as_deref() != second.version_id());
    let content_type = MediaType::parse("image/png").expect("valid");
    let pinned = target
        .signer
        .get(&stored(first), (Disposition::Attachment, "a.png"), &content_type, LIFETIME)
        .await
        .expect("signed");
    let got = reqwest::get(&pinned.url).await.expect("an answer");
    assert_eq!(got.bytes().await.expect("the body comes").as_ref(), b"first");
}

async fn a_deleted_version_leaves_the_others(target: &Target) {
    target.keep_versions().await;
    target.put(KEY, b"first").await;
    let second = target.put(KEY, b"second").await.version_id().expect("a version").to_owned();
    assert_eq!(target.delete(&[(KEY, Some(&second))]).await, 0);
    assert_eq!(target.read(KEY).await, b"first");
    assert_eq!(target.delete(&[(KEY, None)]).await, 0);
    assert!(target.is_absent(KEY).await);
}

async fn a_copy_is_made_only_of_the_etag_that_was_seen(target: &Target) {
    let seen = target.put(KEY, b"first").await.e_tag().expect("an etag").to_owned();
    let copy = async || {
        let request = target.s3.copy_object().copy_source(format!("{}/{KEY}", target.name)).copy_source_if_match(&seen);
        request.bucket(&target.name).key("kept/a.png").send().await
    };
    let copied = copy().await.expect("it is the one that was seen");
    assert_eq!(copied.copy_object_result().and_then(|result| result.e_tag()), Some(&*seen));
    target.put(KEY, b"second").await;
    assert_eq!(refusal(&copy().await.expect_err("it is another")), (412, "PreconditionFailed"));
    target.delete(&[(KEY, None)]).await;
    assert_eq!(status(&copy().await.expect_err("it is gone")), 404);
    let kept = target.s3.get_object().bucket(&target.name).key("kept/a.png").send().await.expect("it is there");
    assert_eq!(kept.content_type(), Some("image/png"), "a copy is described like what it is of");
    assert_eq!(kept.body.collect().await.expect("the body comes").to_vec(), b"first");
}

async fn deleting_what_is_absent_is_no_error(target: &Target) {
    target.put(KEY, b"bytes").await;
    assert_eq!(target.delete(&[("absent", None), (KEY, None)]).await, 0);
    assert!(target.is_absent(KEY).await);
    let again = target.s3.delete_object().bucket(&target.name).key(KEY).send().await;
    again.expect("it is as good as deleted");
}

async fn a_list_is_walked_page_by_page_in_order(target: &Target) {
    for key in ["b/2", "a/1", "b/10", "b/1", "c/1"] {
        target.put(key, b"bytes").await;
    }
    let (mut keys, mut pages, mut token) = (Vec::new(), 0, None);
    loop {
        let request = target.s3.list_objects_v2().bucket(&target.name).prefix("b/").max_keys(2);
        let page = request.set_continuation_token(token).send().await.expect("a page");
        keys.extend(page.contents().iter().map(|object| (object.key().unwrap_or_default().to_owned(), object.size())));
        pages += 1;
        token = page.next_continuation_token().map(str::to_owned);
        assert_eq!(page.is_truncated(), Some(token.is_some()));
        if token.is_none() {
            break;
        }
    }
    assert_eq!(keys, ["b/1", "b/10", "b/2"].map(|key| (key.to_owned(), Some(5))));
    assert_eq!(pages, 2);
    let after = target.s3.list_objects_v2().bucket(&target.name).start_after("b/10").send().await.expect("a page");
    assert_eq!(after.contents().iter().filter_map(|object| object.key()).collect::<Vec<_>>(), ["b/2", "c/1"]);
}
