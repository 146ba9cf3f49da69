//! Signed URLs: leave to put exactly one object, or to get one.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4::SigningParams;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::Mutex;

use super::disposition::{Disposition, header};
use crate::chain::Chain;
use crate::domain::{ByteCount, Declaration, MediaType, Multipart, ObjectKey, Sha256, StoredObject};

/// Where a bucket is reached, by clients or by us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The bucket's name.
    pub bucket: String,
    /// Its region.
    pub region: String,
    /// The store's address, such as `https://s3.example.com`; without one it is Amazon's for the region.
    pub endpoint: Option<String>,
    /// Whether the bucket's name is the first part of the path rather than of the host.
    pub path_style: bool,
    /// The key to sign requests to it with, where it is not the one in the SDK's usual places.
    pub credentials: Option<Credentials>,
}

impl Location {
    /// The URL of an object. Keys are made of characters that need no encoding.
    fn url_of(&self, key: &ObjectKey) -> String {
        format!("{}/{key}", self.url())
    }

    /// The bucket's URL.
    pub(super) fn url(&self) -> String {
        let amazon = || format!("https://s3.{}.amazonaws.com", self.region);
        let endpoint = self.endpoint.clone().unwrap_or_else(amazon);
        let endpoint = endpoint.trim_end_matches('/');
        match endpoint.split_once("://") {
            Some((scheme, host)) if !self.path_style => format!("{scheme}://{}.{host}", self.bucket),
            _ => format!("{endpoint}/{}", self.bucket),
        }
    }
}

/// A request that whoever has it may send, once or until it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// The HTTP method.
    pub method: &'static str,
    /// The URL. It is as good as a password until it expires.
    pub url: String,
    /// Exactly these headers must be sent, under these names with these values.
    pub headers: Vec<(&'static str, String)>,
    /// When the store begins to refuse it.
    pub expires_at: Timestamp,
}

