//! createUpload.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};
use sluice_common::db::uploads::NewUpload as NewRow;
use sluice_common::domain::{Multipart, ObjectKey, Origin, Parts, UploadId};
use sluice_common::storage::Store;

use super::declare::{Declared, NewUpload, declare};
use super::parts::{self, Sending};
use super::signing::{Terms, sign_grant};
use super::wire::Upload;
use crate::auth::{Caller, Key, Write};
use crate::body::{Body, Json};
use crate::document::Tag;
use crate::problem::{FieldError, problems};
use crate::service::Service;

problems! {
    /// Why an upload was not created.
    pub enum CreateUploadProblem {
        /// The declaration breaks a rule or its policy; `errors` says what is wrong with which field. Nothing was recorded.
        422 invalid_declaration => InvalidDeclaration(errors: Vec<FieldError>),
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
    /// Needs the scope `uploads:write`.
    #[oai(path = "/v1/uploads", method = "post", operation_id = "createUpload", tag = "Tag::Uploads")]
    async fn create(
        &self,
        service: Data<&Arc<Service>>,
        key: Key<Write>,
        body: Body<NewUpload>,
    ) -> Result<Created, CreateUploadProblem> {
        let declared = declare(body.0, &service.policies, service.store);
        let declared = declared.map_err(CreateUploadProblem::InvalidDeclaration)?;
        let (policy, parts, part_sha256) = (declared.policy, declared.parts, declared.part_sha256);
        let mut new = row(declared, key.0, service.store);
        // Signed first: what can't be granted is not recorded.
        let grant = match parts {
            None => sign_grant(&service.signer, policy, Terms::from(&new), policy.grant_lifetime).await?,
            Some(parts) => {
                let multipart = begin(&service, &new, parts, part_sha256).await?;
                let sending = Sending { key: &new.grant_key, multipart: &multipart, parts };
                let grant = parts::sign(&service.signer, sending, &sending.first(), policy.grant_lifetime).await?;
                new.multipart = Some(multipart);
                grant.into()
            }
        };
        let recorded = service.record(new).await?;
        let token = service.tokens.issue(&recorded);
        let upload = Upload::with_grant(recorded, grant, token);
        let location = format!("/v1/uploads/{}", upload.id.0);
        Ok(Created::Upload(Json(upload), location))
    }
}

/// Begins to gather parts at the store. Should the upload not be recorded then, a round through the bucket finds what was
/// begun; nobody has a URL to send anything to it.
async fn begin(
    service: &Service,
    new: &NewRow,
    parts: Parts,
    with_sha256: bool,
) -> Result<Multipart, CreateUploadProblem> {
    let id = service.bucket.begin_multipart(&new.grant_key, &new.declared.content_type, with_sha256).await?;
    Ok(Multipart { id, part_size: parts.part_size(), with_sha256 })
}

fn row(declared: Declared, caller: Caller, store: Store) -> NewRow {
    let Declared { declaration, metadata, policy, form, parts, .. } = declared;
    // No store lets a form be sent only once. Parts can be sent again until they are one object, and never after: no URL
    // writes the object itself.
    let write_once = (store.write_once && form.is_none()) || parts.is_some();
    let id = UploadId::generate();
    let extension = declaration.content_type.media_type().extension();
    let key = if write_once { ObjectKey::lasting } else { ObjectKey::incoming };
    NewRow {
        id,
        grant_key: key(policy, &caller.tenant, id, extension),
        tenant: caller.tenant,
        policy: policy.name.clone(),
        declared: declaration,
        metadata,
        write_once,
        form,
        multipart: None,
        origin: Origin::V1,
        finish_within: policy.finish_within,
        caller: caller.id,
    }
}
