//! Upload tokens: leave to follow one upload, for whoever sends its file. Signed and kept nowhere.

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use sluice_common::domain::{Tenant, Upload, UploadId};
use uuid::Uuid;

use super::{Caller, Holder, Stay, moment};

/// What every token begins with, so that it is told from an API key, by people, by scanners and by us.
pub(super) const PREFIX: &str = "sluice_upload_";

/// For whom the signature is: a key that also signs something else makes no upload token of it.
const AUDIENCE: &str = "sluice:upload";

/// The shortest secret, in characters.
const SHORTEST: usize = 32;

/// How long after the upload's deadline its token still shows what became of it.
const AFTER_DEADLINE: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// A token that was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// The token.
    pub text: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The keys that tokens are signed with: the first signs, all are accepted. That is how they are rotated.
#[derive(Clone, Default)]
pub struct Tokens(Vec<TokenKey>);

#[derive(Clone)]
struct TokenKey {
    name: String,
    signs: EncodingKey,
    checks: DecodingKey,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    aud: String,
    /// The upload.
    sub: Uuid,
    tenant: String,
    exp: i64,
}

impl Tokens {
    /// Reads keys written as `NAME:SECRET,NAME:SECRET`.
    ///
    /// # Errors
    /// A sentence that says what is wrong, and gives no secret away.
    pub fn parse(text: &str) -> Result<Self, String> {
        let keys = text.split(',').map(str::trim).filter(|key| !key.is_empty()).map(TokenKey::parse);
        let keys: Vec<TokenKey> = keys.collect::<Result<_, _>>()?;
        match keys.iter().enumerate().find(|(place, key)| keys[..*place].iter().any(|other| other.name == key.name)) {
            Some((_, key)) => Err(format!("two keys are named '{}'", key.name)),
            None => Ok(Self(keys)),
        }
    }

    /// A token for an upload, where there is a key to sign it with.
    pub fn issue(&self, upload: &Upload) -> Option<NewToken> {
        let key = self.0.first()?;
        let expires_at = upload.deadline + AFTER_DEADLINE;
        let claims = Claims {
            aud: AUDIENCE.to_owned(),
            sub: upload.id.0,
            tenant: upload.tenant.as_str().to_owned(),
            exp: expires_at.as_second(),
        };
        let header = Header { kid: Some(key.name.clone()), ..Header::new(Algorithm::HS256) };
        let signed =
            encode(&header, &claims, &key.signs).expect("such claims can be written, and signed with a secret");
        Some(NewToken { text: format!("{PREFIX}{signed}"), expires_at })
    }

    /// Who holds this token, if it is one of ours and has not expired.
    pub(super) fn read(&self, text: &str) -> Option<Holder> {
        let signed = text.strip_prefix(PREFIX)?;
        let name = decode_header(signed).ok()?.kid?;
        let key = self.0.iter().find(|key| key.name == name)?;
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["exp", "aud", "sub"]);
        let claims = decode::<Claims>(signed, &key.checks, &rules).ok()?.claims;
        let (tenant, stay) = (Tenant::parse(&claims.tenant).ok()?, Stay::by_token(moment::of_unix_time(claims.exp)));
        let caller = Caller { tenant, id: format!("upload token {name}"), stay };
        Some(Holder::of_token(caller, UploadId(claims.sub)))
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.name)).finish()
    }
}

impl TokenKey {
    fn parse(text: &str) -> Result<Self, String> {
        let shape = || "it is written as NAME:SECRET, with a comma between keys".to_owned();
        let (name, secret) = text.split_once(':').ok_or_else(shape)?;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err("a key's name is of letters, digits and '-'".to_owned());
        }
        if secret.len() < SHORTEST {
            return Err(format!("the secret of '{name}' is shorter than {SHORTEST} characters"));
        }
        let (signs, checks) =
            (EncodingKey::from_secret(secret.as_bytes()), DecodingKey::from_secret(secret.as_bytes()));
        Ok(Self { name: name.to_owned(), signs, checks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uploads::examples;

    const OLD: &str = "old:0123456789abcdef0123456789abcdef";
    const NEW: &str = "new:fedcba9876543210fedcba9876543210";

    fn keys(text: &str) -> Tokens {
        Tokens::parse(text).expect("valid keys")
    }

    fn lasting() -> Upload {
        Upload { deadline: Timestamp::now() + jiff::SignedDuration::from_hours(1), ..examples::pending() }
    }

    #[test]
    fn a_token_is_good_for_its_upload_and_no_other() {
        let upload = lasting();
        let token = keys(OLD).issue(&upload).expect("there is a key");
        let holder = keys(OLD).read(&token.text).expect("valid");
        assert_eq!(holder.reaching(Some(upload.id)).map(|(caller, _)| caller.tenant), Some(upload.tenant));
        assert!(holder.reaching(Some(UploadId::generate())).is_none());
        assert!(holder.reaching(None).is_none());
    }

    #[test]
    fn keys_are_rotated_by_naming_the_new_one_first() {
        let before = keys(OLD).issue(&lasting()).expect("there is a key");
        let both = keys(&format!("{NEW}, {OLD}"));
        assert!(both.read(&before.text).is_some());
        let after = both.issue(&lasting()).expect("there is a key");
        assert!(keys(NEW).read(&after.text).is_some() && keys(OLD).read(&after.text).is_none());
        assert!(keys(NEW).read(&before.text).is_none());
    }

    #[test]
    fn what_was_not_signed_by_us_or_has_expired_is_nothing() {
        let token = keys(OLD).issue(&lasting()).expect("there is a key").text;
        let past = Timestamp::now() - jiff::SignedDuration::from_hours(2);
        let expired = keys(OLD).issue(&Upload { deadline: past, ..lasting() }).expect("there is a key").text;
        let unsigned = format!("{}.", token.rsplit_once('.').expect("three parts").0);
        let same_name = "old:another-secret-of-more-than-32-characters";
        for text in [expired.as_str(), &unsigned, "sluice_upload_", "sluice_upload_a.b.c", &token[PREFIX.len()..]] {
            assert!(keys(OLD).read(text).is_none(), "{text}");
        }
        assert!(keys(same_name).read(&token).is_none());
        assert!(keys("").read(&token).is_none() && keys("").issue(&lasting()).is_none());
    }

    #[test]
    fn keys_that_can_not_be_used_are_refused_without_telling_them() {
        for text in [
            "secret-without-a-name-0123456789abcdef",
            "a:short",
            ":0123456789abcdef0123456789abcdef",
            &format!("{OLD},{OLD}"),
        ] {
            let why = Tokens::parse(text).expect_err(text);
            assert!(!why.contains("0123456789abcdef"), "{why}");
        }
    }
}
