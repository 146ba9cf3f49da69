//! The header `Idempotency-Key`: which request is the same as an earlier one, and what it is answered.

use std::sync::Arc;

use jiff::Timestamp;
use poem::{Request, RequestBody};
use poem_openapi::error::ParseParamError;
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef};
use poem_openapi::types::ToJSON as _;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use sluice_common::db::{DbError, idempotency_keys};
use sluice_common::domain::{self, ContentType, Idempotency, IdempotencyKey, Sha256, Tenant, UploadStatus};

use super::create::CreateUploadProblem;
use super::declare::{GrantKind, NewUpload};
use super::parts::Sending;
use super::renew::{granted_anew, time_left};
use super::wire::Upload;
use crate::problem::unavailable;
use crate::request::concerns;
use crate::service::Service;
use crate::sorted::sorted;

/// The key of a request, if it has one. The framework's own extractor takes a header that is no ASCII for none.
pub struct KeyHeader(pub Option<IdempotencyKey>);

impl<'a> ApiExtractor<'a> for KeyHeader {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];

    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(MetaSchemaRef::Inline(Box::new(MetaSchema {
            min_length: Some(1),
            max_length: Some(IdempotencyKey::MAX_LENGTH),
            pattern: Some("^[ -~]+$".to_owned()),
            ..MetaSchema::new("string")
        })))
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let sent: Vec<&[u8]> = request.headers().get_all(options.name).iter().map(|value| value.as_bytes()).collect();
        let refused = |reason: String| ParseParamError { name: options.name, reason };
        Ok(read(&sent).map(Self).map_err(refused)?)
    }
}

fn read(sent: &[&[u8]]) -> Result<Option<IdempotencyKey>, String> {
    match sent {
        [] => Ok(None),
        [one] => IdempotencyKey::parse(one).map(Some).map_err(|why| why.to_string()),
        _ => Err("it was sent more than once".to_owned()),
    }
}

/// A declaration that came with a key.
pub fn asked(key: IdempotencyKey, declaration: &NewUpload) -> Idempotency {
    let (fingerprint, as_written) = (fingerprint(&as_understood(declaration)), fingerprint(declaration));
    Idempotency { key, fingerprint, as_written }
}

/// The checksum of a declaration, however its JSON was written.
fn fingerprint(declaration: &NewUpload) -> Sha256 {
    let canonical = sorted(declaration.to_json().unwrap_or_default());
    Sha256::of(canonical.to_string().as_bytes())
}

/// The declaration without what goes without saying, and in the usual spelling. A policy that is named is kept: without a name it
/// may be another one tomorrow.
fn as_understood(declaration: &NewUpload) -> NewUpload {
    let mut same = declaration.clone();
    if let Ok(content_type) = ContentType::parse(&same.content_type.0) {
        same.content_type.0 = content_type.in_one_spelling();
    }
    if let Some(sha256) = &mut same.sha256 {
        sha256.0.make_ascii_lowercase();
    }
    same.part_sha256 = same.part_sha256.filter(|each| *each);
    same.grant = same.grant.filter(|kind| *kind != GrantKind::Put);
    same.metadata = same.metadata.filter(|metadata| !metadata.0.is_empty());
    same
}

/// What an earlier request with a key led to, if there was one.
pub type Replay = Option<Result<Upload, CreateUploadProblem>>;

/// The uploads that earlier requests with these keys made, each in its key's place, granted anew if they can still be sent: of
/// what is sent in parts with up to `part_urls` URLs. A key that came with something else is a problem of its own.
///
/// # Errors
/// Where the database does not answer.
pub async fn replays(
    service: &Service,
    tenant: &Tenant,
    asked: &[&Idempotency],
    part_urls: usize,
) -> Result<Vec<Replay>, DbError> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<_> = asked.iter().map(|asked| &asked.key).collect();
    let found = idempotency_keys::find(&service.db, tenant, &keys).await?;
    let mut replays = Vec::with_capacity(found.len());
    for (asked, found) in asked.iter().zip(found) {
        replays.push(match found {
            None => None,
            Some((kept, upload)) if asked.is(kept) => Some(again(service, upload, part_urls).await),
            Some(_) => Some(Err(CreateUploadProblem::IdempotencyKeyReused)),
        });
    }
    Ok(replays)
}

/// The same for one key.
///
/// # Errors
/// Where the key came with something else; and where the database does not answer.
pub async fn replay(
    service: &Service,
    tenant: &Tenant,
    asked: &Idempotency,
    part_urls: usize,
) -> Result<Option<Upload>, CreateUploadProblem> {
    replays(service, tenant, &[asked], part_urls).await?.pop().flatten().transpose()
}

/// What to answer where a key was taken just now, and then its time was over: a second try finds it free.
pub fn forgotten() -> CreateUploadProblem {
    unavailable(Arc::new(Forgotten)).into()
}

