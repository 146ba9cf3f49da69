//! The uploads that the documentation shows and tests use.

use jiff::{Timestamp, ToSpan as _};
use sluice_common::domain::{
    ByteCount, ContentType, Declaration, FileName, MediaType, Metadata, Multipart, ObjectKey, Origin, Reason,
    ReasonCode, Sha256, StoredObject, Tenant, Upload, UploadId, UploadState,
};

use crate::auth::NewToken;

const VALID: &str = "the examples are valid";

fn created_at() -> Timestamp {
    Timestamp::constant(1_795_521_600, 0)
}

fn decided_at() -> Timestamp {
    created_at() + 3250.milliseconds()
}

/// The id that all examples have.
pub fn id() -> UploadId {
    UploadId::parse("019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10").expect(VALID)
}

/// An upload that waits for its object.
pub fn pending() -> Upload {
    Upload {
        id: id(),
        tenant: Tenant::parse("acme").expect(VALID),
        policy: "images".to_owned(),
        declared: Declaration {
            filename: FileName::parse("photo.jpg").expect(VALID),
            content_type: ContentType::parse("image/jpeg").expect(VALID),
            size: Some(ByteCount::new(348_160).expect(VALID)),
            sha256: Some(Sha256::of(b"photo.jpg")),
        },
        metadata: Some(Metadata::new([("album".to_owned(), "Paris".to_owned())].into()).expect(VALID)),
        grant_key: ObjectKey::recorded(format!("images/acme/{}.jpg", id())),
        write_once: true,
        form: None,
        multipart: None,
        origin: Origin::V1,
        created_at: created_at(),
        deadline: created_at() + 1.hour(),
        looks_cut_off: 0,
        state: UploadState::Pending,
    }
}

/// A token that was made with the upload.
pub fn token() -> NewToken {
    NewToken {
        text: "sluice_upload_eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiIsImtpZCI6…".to_owned(),
        expires_at: created_at() + 2.hours(),
    }
}

/// The same, once its object was accepted.
pub fn confirmed() -> Upload {
    Upload { state: UploadState::Confirmed { object: object(), decided_at: decided_at() }, ..pending() }
}

/// The same, had its object been of another type.
pub fn rejected() -> Upload {
    let object = StoredObject { detected_type: Some(MediaType::parse("image/png").expect(VALID)), ..object() };
    let reasons = vec![Reason {
        code: ReasonCode::TypeMismatch,
        detail: "image/jpeg was declared; the file is image/png.".to_owned(),
    }];
    Upload { state: UploadState::Rejected { object, reasons, decided_at: decided_at() }, ..pending() }
}

/// The same, had its client taken it back.
pub fn canceled() -> Upload {
    Upload { state: UploadState::Canceled { decided_at: decided_at() }, ..pending() }
}

/// An upload that is sent in parts, of which none has come.
pub fn pending_in_parts() -> Upload {
    let bytes = |count| ByteCount::new(count).expect(VALID);
    Upload {
        policy: "video".to_owned(),
        declared: Declaration {
            filename: FileName::parse("film.mp4").expect(VALID),
            content_type: ContentType::parse("video/mp4").expect(VALID),
            size: Some(bytes(150_000_000)),
            sha256: None,
        },
        metadata: None,
        grant_key: ObjectKey::recorded(format!("video/acme/{}.mp4", id())),
        multipart: Some(Multipart {
            id: "2~example".to_owned(),
            part_size: bytes(16 * 1024 * 1024),
            with_sha256: false,
        }),
        ..pending()
    }
}

fn object() -> StoredObject {
    StoredObject {
        key: pending().grant_key,
        size: ByteCount::new(348_160).expect(VALID),
        etag: "\"9b2cf535f27731c974343645a3985328\"".to_owned(),
        version_id: None,
        detected_type: Some(MediaType::parse("image/jpeg").expect(VALID)),
    }
}

/// A signed URL of the examples' object; the signature is made up.
pub fn signed_url() -> String {
    signed_url_of(&pending().grant_key)
}

/// The same of another object.
pub fn signed_url_of(key: &ObjectKey) -> String {
    let signature = Sha256::of(b"signature").to_hex();
    format!("https://uploads.s3.eu-west-1.amazonaws.com/{key}?X-Amz-Signature={signature}")
}
