//! redriveDeadLetters: moving dead letters back to the queue that they came from.

use std::sync::Arc;
use std::time::Duration;

use poem::web::Data;
use poem_openapi::{ApiResponse, Object, OpenApi};
use sluice_common::db::operator_actions::{Came, Kind};
use sluice_common::queue::Waiting;
use sluice_common::queue::dead_letters::{DeadLetters, Redriven};
use tokio::time::Instant;

use super::letter::{DeadLetterProblem, Failed, find, sentence, written_down};
use super::reach::all_tenants;
use super::record::{self, Deed, to_its_end};
use crate::auth::{Act, KeyOrSession, Operator};
use crate::body::{Json, OptionalBody};
use crate::document::Tag;
use crate::scalars::Text;
use crate::service::Service;

/// How many are moved by one call, and for how long it goes on: somebody waits for its answer.
const MOST: usize = 500;
const LONGEST: Duration = Duration::from_secs(10);

/// Which messages to move back.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, deny_unknown_fields, example)]
pub struct RedriveOrder {
    /// Only this one, by its message's id. Without it, up to 500 are moved.
    pub message_id: Option<Text>,
}

/// What moving messages back came to.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct RedriveOutcome {
    /// How many were moved back to the queue.
    pub moved: i64,
    /// How many were taken and not moved: they were given back. Where only deleting failed they are in both queues, which is
    /// harmless.
    pub not_moved: i64,
    /// Why those were not moved, or why it did not go on, in a sentence. Absent where nothing failed.
    pub why_not: Option<String>,
    /// About how many others have in hand just now, so that they can't be moved: each comes back within a minute. Absent where
    /// the queue does not say.
    pub hidden: Option<i64>,
    /// Whether there are more, those that are `hidden` among them. Where some were `moved`, call again.
    pub has_more: bool,
}

impl RedriveOutcome {
    /// What it came to, and what the dead-letter queue holds now, if it says so.
    fn of(came: Came, held: Option<Waiting>) -> Self {
        Self {
            moved: came.done,
            not_moved: came.not_done,
            why_not: came.why_not,
            hidden: held.map(|held| i64::try_from(held.in_flight).unwrap_or(i64::MAX)),
            has_more: held.is_none_or(|held| held.visible + held.in_flight > 0),
        }
    }
}

/// Moved back.
#[derive(ApiResponse)]
pub enum RedriveAnswer {
    /// What it came to.
    #[oai(status = 200)]
    Outcome(Json<RedriveOutcome>),
}

/// redriveDeadLetters.
pub struct RedriveDeadLetters;

#[OpenApi]
impl RedriveDeadLetters {
    /// Move dead letters back
    ///
    /// Back to the queue that they came from: one, or up to 500 a call. Call again while `has_more` is true and some were
    /// `moved`. What was settled meanwhile is not settled twice.
    ///
    /// Where a queue fails on the way, the answer says what was moved by then, what was not, and why; it is a 503 only where
    /// nothing was taken. What has begun is done to its end even if nobody waits for the answer, and listOperatorActions
    /// tells what it came to.
    ///
    /// Needs the scope `operator`, and a key that reaches all tenants.
    #[oai(
        path = "/v1/operator/dead-letters/redrive",
        method = "post",
        operation_id = "redriveDeadLetters",
        tag = "Tag::Operator"
    )]
    async fn redrive(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<Act>,
        order: OptionalBody<RedriveOrder>,
    ) -> Result<RedriveAnswer, DeadLetterProblem> {
        all_tenants(&operator.0)?;
        let id = order.0.and_then(|order| order.message_id).map(|Text(id)| id);
        let outcome = to_its_end(redrive(Arc::clone(service.0), operator.0, id)).await?;
        Ok(RedriveAnswer::Outcome(Json(outcome)))
    }
}

async fn redrive(
    service: Arc<Service>,
    operator: Operator,
    id: Option<String>,
) -> Result<RedriveOutcome, DeadLetterProblem> {
    let letters = service.queues.dead_letters().ok_or(DeadLetterProblem::NoDeadLetterQueue)?;
    let deed = Deed { kind: Kind::RedriveDeadLetters, subject: id.as_deref(), filter: None };
    let record = record::begin(&service.db, &operator, deed).await?;
    let came = match &id {
        Some(id) => redrive_one(letters, id).await,
        None => redrive_many(letters).await,
    };
    service.queues.forget().await;
    let came = written_down(record, came).await?;
    Ok(RedriveOutcome::of(came, letters.held().await.ok()))
}

async fn redrive_one(letters: &DeadLetters, id: &str) -> Result<Came, Failed> {
    let found = find(letters, id).await?;
    Ok(add(Came::default(), letters.redrive(vec![found]).await))
}

/// Moves back what one call does, and stops where a queue does not do its part.
///
/// # Errors
/// Where that happens before anything was taken.
async fn redrive_many(letters: &DeadLetters) -> Result<Came, Failed> {
    let (began, mut came) = (Instant::now(), Came::default());
    while came.done < MOST as i64 && came.why_not.is_none() && began.elapsed() < LONGEST {
        match letters.redrive_some().await {
            Ok(some) if some.taken == 0 => break,
            Ok(some) => came = add(came, some),
            Err(error) if came == Came::default() => {
                let came = Came { why_not: Some(sentence(&error)), ..came };
                return Err(Failed { problem: error.into(), came });
            }
            Err(error) => came.why_not = Some(sentence(&error)),
        }
    }
    Ok(came)
}

fn add(came: Came, some: Redriven) -> Came {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    Came {
        done: came.done + count(some.moved),
        not_done: came.not_done + count(some.taken - some.moved),
        why_not: some.failure.as_ref().map(sentence),
    }
}
