//! Redrive: messages that were given up go back to where they came from, as new ones.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::queue::Message;
use super::wire::{SqsError, number, required};
use super::{Sqs, arn};

/// A redrive. The fake's are over as soon as they are started.
#[derive(Debug, Clone)]
pub(super) struct MoveTask {
    id: Uuid,
    from: String,
    to: Option<String>,
    moved: usize,
    started_at: Timestamp,
}

impl Sqs {
    pub(super) fn start_move(&self, input: &Value) -> Result<Value, SqsError> {
        let from = Self::queue_name(input);
        let dead_letters = self.find_by_arn(required(input, "SourceArn")?)?;
        if self.sources(from).is_empty() {
            let message = "Source queue must be configured as a Dead Letter Queue.";
            return Err(SqsError::new("InvalidParameterValue", message));
        }
        let to = input["DestinationArn"].as_str().map(|arn| arn.rsplit(':').next().unwrap_or_default().to_owned());
        if let Some(to) = &to {
            self.find_by_arn(to)?;
        }
        let given_up = dead_letters.lock().empty();
        let (id, moved, started_at) = (Uuid::from_u128(rand::random()), given_up.len(), self.clock.now());
        given_up.into_iter().for_each(|message| self.move_back(message, to.as_deref().unwrap_or_default(), from));
        self.lock().moves.push(MoveTask { id, from: from.to_owned(), to, moved, started_at });
        Ok(json!({"TaskHandle": id}))
    }

    /// The newest first, and only that one unless more are asked for.
    pub(super) fn list_moves(&self, input: &Value) -> Result<Value, SqsError> {
        let from = Self::queue_name(input);
        self.find_by_arn(required(input, "SourceArn")?)?;
        let most = usize::try_from(number(input, "MaxResults").unwrap_or(1)).unwrap_or(1);
        let state = self.lock();
        let of_queue = state.moves.iter().rev().filter(|task| task.from == from).take(most);
        Ok(json!({"Results": of_queue.map(MoveTask::written).collect::<Vec<_>>()}))
    }

    /// A message that goes back is a new one, with a new id and a new time. One that was sent here in the first place has
    /// nowhere to go.
    fn move_back(&self, message: Message, to: &str, from: &str) {
        let origin = message.given_up_by.as_deref().unwrap_or(from);
        self.send(if to.is_empty() { origin } else { to }, &message.body, Duration::ZERO);
    }

    fn find_by_arn(&self, arn: &str) -> Result<super::QueueHandle, SqsError> {
        let missing = "The resource that you specified for the SourceArn parameter doesn't exist.";
        let name = arn.rsplit(':').next().unwrap_or_default();
        self.find(name).map_err(|_| SqsError::new("ResourceNotFoundException", missing))
    }
}

impl MoveTask {
    fn written(&self) -> Value {
        let mut written = json!({
            "TaskHandle": self.id, "Status": "COMPLETED", "SourceArn": arn(&self.from),
            "ApproximateNumberOfMessagesMoved": self.moved, "ApproximateNumberOfMessagesToMove": self.moved,
            "StartedTimestamp": self.started_at.as_millisecond(),
        });
        if let Some(to) = &self.to {
            written["DestinationArn"] = arn(to).into();
        }
        written
    }
}
