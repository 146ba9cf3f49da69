//! completeUpload.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};
use sluice_common::db::uploads;

use super::assemble::{CompletedParts, assemble};
use super::prefer::Preferences;
use super::wire::UploadAnswer;
use crate::auth::{KeyOrToken, Write};
use crate::body::{Json, OptionalBody};
use crate::document::Tag;
use crate::problem::{FieldError, problems};
use crate::scalars::UploadIdText;
use crate::service::Service;

problems! {
    /// Why an upload was not completed.
    pub enum CompleteUploadProblem {
        /// There is no such upload of yours.
        404 upload_not_found => UploadNotFound,
        /// Parts have not been sent, or are not what was granted; `errors` names them. The upload is still pending: send them
        /// and call again.
        409 incomplete_parts => IncompleteParts(errors: Vec<FieldError>),
        /// The store has neither the upload's parts any more nor a file made of them. Declare it anew.
        409 parts_gone => PartsGone,
    }
}

/// completeUpload.
pub struct CompleteUpload;

#[OpenApi]
impl CompleteUpload {
    /// Say that the file was sent
    ///
    /// For an upload sent with one PUT a hint, not a duty: Sluice is told by the store, but looks at once when you say so.
    ///
    /// For an upload that is sent in parts it has to be called when all of them have been sent: the store is asked what it has,
    /// and makes one file of it if each part has exactly the size that was granted. No etags are needed; if you give them,
    /// they must be those that the store has. That can take a minute for very many parts. Should it take longer, the answer is
    /// 503: the store goes on, so call again.
    ///
    /// Harmless at any time and any number of times; an upload that is no longer `pending` is answered as it is. With
    /// `Prefer: wait=20` the answer is held back until there is a verdict.
    ///
    /// Needs the scope `uploads:write`, or the upload's token.
    #[oai(
        path = "/v1/uploads/:upload_id/complete",
        method = "post",
        operation_id = "completeUpload",
        tag = "Tag::Uploads"
    )]
    async fn complete(
        &self,
        service: Data<&Arc<Service>>,
        holder: KeyOrToken<Write>,
        /// The upload's id.
        #[oai(name = "upload_id")]
        id: Path<UploadIdText>,
        /// `wait=N` holds the answer back for up to N seconds, and 30 at the most, while the upload is `pending`.
        #[oai(name = "Prefer")]
        preferences: Header<Preferences>,
        body: OptionalBody<CompletedParts>,
    ) -> Result<UploadAnswer, CompleteUploadProblem> {
        let (caller, id) = holder.0.reaching(id.0.read()).ok_or(CompleteUploadProblem::UploadNotFound)?;
        let found = service.find(&caller.tenant, Some(id)).await?.ok_or(CompleteUploadProblem::UploadNotFound)?;
        assemble(&service, &found, body.0).await?;
        uploads::hint(&service.db, &caller.tenant, id).await?;
        let patience = preferences.0.patience();
        let _wait = service.hands.wait(patience)?;
        let upload = service.find_decided(&caller.tenant, id, patience);
        let upload = if patience.is_zero() { upload.await? } else { caller.stay.during(&service, upload).await?? };
        let upload = upload.ok_or(CompleteUploadProblem::UploadNotFound)?;
        Ok(UploadAnswer::Upload(Json(upload.into()), preferences.0.applied()))
    }
}
