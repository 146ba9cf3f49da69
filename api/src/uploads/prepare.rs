//! What is needed before an upload is recorded: its row, and a grant for it. What can't be granted is not recorded.

use sluice_common::db::unwanted_objects::BegunMultipart;
use sluice_common::db::uploads::NewUpload;
use sluice_common::domain::{Idempotency, Multipart, ObjectKey, Origin, Parts, UploadId};
use sluice_common::storage::Store;

use super::begun::Begun;
use super::declare::Declared;
use super::grant::Grant;
use super::parts::{self, Sending};
use super::signing::{Terms, sign_grant};
use crate::auth::Caller;
use crate::problem::{Failure as _, Problem};
use crate::service::Service;

/// Signs the grant of what is going to be recorded. Of what is sent in parts it has up to `part_urls` URLs, and is noted in `begun`.
///
/// # Errors
/// Where there are no credentials to sign with, or the store does not begin to gather parts.
pub async fn prepare(
    service: &Service,
    declared: Declared<'_>,
    caller: &Caller,
    idempotency: Option<Idempotency>,
    part_urls: usize,
    begun: &Begun,
) -> Result<(NewUpload, Grant), Problem> {
    let (policy, parts, part_sha256) = (declared.policy, declared.parts, declared.part_sha256);
    let mut new = NewUpload { idempotency, ..row(declared, caller, service.store) };
    let lifetime = policy.grant_lifetime;
    let Some(parts) = parts else {
        let grant = sign_grant(&service.signer, policy, Terms::from(&new), lifetime).await;
        return Ok((new, grant.map_err(|error| error.into_problem())?));
    };
    let multipart = begin(service, &new, parts, part_sha256).await?;
    begun.note(BegunMultipart { upload_id: new.id, key: new.grant_key.clone(), multipart_id: multipart.id.clone() });
    let sending = Sending { key: &new.grant_key, multipart: &multipart, parts };
    let wanted: Vec<_> = sending.first().into_iter().take(part_urls).collect();
    let grant = parts::sign(&service.signer, sending, &wanted, lifetime).await.map_err(|error| error.into_problem())?;
    new.multipart = Some(multipart);
    Ok((new, grant.into()))
}

/// Begins to gather parts at the store. Should nobody live to note it, a round through the bucket finds what was begun; nobody has
/// a URL to send anything to it.
async fn begin(service: &Service, new: &NewUpload, parts: Parts, with_sha256: bool) -> Result<Multipart, Problem> {
    let begun = service.bucket.begin_multipart(&new.grant_key, &new.declared.content_type, with_sha256).await;
    let id = begun.map_err(|error| error.into_problem())?;
    Ok(Multipart { id, part_size: parts.part_size(), with_sha256 })
}

fn row(declared: Declared<'_>, caller: &Caller, store: Store) -> NewUpload {
    let Declared { declaration, metadata, policy, form, parts, .. } = declared;
    // No store lets a form be sent only once. Parts can be sent again until they are one object, and never after: no URL
    // writes the object itself.
    let write_once = (store.write_once && form.is_none()) || parts.is_some();
    let id = UploadId::generate();
    let extension = declaration.content_type.media_type().extension();
    let key = if write_once { ObjectKey::lasting } else { ObjectKey::incoming };
    NewUpload {
        id,
        grant_key: key(policy, &caller.tenant, id, extension),
        tenant: caller.tenant.clone(),
        policy: policy.name.clone(),
        reserves: policy.reserves(&declaration),
        declared: declaration,
        metadata,
        write_once,
        form,
        multipart: None,
        origin: Origin::V1,
        finish_within: policy.finish_within,
        caller: caller.id.clone(),
        idempotency: None,
    }
}
