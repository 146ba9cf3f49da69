//! A grant as clients see it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use poem_openapi::types::Example;
use poem_openapi::{Enum, Object, Union};
use sluice_common::storage::SignedRequest;

use super::examples;
use super::parts::MultipartGrant;
use crate::maps::Headers;
use crate::scalars::{Time, Url};

/// Leave to put exactly what was declared, told apart by `kind`. Other kinds may be added: treat an upload whose grant's
/// `kind` you don't know as one that you can't send. Only the answers that make or renew a grant have one.
#[derive(Debug, Clone, PartialEq, Eq, Union)]
#[oai(one_of = true)]
pub enum Grant {
    /// One PUT.
    Put(PutGrant),
    /// One PUT for each part.
    Multipart(MultipartGrant),
}

/// Leave to send one PUT with the file's bytes as its body.
///
/// Send exactly `headers`, with the values given here; the store refuses anything else. (A browser sets `content-length`
/// itself, to the same value, and lets no script do so.) Whoever has the URL can use it until it expires, so treat it like
/// a password.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(example)]
pub struct PutGrant {
    /// The kind of this grant.
    pub kind: PutGrantKind,
    /// The HTTP method to use.
    pub method: String,
    /// The URL to send the file to.
    pub url: Url,
    /// The headers to send, by name.
    pub headers: Headers,
    /// When the store begins to refuse the URL. A PUT that began before may end later.
    pub expires_at: Time,
}

/// The kind of a grant for one PUT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum PutGrantKind {
    /// One PUT.
    Put,
}

impl From<SignedRequest> for Grant {
    fn from(signed: SignedRequest) -> Self {
        let headers = signed.headers.into_iter().map(|(name, value)| (name.to_owned(), value));
        Self::Put(PutGrant {
            kind: PutGrantKind::Put,
            method: signed.method.to_owned(),
            url: Url(signed.url),
            headers: headers.collect(),
            expires_at: Time(signed.expires_at),
        })
    }
}

impl Example for PutGrant {
    fn example() -> Self {
        let upload = examples::pending();
        let sha256 = upload.declared.sha256.map(|sha256| BASE64.encode(sha256.0)).unwrap_or_default();
        let headers = [
            ("content-type", "image/jpeg"),
            ("content-length", "348160"),
            ("x-amz-checksum-sha256", &sha256),
            ("if-none-match", "*"),
        ];
        Self {
            kind: PutGrantKind::Put,
            method: "PUT".to_owned(),
            url: Url(examples::signed_url()),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect(),
            expires_at: Time(upload.created_at + jiff::SignedDuration::from_mins(10)),
        }
    }
}

impl Example for Grant {
    fn example() -> Self {
        Self::Put(PutGrant::example())
    }
}
