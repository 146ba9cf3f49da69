//! The public keys that an identity provider publishes (RFC 7517), and which of them checks a token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse, RSAKeyParameters};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// How long an RSA key's modulus may be, in bits: shorter ones can be broken, longer ones are not checked by our library.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// How much of a key's id is told, in characters.
const LONGEST_ID: usize = 80;

/// What a provider has published.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    keys: Vec<PublicKey>,
    passed_over: Vec<String>,
}

/// One key, and what it is for.
#[derive(Debug, Clone)]
struct PublicKey {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a JWKS document. What is in it that checks no signature, or that we don't know, is passed over: secrets, above
    /// all, check nothing, whoever publishes them.
    ///
    /// # Errors
    /// Where it is no such document.
    pub fn parse(body: &[u8]) -> Result<Self, serde_json::Error> {
        let document: Document = serde_json::from_slice(body)?;
        let mut set = Self::default();
        for value in document.keys {
            match PublicKey::read(&value) {
                Ok(key) => set.keys.extend(key),
                Err(why) => set.passed_over.push(format!("{} {why}", name(&value))),
            }
        }
        Ok(set)
    }

    /// What is in it that was meant to check signatures, and can't: a sentence each.
    pub fn passed_over(&self) -> &[String] {
        &self.passed_over
    }

    /// How many keys it has that can be used.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key of this id for this algorithm. A token that names none is checked by the only key that is for its algorithm,
    /// if there is only one.
    pub fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let mut fitting = self.keys.iter().filter(|key| key.algorithms.contains(&algorithm));
        let found = match id {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        };
        found.map(|found| &found.key)
    }
}

impl PublicKey {
    /// The key, if it is there to check signatures; or why it can't.
    fn read(value: &Value) -> Result<Option<Self>, String> {
        let jwk: Jwk = serde_json::from_value(value.clone()).map_err(|_| "is no JWK of a known kind".to_owned())?;
        if !checks_signatures(&jwk) {
            return Ok(None);
        }
        let algorithms = algorithms(&jwk);
        if algorithms.is_empty() {
            return Err(useless(&jwk));
        }
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| "can't be read".to_owned())?;
        Ok(Some(Self { key, id: jwk.common.key_id, algorithms }))
    }
}

/// What a key is called in the log.
fn name(key: &Value) -> String {
    match key["kid"].as_str() {
        Some(id) => format!("the key {:?}", id.chars().take(LONGEST_ID).collect::<String>()),
        None => "a key without an id".to_owned(),
    }
}

/// Why no algorithm is left that a key could be for.
fn useless(jwk: &Jwk) -> String {
    match &jwk.algorithm {
        AlgorithmParameters::RSA(key) if !is_strong(key) => {
            format!("has {} bits; {} to {} are taken", bits(key), RSA_BITS.start(), RSA_BITS.end())
        }
        AlgorithmParameters::OctetKey(_) => "is a secret, and what is published is none".to_owned(),
        _ => "is of a kind, or for an algorithm, that is not taken".to_owned(),
    }
}

/// What a key is for: by its kind, and by what it says of itself.
fn algorithms(jwk: &Jwk) -> Vec<Algorithm> {
    let by_kind = match &jwk.algorithm {
        AlgorithmParameters::RSA(key) if is_strong(key) => AlgorithmFamily::Rsa.algorithms(),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => &[Algorithm::ES256],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => &[Algorithm::ES384],
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
        _ => &[],
    };
    let is_said = |algorithm: &&Algorithm| match jwk.common.key_algorithm {
        Some(said) => Algorithm::try_from(said).is_ok_and(|said| said == **algorithm),
        None => true,
    };
    by_kind.iter().filter(is_said).copied().collect()
}

fn is_strong(key: &RSAKeyParameters) -> bool {
    RSA_BITS.contains(&bits(key))
}

