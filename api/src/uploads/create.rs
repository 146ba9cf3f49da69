//! createUpload.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};
use sluice_common::db::uploads::Recorded;

use super::begun::Begun;
use super::declare::{NewUpload, declare};
use super::idempotency::{self, KeyHeader, forgotten, replay};
use super::parts::MOST_AT_ONCE;
use super::prepare::prepare;
use super::quota;
use super::wire::Upload;
use crate::auth::{Key, Write};
use crate::body::{Body, Json};
use crate::document::Tag;
use crate::problem::{FieldError, problems};
use crate::service::Service;

problems! {
    /// Why an upload was not created.
    pub enum CreateUploadProblem {
        /// The declaration breaks a rule or its policy; `errors` says what is wrong with which field. Nothing was recorded.
        422 invalid_declaration => InvalidDeclaration(errors: Vec<FieldError>),
        /// The `Idempotency-Key` came with another declaration before. Nothing was recorded.
        422 idempotency_key_reused => IdempotencyKeyReused,
        /// The upload would be more than your tenant may use; the code in `errors` names the limit: `pending_uploads`,
        /// `reserved_bytes` or `stored_bytes`. Nothing was recorded.
        403 quota_exceeded => QuotaExceeded(errors: Vec<FieldError>),
    }
}

/// The answer.
#[derive(ApiResponse)]
pub enum Created {
    /// The upload was recorded; its `grant` is the leave to send the file.
    #[oai(status = 201)]
    Upload(
        Json<Upload>,
        /// The upload's own address.
        #[oai(header = "Location")]
        String,
    ),
    /// The same declaration came with this `Idempotency-Key` before, and this is the upload that was recorded then, as it is
    /// now. It has a new `grant` if it can still be sent.
    #[oai(status = 200)]
    Replayed(
        Json<Upload>,
        /// The upload's own address.
        #[oai(header = "Location")]
        String,
        /// Always `true`.
        #[oai(header = "Idempotent-Replayed")]
        bool,
    ),
}

impl Created {
    fn new(upload: Upload) -> Self {
        let location = location(&upload);
        Self::Upload(Json(upload), location)
    }

    fn before(upload: Upload) -> Self {
        let location = location(&upload);
        Self::Replayed(Json(upload), location, true)
    }
}

fn location(upload: &Upload) -> String {
    format!("/v1/uploads/{}", upload.id.0)
}

/// createUpload.
pub struct CreateUpload;

#[OpenApi]
impl CreateUpload {
    /// Declare an upload
    ///
    /// Records what you are going to send, and grants leave to send exactly that: the answer's `grant` names a method, a
    /// URL and headers, or the fields of a form. Send the file there, straight to the store. Sluice then looks at what has
    /// arrived and either confirms or rejects it: read the upload with `Prefer: wait=20` to learn which.
    ///
    /// A large file may be granted in parts, if its size is declared: then the grant's `kind` is `multipart`. Send each part to
    /// its own URL, in any order and several at a time; ask `renewGrant` for the URLs of further parts, or for new ones; and
    /// call `completeUpload` when all have been sent. To go on after a crash you need nothing but the upload's id: `listParts`
    /// says what the store already has.
    ///
    /// Where the service is set up so, the answer also has an `upload_token`: give it with the grant to whoever sends the
    /// file, such as a browser, which should never hold an API key.
    ///
    /// With an `Idempotency-Key` the call can be repeated: for at least 24 hours the same key and declaration lead to the same
    /// upload. A declaration is the same however it is written: the order of its fields does not count, nor the spelling of its
    /// content type, nor whether it says what goes without saying.
    ///
    /// Needs the scope `uploads:write`.
    #[oai(path = "/v1/uploads", method = "post", operation_id = "createUpload", tag = "Tag::Uploads")]
    async fn create(
        &self,
        service: Data<&Arc<Service>>,
        key: Key<Write>,
        /// A name of your own for this request, such as a UUID: 1 to 255 printable ASCII characters. It counts within your
        /// tenant. Use another for each upload, and the same when you repeat a call whose answer you did not get.
        #[oai(name = "Idempotency-Key")]
        idempotency_key: KeyHeader,
        body: Body<NewUpload>,
    ) -> Result<Created, CreateUploadProblem> {
        let caller = key.0;
        let asked = idempotency_key.0.map(|key| idempotency::asked(key, &body.0));
        let declared = declare(body.0, &service.policies, service.store);
        let declared = declared.map_err(CreateUploadProblem::InvalidDeclaration)?;
        // Nothing is begun at the store for a request that was answered before.
        if declared.parts.is_some()
            && let Some(asked) = &asked
            && let Some(upload) = replay(&service, &caller.tenant, asked, MOST_AT_ONCE).await?
        {
            return Ok(Created::before(upload));
        }
        let begun = Begun::new(&service.db);
        let (new, grant) = prepare(&service, declared, &caller, asked.clone(), MOST_AT_ONCE, &begun).await?;
        let recorded = service.record(new).await?;
        begun.is_recorded();
        match recorded {
            Recorded::Upload(upload) => {
                let token = service.tokens.issue(&upload);
                Ok(Created::new(Upload::with_grant(upload, grant, token)))
            }
            Recorded::KeyTaken => {
                let asked = asked.expect("only a key that was sent can be taken");
                let before = replay(&service, &caller.tenant, &asked, MOST_AT_ONCE).await?;
                before.map(Created::before).ok_or_else(forgotten)
            }
            // Its twin may have come just before, and may be what used up the rest.
            Recorded::OverQuota(over) => match asked {
                Some(asked) => replay(&service, &caller.tenant, &asked, MOST_AT_ONCE).await?.map(Created::before),
                None => None,
            }
            .ok_or_else(|| CreateUploadProblem::QuotaExceeded(quota::refuse(&service, &over))),
        }
    }
}
