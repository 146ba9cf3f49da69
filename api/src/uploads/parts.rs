//! The grant of an upload that is sent in parts, and the parts that a client asks for.

use std::time::Duration;

use futures_util::future::try_join_all;
use jiff::Timestamp;
use poem_openapi::types::Example;
use poem_openapi::{Enum, Object};
use sluice_common::domain::{self, Multipart, ObjectKey, Sha256};
use sluice_common::storage::{SignError, SignedRequest, Signer};

use super::examples;
use super::grant::Grant;
use crate::maps::Headers;
use crate::problem::FieldError;
use crate::scalars::{Sha256Text, Size, Time, Url};

/// The most parts whose URLs one grant holds.
pub const MOST_AT_ONCE: usize = 100;

/// Leave to send a file in parts, with one PUT for each.
///
/// The file is cut into `part_count` parts, numbered from 1: each has `part_size` bytes but for the last, which has the rest.
/// Part `n` begins at byte `(n - 1) * part_size`. Send each part's bytes as the body of a `PUT` to its `url`, with exactly its
/// `headers`; the store refuses anything else. (A browser sets `content-length` itself, to the same value, and lets no script
/// do so.) Any order will do, several at a time, and a part may be sent again. `parts` holds the URLs of the parts that were
/// asked for, 100 at the most; `renewGrant` gives those of others. When all have been sent, call `completeUpload`. Whoever has
/// a URL can use it until it expires or the upload is complete, so treat it like a password.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(example)]
pub struct MultipartGrant {
    /// The kind of this grant.
    pub kind: MultipartGrantKind,
    /// The HTTP method to use.
    pub method: String,
    /// The size of every part but the last, in bytes.
    pub part_size: Size,
    /// How many parts there are.
    pub part_count: i32,
    /// Where to send parts.
    pub parts: Vec<PartGrant>,
    /// When the store begins to refuse the URLs. A PUT that began before may end later.
    pub expires_at: Time,
}

/// Leave to send one part of a file.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct PartGrant {
    /// The number of the part, from 1.
    pub part_number: i32,
    /// Its exact size in bytes.
    pub size: Size,
    /// The URL to send it to.
    pub url: Url,
    /// The headers to send, by name.
    pub headers: Headers,
}

/// The kind of a grant for one PUT for each part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum MultipartGrantKind {
    /// One PUT for each part.
    Multipart,
}

/// What to grant anew.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none, example)]
pub struct GrantRequest {
    /// Of which parts to give URLs: 100 at the most, in any order. Without it, of the first 100. Only for an upload that is
    /// sent in parts.
    pub parts: Option<Vec<RequestedPart>>,
}

/// A part whose URL is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
pub struct RequestedPart {
    /// The number of the part, from 1.
    pub part_number: i32,
    /// The SHA-256 of the part's bytes as 64 hexadecimal digits. Where `part_sha256` was declared each part needs one, and
    /// otherwise none may have one.
    pub sha256: Option<Sha256Text>,
}

/// A part to sign for: its number, and its checksum where it is to be checked.
pub type Wanted = (i32, Option<Sha256>);

/// What is sent in parts, where, and into which parts it is cut.
#[derive(Debug, Clone, Copy)]
pub struct Sending<'a> {
    /// Where the object is going to be.
    pub key: &'a ObjectKey,
    /// Where the parts are gathered.
    pub multipart: &'a Multipart,
    /// The parts.
    pub parts: domain::Parts,
}

impl<'a> Sending<'a> {
    /// How this upload is sent, if it is sent in parts.
    pub fn of(upload: &'a domain::Upload) -> Option<Self> {
        upload.parts().map(|(multipart, parts)| Self { key: &upload.grant_key, multipart, parts })
    }

    /// The first parts, unless nothing can be signed before their checksums are known.
    pub fn first(self) -> Vec<Wanted> {
        let most = if self.multipart.with_sha256 { 0 } else { MOST_AT_ONCE };
        (1..=self.parts.count()).take(most).map(|number| (number, None)).collect()
    }
}

