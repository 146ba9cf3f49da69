//! What is done with dead letters: finding one of them, and what is said and written down where it fails.

use sluice_common::db::operator_actions::Came;
use sluice_common::queue::QueueError;
use sluice_common::queue::dead_letters::{DeadLetter, DeadLetters};

use super::record::Record;
use crate::problem::problems;

problems! {
    /// Why a dead letter is not moved or deleted.
    pub enum DeadLetterProblem {
        /// The queue and what lies in it belong to no tenant: this takes a key that reaches all tenants.
        403 all_tenants_needed => AllTenantsNeeded,
        /// There is no such message in the dead-letter queue, or somebody else has it in hand for a moment: `detail` says
        /// whether that can be.
        404 dead_letter_not_found => DeadLetterNotFound(detail: String),
        /// This API was not told of a dead-letter queue: set `SLUICE_SQS_DLQ_URL` and `SLUICE_SQS_QUEUE_URL` for it.
        409 no_dead_letter_queue => NoDeadLetterQueue,
    }
}

/// How many messages are looked at for one.
const MOST_WALKED: usize = 1000;

/// Why nothing was done with a dead letter: what is answered, and what is written down of it.
pub struct Failed {
    /// What is answered.
    pub problem: DeadLetterProblem,
    /// What it came to.
    pub came: Came,
}

impl From<QueueError> for Failed {
    fn from(error: QueueError) -> Self {
        let came = Came { done: 0, not_done: 1, why_not: Some(sentence(&error)) };
        Self { problem: error.into(), came }
    }
}

/// The message of this id, taken.
///
/// # Errors
/// Where the queue does not answer, or there is none. It may be among those that others have in hand.
pub async fn find(letters: &DeadLetters, id: &str) -> Result<DeadLetter, Failed> {
    if let Some(found) = letters.find(id, MOST_WALKED).await? {
        return Ok(found);
    }
    let detail = match letters.held().await?.in_flight {
        0 => format!("No message of this id is among the first {MOST_WALKED}."),
        hidden => format!("It may be one of about {hidden} that others have in hand: try again in a minute."),
    };
    let came = Came { done: 0, not_done: 1, why_not: Some(detail.clone()) };
    Err(Failed { problem: DeadLetterProblem::DeadLetterNotFound(detail), came })
}

/// Writes down what was done with dead letters, or that it failed.
///
/// # Errors
/// The problem of what failed.
pub async fn written_down(record: Record, came: Result<Came, Failed>) -> Result<Came, DeadLetterProblem> {
    let (came, outcome) = match came {
        Ok(came) => (came.clone(), Ok(came)),
        Err(Failed { problem, came }) => (came, Err(problem)),
    };
    record.end(&came).await;
    outcome
}

/// What a queue did not do, for an operator. What caused it is for the log.
pub fn sentence(error: &QueueError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
