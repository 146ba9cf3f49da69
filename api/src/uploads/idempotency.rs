//! The header `Idempotency-Key`: which request is the same as an earlier one, and what it is answered.

use std::sync::Arc;

use jiff::Timestamp;
use poem::{Request, RequestBody};
use poem_openapi::error::ParseParamError;
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef};
use poem_openapi::types::ToJSON as _;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use sluice_common::db::idempotency_keys;
use sluice_common::domain::{self, Idempotency, IdempotencyKey, Sha256, Tenant, UploadStatus};

use super::create::CreateUploadProblem;
use super::declare::NewUpload;
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

/// The checksum of a declaration, however its JSON was written.
pub fn fingerprint(declaration: &NewUpload) -> Sha256 {
    let canonical = sorted(declaration.to_json().unwrap_or_default());
    Sha256::of(canonical.to_string().as_bytes())
}

/// The upload that an earlier request with this key made, if there was one, granted anew if it can still be sent: of what is
/// sent in parts with up to `part_urls` URLs.
///
/// # Errors
/// Where the key came with something else; and where the database does not answer.
pub async fn replay(
    service: &Service,
    tenant: &Tenant,
    asked: &Idempotency,
    part_urls: usize,
) -> Result<Option<Upload>, CreateUploadProblem> {
    let found = idempotency_keys::find(&service.db, tenant, &asked.key).await?;
    let Some((fingerprint, upload)) = found else { return Ok(None) };
    concerns(upload.id);
    if fingerprint != asked.fingerprint {
        return Err(CreateUploadProblem::IdempotencyKeyReused);
    }
    let can_be_sent = upload.state.status() == UploadStatus::Pending && has_time(&upload);
    Ok(Some(match service.policies.find(&upload.policy).filter(|_| can_be_sent) {
        Some(policy) => {
            let mut wanted = Sending::of(&upload).map(Sending::first).unwrap_or_default();
            wanted.truncate(part_urls);
            granted_anew(service, upload, policy, &wanted).await?
        }
        None => upload.into(),
    }))
}

/// The upload that was made by whoever took the key just now.
///
/// # Errors
/// As for [`replay`].
pub async fn replay_taken(
    service: &Service,
    tenant: &Tenant,
    asked: &Idempotency,
    part_urls: usize,
) -> Result<Upload, CreateUploadProblem> {
    let found = replay(service, tenant, asked, part_urls).await?;
    found.ok_or_else(|| unavailable(Arc::new(Forgotten)).into())
}

fn has_time(upload: &domain::Upload) -> bool {
    !time_left(upload, Timestamp::now()).is_zero()
}

/// The key was taken, and then its time was over: a second try finds it free.
#[derive(Debug, thiserror::Error)]
#[error("the idempotency key was forgotten while it was asked for")]
struct Forgotten;

#[cfg(test)]
mod tests {
    use poem_openapi::types::ParseFromJSON as _;
    use serde_json::{Value, json};

    use super::*;

    fn fingerprint_of(declaration: &str) -> Sha256 {
        let value: Value = serde_json::from_str(declaration).expect("JSON");
        fingerprint(&NewUpload::parse_from_json(Some(value)).expect("the right shape"))
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
