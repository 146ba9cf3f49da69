//! The API's settings.

use std::time::Duration;

use sluice_common::domain::{Policies, Policy, Tenant};
use sluice_common::queue::dead_letters::Places;
use sluice_common::settings::{Reader, SettingError};
use sluice_common::storage::{Location, Store};

use crate::auth::{IdentitySettings, Tokens};
use crate::cors::Origins;
use crate::hand::Bounds;

/// What the API is run with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where Postgres is.
    pub database: Database,
    /// Where clients reach the bucket.
    pub bucket: Location,
    /// Where we reach it.
    pub inside: Location,
    /// What the store can do.
    pub store: Store,
    /// The rules that uploads are made under.
    pub policies: Policies,
    /// How long a download's URL can be used.
    pub download_lifetime: Duration,
    /// How the tutorial's calls are served.
    pub files: Files,
    /// Which identity provider is believed, if there is one.
    pub identity: Option<IdentitySettings>,
    /// What upload tokens are signed with.
    pub tokens: Tokens,
    /// Whose pages may call.
    pub origins: Origins,
    /// The most connections at a time.
    pub connections: usize,
    /// The most streams of uploads at a time.
    pub streams: usize,
    /// How many requests may be in hand, and how long they may take.
    pub bounds: Bounds,
    /// The dead-letter queue, for operators, if it is set.
    pub dead_letters: Option<Places>,
}

/// Where Postgres is, and how much of it one process takes.
#[derive(Debug, Clone)]
pub struct Database {
    /// Its URL.
    pub url: String,
    /// The most connections.
    pub connections: usize,
}

/// How the tutorial's calls are served.
#[derive(Debug, Clone)]
pub struct Files {
    /// Whose the uploads are that come without an API key; without a tenant they are refused.
    pub tenant: Option<Tenant>,
    /// How long `confirm` waits for the verdict.
    pub wait: Duration,
}

/// The longest that a client may be kept waiting: below the time after which proxies, and we, end a silent connection.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The most connections, streams, requests or waits that may be allowed: far more than the connections that one process is given.
const MOST_AT_ONCE: usize = 1_000_000;

/// The longest a signed URL can live: the limit of Signature Version 4.
const LONGEST_LIFETIME: Duration = Duration::from_hours(7 * 24);

impl Settings {
    /// Reads all settings of the API.
    ///
    /// # Errors
    /// A sentence that names the first setting which is missing or not usable.
    pub fn read(reader: &Reader) -> Result<Self, SettingError> {
        let (store, policies) = (reader.store()?, reader.policies()?);
        can_be_kept(&policies, store)?;
        Ok(Self {
            database: Database::read(reader)?,
            bucket: reader.public_bucket()?,
            inside: reader.bucket()?,
            store,
            policies,
            download_lifetime: download_lifetime(reader)?,
            files: Files {
                tenant: files_tenant(reader)?,
                wait: seconds_up_to(reader, "SLUICE_FILES_WAIT", LONGEST_WAIT)?,
            },
            identity: IdentitySettings::read(reader)?,
            tokens: tokens(reader)?,
            origins: reader.parsed("SLUICE_CORS_ORIGINS")?,
            connections: number(reader, "SLUICE_CONNECTIONS")?,
            streams: number(reader, "SLUICE_STREAMS")?,
            bounds: bounds(reader)?,
            dead_letters: Places::read_if_set(reader)?,
        })
    }
}

impl Database {
    /// Reads the settings that reach the database, and no others.
    ///
    /// # Errors
    /// Where one is missing or not usable.
    pub fn read(reader: &Reader) -> Result<Self, SettingError> {
        let connections = number(reader, "SLUICE_DATABASE_CONNECTIONS")?;
        Ok(Self { url: reader.text("SLUICE_DATABASE_URL")?, connections })
    }
}

/// Whether the store can do what the policies ask for.
fn can_be_kept(policies: &Policies, store: Store) -> Result<(), SettingError> {
    let asked_too_much = |policy: &Policy| match (policy, store) {
        (Policy { require_sha256: true, .. }, Store { sha256: false, .. }) => {
            Some(("requires a SHA-256", "does not compare one"))
        }
        (Policy { form_post: true, .. }, Store { form_post: false, .. }) => Some(("allows forms", "takes none")),
        _ => None,
    };
    let refusal = |policy: &Policy| {
        let (asks, lacks) = asked_too_much(policy)?;
        let why = format!("the policy '{}' {asks}, and the store ('{}') {lacks}", policy.name, store.name);
        Some(SettingError::Unusable { name: "SLUICE_POLICIES", why })
    };
    policies.iter().find_map(refusal).map_or(Ok(()), Err)
}

fn download_lifetime(reader: &Reader) -> Result<Duration, SettingError> {
    const NAME: &str = "SLUICE_DOWNLOAD_LIFETIME";
    let lifetime = reader.seconds(NAME)?;
    if lifetime > LONGEST_LIFETIME {
        return Err(SettingError::Unusable { name: NAME, why: "a signed URL lives at most 7 days".to_owned() });
    }
    Ok(lifetime)
}

