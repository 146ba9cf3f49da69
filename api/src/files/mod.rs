//! `/files`: the three calls of the presigned-URL tutorial, over the same operations as `/v1/uploads`.

mod confirm;
mod open;
mod upload_url;

pub use confirm::{ConfirmFile, ConfirmedFile};
pub use open::OpenFile;
pub use upload_url::CreateUploadUrl;

use crate::auth::{Caller, unauthorized};
use crate::problem::Problem;
use crate::service::Service;

/// What the timeline names as the caller where there is no API key.
const NOBODY: &str = "files";

/// Who calls: the owner of the API key, or the tenant that calls without one are served as.
fn caller_or_files_tenant(service: &Service, caller: Option<Caller>) -> Result<Caller, Problem> {
    let files = || Some(Caller { tenant: service.files.tenant.clone()?, id: NOBODY.to_owned() });
    caller.or_else(files).ok_or_else(|| unauthorized("Bearer"))
}
