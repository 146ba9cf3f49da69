//! Sending, receiving and answering messages, one by one and in batches.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::queue::{Message, Refusal};
use super::receipt::{Receipt, StaleReceipts};
use super::wire::{self, SqsError, names, number, required, seconds};
use super::{FailEntries, QueueHandle, Redrive, Sqs};

/// The longest that one change of visibility can ask for.
const LONGEST_HIDDEN_SECONDS: u64 = 43_200;

impl Sqs {
    pub(super) fn send_message(&self, input: &Value) -> Result<Value, SqsError> {
        let queue = self.find(Self::queue_name(input))?;
        let now = self.clock.now();
        let message = Message::new(required(input, "MessageBody")?.into(), now);
        let answer = json!({"MessageId": message.id, "MD5OfMessageBody": hex::encode(message.md5)});
        let delay = seconds(input, "DelaySeconds").unwrap_or(queue.lock().attributes.delay);
        queue.put(message, delay, now);
        Ok(answer)
    }

    /// Waits for the first message, up to the time that the request or the queue says.
    pub(super) async fn receive_message(&self, input: &Value) -> Result<Value, SqsError> {
        let name = Self::queue_name(input);
        let queue = self.find(name)?;
        let attributes = queue.lock().attributes.clone();
        let until = self.clock.now() + seconds(input, "WaitTimeSeconds").unwrap_or(attributes.wait);
        let hide = seconds(input, "VisibilityTimeout").unwrap_or(attributes.visibility);
        let most = usize::try_from(number(input, "MaxNumberOfMessages").unwrap_or(1)).unwrap_or(1);
        if !(1..=10).contains(&most) {
            return Err(SqsError::new("InvalidParameterValue", "MaxNumberOfMessages must be between 1 and 10."));
        }
        loop {
            let changed = queue.changed.notified();
            tokio::pin!(changed);
            // From here on no message is missed.
            changed.as_mut().enable();
            let now = self.clock.now();
            let (taken, next) = self.take(name, &queue, most, hide, now);
            if !taken.is_empty() || now >= until {
                return Ok(received(input, &taken));
            }
            tokio::select! {
                () = changed => {}
                () = self.clock.sleep_until(next.map_or(until, |next| next.min(until))) => {}
            }
        }
    }

    /// Takes what is there now, and gives up what was received too often.
    fn take(
        &self,
        name: &str,
        queue: &QueueHandle,
        most: usize,
        hide: Duration,
        now: Timestamp,
    ) -> (Vec<(Receipt, Message)>, Option<Timestamp>) {
        let mut locked = queue.lock();
        let (taken, dead) = locked.receive(most, hide, now);
        let (next, redrive) = (locked.next_visible_at(now), locked.attributes.redrive.clone());
        drop(locked);
        if let Some(Redrive { queue, .. }) = redrive
            && let Ok(dead_letters) = self.find(&queue)
        {
            let given_up_by = Some(name.to_owned());
            // It keeps its id and the time when it was sent.
            dead.into_iter().for_each(|message| {
                dead_letters.put(Message { given_up_by: given_up_by.clone(), ..message }, Duration::ZERO, now)
            });
        }
        (taken, next)
    }

    pub(super) fn delete_message(&self, input: &Value) -> Result<Value, SqsError> {
        let queue = self.find(Self::queue_name(input))?;
        if let Some(receipt) = self.good_receipt(&queue, input)? {
            queue.lock().delete(receipt);
        }
        Ok(json!({}))
    }

    pub(super) fn change_visibility(&self, input: &Value) -> Result<Value, SqsError> {
        let queue = self.find(Self::queue_name(input))?;
        let invalid = |why: &str| SqsError::new("InvalidParameterValue", why);
        let time = number(input, "VisibilityTimeout").filter(|time| *time <= LONGEST_HIDDEN_SECONDS);
        let time = time.ok_or_else(|| invalid("VisibilityTimeout must be between 0 and 43200."))?;
        if let Some(receipt) = self.good_receipt(&queue, input)? {
            let hidden = queue.lock().hide(receipt, Duration::from_secs(time), self.clock.now());
            hidden.map_err(|refusal| match refusal {
                Refusal::Gone => invalid("Message does not exist or is not available for visibility timeout change."),
                Refusal::NotInFlight => SqsError::new("MessageNotInflight", "The message is not in flight."),
                Refusal::TooLong => invalid("Total VisibilityTimeout for the message is beyond the limit."),
            })?;
            queue.changed.notify_waiters();
        }
        Ok(json!({}))
    }

    /// The receipt, where it is to be obeyed.
    fn good_receipt(&self, queue: &QueueHandle, input: &Value) -> Result<Option<Receipt>, SqsError> {
        let invalid = || SqsError::new("ReceiptHandleIsInvalid", "The input receipt handle is invalid.");
        let receipt = Receipt::parse(required(input, "ReceiptHandle")?).ok_or_else(invalid)?;
        let stale = self.lock().stale;
        match stale {
            StaleReceipts::Ignored if queue.lock().is_stale(receipt) => Ok(None),
            StaleReceipts::Refused if queue.lock().is_stale(receipt) => Err(invalid()),
            _ => Ok(Some(receipt)),
        }
    }

    /// Each entry for itself: some may fail in an answer that is a 200.
    pub(super) fn batch(
        &self,
        input: &Value,
        failing: Option<FailEntries>,
        carry_out: impl Fn(&Value) -> Result<Value, SqsError>,
    ) -> Result<Value, SqsError> {
        self.find(Self::queue_name(input))?;
        let entries = input["Entries"].as_array().map(Vec::as_slice).unwrap_or_default();
        admit_batch(entries)?;
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for (place, entry) in entries.iter().enumerate() {
            let mut entry = entry.clone();
            entry["QueueUrl"] = input["QueueUrl"].clone();
            match failing {
                Some(FailEntries { entries, code }) if place < entries => {
                    failed.push(SqsError::new(code, "as scripted").entry(&entry["Id"]));
                }
                _ => match carry_out(&entry) {
                    Ok(mut output) => {
                        output["Id"] = entry["Id"].take();
                        successful.push(output);
                    }
                    Err(error) => failed.push(error.entry(&entry["Id"])),
                },
            }
        }
        Ok(json!({"Successful": successful, "Failed": failed}))
    }
}

fn admit_batch(entries: &[Value]) -> Result<(), SqsError> {
    if entries.is_empty() {
        return Err(SqsError::new("AWS.SimpleQueueService.EmptyBatchRequest", "There are no entries."));
    }
    if entries.len() > 10 {
        return Err(SqsError::new("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "At most 10 entries."));
    }
    let ids: std::collections::HashSet<_> = entries.iter().map(|entry| entry["Id"].as_str()).collect();
    if ids.len() < entries.len() {
        return Err(SqsError::new("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "Two entries share an id."));
    }
    Ok(())
}

/// An answer with these messages. SQS leaves the list out where there is none.
fn received(input: &Value, taken: &[(Receipt, Message)]) -> Value {
    if taken.is_empty() {
        return json!({});
    }
    let lists = [&input["MessageSystemAttributeNames"], &input["AttributeNames"]];
    let wanted: Vec<&str> = lists.into_iter().flat_map(names).collect();
    let messages: Vec<_> = taken.iter().map(|(receipt, message)| wire::message(*receipt, message, &wanted)).collect();
    json!({"Messages": messages})
}