/// An upload that was recorded before, granted anew if it can still be sent.
async fn again(service: &Service, upload: domain::Upload, part_urls: usize) -> Result<Upload, CreateUploadProblem> {
    concerns(upload.id);
    let can_be_sent = upload.state.status() == UploadStatus::Pending && has_time(&upload);
    Ok(match service.policies.find(&upload.policy).filter(|_| can_be_sent) {
        Some(policy) => {
            let mut wanted = Sending::of(&upload).map(Sending::first).unwrap_or_default();
            wanted.truncate(part_urls);
            granted_anew(service, upload, policy, &wanted).await?
        }
        None => upload.into(),
    })
}

fn has_time(upload: &domain::Upload) -> bool {
    !time_left(upload, Timestamp::now()).is_zero()
}

/// Why there is nothing behind a key that was taken.
#[derive(Debug, thiserror::Error)]
#[error("the idempotency key was forgotten while it was asked for")]
struct Forgotten;

#[cfg(test)]
mod tests {
    use poem_openapi::types::ParseFromJSON as _;
    use serde_json::{Value, json};

    use super::*;

    fn of(declaration: &str) -> Idempotency {
        let value: Value = serde_json::from_str(declaration).expect("JSON");
        let key = IdempotencyKey::parse(b"k").expect("good");
        asked(key, &NewUpload::parse_from_json(Some(value)).expect("the right shape"))
    }

    fn fingerprint_of(declaration: &str) -> Sha256 {
        of(declaration).fingerprint
    }

    #[test]
    fn a_declaration_is_the_same_however_it_is_written_and_another_one_is_not() {
        let one = r#"{"filename":"a.png","content_type":"image/png","metadata":{"a":"1","b":"2"}}"#;
        let same =
            r#"{ "metadata": {"b":"2", "a":"1"}, "size": null, "content_type": "image/png", "filename": "a.png" }"#;
        assert_eq!(fingerprint_of(one), fingerprint_of(same));
        for other in [
            json!({"filename": "b.png", "content_type": "image/png", "metadata": {"a": "1", "b": "2"}}),
            json!({"filename": "a.png", "content_type": "image/png", "metadata": {"a": "2", "b": "1"}}),
            json!({"filename": "a.png", "content_type": "image/png", "metadata": {"a": "1", "b": "2"}, "size": 1}),
        ] {
            assert_ne!(fingerprint_of(one), fingerprint_of(&other.to_string()), "{other}");
        }
    }

    #[test]
    fn what_goes_without_saying_may_be_said_and_a_spelling_changes_nothing() {
        let with = |more: Value| {
            let mut declaration =
                json!({"filename": "a.csv", "content_type": "text/csv; charset=utf-8; header=present"});
            declaration.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            fingerprint_of(&declaration.to_string())
        };
        let plain = with(json!({}));
        for same in [
            json!({"part_sha256": false}),
            json!({"grant": "put", "metadata": {}}),
            json!({"content_type": " Text/CSV;Header=present ; CHARSET=UTF-8"}),
        ] {
            assert_eq!(with(same.clone()), plain, "{same}");
        }
        for other in [
            json!({"part_sha256": true}),
            json!({"grant": "post"}),
            json!({"policy": "documents"}),
            json!({"content_type": "text/csv; charset=utf-8; header=Present"}),
            json!({"content_type": "text/csv; charset=utf-8"}),
        ] {
            assert_ne!(with(other.clone()), plain, "{other}");
        }
        let digits = |digits: &str| with(json!({"sha256": digits}));
        assert_eq!(digits(&"AB".repeat(32)), digits(&"ab".repeat(32)));
    }

    #[test]
    fn what_a_former_version_kept_of_a_declaration_is_known_again() {
        let said = r#"{"content_type":"image/PNG","filename":"a.png","grant":"put","part_sha256":false}"#;
        assert!(of(said).is(Sha256::of(said.as_bytes())));
        assert!(!of(said).is(Sha256::of(b"something else")));
    }

    /// A version that writes it otherwise would take the replays of requests to the one before for other requests.
    #[test]
    fn the_fingerprint_of_a_declaration_never_changes() {
        let declaration = r#"{"filename":"a.png","content_type":"image/png","size":67}"#;
        assert_eq!(
            fingerprint_of(declaration).to_hex(),
            Sha256::of(br#"{"content_type":"image/png","filename":"a.png","size":67}"#).to_hex()
        );
    }

    #[test]
    fn a_key_is_sent_once_or_not_at_all() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[b"k"]).expect("good").expect("a key").as_str(), "k");
        assert!(read(&[b"k", b"k"]).is_err() && read(&[b""]).is_err() && read(&[b"\xff"]).is_err());
    }
}