fn seconds_up_to(reader: &Reader, name: &'static str, most: Duration) -> Result<Duration, SettingError> {
    match reader.seconds(name)? {
        time if time > most => {
            Err(SettingError::Unusable { name, why: format!("it is above {} seconds", most.as_secs()) })
        }
        time => Ok(time),
    }
}

/// How many there may be of something of which there must be one.
fn number(reader: &Reader, name: &'static str) -> Result<usize, SettingError> {
    match reader.parsed(name)? {
        0 => Err(SettingError::Unusable { name, why: "it must be at least 1".to_owned() }),
        number if number > MOST_AT_ONCE => {
            Err(SettingError::Unusable { name, why: format!("it is above {MOST_AT_ONCE}") })
        }
        number => Ok(number),
    }
}

fn bounds(reader: &Reader) -> Result<Bounds, SettingError> {
    Ok(Bounds {
        requests: number(reader, "SLUICE_REQUESTS")?,
        waits: number(reader, "SLUICE_WAITS")?,
        request_timeout: seconds_up_to(reader, "SLUICE_REQUEST_TIMEOUT", LONGEST_WAIT)?,
        client_timeout: seconds_up_to(reader, "SLUICE_CLIENT_TIMEOUT", LONGEST_WAIT)?,
    })
}

fn tokens(reader: &Reader) -> Result<Tokens, SettingError> {
    const NAME: &str = "SLUICE_UPLOAD_TOKEN_KEYS";
    Tokens::parse(&reader.text(NAME)?).map_err(|why| SettingError::Unusable { name: NAME, why })
}

fn files_tenant(reader: &Reader) -> Result<Option<Tenant>, SettingError> {
    const NAME: &str = "SLUICE_FILES_TENANT";
    let unusable = |name: &str, why: String| SettingError::Unusable { name: NAME, why: format!("'{name}': {why}") };
    let name = reader.optional(NAME)?;
    name.map(|name| Tenant::parse(&name).map_err(|why| unusable(&name, why.to_string()))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(change: (&str, &str)) -> Result<Settings, String> {
        let variable = |name: &str| match name {
            _ if name == change.0 => Some(change.1.to_owned()),
            "SLUICE_DATABASE_URL" => Some("postgres://localhost/sluice".to_owned()),
            "SLUICE_S3_BUCKET" => Some("bucket".to_owned()),
            _ => None,
        };
        Settings::read(&Reader::new(&variable)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_database_and_a_bucket_are_enough() {
        let settings = read(("", "")).expect("usable");
        assert_eq!(settings.files.tenant, None);
        assert!(settings.store.write_once);
    }

    #[test]
    fn a_policy_that_the_store_can_not_keep_is_named() {
        let kept = |store: &str, asks: &str| {
            let built_in = include_str!("../../common/policies.toml");
            let asking = built_in.replacen("key_prefix = \"images/\"", &format!("{asks} = true"), 1);
            let policies = Policies::parse(&asking).expect("valid policies");
            can_be_kept(&policies, Store::find(store).expect("a store")).map_err(|error| error.to_string())
        };
        assert_eq!(kept("garage", "require_sha256"), Ok(()));
        assert_eq!(kept("garage", "form_post"), Ok(()));
        let refused = kept("gcs", "require_sha256").expect_err("it compares none");
        assert!(
            refused.ends_with("the policy 'images' requires a SHA-256, and the store ('gcs') does not compare one")
        );
        let refused = kept("r2", "form_post").expect_err("it takes none");
        assert!(refused.ends_with("the policy 'images' allows forms, and the store ('r2') takes none"), "{refused}");
    }

    #[test]
    fn a_setting_that_can_not_be_used_is_named() {
        for (name, value) in [
            ("SLUICE_FILES_TENANT", "Not A Tenant"),
            ("SLUICE_DOWNLOAD_LIFETIME", "604801"),
            ("SLUICE_DATABASE_CONNECTIONS", "0"),
            ("SLUICE_S3_WRITE_ONCE", "perhaps"),
            ("SLUICE_UPLOAD_TOKEN_KEYS", "a:short"),
            ("SLUICE_CORS_ORIGINS", "example.com"),
            ("SLUICE_STREAMS", "1000001"),
            ("SLUICE_JWT_JWKS_URL", "http://id.example.com"),
            ("SLUICE_JWT_SECRET", "short"),
            ("SLUICE_REQUESTS", "0"),
            ("SLUICE_WAITS", "0"),
            ("SLUICE_WAITS", "1000001"),
            ("SLUICE_STREAMS", "0"),
            ("SLUICE_CONNECTIONS", "0"),
            ("SLUICE_REQUEST_TIMEOUT", "61"),
            ("SLUICE_CLIENT_TIMEOUT", "0"),
        ] {
            let refusal = read((name, value)).expect_err(name);
            assert!(refusal.starts_with(name), "{refusal}");
        }
    }
}
