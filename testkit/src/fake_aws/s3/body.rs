//! Reading a request's bytes, and checking them against what the request claims of them.

use bytes::Bytes;
use http_body_util::BodyExt as _;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::dto::{Checksum, StreamingBlob};
use s3s::{Body, S3Result, s3_error};

/// What a request claims of its bytes.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) length: Option<i64>,
    pub(super) md5: Option<String>,
    pub(super) checksum: Checksum,
}

/// The claims in the input of a put or of a part, which have the same fields.
macro_rules! claims_of {
    ($input:expr) => {
        $crate::fake_aws::s3::body::Claims {
            length: $input.content_length,
            md5: $input.content_md5.take(),
            checksum: s3s::dto::Checksum {
                checksum_crc32: $input.checksum_crc32.take(),
                checksum_crc32c: $input.checksum_crc32c.take(),
                checksum_crc64nvme: $input.checksum_crc64nvme.take(),
                checksum_sha1: $input.checksum_sha1.take(),
                checksum_sha256: $input.checksum_sha256.take(),
                ..Default::default()
            },
        }
    };
}
pub(super) use claims_of;

/// The bytes, where they are what is claimed.
pub(super) async fn read(body: Option<StreamingBlob>, claims: &Claims) -> S3Result<Bytes> {
    let body = body.map(Body::from).unwrap_or_default();
    let bytes = body.collect().await.map_err(|_| s3_error!(IncompleteBody, "the body ended early"))?.to_bytes();
    if claims.length.is_some_and(|length| usize::try_from(length) != Ok(bytes.len())) {
        return Err(s3_error!(IncompleteBody, "the body has another length"));
    }
    if claims.md5.as_ref().is_some_and(|md5| *md5 != base64_of(&md5_of(&bytes))) {
        return Err(s3_error!(BadDigest, "The Content-MD5 you specified did not match what we received."));
    }
    let claimed = |checksum: &Checksum| Checksum { checksum_type: None, ..checksum.clone() };
    if checksum_of(&bytes, &claims.checksum) != claimed(&claims.checksum) {
        return Err(s3_error!(BadDigest, "The checksum you specified did not match the calculated checksum."));
    }
    Ok(bytes)
}

/// The checksums of those kinds that are claimed.
fn checksum_of(bytes: &[u8], claimed: &Checksum) -> Checksum {
    let mut hasher = ChecksumHasher {
        crc32: claimed.checksum_crc32.as_ref().map(|_| Crc32::new()),
        crc32c: claimed.checksum_crc32c.as_ref().map(|_| Crc32c::new()),
        sha1: claimed.checksum_sha1.as_ref().map(|_| Sha1::new()),
        sha256: claimed.checksum_sha256.as_ref().map(|_| Sha256::new()),
        crc64nvme: claimed.checksum_crc64nvme.as_ref().map(|_| Crc64Nvme::new()),
    };
    hasher.update(bytes);
    hasher.finalize()
}

pub(super) fn md5_of(bytes: &[u8]) -> [u8; 16] {
    let mut md5 = Md5::new();
    md5.update(bytes);
    md5.finalize()
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
