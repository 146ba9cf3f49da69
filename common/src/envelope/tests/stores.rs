//! What the messages of real stores say.

use super::*;
use crate::envelope::key::MAX_KEY_BYTES;

#[test]
fn a_put_on_aws_says_everything() {
    let expected = ObjectEvent {
        bucket: "sluice-uploads".into(),
        key: "avatars/acme/0195.png".into(),
        name: "ObjectCreated:Put".into(),
        size: Some(1024),
        etag: owned("d41d8cd98f00b204e9800998ecf8427e"),
        version_id: owned("096fKKXTRTtl3on89fVO.nfljtsv6qko"),
        time: owned("2026-03-02T10:15:30.123Z"),
    };
    assert_eq!(created(AWS_PUT), expected);
}

#[test]
fn a_finished_multipart_upload_of_48_tebibytes_keeps_its_size_and_its_etag() {
    let event = created(AWS_MULTIPART);
    assert_eq!(event.name, "ObjectCreated:CompleteMultipartUpload");
    assert_eq!(event.size, Some(53_687_091_200_000));
    assert_eq!(event.etag, owned("9b2cf535f27731c974343645a3985328-9"));
    assert_eq!(event.version_id, None);
}

#[test]
fn a_copy_on_aws_is_a_creation_with_its_key_decoded() {
    assert_eq!(created(AWS_COPY).key, "avatars/acme/red flower+100%.png");
}

#[test]
fn what_creates_no_object_is_ignored_by_name() {
    assert_eq!(ignored(AWS_REMOVED), "ObjectRemoved:Delete");
    assert_eq!(ignored(AWS_TAGGING), "ObjectTagging:Put");
    assert_eq!(ignored(EVENTBRIDGE_DELETED), "Object Deleted");
    let restored = aws_put_with("/eventName", json!("s3:ObjectRestore:Completed"));
    assert_eq!(ignored(&restored), "ObjectRestore:Completed");
}

#[test]
fn what_is_ignored_needs_no_readable_key() {
    assert_eq!(ignored(&changed(AWS_REMOVED, "/Records/0/s3/object/key", json!("%FF"))), "ObjectRemoved:Delete");
}

#[test]
fn the_stores_test_event_is_no_error() {
    assert_eq!(ignored(TEST_EVENT), "TestEvent");
    assert_eq!(ignored(&in_sns(TEST_EVENT)), "TestEvent");
}

#[test]
fn localstacks_time_without_a_zone_is_kept_as_it_is() {
    let event = created(LOCALSTACK_PUT);
    assert_eq!(event.time, owned("2026-11-23T21:15:18.050395"));
    assert_eq!(event.key, "avatars/acme/0195 é.png");
}

#[test]
fn minio_says_the_same_as_aws_in_its_own_spelling() {
    let expected = ObjectEvent { version_id: None, ..created(AWS_PUT) };
    assert_eq!(created(MINIO_PUT), expected);
}

#[test]
fn eventbridge_writes_keys_as_they_are() {
    let expected = ObjectEvent {
        bucket: "sluice-uploads".into(),
        key: "avatars/acme/1+1=100%.png".into(),
        name: "Object Created: PutObject".into(),
        size: Some(1024),
        etag: owned("d41d8cd98f00b204e9800998ecf8427e"),
        version_id: owned("IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"),
        time: owned("2026-03-02T10:15:30Z"),
    };
    assert_eq!(created(EVENTBRIDGE_CREATED), expected);
}

#[test]
fn an_eventbridge_event_without_a_reason_is_a_creation_all_the_same() {
    assert_eq!(created(&changed(EVENTBRIDGE_CREATED, "/detail/reason", Value::Null)).name, "Object Created");
}

#[test]
fn an_envelope_of_snss_changes_nothing() {
    for body in [AWS_PUT, AWS_COPY, AWS_REMOVED, MINIO_PUT, LOCALSTACK_PUT, EVENTBRIDGE_CREATED] {
        assert_eq!(parse(&in_sns(body)), parse(body));
        assert_eq!(parse(&in_sns(&in_sns(body))), parse(body));
    }
}

#[test]
fn a_byte_order_mark_is_accepted() {
    let marked = format!("\u{feff}{AWS_PUT}");
    assert_eq!(parse(&marked), parse(AWS_PUT));
    assert_eq!(parse(&in_sns(&marked)), parse(AWS_PUT));
}

#[test]
fn keys_are_form_decoded() {
    let longest = "é".repeat(MAX_KEY_BYTES / 2);
    let table = [
        ("a+b", "a b"),
        ("a%20b", "a b"),
        ("a%2Bb", "a+b"),
        ("a%2bb", "a+b"),
        ("a%25b", "a%b"),
        ("a%252Bb", "a%2Bb"),
        ("a%2Fb", "a/b"),
        ("%C3%A9%F0%9F%98%80", "é😀"),
        ("é😀", "é😀"),
        ("../..%2Fetc", "../../etc"),
        ("100%", "100%"),
        ("100%+", "100% "),
        ("50%zz%4", "50%zz%4"),
        ("%00%", "\0%"),
        (&longest, &longest),
    ];
    for (sent, meant) in table {
        let body = aws_put_with("/s3/object/key", json!(sent));
        if meant.contains('\0') {
            assert_eq!(unreadable_record(&body), Unreadable::KeyHasNul);
        } else {
            assert_eq!(created(&body).key, meant, "{sent}");
        }
    }
}

#[test]
fn a_body_as_large_as_a_queue_takes_is_read_in_full() {
    let mut body: Value = serde_json::from_str(AWS_PUT).expect("a fixture is JSON");
    let record = body["Records"][0].clone();
    let many = 256 * 1024 / record.to_string().len();
    body["Records"] = vec![record; many].into();
    let expected = vec![Record::Created(created(AWS_PUT)); many];
    assert_eq!(parse(&body.to_string()), Ok(expected));
}