/// Signs a grant with the URLs of these parts, all of which there are.
///
/// # Errors
/// Where there are no credentials to sign with.
pub async fn sign(
    signer: &Signer,
    Sending { key, multipart, parts }: Sending<'_>,
    wanted: &[Wanted],
    lifetime: Duration,
) -> Result<MultipartGrant, SignError> {
    // A grant of no URLs expires like one of some.
    let until = Timestamp::now() + jiff::SignedDuration::try_from(lifetime).unwrap_or_default();
    let signed = try_join_all(wanted.iter().filter_map(|(number, sha256)| {
        let size = parts.size_of(*number)?;
        Some(async move {
            let signed = signer.part(key, multipart, *number, (size, *sha256), lifetime).await?;
            Ok((*number, size, signed))
        })
    }));
    let signed: Vec<(i32, domain::ByteCount, SignedRequest)> = signed.await?;
    let expires_at = signed.iter().map(|(_, _, signed)| signed.expires_at).min().unwrap_or(until);
    let part = |(part_number, size, signed): (i32, domain::ByteCount, SignedRequest)| PartGrant {
        part_number,
        size: Size(size.get()),
        url: Url(signed.url),
        headers: signed.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    };
    Ok(MultipartGrant {
        kind: MultipartGrantKind::Multipart,
        method: "PUT".to_owned(),
        part_size: Size(parts.part_size().get()),
        part_count: parts.count(),
        parts: signed.into_iter().map(part).collect(),
        expires_at: Time(expires_at),
    })
}

/// The parts that a client asks for, or the first ones.
///
/// # Errors
/// All that is wrong, place by place.
pub fn wanted(upload: &domain::Upload, asked: Option<GrantRequest>) -> Result<Vec<Wanted>, Vec<FieldError>> {
    let asked = asked.and_then(|asked| asked.parts);
    let Some(sending) = Sending::of(upload) else {
        let refusal = || FieldError::new("/parts", "not_in_parts", "The upload is sent with one PUT, not in parts.");
        return asked.map_or(Ok(Vec::new()), |_| Err(vec![refusal()]));
    };
    let Some(asked) = asked else { return Ok(sending.first()) };
    if asked.len() > MOST_AT_ONCE {
        let detail = format!("Up to {MOST_AT_ONCE} parts can be asked for at a time.");
        return Err(vec![FieldError::new("/parts", "too_many_parts", detail)]);
    }
    let read: Vec<_> = asked.iter().enumerate().map(|(place, part)| read(sending, place, part)).collect();
    let errors: Vec<FieldError> = read.iter().filter_map(|read| read.as_ref().err().cloned()).collect();
    if errors.is_empty() { Ok(read.into_iter().flatten().collect()) } else { Err(errors) }
}

fn read(sending: Sending<'_>, place: usize, asked: &RequestedPart) -> Result<Wanted, FieldError> {
    let at = |field: &str| format!("/parts/{place}/{field}");
    let RequestedPart { part_number, sha256 } = asked;
    if sending.parts.size_of(*part_number).is_none() {
        let detail = format!("There is no part {part_number}; there are parts 1 to {}.", sending.parts.count());
        return Err(FieldError::new(at("part_number"), "unknown_part", detail));
    }
    match (sha256, sending.multipart.with_sha256) {
        (Some(Sha256Text(digits)), true) => {
            let sha256 = Sha256::parse_hex(digits);
            let sha256 = sha256.map_err(|why| FieldError::unread(&at("sha256"), "invalid_sha256", why))?;
            Ok((*part_number, Some(sha256)))
        }
        (None, false) => Ok((*part_number, None)),
        (None, true) => Err(FieldError::new(
            at("sha256"),
            "sha256_required",
            "With 'part_sha256' declared, each part needs its checksum.",
        )),
        (Some(_), false) => Err(FieldError::new(
            at("sha256"),
            "sha256_not_declared",
            "Parts are only checked where 'part_sha256' was declared with the upload.",
        )),
    }
}

impl From<MultipartGrant> for Grant {
    fn from(grant: MultipartGrant) -> Self {
        Self::Multipart(grant)
    }
}

