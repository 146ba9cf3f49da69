//! SQS's JSON: what requests say, and how messages and errors are written.

use std::time::Duration;

use http::{HeaderValue, Response, StatusCode};
use s3s::Body;
use serde_json::{Value, json};

use super::queue::Message;
use super::receipt::Receipt;
use crate::fake_aws::reply;

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// What SQS refuses a request with.
#[derive(Debug)]
pub(super) struct SqsError {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl SqsError {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// As an entry of a batch.
    pub(super) fn entry(&self, id: &Value) -> Value {
        json!({"Id": id, "SenderFault": self.code != "InternalError", "Code": self.code, "Message": self.message})
    }
}

/// A successful answer.
pub(super) fn ok(output: &Value) -> Response<Body> {
    reply::answer(StatusCode::OK, CONTENT_TYPE, output.to_string())
}

/// The answer for an error. Since the JSON protocol came, an error has two names: the shape's own in the body, and in a header
/// the code of the query protocol, which SDKs prefer.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let shape = match code {
        "AWS.SimpleQueueService.NonExistentQueue" => "QueueDoesNotExist",
        "AWS.SimpleQueueService.PurgeQueueInProgress" => "PurgeQueueInProgress",
        code => code,
    };
    let body = json!({"__type": format!("com.amazonaws.sqs#{shape}"), "message": message});
    let mut response = reply::answer(status, CONTENT_TYPE, body.to_string());
    let fault = if status.is_server_error() { "Receiver" } else { "Sender" };
    let code = HeaderValue::from_str(&format!("{code};{fault}")).expect("codes are plain words");
    response.headers_mut().insert("x-amzn-query-error", code);
    response
}

/// A message as a receive gives it, with these of its attributes.
pub(super) fn message(receipt: Receipt, message: &Message, wanted: &[&str]) -> Value {
    let all = wanted.contains(&"All");
    let attributes = [
        ("ApproximateReceiveCount", message.receives.to_string()),
        ("SentTimestamp", message.sent_at.as_millisecond().to_string()),
        (
            "ApproximateFirstReceiveTimestamp",
            message.first_received_at.unwrap_or_default().as_millisecond().to_string(),
        ),
        ("SenderId", super::ACCOUNT.to_owned()),
    ];
    let attributes = attributes.into_iter().filter(|(name, _)| all || wanted.contains(name));
    let attributes: serde_json::Map<_, _> = attributes.map(|(name, value)| (name.to_owned(), value.into())).collect();
    let mut written = json!({
        "MessageId": message.id, "ReceiptHandle": receipt.to_string(),
        "MD5OfBody": hex::encode(message.md5), "Body": &*message.body,
    });
    if !attributes.is_empty() {
        written["Attributes"] = attributes.into();
    }
    written
}

/// The names in a list.
pub(super) fn names(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// A whole number in a field, if it is there: attributes have theirs as text.
pub(super) fn number(input: &Value, field: &str) -> Option<u64> {
    let value = input.get(field)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

pub(super) fn seconds(input: &Value, field: &str) -> Option<Duration> {
    number(input, field).map(Duration::from_secs)
}

/// A text that the request can't do without.
pub(super) fn required<'a>(input: &'a Value, field: &str) -> Result<&'a str, SqsError> {
    let missing = || SqsError::new("MissingParameter", format!("The request must contain the parameter {field}."));
    input.get(field).and_then(Value::as_str).ok_or_else(missing)
}
