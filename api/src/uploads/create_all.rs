//! createUploads.

use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use poem::web::Data;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use sluice_common::db::uploads::{NewUpload as NewRow, Recorded};
use sluice_common::domain::{Idempotency, IdempotencyKey};

use super::begun::Begun;
use super::create::CreateUploadProblem;
use super::declare::{Declared, NewUpload, declare};
use super::grant::Grant;
use super::idempotency::{self, KeyHeader, Replay, forgotten, replays};
use super::prepare::prepare;
use super::quota;
use super::wire::Upload;
use crate::auth::{Caller, Key, Write};
use crate::body::{Body, Json};
use crate::document::Tag;
use crate::problem::{Failure, FieldError, Problem, ProblemBody, problems};
use crate::request::RequestId;
use crate::scalars::DeclaredSize;
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

/// How many uploads are begun at the store at the same time, so that as many as one call has fit in its time where the store is slow. Only
/// those in parts need it.
const AT_ONCE: usize = 25;

/// How many URLs a grant in parts has here: a hundred for each of a hundred files would be too much for one answer.
const PART_URLS: usize = 0;

/// What a client promises of several files.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields, example)]
pub struct NewUploads {
    /// The declarations: 1 to 100.
    pub uploads: Vec<NewUpload>,
}

/// What became of several declarations.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(example)]
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
    Results(
        Json<CreatedUploads>,
        /// `true`, where an earlier call with this `Idempotency-Key` recorded an upload of these.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
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
    /// With an `Idempotency-Key` the call can be repeated: each declaration belongs to the key and to its place in the list. For
    /// at least 24 hours the same key, place and declaration lead to the same upload; another declaration at that place has
    /// the problem `idempotency_key_reused`.
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
        /// A name of your own for this request, such as a UUID: 1 to 255 printable ASCII characters. It counts within your
        /// tenant, apart from those of createUpload. Use another for each batch, and the same when you repeat a call whose answer
        /// you did not get.
        #[oai(name = "Idempotency-Key")]
        idempotency_key: KeyHeader,
        body: Body<NewUploads>,
    ) -> Result<CreatedAll, CreateUploadsProblem> {
        let declarations = body.0.uploads;
        if !(1..=MOST).contains(&declarations.len()) {
            return Err(CreateUploadsProblem::InvalidBatch(vec![wrong_count()]));
        }
        let begun = Begun::new(&service.db);
        let batch = Batch { service: &service, caller: &key.0, key: idempotency_key.0.as_ref(), begun: &begun };
        let outcomes = batch.record(batch.prepare(declarations).await?).await?;
        let is_replay = outcomes.iter().any(|outcome| matches!(outcome, Ok((_, true)))).then_some(true);
        let results = outcomes.into_iter().map(|outcome| CreateResult::of(outcome, &request_id.0.0));
        Ok(CreatedAll::Results(Json(CreatedUploads { results: results.collect() }), is_replay))
    }
}

/// What a declaration becomes before anything is recorded.
enum Prepared {
    /// An upload to record, under this grant.
    New(Box<NewRow>, Grant),
    /// It was recorded by an earlier call.
    Before(Box<Upload>),
}

/// A declaration that was read, and what tells whether it came before.
type Read<'a> = (Declared<'a>, Option<Idempotency>);

/// What became of a declaration: the upload, and whether it was recorded before; or its own problem.
type Outcome = Result<(Upload, bool), Problem>;

/// The declarations of one call have these in common.
#[derive(Clone, Copy)]
struct Batch<'a> {
    service: &'a Service,
    caller: &'a Caller,
    key: Option<&'a IdempotencyKey>,
    begun: &'a Begun,
}

impl<'a> Batch<'a> {
    /// Prepares each declaration, or says what is wrong with it.
    async fn prepare(self, declarations: Vec<NewUpload>) -> Result<Vec<Result<Prepared, Problem>>, Problem> {
        let read: Vec<_> = declarations.into_iter().enumerate().map(|(place, new)| self.read(place, new)).collect();
        // Nothing is begun at the store for what was recorded before.
        let in_parts = |read: &Result<Read<'a>, Problem>| match read {
            Ok((declared, asked)) if declared.parts.is_some() => asked.clone(),
            _ => None,
        };
        let before = self.replays(read.iter().map(in_parts).collect()).await?;
        let prepared = read.into_iter().zip(before).map(|(read, before)| self.prepare_one(read, before));
        stream::iter(prepared.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await
    }

