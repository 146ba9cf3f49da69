//! The bucket: what may be written to it and read from it by others ([`sign`]), and what a worker does with it itself
//! ([`bucket`]).

mod bucket;
mod disposition;
mod sdk;
mod sign;

pub use bucket::{Bucket, Look, Promotion, StoreError};
pub use sdk::SdkClients;
pub use sign::{Location, SignError, SignedRequest, Signer};