/// Why nothing could be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The SDK found no credentials, or could not renew them.
    #[error("could not get credentials to sign with")]
    Credentials(#[source] aws_credential_types::provider::error::CredentialsError),
    /// The request can't be signed: a bug.
    #[error("could not sign a request")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Credentials are renewed when less than this is left of them, so that a URL outlives its signing by a while.
const RENEW_BEFORE: Duration = Duration::from_mins(15);

/// Near their end, credentials are asked for this often: some sources give the same ones until they are nearly over.
const ASK_EVERY: Duration = Duration::from_secs(30);

/// Signs requests to one bucket, as clients reach it. No request is sent.
#[derive(Clone)]
pub struct Signer {
    pub(super) location: Location,
    provider: SharedCredentialsProvider,
    kept: Arc<Mutex<Option<Kept>>>,
}

impl Signer {
    /// A signer for this bucket.
    pub fn new(location: Location, provider: SharedCredentialsProvider) -> Self {
        Self { location, provider, kept: Arc::default() }
    }

    /// The origin that its URLs lead to, as browsers name it.
    pub fn origin(&self) -> String {
        let url = self.location.url();
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", &url));
        let host = rest.split('/').next().unwrap_or_default();
        format!("{scheme}://{host}")
    }

    /// Leave to put exactly what was declared at this key, once if `write_once`.
    ///
    /// # Errors
    /// Where there are no credentials.
    pub async fn put(
        &self,
        key: &ObjectKey,
        declared: &Declaration,
        write_once: bool,
        lifetime: Duration,
    ) -> Result<SignedRequest, SignError> {
        let mut headers = vec![("content-type", declared.content_type.as_declared().to_owned())];
        if let Some(size) = declared.size {
            headers.push(("content-length", size.get().to_string()));
        }
        if let Some(sha256) = declared.sha256 {
            headers.push(("x-amz-checksum-sha256", BASE64.encode(sha256.0)));
        }
        if write_once {
            headers.push(("if-none-match", "*".to_owned()));
        }
        self.sign("PUT", self.location.url_of(key), headers, lifetime).await
    }

    /// Leave to put one part of a multipart upload: exactly so many bytes and, if it is given, of exactly this checksum.
    ///
    /// # Errors
    /// Where there are no credentials.
    pub async fn part(
        &self,
        key: &ObjectKey,
        multipart: &Multipart,
        number: i32,
        (size, sha256): (ByteCount, Option<Sha256>),
        lifetime: Duration,
    ) -> Result<SignedRequest, SignError> {
        let mut headers = vec![("content-length", size.get().to_string())];
        if let Some(sha256) = sha256 {
            headers.push(("x-amz-checksum-sha256", BASE64.encode(sha256.0)));
        }
        let id = utf8_percent_encode(&multipart.id, QUERY_VALUE);
        let url = format!("{}?partNumber={number}&uploadId={id}", self.location.url_of(key));
        self.sign("PUT", url, headers, lifetime).await
    }

    /// Leave to get a confirmed object, in the version that was inspected where there are versions: as an attachment under
    /// this name, of this type.
    ///
    /// # Errors
    /// Where there are no credentials.
    pub async fn get(
        &self,
        object: &StoredObject,
        (disposition, filename): (Disposition, &str),
        content_type: &MediaType,
        lifetime: Duration,
    ) -> Result<SignedRequest, SignError> {
        let disposition = header(disposition, filename);
        let mut query = vec![
            ("response-content-disposition", disposition.as_str()),
            ("response-content-type", content_type.as_str()),
        ];
        if let Some(version) = &object.version_id {
            query.push(("versionId", version));
        }
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, QUERY_VALUE))).collect();
        let url = format!("{}?{}", self.location.url_of(&object.key), query.join("&"));
        self.sign("GET", url, Vec::new(), lifetime).await
    }

    async fn sign(
        &self,
        method: &'static str,
        mut url: String,
        headers: Vec<(&'static str, String)>,
        lifetime: Duration,
    ) -> Result<SignedRequest, SignError> {
        let (credentials, now, lifetime) = self.terms(lifetime).await?;
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(lifetime);
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let identity = credentials.into();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(&self.location.region)
            .name("s3")
            .time(now)
            .settings(settings)
            .build()
            .map_err(|error| SignError::Broken(error.into()))?
            .into();
        let signed_headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let request = SignableRequest::new(method, url.as_str(), signed_headers, SignableBody::UnsignedPayload)
            .map_err(|error| SignError::Broken(error.into()))?;
        let (instructions, _signature) =
            sign(request, &parameters).map_err(|error| SignError::Broken(error.into()))?.into_parts();
        for (name, value) in instructions.params() {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(name);
            url.push('=');
            url.extend(utf8_percent_encode(value, QUERY_VALUE));
        }
        let expires_at = Timestamp::try_from(now + lifetime).map_err(|error| SignError::Broken(error.into()))?;
        Ok(SignedRequest { method, url, headers, expires_at })
    }

    /// What to sign with, when, and for how long: a URL dies with the credentials that signed it.
    pub(super) async fn terms(&self, lifetime: Duration) -> Result<(Credentials, SystemTime, Duration), SignError> {
        let credentials = self.credentials().await?;
        let now = SystemTime::now();
        let left = credentials.expiry().map_or(Duration::MAX, |end| end.duration_since(now).unwrap_or_default());
        Ok((credentials, now, Duration::from_secs(lifetime.min(left).as_secs().max(1))))
    }

    /// The credentials to sign with: those that are kept, unless it is time to ask for others.
    async fn credentials(&self) -> Result<Credentials, SignError> {
        let mut kept = self.kept.lock().await;
        if let Some(Kept { credentials, asked }) = &*kept
            && (!is_ending(credentials, RENEW_BEFORE) || asked.elapsed() < ASK_EVERY)
        {
            return Ok(credentials.clone());
        }
        let renewed = self.provider.provide_credentials().await;
        let still_valid = kept.as_ref().map(|kept| &kept.credentials).filter(|kept| !is_ending(kept, Duration::ZERO));
        let credentials = match (renewed, still_valid) {
            (Ok(renewed), _) => renewed,
            (Err(error), Some(old)) => {
                tracing::warn!(error = %Chain(&error), "could not renew the credentials to sign with; using the old ones");
                old.clone()
            }
            (Err(error), None) => return Err(SignError::Credentials(error)),
        };
        *kept = Some(Kept { credentials: credentials.clone(), asked: Instant::now() });
        Ok(credentials)
    }
}

/// Credentials, and when they were asked for.
struct Kept {
    credentials: Credentials,
    asked: Instant,
}

/// Whether credentials end within this time.
fn is_ending(credentials: &Credentials, within: Duration) -> bool {
    credentials.expiry().is_some_and(|end| end <= SystemTime::now() + within)
}

/// Signature Version 4 encodes all but the unreserved characters of RFC 3986.
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
pub(super) mod tests {
    use super::super::super::domain::{ByteCount, ContentType, FileName, Sha256};
    use super::*;

    fn location(endpoint: Option<&str>, path_style: bool) -> Location {
        Location {
            bucket: "bucket".to_owned(),
            region: "eu-west-1".to_owned(),
            endpoint: endpoint.map(str::to_owned),
            path_style,
            credentials: None,
        }
    }

    pub(in crate::storage) fn signer(expiry: Option<SystemTime>) -> Signer {
        let credentials = Credentials::new("AKID", "secret", Some("session+token".to_owned()), expiry, "test");
        Signer::new(location(None, false), SharedCredentialsProvider::new(credentials))
    }

    pub(in crate::storage) fn declared() -> Declaration {
        Declaration {
            filename: FileName::parse("a b.png").expect("valid"),
            content_type: ContentType::parse("image/png").expect("valid"),
            size: Some(ByteCount::new(3).expect("valid")),
            sha256: Some(Sha256::of(b"abc")),
        }
    }

