//! The queue on SQS. Answers that are given at the same time share one request.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
    MessageSystemAttributeName, QueueAttributeName,
};
use serde_json::Value;
use sluice_common::coalesce::{BatchError, Coalescer};
use sluice_common::storage::SdkClients;

use super::Delivery;
use crate::times::Times;

/// The most messages in one request.
pub(crate) const BATCH: usize = 10;

/// The queue did not do what it was asked. A retry can help.
#[derive(Debug, thiserror::Error)]
#[error("could not {operation}")]
pub struct QueueError {
    operation: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl QueueError {
    pub(super) fn new(operation: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
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

/// How a queue is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manners {
    /// For how long it hides what it hands out.
    pub hidden: Duration,
    /// After how many times it gives a message up; `None` where it never does.
    pub most_times: Option<u64>,
}

/// The queue. Cheap to clone.
#[derive(Clone)]
pub struct Queue {
    client: Client,
    url: Arc<str>,
    long_poll: Duration,
    deletions: Coalescer<String, Entry, QueueError>,
    visibilities: Coalescer<(String, Duration), Entry, QueueError>,
}

impl Queue {
    /// A client for the queue of this URL.
    pub fn new(sdk: &SdkClients, url: &str, endpoint: Option<String>, times: &Times) -> Self {
        let mut config = aws_sdk_sqs::config::Builder::from(&sdk.with_attempt_timeout(times.queue_attempt));
        config.set_endpoint_url(endpoint);
        let client = Client::from_conf(config.build());
        let url: Arc<str> = url.into();
        let deletions = Coalescer::new(BATCH, {
            let (client, url) = (client.clone(), Arc::clone(&url));
            move |receipts| delete(client.clone(), Arc::clone(&url), receipts)
        });
        let visibilities = Coalescer::new(BATCH, {
            let (client, url) = (client.clone(), Arc::clone(&url));
            move |changes| change_visibility(client.clone(), Arc::clone(&url), changes)
        });
        Self { client, url, long_poll: times.long_poll, deletions, visibilities }
    }

    /// Takes up to `most` messages, waiting a few seconds for the first.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn receive(&self, most: usize) -> Result<Vec<Delivery>, QueueError> {
        let answer = self
            .client
            .receive_message()
            .queue_url(&*self.url)
            .max_number_of_messages(i32::try_from(most.min(BATCH)).expect("at most 10"))
            .wait_time_seconds(i32::try_from(self.long_poll.as_secs()).expect("a few seconds"))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .customize()
            // Whoever receives asks again anyway, and may be asked to stop before.
            .config_override(aws_sdk_sqs::config::Builder::new().retry_config(RetryConfig::disabled()))
            .send()
            .await
            .map_err(|error| QueueError { operation: "receive messages", source: error.into() })?;
        let deliveries = answer.messages.unwrap_or_default().into_iter().filter_map(|message| {
            let times = message.attributes().and_then(|attributes| {
                attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount)?.parse().ok()
            });
            Some(Delivery {
                message_id: message.message_id?,
                receipt: message.receipt_handle?,
                body: message.body.unwrap_or_default(),
                times: times.unwrap_or(1),
            })
        });
        Ok(deliveries.collect())
    }

    /// Deletes a delivery's message.
    ///
    /// # Errors
    /// Where the queue does not answer, or refuses. The message comes again then.
    pub async fn delete(&self, receipt: String) -> Result<(), QueueError> {
        const OPERATION: &str = "delete a message";
        // Once more, because an entry that was throttled costs a whole delivery otherwise.
        match read(OPERATION, self.deletions.call(receipt.clone()).await) {
            Ok(()) => Ok(()),
            Err(_) => read(OPERATION, self.deletions.call(receipt).await),
        }
    }

    /// Has a delivery's message handed out again after this time, rather than after the queue's visibility timeout.
    ///
    /// # Errors
    /// Where the queue does not answer, or refuses. The message comes again after the timeout then.
    pub async fn hide_for(&self, receipt: String, time: Duration) -> Result<(), QueueError> {
        read("change when a message comes again", self.visibilities.call((receipt, time)).await)
    }

    /// The same for up to ten deliveries at once. Says of each whether it was done.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn hide_all(&self, receipts: &[String], time: Duration) -> Result<Vec<Entry>, QueueError> {
        let changes = receipts.iter().map(|receipt| (receipt.clone(), time)).collect();
        change_visibility(self.client.clone(), Arc::clone(&self.url), changes).await
    }

    /// For how long it hides what it hands out, and after how many times it gives a message up, if it ever does.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn manners(&self) -> Result<Manners, QueueError> {
        use QueueAttributeName::{RedrivePolicy, VisibilityTimeout};
        let request = self.client.get_queue_attributes().queue_url(&*self.url);
        let answer = request.attribute_names(VisibilityTimeout).attribute_names(RedrivePolicy).send().await;
        let answer =
            answer.map_err(|error| QueueError { operation: "ask how the queue is set up", source: error.into() })?;
        let attributes = answer.attributes.unwrap_or_default();
        let redrive = attributes.get(&RedrivePolicy).and_then(|policy| serde_json::from_str::<Value>(policy).ok());
        let most_times = redrive.and_then(|policy| match &policy["maxReceiveCount"] {
            Value::String(text) => text.parse().ok(),
            number => number.as_u64(),
        });
        Ok(Manners { hidden: Duration::from_secs(number(&attributes, &VisibilityTimeout)), most_times })
    }

    /// About how many messages there are.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn waiting(&self) -> Result<Waiting, QueueError> {
        use QueueAttributeName::{
            ApproximateNumberOfMessages as Visible, ApproximateNumberOfMessagesNotVisible as InFlight,
        };
        let request = self.client.get_queue_attributes().queue_url(&*self.url);
        let answer = request.attribute_names(Visible).attribute_names(InFlight).send().await;
        let answer = answer.map_err(|error| QueueError { operation: "count the messages", source: error.into() })?;
        let attributes = answer.attributes.unwrap_or_default();
        Ok(Waiting { visible: number(&attributes, &Visible), in_flight: number(&attributes, &InFlight) })
    }
}

/// An attribute that is a number.
fn number(attributes: &HashMap<QueueAttributeName, String>, name: &QueueAttributeName) -> u64 {
    attributes.get(name).and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn read(operation: &'static str, answer: Result<Entry, BatchError<QueueError>>) -> Result<(), QueueError> {
    match answer {
        Ok(Ok(())) => Ok(()),
        Ok(Err(refusal)) => Err(QueueError { operation, source: refusal.into() }),
        Err(error) => Err(QueueError { operation, source: error.into() }),
    }
}

pub(super) async fn delete(client: Client, url: Arc<str>, receipts: Vec<String>) -> Result<Vec<Entry>, QueueError> {
    let count = receipts.len();
    let entries = receipts.into_iter().enumerate().map(|(place, receipt)| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(place.to_string()).receipt_handle(receipt);
        entry.build().expect("id and receipt are set")
    });
    let request = client.delete_message_batch().queue_url(&*url).set_entries(Some(entries.collect()));
    let answer =
        request.send().await.map_err(|error| QueueError { operation: "delete messages", source: error.into() })?;
    Ok(entries_of(count, answer.failed()))
}

pub(super) async fn change_visibility(
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
    let answer = request
        .send()
        .await
        .map_err(|error| QueueError { operation: "change when messages come again", source: error.into() })?;
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
