//! Which uploads an operator means: in the query of searchUploads, and in the body of actOnUploads.

use poem_openapi::Object;

use crate::scalars::{PolicyName, TenantName, Text, Time};
use crate::uploads::{ReasonCode, UploadStatus};

/// Which uploads are meant: those that fit all that is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, deny_unknown_fields)]
pub struct UploadFilter {
    /// Only uploads in one of these statuses.
    pub status: Option<Vec<UploadStatus>>,
    /// Only uploads of this tenant.
    pub tenant: Option<TenantName>,
    /// Only uploads under this policy.
    pub policy: Option<PolicyName>,
    /// Only uploads declared or seen to be of this type: `image/png`, or `image/*`.
    #[oai(rename = "type")]
    pub media_type: Option<Text>,
    /// Only uploads that were rejected for this reason, among others perhaps.
    pub reason: Option<ReasonCode>,
    /// Only uploads declared at this time or later.
    pub created_from: Option<Time>,
    /// Only uploads declared before this time.
    pub created_before: Option<Time>,
    /// Only the upload of this id or of this object key, or uploads whose file name contains this, in capitals or not.
    pub text: Option<Text>,
}
