//! The fake S3: the store behind s3s, which reads the requests and checks their signatures.

mod body;
mod bucket;
mod multipart;
mod object;
mod operations;
mod store;
mod uploads;

use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};

pub(super) use self::store::Store;

/// Marks a request whose range is to be ignored. Its header must stay, as it is signed.
#[derive(Debug, Clone, Copy)]
pub(super) struct IgnoreRange;

/// The service, for the one who has these credentials.
pub(super) fn service(store: Store, access_key: &str, secret_key: &str) -> S3Service {
    let mut service = S3ServiceBuilder::new(store);
    service.set_auth(SimpleAuth::from_single(access_key, secret_key));
    service.build()
}
