//! `/files`: the three calls of the presigned-URL tutorial, over the same operations as `/v1/uploads`.

mod confirm;
mod open;
mod upload_url;

pub use confirm::{ConfirmFile, ConfirmedFile};
pub use open::OpenFile;
pub use upload_url::CreateUploadUrl;

use crate::auth::{Caller, Refusal};
use crate::problem::Problem;
use crate::service::Service;

/// What the timeline names as the caller where there is no API key.
const NOBODY: &str = "files";

/// Who calls: the owner of the API key, or the tenant that calls without one are served as.
fn caller_or_files_tenant(service: &Service, caller: Option<Caller>) -> Result<Caller, Problem> {
    if let Some(caller) = caller {
        return Ok(caller);
    }
    let tenant = service.files.tenant.clone().ok_or(Refusal::Nothing)?;
    service.rates.admit(&tenant)?;
    Ok(Caller { tenant, id: NOBODY.to_owned(), until: None })
}
