//! Which identity provider is believed, and what of its tokens says who calls.

use std::net::IpAddr;
use std::time::Duration;

use http::Uri;
use jsonwebtoken::{Algorithm, DecodingKey};
use sluice_common::settings::{Reader, SettingError};

use super::claims::Claim;

/// What checks the tokens of the application's identity provider.
#[derive(Debug, Clone)]
pub struct IdentitySettings {
    /// Where the keys come from.
    pub source: Source,
    /// Whose tokens they must be: `iss`.
    pub issuer: String,
    /// For whom they must be: `aud`.
    pub audience: String,
    /// What says whose uploads the caller reaches.
    pub tenant: Claim,
    /// What says what the caller may do.
    pub scope: Claim,
    /// What they may be signed with. Never empty, and only what the source's keys are for.
    pub algorithms: Vec<Algorithm>,
    /// How far the clocks of provider and service may be apart.
    pub leeway: Duration,
}

/// Where the keys come from that tokens are checked with.
#[derive(Debug, Clone)]
pub enum Source {
    /// A secret that is shared with the provider.
    Secret(DecodingKey),
    /// The provider publishes its public keys here.
    Published(Uri),
}

const JWKS_URL: &str = "SLUICE_JWT_JWKS_URL";
const SECRET: &str = "SLUICE_JWT_SECRET";
const ISSUER: &str = "SLUICE_JWT_ISSUER";
const AUDIENCE: &str = "SLUICE_JWT_AUDIENCE";
const ALGORITHMS: &str = "SLUICE_JWT_ALGORITHMS";
const LEEWAY: &str = "SLUICE_JWT_LEEWAY";

/// The shortest secret, in characters: as long as what HS256 makes of it, as RFC 7518 asks.
const SHORTEST_SECRET: usize = 32;

/// The most that clocks may be apart.
const MOST_LEEWAY: u64 = 300;

/// What may be signed with a private key, by the names of RFC 7518 and RFC 8037.
const PUBLIC: &[(&str, Algorithm)] = &[
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// What may be signed with a shared secret.
const SHARED: &[(&str, Algorithm)] = &[("HS256", Algorithm::HS256)];

impl IdentitySettings {
    /// Reads them, if an identity provider is set up.
    ///
    /// # Errors
    /// Where one of them is missing or not usable, or they contradict each other.
    pub fn read(reader: &Reader) -> Result<Option<Self>, SettingError> {
        let Some(source) = Source::read(reader)? else {
            return match reader.optional(ISSUER)?.or(reader.optional(AUDIENCE)?) {
                None => Ok(None),
                Some(_) => Err(SettingError::Missing(JWKS_URL, "the keys of the identity provider that is set up")),
            };
        };
        let required = |name, what| reader.optional(name)?.ok_or(SettingError::Missing(name, what));
        let claim = |name| Claim::parse(&reader.text(name)?).map_err(|why| SettingError::Unusable { name, why });
        Ok(Some(Self {
            algorithms: algorithms(reader, &source)?,
            source,
            issuer: required(ISSUER, "the identity provider, as its tokens do in `iss`")?,
            audience: required(AUDIENCE, "this service, as the identity provider's tokens do in `aud`")?,
            tenant: claim("SLUICE_JWT_TENANT_CLAIM")?,
            scope: claim("SLUICE_JWT_SCOPE_CLAIM")?,
            leeway: leeway(reader)?,
        }))
    }
}

impl Source {
    fn read(reader: &Reader) -> Result<Option<Self>, SettingError> {
        let unusable = |name, why: String| SettingError::Unusable { name, why };
        match (reader.optional(JWKS_URL)?, reader.optional(SECRET)?) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => {
                Err(unusable(SECRET, format!("{JWKS_URL} is set, too: tokens are checked by one of them")))
            }
            (Some(url), None) => published(&url).map(Some).map_err(|why| unusable(JWKS_URL, why)),
            (None, Some(secret)) if secret.len() < SHORTEST_SECRET => {
                Err(unusable(SECRET, format!("it is shorter than {SHORTEST_SECRET} characters")))
            }
            (None, Some(secret)) => Ok(Some(Self::Secret(DecodingKey::from_secret(secret.as_bytes())))),
        }
    }

    const fn algorithms(&self) -> &'static [(&'static str, Algorithm)] {
        match self {
            Self::Secret(_) => SHARED,
            Self::Published(_) => PUBLIC,
        }
    }
}