impl Example for MultipartGrant {
    fn example() -> Self {
        let upload = examples::pending_in_parts();
        let sending = Sending::of(&upload).expect("the example is sent in parts");
        let part = |number| {
            let size = sending.parts.size_of(number).expect("the example has it");
            let query = format!("?partNumber={number}&uploadId=2~example&");
            PartGrant {
                part_number: number,
                size: Size(size.get()),
                url: Url(examples::signed_url_of(sending.key).replace('?', &query)),
                headers: [("content-length".to_owned(), size.get().to_string())].into_iter().collect(),
            }
        };
        Self {
            kind: MultipartGrantKind::Multipart,
            method: "PUT".to_owned(),
            part_size: Size(sending.parts.part_size().get()),
            part_count: sending.parts.count(),
            parts: vec![part(3), part(7)],
            expires_at: Time(upload.created_at + jiff::SignedDuration::from_hours(1)),
        }
    }
}

impl Example for GrantRequest {
    fn example() -> Self {
        let part = |part_number| RequestedPart { part_number, sha256: None };
        Self { parts: Some(vec![part(3), part(7)]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(parts: &[(i32, Option<&str>)]) -> Option<GrantRequest> {
        let part = |(part_number, sha256): &(i32, Option<&str>)| RequestedPart {
            part_number: *part_number,
            sha256: sha256.map(|digits| Sha256Text(digits.to_owned())),
        };
        Some(GrantRequest { parts: Some(parts.iter().map(part).collect()) })
    }

    fn upload(with_sha256: bool) -> domain::Upload {
        let mut upload = examples::pending_in_parts();
        upload.multipart.as_mut().expect("in parts").with_sha256 = with_sha256;
        upload
    }

    fn codes(upload: &domain::Upload, request: Option<GrantRequest>) -> Vec<(String, String)> {
        let errors = wanted(upload, request).err().unwrap_or_default();
        errors.into_iter().map(|error| (error.pointer, error.code)).collect()
    }

    #[test]
    fn who_names_no_parts_gets_the_first_ones_unless_checksums_are_needed() {
        let numbers = |upload: &domain::Upload| wanted(upload, None).map(|wanted| wanted.len());
        assert_eq!(numbers(&upload(false)), Ok(9));
        assert_eq!(numbers(&upload(true)), Ok(0));
        assert_eq!(numbers(&examples::pending()), Ok(0));
    }

    #[test]
    fn a_number_that_no_part_can_have_is_named() {
        let body = r#"{"parts": [{"part_number": 1}, {"part_number": 4294967297}]}"#;
        let expected = ("/parts/1/part_number".to_owned(), "out_of_range".to_owned());
        assert_eq!(crate::body::errors_of::<GrantRequest>(body), [expected]);
    }

    #[test]
    fn parts_that_can_not_be_granted_are_named_place_by_place() {
        let sum = "ab".repeat(32);
        let pair = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
        assert_eq!(codes(&upload(false), asked(&[(1, None), (9, None), (1, None)])), []);
        assert_eq!(codes(&upload(true), asked(&[(1, Some(&sum))])), []);
        assert_eq!(
            codes(&upload(false), asked(&[(0, None), (2, None), (10, None)])),
            [pair("/parts/0/part_number", "unknown_part"), pair("/parts/2/part_number", "unknown_part"),]
        );
        assert_eq!(codes(&upload(false), asked(&[(1, Some(&sum))])), [pair("/parts/0/sha256", "sha256_not_declared")]);
        assert_eq!(codes(&upload(true), asked(&[(1, None)])), [pair("/parts/0/sha256", "sha256_required")]);
        assert_eq!(codes(&upload(true), asked(&[(1, Some("x"))])), [pair("/parts/0/sha256", "invalid_sha256")]);
        assert_eq!(codes(&upload(false), asked(&[(1, None); 101])), [pair("/parts", "too_many_parts")]);
        assert_eq!(codes(&examples::pending(), asked(&[])), [pair("/parts", "not_in_parts")]);
    }
}
