//! What a grant lets in.

use std::time::Duration;

use sluice_common::domain::{MediaType, ObjectKey, Sha256};
use sluice_common::storage::Disposition;

use super::target::{Target, base64, declared, stored};
use super::{KEY, LIFETIME};

super::both_keep! {
    a_grant_takes_exactly_what_was_declared
    a_grant_refuses_another_length
    a_grant_refuses_another_type
    a_grant_refuses_another_checksum_header
    a_grant_refuses_bytes_of_another_checksum
    a_grant_refuses_a_missing_signed_header
    a_grant_refuses_a_header_that_it_does_not_speak_of
    a_grant_refuses_a_changed_signature
    a_grant_is_write_once
    a_grant_expires
    a_download_has_the_name_and_type_that_were_signed
}

async fn a_grant_takes_exactly_what_was_declared(target: &Target) {
    let answer = target.send(&target.grant(b"bytes").await, b"bytes", &[]).await;
    assert_eq!(answer.0, 200, "{}", answer.1);
    let got = target.s3.get_object().bucket(&target.name).key(KEY).send().await.expect("it is there");
    assert_eq!(got.content_type(), Some("image/png"));
}

async fn a_grant_refuses_another_length(target: &Target) {
    let answer = target.send(&target.grant(b"bytes").await, b"more bytes", &[("content-length", "10")]).await;
    target.was_refused(answer, 403, "SignatureDoesNotMatch").await;
}

async fn a_grant_refuses_another_type(target: &Target) {
    let answer = target.send(&target.grant(b"bytes").await, b"bytes", &[("content-type", "text/html")]).await;
    target.was_refused(answer, 403, "SignatureDoesNotMatch").await;
}

async fn a_grant_refuses_another_checksum_header(target: &Target) {
    let other = base64(&Sha256::of(b"other").0);
    let answer = target.send(&target.grant(b"bytes").await, b"other", &[("x-amz-checksum-sha256", &other)]).await;
    target.was_refused(answer, 403, "SignatureDoesNotMatch").await;
}

async fn a_grant_refuses_bytes_of_another_checksum(target: &Target) {
    let answer = target.send(&target.grant(b"bytes").await, b"other", &[]).await;
    target.was_refused(answer, 400, "BadDigest").await;
}

async fn a_grant_refuses_a_missing_signed_header(target: &Target) {
    for name in ["if-none-match", "x-amz-checksum-sha256", "content-type"] {
        let mut grant = target.grant(b"bytes").await;
        grant.headers.retain(|(this, _)| *this != name);
        let (status, body) = target.send(&grant, b"bytes", &[]).await;
        assert_eq!(status, 403, "{name}: {body}");
    }
    assert!(target.is_absent(KEY).await);
}

async fn a_grant_refuses_a_header_that_it_does_not_speak_of(target: &Target) {
    let extra = [("x-amz-storage-class", "GLACIER")];
    let answer = target.send(&target.grant(b"bytes").await, b"bytes", &extra).await;
    target.was_refused(answer, 403, "AccessDenied").await;
}

async fn a_grant_refuses_a_changed_signature(target: &Target) {
    let mut grant = target.grant(b"bytes").await;
    grant.url = grant.url.replace(KEY, "incoming/b.png");
    let answer = target.send(&grant, b"bytes", &[]).await;
    target.was_refused(answer, 403, "SignatureDoesNotMatch").await;
    assert!(target.is_absent("incoming/b.png").await);
}

async fn a_grant_is_write_once(target: &Target) {
    let grant = target.grant(b"bytes").await;
    assert_eq!(target.send(&grant, b"bytes", &[]).await.0, 200);
    let (status, body) = target.send(&grant, b"bytes", &[]).await;
    assert_eq!(status, 412, "{body}");
    assert!(body.contains("<Code>PreconditionFailed<"), "{body}");
}

async fn a_grant_expires(target: &Target) {
    let key = ObjectKey::recorded(KEY.to_owned());
    let grant = target.signer.put(&key, &declared(b"bytes"), true, Duration::from_secs(1)).await.expect("signed");
    if let Some(fake) = &target.fake {
        fake.expire_url(&grant.url);
    } else {
        // Its date has whole seconds.
        tokio::time::sleep(Duration::from_millis(2100)).await;
    }
    let answer = target.send(&grant, b"bytes", &[]).await;
    target.was_refused(answer, 403, "AccessDenied").await;
}

async fn a_download_has_the_name_and_type_that_were_signed(target: &Target) {
    target.put(KEY, b"bytes").await;
    let (filename, content_type) = ("März 1.png", MediaType::parse("image/webp").expect("valid"));
    let url = target
        .signer
        .get(&stored(None), (Disposition::Attachment, filename), &content_type, LIFETIME)
        .await
        .expect("signed");
    let got = reqwest::get(&url.url).await.expect("an answer");
    let header = |name: &str| got.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "image/webp");
    assert_eq!(
        header("content-disposition"),
        "attachment; filename=\"M_rz 1.png\"; filename*=UTF-8''M%C3%A4rz%201.png"
    );
    assert_eq!(got.bytes().await.expect("the body comes").as_ref(), b"bytes");
}
