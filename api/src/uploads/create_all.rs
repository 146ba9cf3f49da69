//! createUploads.

use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use poem::web::Data;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use sluice_common::db::uploads::{NewUpload as NewRow, Recorded};
use sluice_common::domain;

use super::create::CreateUploadProblem;
use super::declare::{NewUpload, declare};
use super::grant::Grant;
use super::prepare::prepare;
use super::quota;
use super::wire::Upload;
use crate::auth::{Caller, Key, Write};
use crate::body::{Body, Json};
use crate::document::Tag;
use crate::problem::{FieldError, Problem, ProblemBody, problems};
use crate::request::RequestId;
use crate::service::Service;

problems! {
    /// Why no upload of a batch was created.
    pub enum CreateUploadsProblem {
        /// There are no declarations, or more than 100. Nothing was recorded.
        422 invalid_batch => InvalidBatch(errors: Vec<FieldError>),
    }
}

/// The most declarations of one call.
const MOST: usize = 100;

/// How many uploads are begun at the store at the same time. Only those in parts need it.
const AT_ONCE: usize = 16;

/// What a client promises of several files.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields, example)]
pub struct NewUploads {
    /// The declarations: 1 to 100.
    pub uploads: Vec<NewUpload>,
}

/// What became of several declarations.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct CreatedUploads {
    /// What became of each, in the order of the declarations.
    pub results: Vec<CreateResult>,
}

/// What became of one declaration: there is either an `upload` or a `problem`.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct CreateResult {
    /// The upload, if it was recorded.
    pub upload: Option<Upload>,
    /// Why it was not recorded. Each `pointer` begins at this declaration.
    pub problem: Option<ProblemBody>,
}

/// The answer.
#[derive(ApiResponse)]
pub enum CreatedAll {
    /// What became of each declaration, also where none was recorded.
    #[oai(status = 200)]
    Results(Json<CreatedUploads>),
}

/// createUploads.
pub struct CreateUploads;

#[OpenApi]
impl CreateUploads {
    /// Declare several uploads
    ///
    /// Declares up to 100 files with one call. Each has its own outcome, and none suffers for another that breaks a rule: look
    /// at each of the `results`, which come in the order of the declarations. What `createUpload` says holds for each of
    /// them; but a grant for a file in parts has no URLs yet: ask `renewGrant` for them.
    ///
    /// Where not all of them are within your tenant's limits, those that come first and still fit are recorded, and each of the
    /// others has the problem `quota_exceeded`.
    ///
    /// The body has at most 1 MiB. One that is not of the documented shape is refused as a whole, and trouble on our side (5xx)
    /// concerns all: then nothing was granted.
    ///
    /// Needs the scope `uploads:write`.
    #[oai(path = "/v1/uploads/batch", method = "post", operation_id = "createUploads", tag = "Tag::Uploads")]
    async fn create(
        &self,
        service: Data<&Arc<Service>>,
        request_id: Data<&RequestId>,
        key: Key<Write>,
        body: Body<NewUploads>,
    ) -> Result<CreatedAll, CreateUploadsProblem> {
        let declarations = body.0.uploads;
        if !(1..=MOST).contains(&declarations.len()) {
            return Err(CreateUploadsProblem::InvalidBatch(vec![wrong_count()]));
        }
        let (new, outcomes) = prepare_all(&service, declarations, &key.0).await?;
        let mut recorded = service.record_all(&new).await?.into_iter();
        let refused = |problem| CreateResult::refused(problem, &request_id.0.0);
        let results = outcomes.into_iter().map(|outcome| match outcome {
            Ok(grant) => match recorded.next().expect("each that was prepared was to be recorded") {
                Recorded::Upload(upload) => CreateResult::created(&service, upload, grant),
                Recorded::OverQuota(over) => refused(CreateUploadProblem::QuotaExceeded(quota::explain(&over))),
                Recorded::KeyTaken => unreachable!("none has an idempotency key that could be taken"),
            },
            Err(errors) => refused(CreateUploadProblem::InvalidDeclaration(errors)),
        });
        Ok(CreatedAll::Results(Json(CreatedUploads { results: results.collect() })))
    }
}

/// What is wrong with a declaration, or the grant of one that is good.
type Outcome = Result<Grant, Vec<FieldError>>;

/// What is to be recorded, and what becomes of each declaration if it is.
async fn prepare_all(
    service: &Service,
    declarations: Vec<NewUpload>,
    caller: &Caller,
) -> Result<(Vec<NewRow>, Vec<Outcome>), Problem> {
    let prepared = stream::iter(declarations).map(|new| async move {
        match declare(new, &service.policies, service.store) {
            Ok(declared) => prepare(service, declared, caller, None, 0).await.map(Ok),
            Err(errors) => Ok(Err(errors)),
        }
    });
    let prepared: Vec<Result<(NewRow, Grant), _>> = prepared.buffered(AT_ONCE).try_collect().await?;
    let mut rows = Vec::with_capacity(prepared.len());
    let outcome = |prepared: Result<(NewRow, Grant), _>| {
        prepared.map(|(row, grant)| {
            rows.push(row);
            grant
        })
    };
    let outcomes = prepared.into_iter().map(outcome).collect();
    Ok((rows, outcomes))
}

fn wrong_count() -> FieldError {
    FieldError::new("/uploads", "wrong_count", format!("A batch has 1 to {MOST} declarations."))
}

impl CreateResult {
    fn created(service: &Service, upload: domain::Upload, grant: Grant) -> Self {
        let token = service.tokens.issue(&upload);
        Self { upload: Some(Upload::with_grant(upload, grant, token)), problem: None }
    }

    fn refused(problem: CreateUploadProblem, request_id: &str) -> Self {
        Self { upload: None, problem: Some(ProblemBody::new(problem.into(), request_id)) }
    }
}

impl Example for NewUploads {
    fn example() -> Self {
        Self { uploads: vec![NewUpload::example()] }
    }
}
