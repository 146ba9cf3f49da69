//! `/files`: the three calls of the presigned-URL tutorial, over the same operations as `/v1/uploads`.

mod confirm;
mod open;
mod upload_url;

pub use confirm::{ConfirmFile, ConfirmedFile};
pub use open::OpenFile;
pub use upload_url::CreateUploadUrl;