    fn read(self, place: usize, new: NewUpload) -> Result<Read<'a>, Problem> {
        let asked = self.key.map(|key| idempotency::asked(key.of_entry(place), &new));
        let declared = declare(new, &self.service.policies, self.service.store);
        let declared = declared.map_err(CreateUploadProblem::InvalidDeclaration)?;
        Ok((declared, asked))
    }

    /// The outer problem concerns all, the inner one this declaration alone.
    async fn prepare_one(
        self,
        read: Result<Read<'a>, Problem>,
        before: Replay,
    ) -> Result<Result<Prepared, Problem>, Problem> {
        let (declared, asked) = match (read, before) {
            (Err(problem), _) => return Ok(Err(problem)),
            (_, Some(Ok(upload))) => return Ok(Ok(Prepared::Before(Box::new(upload)))),
            (_, Some(Err(problem))) => return of_one(problem).map(Err),
            (Ok(read), None) => read,
        };
        let (row, grant) = prepare(self.service, declared, self.caller, asked, PART_URLS, self.begun).await?;
        Ok(Ok(Prepared::New(Box::new(row), grant)))
    }

    /// What was recorded before of what came with a key, each in its place, with one statement at the most.
    async fn replays(self, asked: Vec<Option<Idempotency>>) -> Result<Vec<Replay>, Problem> {
        let wanted: Vec<_> = asked.iter().flatten().collect();
        let found = replays(self.service, &self.caller.tenant, &wanted, PART_URLS).await;
        let mut found = found.map_err(Failure::into_problem)?.into_iter();
        Ok(asked.iter().map(|asked| asked.as_ref().and_then(|_| found.next().flatten())).collect())
    }

    /// Records what is new, with one statement.
    async fn record(self, prepared: Vec<Result<Prepared, Problem>>) -> Result<Vec<Outcome>, Problem> {
        let new = prepared.iter().filter_map(|prepared| match prepared {
            Ok(Prepared::New(row, _)) => Some(NewRow::clone(row)),
            _ => None,
        });
        let new: Vec<NewRow> = new.collect();
        let recorded = self.service.record_all(&new).await.map_err(Failure::into_problem)?;
        self.begun.is_recorded();
        // The twin of one that is over a limit may have come just before, and may be what used up the rest.
        let perhaps_before = new.iter().zip(&recorded).map(|(new, recorded)| match recorded {
            Recorded::Upload(_) => None,
            Recorded::KeyTaken | Recorded::OverQuota(_) => new.idempotency.clone(),
        });
        let before = self.replays(perhaps_before.collect()).await?;
        let mut recorded = recorded.into_iter().zip(before);
        let mut outcomes = Vec::with_capacity(prepared.len());
        for prepared in prepared {
            outcomes.push(match prepared {
                Err(problem) => Err(problem),
                Ok(Prepared::Before(upload)) => Ok((*upload, true)),
                Ok(Prepared::New(_, grant)) => {
                    let (recorded, before) = recorded.next().expect("there is an answer for each row");
                    self.recorded(recorded, before, grant)?
                }
            });
        }
        Ok(outcomes)
    }

    /// The upload that was recorded, or the one that has its key.
    fn recorded(self, recorded: Recorded, before: Replay, grant: Grant) -> Result<Outcome, Problem> {
        match (before, recorded) {
            (Some(Err(problem)), _) => of_one(problem).map(Err),
            (Some(Ok(upload)), _) => Ok(Ok((upload, true))),
            (None, Recorded::Upload(upload)) => {
                let token = self.service.tokens.issue(&upload);
                Ok(Ok((Upload::with_grant(upload, grant, token), false)))
            }
            (None, Recorded::OverQuota(over)) => {
                Ok(Err(CreateUploadProblem::QuotaExceeded(quota::refuse(self.service, &over)).into()))
            }
            (None, Recorded::KeyTaken) => of_one(forgotten()).map(Err),
        }
    }
}

/// The problem of one declaration, unless it is trouble that concerns all.
fn of_one(problem: CreateUploadProblem) -> Result<Problem, Problem> {
    match problem {
        CreateUploadProblem::Other(trouble) => Err(trouble),
        own => Ok(own.into()),
    }
}

fn wrong_count() -> FieldError {
    FieldError::new("/uploads", "wrong_count", format!("A batch has 1 to {MOST} declarations."))
}

impl CreateResult {
    fn of(outcome: Outcome, request_id: &str) -> Self {
        match outcome {
            Ok((upload, _)) => Self { upload: Some(upload), problem: None },
            Err(problem) => Self { upload: None, problem: Some(ProblemBody::new(problem, request_id)) },
        }
    }
}

impl Example for NewUploads {
    fn example() -> Self {
        let too_large = NewUpload { size: Some(DeclaredSize(26_214_400)), ..NewUpload::example() };
        Self { uploads: vec![NewUpload::example(), too_large] }
    }
}

impl Example for CreatedUploads {
    fn example() -> Self {
        let created = CreateResult { upload: Some(Upload::example()), problem: None };
        let refused = CreateResult { upload: None, problem: Some(ProblemBody::example()) };
        Self { results: vec![created, refused] }
    }
}
