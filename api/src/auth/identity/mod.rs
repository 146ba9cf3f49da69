//! Callers whom the application's own identity provider vouches for, with a JWT.

mod claims;
mod keys;
mod provider;
mod settings;

use std::sync::Arc;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde_json::Value;

pub use provider::FetchError;
pub use settings::{IdentitySettings, Source};

use super::admit::Admitted;
use super::refusal::Refusal;
use super::{Caller, Stay, moment};
use claims::Claims;
use provider::Provider;

/// The longest token that is looked at, in bytes: half of what all headers of a request may have.
const LONGEST: usize = 8 * 1024;

/// Believes one identity provider.
pub struct Identity {
    settings: IdentitySettings,
    keys: Keys,
}

/// What tokens are checked with.
enum Keys {
    Secret(DecodingKey),
    Published(Provider),
}

impl Identity {
    /// Begins to fetch the provider's keys, where it publishes some.
    pub fn new(settings: IdentitySettings) -> Self {
        let keys = match &settings.source {
            Source::Secret(key) => Keys::Secret(key.clone()),
            Source::Published(url) => Keys::Published(Provider::new(url.clone())),
        };
        Self { settings, keys }
    }

    /// Who holds this token, and what they may do, or why it is not believed.
    ///
    /// # Errors
    /// Where the key that signed it is not known, and the provider can't be asked.
    pub(super) async fn admit(&self, text: &str) -> Result<Result<Admitted, Refusal>, Arc<FetchError>> {
        let header = match self.header(text) {
            Ok(header) => header,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let key = self.key(&header).await?;
        Ok(key.ok_or(Refusal::UnknownSigner).and_then(|key| self.judge(text, header.alg, &key)))
    }

    /// The header of a token that may be worth checking.
    fn header(&self, text: &str) -> Result<Header, Refusal> {
        if text.len() > LONGEST {
            return Err(Refusal::UnreadableToken);
        }
        let header = decode_header(text).map_err(|_| Refusal::Algorithm)?;
        // What is critical must be understood (RFC 7515, 4.1.11), and we understand no such thing.
        if header.crit.is_some() || !self.settings.algorithms.contains(&header.alg) {
            return Err(Refusal::Algorithm);
        }
        Ok(header)
    }

    async fn key(&self, header: &Header) -> Result<Option<DecodingKey>, Arc<FetchError>> {
        match &self.keys {
            Keys::Secret(key) => Ok(Some(key.clone())),
            Keys::Published(provider) => provider.find(header.kid.as_deref(), header.alg).await,
        }
    }

    /// What the token says, if this key signed it and it is for us and for now.
    fn judge(&self, text: &str, algorithm: Algorithm, key: &DecodingKey) -> Result<Admitted, Refusal> {
        let settings = &self.settings;
        let mut rules = Validation::new(algorithm);
        rules.leeway = settings.leeway.as_secs();
        rules.validate_nbf = true;
        rules.set_issuer(&[&settings.issuer]);
        rules.set_audience(&[&settings.audience]);
        rules.set_required_spec_claims(&["exp", "iss", "aud"]);
        let claims = decode::<Claims>(text, key, &rules).map_err(|error| refusal(error.kind()))?.claims;
        let scopes = settings.scope.scopes(&claims);
        let (tenant, id) = (settings.tenant.tenant(&claims)?, claims::name(&claims));
        let ends = claims.get("exp").and_then(Value::as_f64).map(|seconds| seconds as i64);
        let until = ends.and_then(|ends| moment::of_unix_time(ends.saturating_add_unsigned(rules.leeway)));
        Ok(Admitted { caller: Caller { tenant, id, stay: Stay::by_token(until) }, scopes })
    }
}

fn refusal(kind: &ErrorKind) -> Refusal {
    match kind {
        ErrorKind::ExpiredSignature => Refusal::ExpiredToken,
        ErrorKind::ImmatureSignature => Refusal::EarlyToken,
        ErrorKind::InvalidIssuer => Refusal::Issuer,
        ErrorKind::InvalidAudience => Refusal::Audience,
        ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => Refusal::Claims,
        ErrorKind::InvalidSignature => Refusal::Signature,
        _ => Refusal::UnreadableToken,
    }
}