/// How long its modulus is.
fn bits(key: &RSAKeyParameters) -> usize {
    let modulus = BASE64.decode(&key.n).unwrap_or_default();
    let zeros = modulus.iter().position(|byte| *byte != 0).unwrap_or(modulus.len());
    let first = modulus.get(zeros).map_or(0, |byte| byte.leading_zeros() as usize);
    (modulus.len() - zeros) * 8 - first
}

fn checks_signatures(jwk: &Jwk) -> bool {
    let by_use = jwk.common.public_key_use.as_ref().is_none_or(|of| *of == PublicKeyUse::Signature);
    let by_operations = jwk.common.key_operations.as_ref().is_none_or(|of| of.contains(&KeyOperations::Verify));
    by_use && by_operations
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An Ed25519 key of RFC 8037, A.2.
    fn ed() -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    }

    fn rsa(bytes: usize) -> Value {
        json!({"kty": "RSA", "n": BASE64.encode(vec![0xff; bytes]), "e": "AQAB"})
    }

    fn with(mut key: Value, more: Value) -> Value {
        let more = more.as_object().expect("an object").clone();
        key.as_object_mut().expect("an object").extend(more);
        key
    }

    fn set(keys: Vec<Value>) -> KeySet {
        KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).expect("a document")
    }

    #[test]
    fn a_key_is_found_by_its_id_and_only_for_what_it_is_for() {
        let set = set(vec![with(rsa(256), json!({"kid": "a"})), with(ed(), json!({"kid": "a", "use": "sig"}))]);
        for (algorithm, family) in [(Algorithm::PS512, AlgorithmFamily::Rsa), (Algorithm::EdDSA, AlgorithmFamily::Ed)] {
            assert_eq!(set.find(Some("a"), algorithm).map(DecodingKey::family), Some(family));
        }
        assert!(set.find(Some("b"), Algorithm::EdDSA).is_none());
        for other in [Algorithm::HS256, Algorithm::ES256] {
            assert!(set.find(Some("a"), other).is_none() && set.find(None, other).is_none());
        }
    }

    #[test]
    fn a_token_that_names_no_key_is_checked_by_the_only_one_that_fits() {
        assert!(set(vec![ed(), rsa(256)]).find(None, Algorithm::RS256).is_some());
        assert!(set(vec![rsa(256), rsa(256)]).find(None, Algorithm::RS256).is_none());
        let told_apart = vec![with(rsa(256), json!({"alg": "RS256"})), with(rsa(256), json!({"alg": "PS256"}))];
        assert!(set(told_apart).find(None, Algorithm::RS256).is_some());
    }

    #[test]
    fn what_checks_no_signature_is_passed_over_and_harms_no_other() {
        let secret = json!({"kty": "oct", "k": BASE64.encode([1; 32]), "kid": "s", "alg": "HS256"});
        let set = set(vec![
            secret,
            json!("text"),
            json!({}),
            json!({"kty": "EC", "crv": "secp256k1", "x": "", "y": ""}),
            json!({"kty": "OKP", "crv": "X25519", "x": ""}),
            with(ed(), json!({"x": "no base64!"})),
            with(ed(), json!({"use": "enc"})),
            with(ed(), json!({"key_ops": ["sign"]})),
            with(rsa(256), json!({"alg": "RSA-OAEP"})),
            with(rsa(256), json!({"alg": "HS256"})),
            rsa(255),
            rsa(513),
            with(ed(), json!({"kid": "good"})),
        ]);
        assert_eq!(set.len(), 1);
        let passed_over = set.passed_over();
        // What encrypts, and who says that it signs, were never meant for us.
        assert_eq!(passed_over.len(), 10, "{passed_over:#?}");
        assert_eq!(passed_over[0], "the key \"s\" is a secret, and what is published is none");
        assert!(passed_over.contains(&"a key without an id has 2040 bits; 2048 to 4096 are taken".to_owned()));
        assert!(set.find(Some("good"), Algorithm::EdDSA).is_some());
        for text in ["", "[]", "{}", "{\"keys\": {}}", "{\"keys\": [", "null"] {
            assert!(KeySet::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
