//! The bucket: what others may write to it and read from it ([`Signer`]), and what we do with it ([`Bucket`]).

mod attempts;
mod bucket;
mod disposition;
mod form;
mod inspect;
mod listing;
mod multipart;
mod sdk;
mod sign;
mod store;

pub use attempts::Attempt;
pub use bucket::{Bucket, Promotion, StoreError};
pub use disposition::Disposition;
pub use form::SignedForm;
pub use inspect::Look;
pub use listing::{Found, Listed, Listing};
pub use multipart::{Aborted, Completion, MultipartListing, OpenMultipart, PartListing};
pub use sdk::SdkClients;
pub use sign::{Location, SignError, SignedRequest, Signer};
pub use store::{STORES, Store};
