//! The bucket: what others may write to it and read from it ([`Signer`]), and what a worker does with it ([`Bucket`]).

mod bucket;
mod disposition;
mod inspect;
mod listing;
mod sdk;
mod sign;

pub use bucket::{Bucket, Promotion, StoreError};
pub use disposition::Disposition;
pub use inspect::Look;
pub use listing::{Found, Listed, Listing};
pub use sdk::SdkClients;
pub use sign::{Location, SignError, SignedRequest, Signer};