    #[test]
    fn a_bucket_is_reached_as_its_store_wants_it() {
        let key = ObjectKey::recorded("i/x.png".to_owned());
        for (endpoint, path_style, expected) in [
            (None, false, "https://bucket.s3.eu-west-1.amazonaws.com/i/x.png"),
            (None, true, "https://s3.eu-west-1.amazonaws.com/bucket/i/x.png"),
            (Some("http://localhost:4566/"), true, "http://localhost:4566/bucket/i/x.png"),
            (Some("https://fra1.example.com"), false, "https://bucket.fra1.example.com/i/x.png"),
        ] {
            assert_eq!(location(endpoint, path_style).url_of(&key), expected);
            let credentials = Credentials::new("AKID", "secret", None, None, "test");
            let signer = Signer::new(location(endpoint, path_style), SharedCredentialsProvider::new(credentials));
            assert_eq!(
                signer.origin(),
                expected[..expected.find("/bucket/").unwrap_or(expected.len() - "/i/x.png".len())]
            );
        }
    }

    #[tokio::test]
    async fn everything_declared_is_a_signed_header() {
        let key = ObjectKey::recorded("i/x.png".to_owned());
        let grant = signer(None).put(&key, &declared(), true, Duration::from_mins(10)).await.expect("signed");
        let names: Vec<_> = grant.headers.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["content-type", "content-length", "x-amz-checksum-sha256", "if-none-match"]);
        assert!(grant.url.contains(
            "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bif-none-match%3Bx-amz-checksum-sha256&"
        ));
        assert!(grant.url.contains("X-Amz-Expires=600&"));
        assert!(!grant.url.contains("x-amz-checksum-sha256="));
        assert!(grant.url.contains("X-Amz-Security-Token=session%2Btoken"));
    }

    #[tokio::test]
    async fn a_part_is_bound_to_its_number_its_length_and_its_checksum() {
        let (key, id) = (ObjectKey::recorded("i/x.png".to_owned()), "a/b+c=".to_owned());
        let size = ByteCount::new(5).expect("valid");
        let multipart = Multipart { id, part_size: size, with_sha256: true };
        let bound = (size, Some(Sha256::of(b"bytes")));
        let grant = signer(None).part(&key, &multipart, 7, bound, Duration::from_mins(10)).await.expect("signed");
        let names: Vec<_> = grant.headers.iter().map(|(name, _)| *name).collect();
        assert_eq!((grant.method, &names[..]), ("PUT", &["content-length", "x-amz-checksum-sha256"][..]));
        assert!(
            grant
                .url
                .starts_with("https://bucket.s3.eu-west-1.amazonaws.com/i/x.png?partNumber=7&uploadId=a%2Fb%2Bc%3D&")
        );
        assert!(grant.url.contains("X-Amz-SignedHeaders=content-length%3Bhost%3Bx-amz-checksum-sha256&"));
    }

    #[tokio::test]
    async fn a_url_never_outlives_its_credentials() {
        let end = SystemTime::now() + Duration::from_mins(20);
        let key = ObjectKey::recorded("i/x.png".to_owned());
        let grant = signer(Some(end)).put(&key, &declared(), true, Duration::from_hours(2)).await.expect("signed");
        assert!(grant.expires_at <= Timestamp::try_from(end).expect("in range"));
        let over = signer(Some(SystemTime::now() - Duration::from_mins(1)));
        let dead = over.put(&key, &declared(), true, Duration::from_hours(2)).await.expect("signed");
        assert!(dead.expires_at <= Timestamp::now() + Duration::from_secs(1));
    }

    #[tokio::test]
    async fn the_url_is_the_one_that_the_sdk_makes() {
        use aws_sdk_s3::presigning::PresigningConfig;
        let grant_key = ObjectKey::recorded("i/x.png".to_owned());
        let ours = signer(None).put(&grant_key, &declared(), true, Duration::from_mins(10)).await.expect("signed");
        let query_time = |url: &str| url.split("X-Amz-Date=").nth(1).and_then(|rest| rest.get(..16)).map(str::to_owned);
        let at = query_time(&ours.url).expect("a date");
        let start = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", &at)
            .expect("a date")
            .to_zoned(jiff::tz::TimeZone::UTC)
            .expect("UTC");
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
            .region(aws_sdk_s3::config::Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("AKID", "secret", Some("session+token".to_owned()), None, "test"))
            .request_checksum_calculation(aws_sdk_s3::config::RequestChecksumCalculation::WhenRequired)
            .build();
        let theirs = aws_sdk_s3::Client::from_conf(config)
            .put_object()
            .bucket("bucket")
            .key("i/x.png")
            .content_type("image/png")
            .content_length(3)
            .checksum_sha256(BASE64.encode(Sha256::of(b"abc").0))
            .if_none_match("*")
            .presigned(
                PresigningConfig::builder()
                    .start_time(start.timestamp().into())
                    .expires_in(Duration::from_mins(10))
                    .build()
                    .expect("valid"),
            )
            .await
            .expect("signed");
        let parts = |url: &str| {
            let mut parts: Vec<_> =
                url.split(['?', '&']).filter(|part| *part != "x-id=PutObject").map(str::to_owned).collect();
            parts.sort();
            parts
        };
        let unsigned = |parts: Vec<String>| {
            parts.into_iter().filter(|part| !part.starts_with("X-Amz-Signature")).collect::<Vec<_>>()
        };
        // The SDK adds `x-id`, which changes the signature and nothing else.
        assert_eq!(unsigned(parts(&ours.url)), unsigned(parts(theirs.uri())));
    }
}
