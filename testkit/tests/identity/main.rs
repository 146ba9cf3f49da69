//! Who may call with a token of the application's identity provider, and what no such token can do.

mod provider;

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use provider::{AUDIENCE, Answer, ISSUER, Provider, Signer, claims, in_seconds, part};
use reqwest::Method;
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPublicKey as _};
use serde_json::{Value, json};
use sluice_testkit::{Build, Client, World, files};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn believing(provider: &Provider) -> Build {
    World::build()
        .without_worker()
        .with("SLUICE_JWT_JWKS_URL", provider.url())
        .with("SLUICE_JWT_ISSUER", ISSUER)
        .with("SLUICE_JWT_AUDIENCE", AUDIENCE)
}

async fn status(world: &World, token: &str) -> u16 {
    world.client_with(Some(token)).get("/v1/uploads").await.status.as_u16()
}

/// Why a token opens nothing.
async fn refusal(world: &World, token: &str) -> String {
    let answer = world.client_with(Some(token)).get("/v1/uploads").await.expect(401);
    let said = answer.text("detail").to_owned();
    let challenge = answer.header("www-authenticate");
    assert_eq!(challenge, format!("Bearer error=\"invalid_token\", error_description=\"{said}\""));
    assert_eq!(answer.problem(401), "unauthorized");
    said
}

#[tokio::test]
async fn a_token_may_be_signed_in_every_usual_way() {
    let rsa = Signer::rsa("rsa", Algorithm::RS256);
    let signers = [
        rsa.signing(Algorithm::PS384),
        rsa,
        Signer::ec("p256", Algorithm::ES256),
        Signer::ec("p384", Algorithm::ES384),
        Signer::ed("ed"),
    ];
    let provider = Provider::start(&signers.iter().skip(1).collect::<Vec<_>>()).await;
    let world = believing(&provider).start().await;
    for signer in &signers {
        assert_eq!(status(&world, &signer.sign(&claims(json!({})))).await, 200, "{:?}", signer.algorithm);
    }
    let nameless = Header::new(Algorithm::EdDSA);
    let token = encode(&nameless, &claims(json!({"aud": ["other", AUDIENCE]})), &signers[4].key).expect("signed");
    assert_eq!(status(&world, &token).await, 200, "it names no key, and there is but one that fits");
    world.end().await;
}

#[tokio::test]
async fn a_token_opens_whatever_an_api_key_opens_for_its_tenant_alone() {
    let signer = Signer::ed("a");
    let provider = Provider::start(&[&signer]).await;
    let world =
        believing(&provider).with("SLUICE_UPLOAD_TOKEN_KEYS", "k:0123456789abcdef0123456789abcdef").start().await;
    let of = |otherwise: Value| world.client_with(Some(&signer.sign(&claims(otherwise))));
    let client = of(json!({"sub": "auth0|4 2"}));
    let mut feed = client.watching("").await;
    let upload = client.declare(&files::png()).await;
    assert_eq!(feed.take(1).await[0].told(), (upload.id().to_owned(), "pending".to_owned()));
    let (token, id) = created_with_token(&client).await;
    let holder = world.client_with(Some(&token));
    holder.get(&format!("/v1/uploads/{id}")).await.expect(200);
    assert_eq!(holder.get("/v1/uploads").await.expect(401).text("detail"), "An upload token is not taken here.");

    let batch = json!({"uploads": [{"filename": "a.png", "content_type": "image/png", "size": 9}]});
    assert!(client.post("/v1/uploads/batch", &batch).await.expect(200).body["results"][0]["upload"].is_object());
    let file = json!({"filename": "a.png", "mimeType": "image/png"});
    let key = client.post("/files/upload-url", &file).await.expect(200).text("key").to_owned();
    assert!(key.contains("/acme/"), "{key}");
    for (method, operation, expected) in [
        (Method::GET, "", 200),
        (Method::POST, "/grant", 200),
        (Method::GET, "/parts", 409),
        (Method::GET, "/download", 409),
        (Method::POST, "/complete", 200),
    ] {
        client.send(method.clone(), &upload.path(operation), None, &[]).await.expect(expected);
        let stranger = of(json!({"tenant": "globex"})).send(method, &upload.path(operation), None, &[]).await;
        assert_eq!(stranger.problem(404), "upload_not_found", "{operation}");
    }
    upload.cancel().await.expect(200);
    let causes = world.query("SELECT DISTINCT cause_id FROM timeline WHERE cause = 'client'").await;
    let causes: Vec<Option<String>> = causes.iter().map(|row| row.get(0)).collect();
    assert_eq!(causes, [Some("token of auth0|4_2".to_owned())]);
    world.end().await;
}

