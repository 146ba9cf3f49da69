//! The events of what is put.

use super::target::Target;

super::both_keep! {
    the_event_of_a_put_comes_once_with_the_key_form_encoded
    the_event_of_a_multipart_upload_names_its_completion
}

async fn the_event_of_a_put_comes_once_with_the_key_form_encoded(target: &Target) {
    target.notify().await;
    let put = target.put("in/ä b+c%.png", b"bytes").await;
    let record = target.next_record().await;
    assert_eq!(record["eventName"], "ObjectCreated:Put");
    assert_eq!(record["eventVersion"].as_str().and_then(|version| version.split('.').next()), Some("2"));
    assert_eq!(record["s3"]["bucket"]["name"], *target.name);
    let object = &record["s3"]["object"];
    // Amazon and the fake write a space as `+`, LocalStack as `%20`. A reader of forms takes both.
    let key = object["key"].as_str().expect("a key").replace("%20", "+");
    assert_eq!(key, "in/%C3%A4+b%2Bc%25.png");
    assert_eq!(object["size"], 5);
    assert_eq!(object["eTag"].as_str(), put.e_tag().map(|etag| etag.trim_matches('"')), "without quotes");
    assert!(object["sequencer"].is_string());
    assert!(target.receive(1, 0).await.is_empty(), "once");
}

async fn the_event_of_a_multipart_upload_names_its_completion(target: &Target) {
    let id = target.begin().await;
    let part = target.part(&id, 1, 3).await;
    target.notify().await;
    target.complete(&id, &[part]).await.expect("all parts are there");
    let record = target.next_record().await;
    assert_eq!(record["eventName"], "ObjectCreated:CompleteMultipartUpload");
    assert_eq!(record["s3"]["object"]["size"], 3);
}
