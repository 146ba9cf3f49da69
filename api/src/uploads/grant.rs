//! A grant as clients see it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use poem_openapi::types::Example;
use poem_openapi::{Enum, Object, Union};
use sluice_common::domain::Sha256;
use sluice_common::storage::{SignedForm, SignedRequest};

use super::examples;
use super::parts::MultipartGrant;
use crate::maps::{FormFields, Headers};
use crate::scalars::{Time, Url};

/// Leave to put exactly what was declared, told apart by `kind`. Other kinds may be added: treat an upload whose grant's
/// `kind` you don't know as one that you can't send. Only the answers that make or renew a grant have one.
#[derive(Debug, Clone, PartialEq, Eq, Union)]
#[oai(one_of = true)]
pub enum Grant {
    /// One PUT.
    Put(PutGrant),
    /// A form.
    Post(PostGrant),
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

/// Leave to post one form with the file in it, as a page without a script can.
///
/// Post a form of the type `multipart/form-data` to `url`: first exactly `fields`, in any order, with the values given here,
/// and last a field named `file` with the file. The store refuses anything else. It answers with 201, or leads the browser to
/// the upload's `redirect_to`. Whoever has the fields can send the form again until it expires, so treat them like a
/// password; what was confirmed does not change by it.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(example)]
pub struct PostGrant {
    /// The kind of this grant.
    pub kind: PostGrantKind,
    /// The HTTP method to use.
    pub method: String,
    /// The URL to post the form to.
    pub url: Url,
    /// The fields to send before the file, by name.
    pub fields: FormFields,
    /// When the store begins to refuse the form. A post that began before may end later.
    pub expires_at: Time,
}

/// The kind of a grant for a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum PostGrantKind {
    /// A form.
    Post,
}

impl From<SignedForm> for Grant {
    fn from(signed: SignedForm) -> Self {
        let fields = signed.fields.into_iter().map(|(name, value)| (name.to_owned(), value));
        Self::Post(PostGrant {
            kind: PostGrantKind::Post,
            method: "POST".to_owned(),
            url: Url(signed.url),
            fields: fields.collect(),
            expires_at: Time(signed.expires_at),
        })
    }
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

impl Example for PostGrant {
    fn example() -> Self {
        let upload = examples::pending();
        let key = format!("incoming/{}", upload.grant_key);
        let fields = [
            ("key", key.as_str()),
            ("Content-Type", "image/jpeg"),
            ("success_action_status", "201"),
            ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
            ("x-amz-credential", "AKIAIOSFODNN7EXAMPLE/20261124/eu-west-1/s3/aws4_request"),
            ("x-amz-date", "20261124T120000Z"),
            ("policy", "eyJleHBpcmF0aW9uIjoiMjAyNi0xMS0yNFQxMjoxMDowMC4wMDBaIn0="),
            ("x-amz-signature", &Sha256::of(b"signature").to_hex()),
        ];
        Self {
            kind: PostGrantKind::Post,
            method: "POST".to_owned(),
            url: Url("https://uploads.s3.eu-west-1.amazonaws.com".to_owned()),
            fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect(),
            expires_at: Time(upload.created_at + jiff::SignedDuration::from_mins(10)),
        }
    }
}

impl Example for Grant {
    fn example() -> Self {
        Self::Put(PutGrant::example())
    }
}
