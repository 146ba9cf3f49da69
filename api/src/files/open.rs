//! openFile, the tutorial's link to a file.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, OpenApi};
use sluice_common::db::DbError;
use sluice_common::db::uploads;
use sluice_common::domain::{Origin, Upload, UploadId};
use sluice_common::storage::Disposition;

use crate::auth::{Caller, MaybeKey, Read};
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::UploadIdText;
use crate::service::Service;
use crate::uploads::{not_confirmed, sign_download};

problems! {
    /// Why a file is not opened.
    pub enum OpenFileProblem {
        /// There is no such file.
        404 file_not_found => FileNotFound,
        /// Only a confirmed upload can be downloaded.
        409 not_confirmed => NotConfirmed(detail: String),
    }
}

/// The answer.
#[derive(ApiResponse)]
pub enum OpenAnswer {
    /// The file is at `Location`, for a few minutes. Keep this link, not that one.
    #[oai(status = 302)]
    Found(
        /// The URL of the file in the store.
        #[oai(header = "Location")]
        String,
    ),
}

/// openFile.
pub struct OpenFile;

#[OpenApi]
impl OpenFile {
    /// Open a file
    ///
    /// The tutorial's link: leads to the confirmed file, which is saved as an attachment under its name. Without an API key
    /// it opens files that came through `/files`, for whoever knows the id: 74 of its bits are random, so nobody guesses
    /// one, but a link that is passed on works for everybody. With a key it opens all uploads of that key's tenant and no
    /// others; the key needs the scope `uploads:read`.
    #[oai(path = "/files/:file_id", method = "get", operation_id = "openFile", tag = "Tag::Files")]
    async fn open(
        &self,
        service: Data<&Arc<Service>>,
        key: MaybeKey<Read>,
        /// The file's id: that of its upload.
        #[oai(name = "file_id")]
        id: Path<UploadIdText>,
    ) -> Result<OpenAnswer, OpenFileProblem> {
        let upload = find(&service, key.0.as_ref(), id.0.read()).await?;
        let upload = upload.ok_or(OpenFileProblem::FileNotFound)?;
        let signed = sign_download(&service, &upload, Disposition::Attachment).await?;
        let signed = signed.ok_or_else(|| OpenFileProblem::NotConfirmed(not_confirmed(&upload)))?;
        Ok(OpenAnswer::Found(signed.url))
    }
}

async fn find(service: &Service, caller: Option<&Caller>, id: Option<UploadId>) -> Result<Option<Upload>, DbError> {
    match (caller, id) {
        (Some(caller), id) => service.find(&caller.tenant, id).await,
        (None, Some(id)) => Ok(uploads::find(&service.db, id).await?.filter(|upload| upload.origin == Origin::Files)),
        (None, None) => Ok(None),
    }
}