/// The token of an upload of this client's, and the upload's id.
async fn created_with_token(client: &Client) -> (String, String) {
    let declaration = json!({"filename": "a.png", "content_type": "image/png", "size": 9});
    let created = client.post("/v1/uploads", &declaration).await.expect(201);
    let token = created.body["upload_token"]["token"].as_str().expect("a token").to_owned();
    (token, created.text("id").to_owned())
}

#[tokio::test]
async fn a_token_opens_no_more_than_its_scopes_say() {
    let signer = Signer::ed("a");
    let provider = Provider::start(&[&signer]).await;
    let world = believing(&provider).start().await;
    let declaration = json!({"filename": "a.png", "content_type": "image/png"});
    for scopes in [json!("uploads:read"), json!(["uploads:read"]), json!("openid operator UPLOADS:WRITE"), json!(null)]
    {
        let client = world.client_with(Some(&signer.sign(&claims(json!({"scope": scopes})))));
        let answer = client.post("/v1/uploads", &declaration).await;
        let challenge = "Bearer error=\"insufficient_scope\", scope=\"uploads:write\"";
        assert_eq!(answer.header("www-authenticate"), challenge, "{scopes}");
        assert_eq!(answer.problem(403), "missing_scope", "{scopes}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_token_that_is_not_for_us_and_for_now_is_told_why() {
    let signer = Signer::ec("a", Algorithm::ES256);
    let provider = Provider::start(&[&signer]).await;
    let world = believing(&provider).start().await;
    for (otherwise, says) in [
        (json!({"exp": in_seconds(-40)}), "The token has expired."),
        (json!({"nbf": in_seconds(100)}), "The token is not valid yet."),
        (json!({"iss": "https://id.example.com"}), "The token is not from"),
        (json!({"aud": "another"}), "The token is not for this service"),
        (json!({"aud": ["another", "one"]}), "The token is not for this service"),
        (json!({"exp": null}), "The token lacks exp, iss or aud"),
        (json!({"exp": "soon"}), "The token lacks exp, iss or aud"),
        (json!({"iss": null}), "The token lacks exp, iss or aud"),
        (json!({"aud": null}), "The token lacks exp, iss or aud"),
        (json!({"aud": []}), "The token is not for this service"),
        (json!({"nbf": "soon"}), "The token lacks exp, iss or aud"),
        (json!({"tenant": null}), "The token names no tenant."),
        (json!({"tenant": "Not A Tenant"}), "What the token names is no tenant"),
        (json!({"tenant": ["acme"]}), "What the token names is no tenant"),
    ] {
        let said = refusal(&world, &signer.sign(&claims(otherwise.clone()))).await;
        assert!(said.starts_with(says), "{otherwise}: {said}");
    }
    // Clocks may differ by half a minute.
    for otherwise in [json!({"exp": in_seconds(-10)}), json!({"nbf": in_seconds(10)})] {
        assert_eq!(status(&world, &signer.sign(&claims(otherwise))).await, 200);
    }
    world.end().await;
}

#[tokio::test]
async fn a_token_that_the_provider_did_not_sign_opens_nothing() {
    let rsa = Signer::rsa("rsa", Algorithm::RS256);
    let ed = Signer::ed("ed");
    let provider = Provider::start(&[&rsa, &ed]).await;
    // What anybody publishes is no secret, though it says so.
    let oct = json!({"kty": "oct", "kid": "oct", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"});
    provider.answers(Answer::Keys(vec![rsa.public.clone(), ed.public.clone(), oct]));
    let world =
        believing(&provider).with("SLUICE_UPLOAD_TOKEN_KEYS", "oct:0123456789abcdef0123456789abcdef").start().await;
    let good = claims(json!({}));
    let signed = ed.sign(&good);
    let [head, _, signature] = signed.split('.').collect::<Vec<_>>()[..] else { panic!("three parts: {signed}") };
    let header = |header: Value| part(&header);

    let wrong = "The signature of the token is wrong.";
    let algorithm = "The header of the token can not be read, or it is not signed with what is taken here.";
    let unknown = "The token was not signed with a key that the identity provider publishes.";
    let stranger = Signer::ed("ed");
    let mut cases = vec![
        ("another key of the same name", stranger.sign(&good), wrong),
        ("another name", Signer::ed("mine").sign(&good), unknown),
        ("other claims", format!("{head}.{}.{signature}", part(&claims(json!({"tenant": "globex"})))), wrong),
        ("no signature", format!("{head}.{}.", part(&good)), wrong),
        ("none", format!("{}.{}.", header(json!({"alg": "none", "kid": "ed"})), part(&good)), algorithm),
        ("None", format!("{}.{}.{signature}", header(json!({"alg": "None"})), part(&good)), algorithm),
        ("no algorithm", format!("{}.{}.{signature}", header(json!({"kid": "ed"})), part(&good)), algorithm),
        (
            "another family",
            format!("{}.{}.{signature}", header(json!({"alg": "RS256", "kid": "ed"})), part(&good)),
            unknown,
        ),
        ("no header", format!("eyJ9.{}.{signature}", part(&good)), algorithm),
        ("nothing in it", "e..".to_owned(), algorithm),
        ("too long", format!("{head}.{}.{signature}", "e".repeat(8 * 1024)), "The token can not be read."),
        ("no token", "some-secret".to_owned(), "This is neither an API key nor a token."),
    ];
    // Its own key in the header, or a place to fetch it from.
    for more in ["jwk", "jku", "x5u", "x5c"] {
        let mut own = json!({"alg": "EdDSA", "kid": "mine", "jwk": stranger.public});
        if more != "jwk" {
            own[more] = if more == "x5c" { json!(["MA=="]) } else { json!(provider.url()) };
        }
        let unsigned = format!("{}.{}", part(&own), part(&good));
        let signed = jsonwebtoken::crypto::sign(unsigned.as_bytes(), &stranger.key, Algorithm::EdDSA).expect("signed");
        cases.push((more, format!("{unsigned}.{signed}"), unknown));
    }
    let critical = Header { crit: Some(vec!["b64".to_owned()]), ..ed.header() };
    cases.push(("critical", encode(&critical, &good, &ed.key).expect("signed"), algorithm));
    // The public key as if it were a secret, however it is written.
    for (kid, secret) in [
        ("rsa", public_der(&rsa)),
        ("rsa", rsa.public["n"].as_str().expect("a modulus").as_bytes().to_vec()),
        ("rsa", rsa.public.to_string().into_bytes()),
        ("oct", SECRET.as_bytes().to_vec()),
    ] {
        for shared in [Algorithm::HS256, Algorithm::HS512] {
            let header = Header { kid: Some(kid.to_owned()), ..Header::new(shared) };
            let token = encode(&header, &good, &EncodingKey::from_secret(&secret)).expect("signed");
            cases.push(("confusion", token, algorithm));
        }
    }
    // A token for an upload, as if it were the provider's.
    let client = world.client_with(Some(&world.key("acme", &["uploads:write"]).await));
    let (token, _) = created_with_token(&client).await;
    cases.push(("for an upload", token.trim_start_matches("sluice_upload_").to_owned(), algorithm));
    for (name, token, says) in cases {
        assert_eq!(refusal(&world, &token).await, says, "{name}: {token}");
    }
    assert_eq!(status(&world, &ed.sign(&good)).await, 200);
    world.end().await;
}

fn public_der(signer: &Signer) -> Vec<u8> {
    let key = rsa::RsaPrivateKey::from_pkcs1_der(signer.key.as_bytes()).expect("an RSA key");
    key.to_public_key().to_pkcs1_der().expect("it can be written").as_bytes().to_vec()
}

#[tokio::test]
async fn a_key_that_the_provider_adds_is_believed_and_one_that_it_withdrew_no_longer() {
    let (old, new) = (Signer::ed("2026-01"), Signer::ec("2026-02", Algorithm::ES256));
    let provider = Provider::start(&[&old]).await;
    let world = believing(&provider).start().await;
    let (by_old, by_new) = (old.sign(&claims(json!({}))), new.sign(&claims(json!({}))));
    assert_eq!((status(&world, &by_old).await, status(&world, &by_new).await), (200, 401));
    provider.publishes(&[&new]);
    world.until("the new key is believed", async || status(&world, &by_new).await == 200).await;
    assert!(refusal(&world, &by_old).await.starts_with("The token was not signed with a key"));
    world.end().await;
}

#[tokio::test]
async fn keys_that_nobody_has_are_asked_for_now_and_then_and_not_for_each_token() {
    let signer = Signer::ed("a");
    let provider = Provider::start(&[&signer]).await;
    let world = believing(&provider).start().await;
    let begun = std::time::Instant::now();
    for number in 0..100 {
        let made_up = Signer { id: format!("made-up-{number}"), ..Signer::ed("") };
        assert_eq!(status(&world, &made_up.sign(&claims(json!({})))).await, 401);
    }
    let most = 2 + begun.elapsed().as_secs() / 5;
    assert!(provider.asked() as u64 <= most, "asked {} times, at most {most}", provider.asked());
    world.end().await;
}

#[tokio::test]
async fn a_provider_that_is_away_is_no_callers_fault() {
    let (signer, later) = (Signer::ed("a"), Signer::ed("b"));
    let provider = Provider::start(&[&signer]).await;
    let token = signer.sign(&claims(json!({})));
    for trouble in [Answer::Status(500), Answer::Status(302), Answer::Bytes(300 * 1024)] {
        provider.answers(trouble);
        let world = believing(&provider).start().await;
        let answer = world.client_with(Some(&token)).get("/v1/uploads").await;
        assert!(!answer.header("retry-after").is_empty());
        assert_eq!(answer.problem(503), "unavailable");
        world.client().await.get("/v1/uploads").await.expect(200);
        world.client_with(None).get("/readyz").await.expect(200);
        world.end().await;
    }
    let world = believing(&provider).start().await;
    assert_eq!(status(&world, &token).await, 503);
    provider.publishes(&[&signer]);
    world.until("it is back", async || status(&world, &token).await == 200).await;

    provider.answers(Answer::Status(500));
    let unknown = later.sign(&claims(json!({})));
    world.until("it is known to be away", async || status(&world, &unknown).await == 503).await;
    assert_eq!(status(&world, &token).await, 200, "what was fetched is kept");
    world.end().await;
}

#[tokio::test]
async fn an_api_starts_and_answers_while_nobody_listens_where_the_keys_should_be() {
    let world = World::build()
        .without_worker()
        .with("SLUICE_JWT_JWKS_URL", "http://127.0.0.1:1/keys")
        .with("SLUICE_JWT_ISSUER", ISSUER)
        .with("SLUICE_JWT_AUDIENCE", AUDIENCE)
        .start()
        .await;
    assert_eq!(status(&world, &Signer::ed("a").sign(&claims(json!({})))).await, 503);
    world.client().await.get("/v1/uploads").await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn a_shared_secret_signs_and_nothing_else_does() {
    let world = World::build()
        .without_worker()
        .with("SLUICE_JWT_SECRET", SECRET)
        .with("SLUICE_JWT_ISSUER", ISSUER)
        .with("SLUICE_JWT_AUDIENCE", AUDIENCE)
        .with("SLUICE_JWT_TENANT_CLAIM", "org.slug")
        .with("SLUICE_JWT_SCOPE_CLAIM", "https://app.example/permissions")
        .start()
        .await;
    let good = claims(json!({
        "tenant": null, "scope": null, "org": {"slug": "globex"}, "https://app.example/permissions": ["uploads:read"],
    }));
    let signed = |algorithm, secret: &str| {
        encode(&Header::new(algorithm), &good, &EncodingKey::from_secret(secret.as_bytes())).expect("signed")
    };
    assert_eq!(status(&world, &signed(Algorithm::HS256, SECRET)).await, 200);
    let other = "another-secret-of-more-than-32-characters";
    assert_eq!(refusal(&world, &signed(Algorithm::HS256, other)).await, "The signature of the token is wrong.");
    let none = format!("{}.{}.", part(&json!({"alg": "none"})), part(&good));
    for token in [signed(Algorithm::HS512, SECRET), Signer::ed("a").sign(&good), none] {
        assert!(refusal(&world, &token).await.contains("not signed with what is taken here"));
    }
    world.end().await;
}

#[tokio::test]
async fn without_an_identity_provider_no_token_is_believed() {
    let world = World::build().without_worker().start().await;
    let said = refusal(&world, &Signer::ed("a").sign(&claims(json!({})))).await;
    assert_eq!(said, "This is a JWT, and this service knows no identity provider.");
    world.end().await;
}

#[tokio::test]
async fn a_stream_ends_with_the_token_that_opened_it() {
    let signer = Signer::ed("a");
    let provider = Provider::start(&[&signer]).await;
    let world = believing(&provider).with("SLUICE_JWT_LEEWAY", "0").start().await;
    let client = world.client_with(Some(&signer.sign(&claims(json!({"exp": in_seconds(3)})))));
    let mut feed = client.watching("").await;
    let ended = tokio::time::timeout(Duration::from_secs(10), feed.next()).await;
    assert!(ended.expect("it ends in time").is_none());
    world.end().await;
}
