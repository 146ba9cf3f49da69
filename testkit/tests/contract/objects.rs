//! What can be put and read.

use super::KEY;
use super::target::{Target, refusal, status};

super::both_keep! {
    what_was_put_is_what_comes_back
    a_range_comes_with_the_whole_size
    a_range_past_the_end_is_clamped
    no_range_fits_an_empty_object
    an_absent_object_is_not_an_absent_bucket
}

async fn what_was_put_is_what_comes_back(target: &Target) {
    let put = target.put(KEY, b"bytes").await;
    let got = target.s3.get_object().bucket(&target.name).key(KEY).send().await.expect("it is there");
    assert_eq!(got.e_tag(), put.e_tag());
    assert_eq!(got.e_tag(), Some("\"4b3a6218bb3e3a7303e8a171a60fcf92\""), "the MD5, in quotes");
    assert_eq!((got.content_length(), got.content_type()), (Some(5), Some("image/png")));
    assert_eq!(got.body.collect().await.expect("the body comes").to_vec(), b"bytes");
    let head = target.s3.head_object().bucket(&target.name).key(KEY).send().await.expect("it is there");
    assert_eq!((head.e_tag(), head.content_length()), (put.e_tag(), Some(5)));
    target.s3.head_bucket().bucket(&target.name).send().await.expect("the bucket is there");
}

async fn a_range_comes_with_the_whole_size(target: &Target) {
    target.put(KEY, b"0123456789").await;
    let got = target.get_range("bytes=2-4").await.expect("it is there");
    assert_eq!((got.content_range(), got.content_length()), (Some("bytes 2-4/10"), Some(3)));
    assert_eq!(got.body.collect().await.expect("the body comes").to_vec(), b"234");
}

async fn a_range_past_the_end_is_clamped(target: &Target) {
    target.put(KEY, b"0123456789").await;
    let got = target.get_range("bytes=0-8191").await.expect("it is there");
    assert_eq!(got.content_range(), Some("bytes 0-9/10"));
    assert_eq!(got.body.collect().await.expect("the body comes").to_vec(), b"0123456789");
}

async fn no_range_fits_an_empty_object(target: &Target) {
    target.put(KEY, b"").await;
    let error = target.get_range("bytes=0-8191").await.expect_err("there is no such range");
    // The fake adds `Content-Range: bytes */0`; LocalStack does not, and neither is relied on.
    assert_eq!(refusal(&error), (416, "InvalidRange"));
    let head = target.s3.head_object().bucket(&target.name).key(KEY).send().await.expect("it is there");
    assert_eq!(head.content_length(), Some(0));
}

async fn an_absent_object_is_not_an_absent_bucket(target: &Target) {
    let error = target.get_range("bytes=0-1").await.expect_err("there is none");
    assert_eq!(refusal(&error), (404, "NoSuchKey"));
    let absent = format!("{}-absent", target.name);
    let error = target.s3.get_object().bucket(&absent).key(KEY).send().await.expect_err("there is none");
    assert_eq!(refusal(&error), (404, "NoSuchBucket"));
    // An answer to a HEAD has no body, and so no code that tells the two apart.
    let error = target.s3.head_object().bucket(&target.name).key(KEY).send().await.expect_err("there is none");
    assert_eq!(status(&error), 404);
    let error = target.s3.head_bucket().bucket(&absent).send().await.expect_err("there is none");
    assert_eq!(status(&error), 404);
}
