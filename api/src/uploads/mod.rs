//! `/v1/uploads`: one file for each operation, and the types they share.

mod assemble;
mod begun;
mod cancel;
mod complete;
mod create;
mod create_all;
mod cursor;
mod declare;
mod download;
mod etag;
pub mod examples;
mod get;
mod grant;
mod idempotency;
mod list;
mod list_parts;
mod parts;
mod prefer;
mod prepare;
pub mod quota;
mod renew;
mod signing;
mod stream;
mod wire;

pub use cancel::CancelUpload;
pub use complete::CompleteUpload;
pub use create::CreateUpload;
pub use create_all::CreateUploads;
pub use declare::{Declared, NewUpload, declare};
pub use download::{
    Disposition, DownloadAnswer, GetDownload, GetDownloadProblem, not_confirmed, not_shown_inline, sign_download,
    signed_download,
};
pub(crate) use etag::IfNoneMatch;
pub use get::GetUpload;
pub use list::ListUploads;
pub use list_parts::ListParts;
pub use parts::MultipartGrant;
pub use renew::RenewGrant;
pub use stream::{EventStream, StreamAnswer, StreamUploads, UNKNOWN_EVENT, known, said};
pub use wire::{Reason, ReasonCode, Upload, UploadAnswer, UploadStatus};
