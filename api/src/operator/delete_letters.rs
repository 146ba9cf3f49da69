//! deleteDeadLetter and purgeDeadLetters: deleting dead letters for good.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, Object, OpenApi};
use sluice_common::db::operator_actions::{Came, Kind};
use sluice_common::queue::dead_letters::Purge;

use super::letter::{DeadLetterProblem, find, written_down};
use super::reach::all_tenants;
use super::record::{self, Deed, to_its_end};
use crate::auth::{Act, KeyOrSession, Operator};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::Text;
use crate::service::Service;

problems! {
    /// Why dead letters are not purged.
    pub enum PurgeDeadLettersProblem {
        /// The queue and what lies in it belong to no tenant: this takes a key that reaches all tenants.
        403 all_tenants_needed => AllTenantsNeeded,
        /// This API was not told of a dead-letter queue: set `SLUICE_SQS_DLQ_URL` and `SLUICE_SQS_QUEUE_URL` for it.
        409 no_dead_letter_queue => NoDeadLetterQueue,
        /// It was purged less than a minute ago, and that may still go on. What came since stays: try again in a minute.
        409 purge_under_way => PurgeUnderWay,
    }
}

/// What purging came to.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(example)]
pub struct PurgeOutcome {
    /// About how many messages are deleted. It can take a minute until all are gone.
    pub deleted: i64,
}

/// It is gone.
#[derive(ApiResponse)]
pub enum DeletedAnswer {
    /// It is deleted.
    #[oai(status = 204)]
    Deleted,
}

/// All are gone.
#[derive(ApiResponse)]
pub enum PurgeAnswer {
    /// What it came to.
    #[oai(status = 200)]
    Outcome(Json<PurgeOutcome>),
}

/// deleteDeadLetter.
pub struct DeleteDeadLetter;

#[OpenApi]
impl DeleteDeadLetter {
    /// Delete a dead letter
    ///
    /// For good.
    ///
    /// Needs the scope `operator`, and a key that reaches all tenants.
    #[oai(
        path = "/v1/operator/dead-letters/:message_id",
        method = "delete",
        operation_id = "deleteDeadLetter",
        tag = "Tag::Operator"
    )]
    async fn delete(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<Act>,
        /// The message's id.
        #[oai(name = "message_id")]
        id: Path<Text>,
    ) -> Result<DeletedAnswer, DeadLetterProblem> {
        all_tenants(&operator.0)?;
        to_its_end(delete(Arc::clone(service.0), operator.0, id.0.0)).await?;
        Ok(DeletedAnswer::Deleted)
    }
}

async fn delete(service: Arc<Service>, operator: Operator, id: String) -> Result<(), DeadLetterProblem> {
    let letters = service.queues.dead_letters().ok_or(DeadLetterProblem::NoDeadLetterQueue)?;
    let deed = Deed { kind: Kind::DeleteDeadLetters, subject: Some(&id), filter: None };
    let record = record::begin(&service.db, &operator, deed).await?;
    let deleted = async {
        let found = find(letters, &id).await?;
        if let Err(error) = letters.delete(&found).await {
            letters.give_back(&[found]).await;
            return Err(error.into());
        }
        Ok(Came { done: 1, ..Came::default() })
    };
    let deleted = deleted.await;
    service.queues.forget().await;
    written_down(record, deleted).await.map(drop)
}

/// purgeDeadLetters.
pub struct PurgeDeadLetters;

#[OpenApi]
impl PurgeDeadLetters {
    /// Delete all dead letters
    ///
    /// For good. The queue takes that at most once a minute.
    ///
    /// Needs the scope `operator`, and a key that reaches all tenants.
    #[oai(
        path = "/v1/operator/dead-letters",
        method = "delete",
        operation_id = "purgeDeadLetters",
        tag = "Tag::Operator"
    )]
    async fn purge(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<Act>,
    ) -> Result<PurgeAnswer, PurgeDeadLettersProblem> {
        all_tenants(&operator.0)?;
        let deleted = to_its_end(purge(Arc::clone(service.0), operator.0)).await?;
        Ok(PurgeAnswer::Outcome(Json(PurgeOutcome { deleted })))
    }
}

async fn purge(service: Arc<Service>, operator: Operator) -> Result<i64, PurgeDeadLettersProblem> {
    let letters = service.queues.dead_letters().ok_or(PurgeDeadLettersProblem::NoDeadLetterQueue)?;
    let deleted = i64::try_from(letters.count().await?).unwrap_or(i64::MAX);
    let deed = Deed { kind: Kind::PurgeDeadLetters, subject: None, filter: None };
    let record = record::begin(&service.db, &operator, deed).await?;
    let purged = letters.purge().await;
    service.queues.forget().await;
    match purged {
        Ok(Purge::Begun) => record.end(&Came { done: deleted, ..Came::default() }).await,
        Ok(Purge::UnderWay) => {
            let why_not = Some("It was purged less than a minute before.".to_owned());
            record.end(&Came { not_done: deleted, why_not, ..Came::default() }).await;
            return Err(PurgeDeadLettersProblem::PurgeUnderWay);
        }
        // The queue may have done it: then nobody knows.
        Err(error) => return Err(error.into()),
    }
    Ok(deleted)
}
