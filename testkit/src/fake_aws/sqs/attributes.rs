//! Making queues, and what can be asked and said about one as a whole.

use serde_json::{Map, Value, json};

use super::queue::{Attributes, Redrive};
use super::wire::{SqsError, names, number, required, seconds};
use super::{QueueHandle, Sqs, arn};

impl Sqs {
    pub(super) fn create_queue(&self, input: &Value) -> Result<Value, SqsError> {
        let name = required(input, "QueueName")?;
        let queue = self.lock().queues.entry(name.to_owned()).or_default().clone();
        apply(&queue, input)?;
        Ok(json!({"QueueUrl": self.url(name)}))
    }

    pub(super) fn set_attributes(&self, input: &Value) -> Result<Value, SqsError> {
        apply(&self.find(Self::queue_name(input))?, input)?;
        Ok(json!({}))
    }

    pub(super) fn get_url(&self, input: &Value) -> Result<Value, SqsError> {
        let name = required(input, "QueueName")?;
        self.find(name)?;
        Ok(json!({"QueueUrl": self.url(name)}))
    }

    pub(super) fn purge_queue(&self, input: &Value) -> Result<Value, SqsError> {
        drop(self.find(Self::queue_name(input))?.lock().empty());
        Ok(json!({}))
    }

    pub(super) fn get_attributes(&self, input: &Value) -> Result<Value, SqsError> {
        let name = Self::queue_name(input);
        let queue = self.find(name)?;
        let wanted = names(&input["AttributeNames"]);
        let known = written(name, &queue.lock(), self.clock.now());
        let known = known.into_iter().filter(|(name, _)| wanted.contains(&"All") || wanted.contains(name));
        let attributes: Map<_, _> = known.map(|(name, value)| (name.to_owned(), value.into())).collect();
        Ok(json!({"Attributes": attributes}))
    }

    /// The queues that give their messages up to this one.
    pub(super) fn list_sources(&self, input: &Value) -> Result<Value, SqsError> {
        let name = Self::queue_name(input);
        self.find(name)?;
        Ok(json!({"queueUrls": self.sources(name).iter().map(|source| self.url(source)).collect::<Vec<_>>()}))
    }

    pub(super) fn sources(&self, dead_letters: &str) -> Vec<String> {
        let state = self.lock();
        let gives_up_to = |queue: &QueueHandle| {
            queue.lock().attributes.redrive.as_ref().is_some_and(|redrive| redrive.queue == dead_letters)
        };
        state.queues.iter().filter(|(_, queue)| gives_up_to(queue)).map(|(name, _)| name.clone()).collect()
    }
}

fn apply(queue: &QueueHandle, input: &Value) -> Result<(), SqsError> {
    let said = &input["Attributes"];
    let mut queue = queue.lock();
    let Attributes { visibility, delay, wait, retention, redrive } = queue.attributes.clone();
    queue.attributes = Attributes {
        visibility: seconds(said, "VisibilityTimeout").unwrap_or(visibility),
        delay: seconds(said, "DelaySeconds").unwrap_or(delay),
        wait: seconds(said, "ReceiveMessageWaitTimeSeconds").unwrap_or(wait),
        retention: seconds(said, "MessageRetentionPeriod").unwrap_or(retention),
        redrive: match said["RedrivePolicy"].as_str() {
            None => redrive,
            Some("") => None,
            Some(policy) => Some(parse_redrive(policy)?),
        },
    };
    Ok(())
}

fn parse_redrive(policy: &str) -> Result<Redrive, SqsError> {
    let invalid = || SqsError::new("InvalidParameterValue", "Value for parameter RedrivePolicy is invalid.");
    let policy: Value = serde_json::from_str(policy).map_err(|_| invalid())?;
    let queue = policy["deadLetterTargetArn"].as_str().and_then(|arn| arn.rsplit(':').next()).ok_or_else(invalid)?;
    let max_receives =
        number(&policy, "maxReceiveCount").and_then(|count| u32::try_from(count).ok()).ok_or_else(invalid)?;
    Ok(Redrive { queue: queue.to_owned(), max_receives })
}

fn written(name: &str, queue: &super::Queue, now: jiff::Timestamp) -> Vec<(&'static str, String)> {
    let (held, attributes) = (queue.held(now), &queue.attributes);
    let mut written = vec![
        ("QueueArn", arn(name)),
        ("ApproximateNumberOfMessages", held.visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", held.in_flight.to_string()),
        ("ApproximateNumberOfMessagesDelayed", held.delayed.to_string()),
        ("VisibilityTimeout", attributes.visibility.as_secs().to_string()),
        ("DelaySeconds", attributes.delay.as_secs().to_string()),
        ("ReceiveMessageWaitTimeSeconds", attributes.wait.as_secs().to_string()),
        ("MessageRetentionPeriod", attributes.retention.as_secs().to_string()),
    ];
    if let Some(Redrive { queue, max_receives }) = &attributes.redrive {
        let policy = json!({"deadLetterTargetArn": arn(queue), "maxReceiveCount": max_receives});
        written.push(("RedrivePolicy", policy.to_string()));
    }
    written
}
