//! An identity provider on loopback: what it publishes, how often it was asked, and keys that sign tokens.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bytes::Bytes;
use http::{Response, header};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Whose tokens they are.
pub const ISSUER: &str = "https://id.example.com/";
/// For whom they are.
pub const AUDIENCE: &str = "sluice";

/// What comes before the 32 bytes of an Ed25519 key in PKCS #8.
const ED_PREFIX: [u8; 16] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

/// What is answered.
#[derive(Clone)]
pub enum Answer {
    /// These keys, with whatever else is said to be keys.
    Keys(Vec<Value>),
    /// A status that is none of success, and where else to look.
    Status(u16),
    /// So many bytes of a document that never ends.
    Bytes(usize),
}

/// The provider. It ends with the test.
pub struct Provider {
    url: String,
    answer: Arc<Mutex<Answer>>,
    asked: Arc<AtomicUsize>,
}

impl Provider {
    /// One that publishes the keys of these signers.
    pub async fn start(signers: &[&Signer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}/keys", listener.local_addr().expect("it is bound"));
        let provider = Self { url, answer: Arc::new(Mutex::new(published(signers))), asked: Arc::default() };
        let (answer, asked, place) = (Arc::clone(&provider.answer), Arc::clone(&provider.asked), provider.url.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, asked, place) = (Arc::clone(&answer), Arc::clone(&asked), place.clone());
                let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                    // Who follows a redirect finds a document there, and does not notice the trouble.
                    let is_elsewhere = request.uri().path() != "/keys";
                    asked.fetch_add(1, Ordering::SeqCst);
                    let now = answer.lock().expect("no panic").clone();
                    let response = if is_elsewhere { json_of(json!({"keys": []})) } else { respond(now, &place) };
                    async move { Ok::<_, Infallible>(response) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        provider
    }

    /// Where its keys are.
    pub fn url(&self) -> &'static str {
        self.url.clone().leak()
    }

    /// It publishes other keys from now on.
    pub fn publishes(&self, signers: &[&Signer]) {
        self.answers(published(signers));
    }

    /// It answers otherwise from now on.
    pub fn answers(&self, answer: Answer) {
        *self.answer.lock().expect("no panic") = answer;
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn published(signers: &[&Signer]) -> Answer {
    Answer::Keys(signers.iter().map(|signer| signer.public.clone()).collect())
}

fn respond(answer: Answer, place: &str) -> Response<Full<Bytes>> {
    match answer {
        Answer::Keys(keys) => json_of(json!({"keys": keys})),
        Answer::Status(status) => {
            let elsewhere = format!("{place}/elsewhere");
            Response::builder()
                .status(status)
                .header(header::LOCATION, elsewhere)
                .body(Full::default())
                .expect("a response")
        }
        Answer::Bytes(count) => json_of(json!({"keys": [], "more": "x".repeat(count)})),
    }
}

fn json_of(value: Value) -> Response<Full<Bytes>> {
    Response::new(Full::new(value.to_string().into()))
}

/// A key that signs, and what is published of it.
pub struct Signer {
    pub algorithm: Algorithm,
    pub id: String,
    pub key: EncodingKey,
    pub public: Value,
}

impl Signer {
    /// An RSA key, for this algorithm.
    pub fn rsa(id: &str, algorithm: Algorithm) -> Self {
        let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key");
        let der = key.to_pkcs1_der().expect("it can be written");
        Self::new(id, algorithm, EncodingKey::from_rsa_der(der.as_bytes()))
    }

    /// The same key, for another algorithm of its family.
    pub fn signing(&self, algorithm: Algorithm) -> Self {
        Self::new(&self.id, algorithm, self.key.clone())
    }

    /// A key on one of the curves of ECDSA.
    pub fn ec(id: &str, algorithm: Algorithm) -> Self {
        let curve = match algorithm {
            Algorithm::ES256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            _ => &ECDSA_P384_SHA384_FIXED_SIGNING,
        };
        let der = EcdsaKeyPair::generate_pkcs8(curve, &SystemRandom::new()).expect("a key");
        Self::new(id, algorithm, EncodingKey::from_ec_der(der.as_ref()))
    }

    /// An Ed25519 key.
    pub fn ed(id: &str) -> Self {
        let der = [&ED_PREFIX[..], &rand::random::<[u8; 32]>()].concat();
        Self::new(id, Algorithm::EdDSA, EncodingKey::from_ed_der(&der))
    }

    fn new(id: &str, algorithm: Algorithm, key: EncodingKey) -> Self {
        let jwk = Jwk::from_encoding_key(&key, algorithm).expect("it has a public part");
        let mut public = serde_json::to_value(jwk).expect("it can be written");
        public["kid"] = id.into();
        public.as_object_mut().expect("an object").remove("alg");
        Self { algorithm, id: id.to_owned(), key, public }
    }

    /// The header of its tokens.
    pub fn header(&self) -> Header {
        Header { kid: Some(self.id.clone()), ..Header::new(self.algorithm) }
    }

    /// A token that says this.
    pub fn sign(&self, claims: &Value) -> String {
        encode(&self.header(), claims, &self.key).expect("it can be signed")
    }
}

/// What a good token says, with some of it otherwise. What is null is not said.
pub fn claims(otherwise: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "auth0|42", "exp": in_seconds(600),
        "tenant": "acme", "scope": "openid uploads:read uploads:write",
    });
    for (name, value) in otherwise.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    claims
}

/// So many seconds from now, as tokens write it.
pub fn in_seconds(seconds: i64) -> i64 {
    jiff::Timestamp::now().as_second() + seconds
}

/// A part of a token.
pub fn part(value: &Value) -> String {
    BASE64.encode(value.to_string())
}