fn published(text: &str) -> Result<Source, String> {
    let url: Uri = text.trim().parse().map_err(|_| "it is no URL".to_owned())?;
    let host = url.host().unwrap_or_default();
    let has_user = url.authority().is_some_and(|authority| authority.as_str().contains('@'));
    match url.scheme_str() {
        _ if host.is_empty() => Err("it is no URL".to_owned()),
        _ if has_user => Err("it holds a user's name or a password".to_owned()),
        Some("https") => Ok(Source::Published(url)),
        Some("http") if is_loopback(host) => Ok(Source::Published(url)),
        Some("http") => {
            Err("http:// is for this machine alone: whoever is on the way could give other keys".to_owned())
        }
        _ => Err("it does not begin with https://".to_owned()),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or(host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}

fn algorithms(reader: &Reader, source: &Source) -> Result<Vec<Algorithm>, SettingError> {
    let all = source.algorithms();
    let Some(text) = reader.optional(ALGORITHMS)? else { return Ok(all.iter().map(|(_, of)| *of).collect()) };
    let read = |name: &str| {
        let found = all.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm);
        found.ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
            SettingError::Unusable { name: ALGORITHMS, why: format!("'{name}' is none of {}", names.join(", ")) }
        })
    };
    text.split(',').map(|name| read(name.trim())).collect()
}

fn leeway(reader: &Reader) -> Result<Duration, SettingError> {
    match reader.parsed(LEEWAY)? {
        seconds if seconds > MOST_LEEWAY => {
            Err(SettingError::Unusable { name: LEEWAY, why: format!("it is above {MOST_LEEWAY} seconds") })
        }
        seconds => Ok(Duration::from_secs(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "0123456789abcdef0123456789abcdef";

    fn read(settings: &[(&str, &str)]) -> Result<Option<IdentitySettings>, String> {
        let variable =
            |name: &str| settings.iter().rev().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        IdentitySettings::read(&Reader::new(&variable)).map_err(|error| error.to_string())
    }

    fn read_with(url: &str, more: (&str, &str)) -> Result<Option<IdentitySettings>, String> {
        read(&[(JWKS_URL, url), (ISSUER, "https://id.example.com/"), (AUDIENCE, "sluice"), more])
    }

    #[test]
    fn without_an_identity_provider_there_is_none_and_with_one_much_has_a_default() {
        assert!(read(&[]).expect("usable").is_none());
        let settings = read_with("https://id.example.com/keys", ("", "")).expect("usable").expect("set up");
        assert_eq!(settings.algorithms.len(), PUBLIC.len());
        assert_eq!(settings.leeway, Duration::from_secs(30));
        let shared = read(&[(SECRET, LONG), (ISSUER, "me"), (AUDIENCE, "sluice")]).expect("usable").expect("set up");
        assert_eq!(shared.algorithms, [Algorithm::HS256]);
        assert!(!format!("{shared:?}").contains(LONG));
    }

    #[test]
    fn keys_come_over_tls_or_from_this_machine() {
        for url in ["http://localhost:1/k", "http://127.0.0.1/k", "http://[::1]:9/k", "HTTPS://id.example.com"] {
            assert!(read_with(url, ("", "")).is_ok(), "{url}");
        }
        for url in [
            "http://id.example.com/k",
            "http://localhost.example.com/k",
            "id.example.com",
            "/keys",
            "https://user:word@id.example.com/k",
            "file:///etc/keys",
            "https://",
            "two words",
        ] {
            let refused = read_with(url, ("", "")).expect_err(url);
            assert!(
                refused.starts_with("SLUICE_JWT_JWKS_URL is not usable: ") && !refused.contains("word@"),
                "{refused}"
            );
        }
    }

    #[test]
    fn what_can_not_be_used_is_named() {
        for (more, says) in [
            ((ISSUER, ""), "SLUICE_JWT_ISSUER is not set"),
            ((AUDIENCE, " "), "SLUICE_JWT_AUDIENCE is not set"),
            ((SECRET, LONG), "SLUICE_JWT_SECRET is not usable: SLUICE_JWT_JWKS_URL is set, too"),
            ((ALGORITHMS, "RS256, none"), "SLUICE_JWT_ALGORITHMS is not usable: 'none' is none of RS256"),
            ((ALGORITHMS, "HS256"), "SLUICE_JWT_ALGORITHMS is not usable: 'HS256' is none of"),
            ((ALGORITHMS, "rs256"), "SLUICE_JWT_ALGORITHMS is not usable: 'rs256'"),
            ((LEEWAY, "301"), "SLUICE_JWT_LEEWAY is not usable"),
            (("SLUICE_JWT_TENANT_CLAIM", "a..b"), "SLUICE_JWT_TENANT_CLAIM is not usable"),
        ] {
            let refused = read_with("https://id.example.com/keys", more).expect_err(says);
            assert!(refused.starts_with(says), "{refused}");
        }
        let short = read(&[(SECRET, "0123456789"), (ISSUER, "me"), (AUDIENCE, "sluice")]).expect_err("short");
        assert!(short.starts_with("SLUICE_JWT_SECRET is not usable") && !short.contains("0123456789"), "{short}");
        let alone = read(&[(AUDIENCE, "sluice")]).expect_err("no keys");
        assert!(alone.starts_with("SLUICE_JWT_JWKS_URL is not set"), "{alone}");
        let shared = read(&[(SECRET, LONG), (ISSUER, "me"), (AUDIENCE, "us"), (ALGORITHMS, "RS256")]).expect_err("RSA");
        assert!(shared.ends_with("'RS256' is none of HS256"), "{shared}");
    }
}
