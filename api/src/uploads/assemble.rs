//! Making one object of the parts of an upload, when its client says that all have been sent.

use std::time::Duration;

use poem_openapi::Object;
use poem_openapi::types::Example;
use sluice_common::db::uploads;
use sluice_common::domain::{NamedPart, PartFault, Upload, UploadStatus, gather};
use sluice_common::storage::Completion;

use super::complete::CompleteUploadProblem;
use super::renew::LONGEST_LIFE;
use crate::hand::give_time;
use crate::problem::FieldError;
use crate::scalars::Text;
use crate::service::{COMPLETION, Service};

/// The most parts that one problem names.
const MOST_NAMED: usize = 100;

/// An upload whose deadline is nearer than this gets as much time, even past the longest life of an upload, for the store to
/// make the object in: nobody could say what became of one that expired meanwhile.
const TIME_TO_COMPLETE: Duration = Duration::from_mins(10);

/// What has been sent.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none, example)]
pub struct CompletedParts {
    /// All parts with their etags, if you want them compared with what the store has. Without it the store's own list counts.
    /// Ignored for an upload that is sent with one PUT.
    pub parts: Option<Vec<SentPart>>,
}

/// A part that has been sent.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields)]
pub struct SentPart {
    /// The number of the part, from 1.
    pub part_number: i32,
    /// The etag that the store answered with, with or without its quotes.
    pub etag: Text,
}

/// Makes one object of a pending upload's parts, unless that was done already. An upload that is sent with one PUT is left as
/// it is.
///
/// # Errors
/// Where parts are missing or wrong, or are gone; and where the store or the database does not answer.
pub async fn assemble(
    service: &Service,
    upload: &Upload,
    sent: Option<CompletedParts>,
) -> Result<(), CompleteUploadProblem> {
    let Some((multipart, parts)) = upload.parts() else { return Ok(()) };
    if upload.state.status() != UploadStatus::Pending {
        return Ok(());
    }
    let Some(stored) = service.bucket.list_all_parts(&upload.grant_key, multipart).await? else {
        return was_completed(service, upload).await;
    };
    let named = sent.and_then(|sent| sent.parts).map(named);
    let gathered = gather(parts, stored, named.as_deref()).map_err(incomplete)?;
    if !has_time(service, upload).await? {
        return Ok(());
    }
    give_time(COMPLETION);
    let completing =
        service.bucket.complete_multipart(&upload.grant_key, multipart, &gathered, service.store.write_once).await?;
    match completing {
        // What is there instead will be judged.
        Completion::Completed | Completion::KeyTaken => Ok(()),
        Completion::Gone => was_completed(service, upload).await,
        Completion::PartsChanged => Err(CompleteUploadProblem::IncompleteParts(vec![FieldError::new(
            "/parts",
            "part_changed",
            "A part was sent again while the parts were put together. Call again when no more is being sent.",
        )])),
    }
}

/// Makes sure that the upload does not expire while the store is at work, unless it is too late for that.
async fn has_time(service: &Service, upload: &Upload) -> Result<bool, CompleteUploadProblem> {
    let at_most = LONGEST_LIFE + TIME_TO_COMPLETE;
    let extended = uploads::extend(&service.db, &upload.tenant, upload.id, TIME_TO_COMPLETE, at_most).await?;
    Ok(extended.is_some())
}

/// There are no parts any more: either somebody completed the upload before, or they are lost.
async fn was_completed(service: &Service, upload: &Upload) -> Result<(), CompleteUploadProblem> {
    if service.bucket.find(upload.grant_key.as_str(), None).await?.is_some() {
        return Ok(());
    }
    // An object that was rejected is gone by now, too.
    let now = service.find(&upload.tenant, Some(upload.id)).await?;
    match now.map(|upload| upload.state.status()) {
        Some(UploadStatus::Pending) => Err(CompleteUploadProblem::PartsGone),
        _ => Ok(()),
    }
}

fn named(sent: Vec<SentPart>) -> Vec<NamedPart> {
    sent.into_iter().map(|part| NamedPart { number: part.part_number, etag: part.etag.0 }).collect()
}

fn incomplete(faults: Vec<PartFault>) -> CompleteUploadProblem {
    let error =
        |fault: PartFault| FieldError::new(format!("/parts/{}", fault.number), fault.code.as_str(), fault.detail);
    CompleteUploadProblem::IncompleteParts(faults.into_iter().take(MOST_NAMED).map(error).collect())
}

impl Example for CompletedParts {
    fn example() -> Self {
        let etags = ["\"9b2cf535f27731c974343645a3985328\"", "\"6f1ed002ab5595859014ebf0951522d9\""];
        let part = |(part_number, etag): (i32, &str)| SentPart { part_number, etag: Text(etag.to_owned()) };
        Self { parts: Some((1..).zip(etags).map(part).collect()) }
    }
}
