//! The messages that the tests read, and how they ask what was read.

mod broken;
mod properties;
mod stores;

use serde_json::{Value, json};

use super::{ObjectEvent, Record, Unreadable, first_upload, parse, says};

const AWS_PUT: &str = include_str!("fixtures/aws_put.json");
const EVENTBRIDGE_CREATED: &str = include_str!("fixtures/eventbridge_created.json");
const MINIO_PUT: &str = include_str!("fixtures/minio_put.json");
const AWS_COPY: &str = include_str!("fixtures/aws_copy.json");
const AWS_MULTIPART: &str = include_str!("fixtures/aws_multipart.json");
const AWS_REMOVED: &str = include_str!("fixtures/aws_removed.json");
const AWS_TAGGING: &str = include_str!("fixtures/aws_tagging.json");
const EVENTBRIDGE_DELETED: &str = include_str!("fixtures/eventbridge_deleted.json");
const LOCALSTACK_PUT: &str = include_str!("fixtures/localstack_put.json");
const TEST_EVENT: &str = include_str!("fixtures/test_event.json");

/// What SNS delivers to a queue when raw delivery is off.
fn in_sns(message: &str) -> String {
    json!({
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:eu-central-1:111122223333:uploads",
        "Subject": "Amazon S3 Notification",
        "Message": message,
        "Timestamp": "2026-03-02T10:15:30.456Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLEw6JRN==",
        "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-example.pem",
        "UnsubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe",
    })
    .to_string()
}

/// The body of AWS's put, with one value of its record replaced, or taken away by `null`.
fn aws_put_with(pointer: &str, value: Value) -> String {
    changed(AWS_PUT, &format!("/Records/0{pointer}"), value)
}

fn changed(body: &str, pointer: &str, value: Value) -> String {
    let mut body: Value = serde_json::from_str(body).expect("a fixture is JSON");
    *body.pointer_mut(pointer).expect("the fixture has the field") = value;
    body.to_string()
}

fn created(body: &str) -> ObjectEvent {
    match parse(body).as_deref() {
        Ok([Record::Created(event)]) => event.clone(),
        other => panic!("expected one created object, got {other:?}"),
    }
}

fn ignored(body: &str) -> String {
    match parse(body).as_deref() {
        Ok([Record::Ignored { name }]) => name.clone(),
        other => panic!("expected one ignored record, got {other:?}"),
    }
}

fn unreadable_record(body: &str) -> Unreadable {
    match parse(body).as_deref() {
        Ok([Record::Unreadable(why)]) => why.clone(),
        other => panic!("expected one unreadable record, got {other:?}"),
    }
}

fn owned(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_message_is_told_by_the_objects_it_speaks_of() {
    let record = |key: &str| {
        format!(r#"{{"eventName":"ObjectCreated:Put","s3":{{"bucket":{{"name":"b"}},"object":{{"key":"{key}"}}}}}}"#)
    };
    let body = format!(r#"{{"Records":[{},{}]}}"#, record("one"), record("two"));
    assert_eq!(says(&body), "b/one, b/two");
    assert_eq!(first_upload(&body), None);
    assert_eq!(says(r#"{"Event":"s3:TestEvent"}"#), "TestEvent");
    assert_eq!(says("{"), "the body is not JSON: it can't be read at line 1, column 1");
    let id = "019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10";
    let body = format!(r#"{{"Records":[{},{}]}}"#, record("one"), record(&format!("images/acme/{id}.png")));
    assert_eq!(first_upload(&body).map(|id| id.to_string()).as_deref(), Some(id));
}
