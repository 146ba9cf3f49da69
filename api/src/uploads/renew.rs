//! renewGrant.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use sluice_common::db::uploads;
use sluice_common::domain::{Policies, Policy, Upload, UploadStatus};
use sluice_common::storage::SignError;

use super::parts::{self, GrantRequest, Sending, Wanted};
use super::signing::{Terms, sign_grant};
use super::wire::{self, UploadAnswer};
use crate::auth::{KeyOrToken, Write};
use crate::body::OptionalBody;
use crate::document::Tag;
use crate::problem::{FieldError, problems};
use crate::scalars::UploadIdText;
use crate::service::Service;

problems! {
    /// Why a grant was not renewed.
    pub enum RenewGrantProblem {
        /// There is no such upload of yours.
        404 upload_not_found => UploadNotFound,
        /// The upload is no longer pending, so there is nothing left to send.
        409 not_pending => NotPending(detail: String),
        /// The upload's deadline has passed, or it is 7 days old. Declare it anew.
        409 too_late => TooLate,
        /// The upload's policy no longer exists. Declare it anew.
        409 policy_removed => PolicyRemoved,
        /// The parts asked for are not parts of this upload, or lack a checksum; `errors` says what is wrong with which.
        422 invalid_parts => InvalidParts(errors: Vec<FieldError>),
    }
}

/// The longest that an upload can stay pending, however often its grant is renewed.
pub(super) const LONGEST_LIFE: Duration = Duration::from_hours(7 * 24);

/// renewGrant.
pub struct RenewGrant;

#[OpenApi]
impl RenewGrant {
    /// Renew the grant
    ///
    /// A new grant for the same upload, for when the first has expired or is about to. Earlier grants keep working until they
    /// expire. The deadline moves as if the upload were declared now, up to 7 days after it really was.
    ///
    /// For an upload that is sent in parts the body says of which parts to give URLs, up to 100 at a time; without a body, of
    /// the first 100. Where `part_sha256` was declared, each part needs its checksum.
    ///
    /// Needs the scope `uploads:write`, or the upload's token.
    #[oai(path = "/v1/uploads/:upload_id/grant", method = "post", operation_id = "renewGrant", tag = "Tag::Uploads")]
    async fn renew(
        &self,
        service: Data<&Arc<Service>>,
        holder: KeyOrToken<Write>,
        /// The upload's id.
        #[oai(name = "upload_id")]
        id: Path<UploadIdText>,
        body: OptionalBody<GrantRequest>,
    ) -> Result<UploadAnswer, RenewGrantProblem> {
        let (caller, id) = holder.0.reaching(id.0.read()).ok_or(RenewGrantProblem::UploadNotFound)?;
        let found = service.find(&caller.tenant, Some(id)).await?;
        let found = found.ok_or(RenewGrantProblem::UploadNotFound)?;
        let policy = renewable(&found, &service.policies)?;
        let wanted = parts::wanted(&found, body.0).map_err(RenewGrantProblem::InvalidParts)?;
        let extended =
            uploads::extend(&service.db, &caller.tenant, found.id, policy.finish_within, LONGEST_LIFE).await?;
        // It is overdue, or was decided just now; either way it is too late.
        let upload = extended.ok_or(RenewGrantProblem::TooLate)?;
        Ok(UploadAnswer::new(granted_anew(&service, upload, policy, &wanted).await?))
    }
}

/// The pending upload with a new grant, of these parts if it is sent in parts, that ends by its deadline.
pub(super) async fn granted_anew(
    service: &Service,
    upload: Upload,
    policy: &Policy,
    wanted: &[Wanted],
) -> Result<wire::Upload, SignError> {
    let lifetime = policy.grant_lifetime.min(time_left(&upload, Timestamp::now()));
    let grant = match Sending::of(&upload) {
        None => sign_grant(&service.signer, policy, Terms::from(&upload), lifetime).await?,
        Some(sending) => parts::sign(&service.signer, sending, wanted, lifetime).await?.into(),
    };
    let token = service.tokens.issue(&upload);
    Ok(wire::Upload::with_grant(upload, grant, token))
}

/// The policy by which an upload's grant may be renewed now.
fn renewable<'a>(upload: &Upload, policies: &'a Policies) -> Result<&'a Policy, RenewGrantProblem> {
    let status = upload.state.status();
    if status != UploadStatus::Pending {
        return Err(RenewGrantProblem::NotPending(format!("The upload is {}, no longer pending.", status.as_str())));
    }
    policies.find(&upload.policy).ok_or(RenewGrantProblem::PolicyRemoved)
}

/// How long it is to the deadline, in whole seconds, by the clock that dates the signature.
pub(super) fn time_left(upload: &Upload, now: Timestamp) -> Duration {
    let left = Duration::try_from(upload.deadline.duration_since(now)).unwrap_or_default();
    Duration::from_secs(left.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;
    use crate::uploads::examples;

    fn refusal(upload: &Upload) -> Option<String> {
        let refused = renewable(upload, &Policies::built_in()).err()?;
        Some(Problem::from(refused).to_string())
    }

    #[test]
    fn only_what_is_pending_under_a_policy_that_is_there_is_renewed() {
        assert_eq!(refusal(&examples::pending()), None);
        assert_eq!(refusal(&examples::confirmed()).as_deref(), Some("not_pending"));
        let orphan = Upload { policy: "gone".to_owned(), ..examples::pending() };
        assert_eq!(refusal(&orphan).as_deref(), Some("policy_removed"));
    }
}
