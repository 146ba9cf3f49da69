//! What is asked of a queue on SQS in one way by all who ask: many answers with one request, and how much it holds.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, QueueAttributeName,
};

/// The most messages in one request.
pub const BATCH: usize = 10;

/// The queue did not do what it was asked. A retry can help.
#[derive(Debug, thiserror::Error)]
#[error("could not {operation}")]
pub struct QueueError {
    operation: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl QueueError {
    /// The queue did not do this.
    pub fn new(operation: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { operation, source: source.into() }
    }
}

/// What the queue said about one answer in a batch.
pub type Entry = Result<(), Refusal>;

/// Why the queue did not do what one entry of a batch asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{said}")]
pub struct Refusal {
    /// The queue's code and message.
    said: String,
    /// Whether asking again changes nothing: the message has come again, or was answered.
    pub is_final: bool,
}

/// About how many messages the queue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Ready to be received.
    pub visible: u64,
    /// Received and not answered.
    pub in_flight: u64,
}

/// About how many messages the queue at this URL holds.
///
/// # Errors
/// Where it does not answer.
pub async fn waiting(client: &Client, url: &str) -> Result<Waiting, QueueError> {
    use QueueAttributeName::{
        ApproximateNumberOfMessages as Visible, ApproximateNumberOfMessagesNotVisible as InFlight,
    };
    let request = client.get_queue_attributes().queue_url(url).attribute_names(Visible).attribute_names(InFlight);
    let answer = request.send().await.map_err(|error| QueueError::new("count the messages", error))?;
    let attributes = answer.attributes.unwrap_or_default();
    Ok(Waiting { visible: number(&attributes, &Visible), in_flight: number(&attributes, &InFlight) })
}

/// An attribute that is a number.
pub fn number(attributes: &HashMap<QueueAttributeName, String>, name: &QueueAttributeName) -> u64 {
    attributes.get(name).and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// Deletes messages by their receipts, up to [`BATCH`] of them. Says of each whether it was done.
///
/// # Errors
/// Where the queue does not answer.
pub async fn delete(client: Client, url: Arc<str>, receipts: Vec<String>) -> Result<Vec<Entry>, QueueError> {
    let count = receipts.len();
    let entries = receipts.into_iter().enumerate().map(|(place, receipt)| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(place.to_string()).receipt_handle(receipt);
        entry.build().expect("id and receipt are set")
    });
    let request = client.delete_message_batch().queue_url(&*url).set_entries(Some(entries.collect()));
    let answer = request.send().await.map_err(|error| QueueError::new("delete messages", error))?;
    Ok(entries_of(count, answer.failed()))
}

/// Has messages come again after other times, up to [`BATCH`] of them. Says of each whether it was done.
///
/// # Errors
/// Where the queue does not answer.
pub async fn change_visibility(
    client: Client,
    url: Arc<str>,
    changes: Vec<(String, Duration)>,
) -> Result<Vec<Entry>, QueueError> {
    let count = changes.len();
    let entries = changes.into_iter().enumerate().map(|(place, (receipt, time))| {
        let seconds = i32::try_from(time.as_secs()).unwrap_or(i32::MAX);
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(place.to_string()).receipt_handle(receipt);
        entry.visibility_timeout(seconds).build().expect("id and receipt are set")
    });
    let request = client.change_message_visibility_batch().queue_url(&*url).set_entries(Some(entries.collect()));
    let answer = request.send().await.map_err(|error| QueueError::new("change when messages come again", error))?;
    Ok(entries_of(count, answer.failed()))
}

/// A batch is answered with 200 even where some of its entries failed.
fn entries_of(count: usize, failed: &[BatchResultErrorEntry]) -> Vec<Entry> {
    let refusal = |place: usize| failed.iter().find(|entry| entry.id() == place.to_string());
    let entry = |place| match refusal(place) {
        None => Ok(()),
        Some(error) => Err(Refusal {
            said: format!("{}: {}", error.code(), error.message().unwrap_or("no message")),
            is_final: error.sender_fault() && !error.code().contains("Throttl"),
        }),
    };
    (0..count).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_entry_fails_alone() {
        let failed = |id: &str, code: &str, fault| {
            BatchResultErrorEntry::builder().id(id).code(code).sender_fault(fault).build().expect("complete")
        };
        let entries =
            entries_of(3, &[failed("1", "ReceiptHandleIsInvalid", true), failed("2", "InternalError", false)]);
        let refusal = |said: &str, is_final| Err(Refusal { said: said.to_owned(), is_final });
        let expected =
            [Ok(()), refusal("ReceiptHandleIsInvalid: no message", true), refusal("InternalError: no message", false)];
        assert_eq!(entries, expected);
    }
}
