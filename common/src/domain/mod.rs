//! The rules, without I/O and without a clock.

pub mod content;
mod declaration;
mod form;
mod idempotency;
mod key;
mod limits;
mod media_type;
mod parts;
mod policy;
mod tenant;
mod time;
mod type_pattern;
mod upload;
mod verdict;

pub use content::{Content, Detected, HEAD_LENGTH};
pub use declaration::{ByteCount, ContentType, Declaration, FileName, Metadata, NotA, Sha256};
pub use form::{Form, RedirectUrl};
pub use idempotency::{Idempotency, IdempotencyKey};
pub use key::ObjectKey;
pub use limits::{Limits, MOST_BYTES, OverQuota, Quota, Rate, TenantLimits, Usage};
pub use media_type::MediaType;
pub use parts::{
    LARGEST_OBJECT, LARGEST_PART, MOST_PARTS, NamedPart, PartFault, PartFaultCode, Parts, SMALLEST_PART, StoredPart,
    gather,
};
pub use policy::{ActiveContent, PictureBounds, Policies, Policy, PolicyError, UnknownType};
pub use tenant::Tenant;
pub use time::length_of_time;
pub use type_pattern::TypePattern;
pub use upload::{Multipart, Origin, StoredObject, Upload, UploadId, UploadState, UploadStatus};
pub use verdict::{Inspection, Reason, ReasonCode, Verdict, judge};
