//! Settings, from the environment. One table names them all; what is not in it can't be read.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use aws_credential_types::Credentials;

use crate::domain::Policies;
use crate::storage::{Location, STORES, Store};

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The environment variable.
    pub name: &'static str,
    /// What is used where it is not set; `None` where it must be set.
    pub default: Option<&'static str>,
    /// What it means.
    pub meaning: &'static str,
}

const fn setting(name: &'static str, default: Option<&'static str>, meaning: &'static str) -> Setting {
    Setting { name, default, meaning }
}

/// All settings. The README's table is compared with this one. An empty default means that there is none.
pub const SETTINGS: &[Setting] = &[
    setting(
        "SLUICE_DATABASE_URL",
        None,
        "Postgres, as `postgres://user:password@host/name`; `?sslmode=require` for TLS, with the server's certificate checked",
    ),
    setting(
        "SLUICE_DATABASE_CONNECTIONS",
        Some("16"),
        "the most connections that one process keeps, beside one that listens",
    ),
    setting(
        "SLUICE_STORE",
        Some("aws"),
        "what keeps the bucket: `aws`, `r2`, `minio`, `gcs`, `garage` or `localstack`; the defaults of what it can do follow from it",
    ),
    setting("SLUICE_S3_BUCKET", None, "the bucket"),
    setting("SLUICE_S3_REGION", Some("us-east-1"), "the region of bucket and queue"),
    setting(
        "SLUICE_S3_ENDPOINT",
        Some(""),
        "the store's address, as the API and the worker reach it; Amazon's if empty",
    ),
    setting("SLUICE_S3_PUBLIC_ENDPOINT", Some(""), "the store's address, as clients reach it; the same if empty"),
    setting(
        "SLUICE_S3_ACCESS_KEY_ID",
        Some(""),
        "the bucket's own key, where it is not the one in the SDK's usual places",
    ),
    setting("SLUICE_S3_SECRET_ACCESS_KEY", Some(""), "that key's secret"),
    setting("SLUICE_S3_PATH_STYLE", Some(""), "`true` where the bucket's name is part of the path, not of the host"),
    setting("SLUICE_S3_WRITE_ONCE", Some(""), "`false` for a store that does not honour `If-None-Match: *` on a PUT"),
    setting(
        "SLUICE_S3_SHA256",
        Some(""),
        "`false` for a store that does not compare `x-amz-checksum-sha256` with the bytes",
    ),
    setting("SLUICE_S3_FORM_POST", Some(""), "`false` for a store that takes no HTML forms"),
    setting("SLUICE_POLICIES", Some(""), "a policy file; the built-in policies if empty"),
    setting("SLUICE_LOG", Some("info"), "which log lines are written, such as `info` or `sluice_worker=debug,info`"),
    setting("SLUICE_API_LISTEN", Some("127.0.0.1:8080"), "where the API listens"),
    setting(
        "SLUICE_FILES_TENANT",
        Some(""),
        "the tenant of calls to `/files` without an API key; they are refused if empty",
    ),
    setting("SLUICE_FILES_WAIT", Some("20"), "how long `/files/confirm` waits for the verdict, in seconds"),
    setting(
        "SLUICE_CORS_ORIGINS",
        Some(""),
        "the origins whose pages may call the API, such as `https://app.example.com`, with commas between; `*` for all",
    ),
    setting(
        "SLUICE_JWT_JWKS_URL",
        Some(""),
        "where the application's identity provider publishes the keys of its tokens; no JWTs are taken if this and the next are empty",
    ),
    setting(
        "SLUICE_JWT_SECRET",
        Some(""),
        "or the secret of at least 32 characters that its tokens are signed with (HS256)",
    ),
    setting("SLUICE_JWT_ISSUER", Some(""), "the `iss` of its tokens; must be set where one of the two before is"),
    setting("SLUICE_JWT_AUDIENCE", Some(""), "the `aud` of tokens for this service; must be set where the issuer is"),
    setting("SLUICE_JWT_TENANT_CLAIM", Some("tenant"), "the claim that names the tenant, or its path, as `org.slug`"),
    setting(
        "SLUICE_JWT_SCOPE_CLAIM",
        Some("scope"),
        "the claim that names the scopes, with spaces between or as an array, or its path",
    ),
    setting(
        "SLUICE_JWT_ALGORITHMS",
        Some(""),
        "what tokens may be signed with, with commas between; with published keys all of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA if empty",
    ),
    setting(
        "SLUICE_JWT_LEEWAY",
        Some("30"),
        "how far the clocks of the identity provider and this service may be apart, in seconds",
    ),
    setting(
        "SLUICE_UPLOAD_TOKEN_KEYS",
        Some(""),
        "what upload tokens are signed with, as `NAME:SECRET`, with commas between: the first signs, all are accepted; there are no tokens if empty",
    ),
    setting(
        "SLUICE_CONNECTIONS",
        Some("12000"),
        "the most connections that one API process keeps open at a time; each takes a file descriptor",
    ),
    setting("SLUICE_STREAMS", Some("5000"), "the most streams of uploads that one API process keeps open at a time"),
    setting(
        "SLUICE_REQUESTS",
        Some("500"),
        "the most requests that one API process works on at a time; more are refused at once",
    ),
    setting(
        "SLUICE_WAITS",
        Some("5000"),
        "the most requests that wait for a verdict in one API process at a time, beside those",
    ),
    setting(
        "SLUICE_REQUEST_TIMEOUT",
        Some("55"),
        "how long a request may take, in seconds, without the time that it waits for a verdict or for the store to join parts",
    ),
    setting(
        "SLUICE_CLIENT_TIMEOUT",
        Some("20"),
        "how long a client may take to send a request's headers, and then its body, in seconds",
    ),
    setting("SLUICE_DOWNLOAD_LIFETIME", Some("300"), "how long a download's URL can be used, in seconds"),
    setting("SLUICE_WORKER_LISTEN", Some("127.0.0.1:8081"), "where a worker answers about its health and metrics"),
    setting(
        "SLUICE_SQS_QUEUE_URL",
        Some(""),
        "the queue that the bucket's events arrive in; must be set where the store is `aws` or `localstack`",
    ),
    setting(
        "SLUICE_SQS_DLQ_URL",
        Some(""),
        "the queue's dead-letter queue; `sluice-worker dlq` and the operators' calls look there",
    ),
    setting("SLUICE_SQS_ENDPOINT", Some(""), "the queue's address; Amazon's if empty"),
    setting("SLUICE_WORKER_CONCURRENCY", Some("64"), "how many messages one worker has in hand at the most"),
    setting(
        "SLUICE_WORKER_CONCURRENCY_LEAST",
        Some("4"),
        "and how many at the least, however often the store asks to slow down",
    ),
    setting("SLUICE_WORKER_GRACE", Some("25"), "how long a stopping worker may finish what is in hand, in seconds"),
    setting(
        "SLUICE_RECONCILE_EVERY",
        Some("21600"),
        "how long after a round through the bucket, which finds strays and vanished objects, the next begins, in seconds",
    ),
    setting(
        "SLUICE_STRAY_GRACE",
        Some("86400"),
        "how old an object that no upload owns must be before it is deleted, in seconds",
    ),
    setting(
        "SLUICE_TIMELINE_RETENTION",
        Some(""),
        "for how many days the lines of the timeline are kept, at least 7; for ever if empty",
    ),
];

/// Why the service does not start: a sentence that names the setting.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// It must be set.
    #[error("{0} is not set: it names {1}")]
    Missing(&'static str, &'static str),
    /// It is set to something that can't be used.
    #[error("{name} is not usable: {why}")]
    Unusable {
        /// The setting.
        name: &'static str,
        /// What is wrong.
        why: String,
    },
}

/// Reads settings.
pub struct Reader<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Reader<'static> {
    /// Reads them from the process's environment.
    pub fn of_environment() -> Self {
        Self { variable: &|name| std::env::var(name).ok() }
    }
}

impl<'a> Reader<'a> {
    /// Reads them from wherever this function does.
    pub fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { variable }
    }

    /// A setting's text; empty where neither it nor a default is set.
    ///
    /// # Errors
    /// Where it must be set and is not.
    pub fn text(&self, name: &'static str) -> Result<String, SettingError> {
        let setting =
            SETTINGS.iter().find(|setting| setting.name == name).expect("only settings of the table are read");
        let set = (self.variable)(name).filter(|value| !value.trim().is_empty());
        set.or(setting.default.map(str::to_owned)).ok_or(SettingError::Missing(name, setting.meaning))
    }

    /// A setting that may be left out.
    ///
    /// # Errors
    /// None of its own.
    pub fn optional(&self, name: &'static str) -> Result<Option<String>, SettingError> {
        Ok(Some(self.text(name)?).filter(|text| !text.is_empty()))
    }

    /// A setting of another kind than text.
    ///
    /// # Errors
    /// Where it is missing or not of that kind.
    pub fn parsed<T: FromStr<Err: Display>>(&self, name: &'static str) -> Result<T, SettingError> {
        let text = self.text(name)?;
        text.trim().parse().map_err(|error: T::Err| SettingError::Unusable { name, why: format!("'{text}': {error}") })
    }

    /// A time given in whole seconds.
    ///
    /// # Errors
    /// Where it is no number of seconds, or none at all.
    pub fn seconds(&self, name: &'static str) -> Result<Duration, SettingError> {
        match self.parsed(name)? {
            0 => Err(SettingError::Unusable { name, why: "it must be at least one second".to_owned() }),
            seconds => Ok(Duration::from_secs(seconds)),
        }
    }

    /// Where a worker reaches the bucket.
    ///
    /// # Errors
    /// Where a setting is missing or not usable.
    pub fn bucket(&self) -> Result<Location, SettingError> {
        Ok(Location {
            bucket: self.text("SLUICE_S3_BUCKET")?,
            region: self.text("SLUICE_S3_REGION")?,
            endpoint: self.endpoint("SLUICE_S3_ENDPOINT")?,
            path_style: self.store()?.path_style,
            credentials: self.bucket_key()?,
        })
    }

    /// What the store can do: what its name says, but for what is set otherwise.
    ///
    /// # Errors
    /// Where there is no store of this name, or a setting is neither `true` nor `false`.
    pub fn store(&self) -> Result<Store, SettingError> {
        const NAME: &str = "SLUICE_STORE";
        let name = self.text(NAME)?;
        let unknown = || {
            let names: Vec<&str> = STORES.iter().map(|store| store.name).collect();
            SettingError::Unusable { name: NAME, why: format!("'{name}' is none of {}", names.join(", ")) }
        };
        let store = Store::find(name.trim()).ok_or_else(unknown)?;
        Ok(Store {
            path_style: self.optional_bool("SLUICE_S3_PATH_STYLE")?.unwrap_or(store.path_style),
            write_once: self.optional_bool("SLUICE_S3_WRITE_ONCE")?.unwrap_or(store.write_once),
            sha256: self.optional_bool("SLUICE_S3_SHA256")?.unwrap_or(store.sha256),
            form_post: self.optional_bool("SLUICE_S3_FORM_POST")?.unwrap_or(store.form_post),
            ..store
        })
    }

    fn optional_bool(&self, name: &'static str) -> Result<Option<bool>, SettingError> {
        self.optional(name)?.map(|_| self.parsed(name)).transpose()
    }

    /// The bucket's own key, where one is set.
    fn bucket_key(&self) -> Result<Option<Credentials>, SettingError> {
        const ID: &str = "SLUICE_S3_ACCESS_KEY_ID";
        const SECRET: &str = "SLUICE_S3_SECRET_ACCESS_KEY";
        match (self.optional(ID)?, self.optional(SECRET)?) {
            (Some(id), Some(secret)) => Ok(Some(Credentials::new(id, secret, None, None, "settings"))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(SettingError::Missing(SECRET, "the secret of SLUICE_S3_ACCESS_KEY_ID")),
            (None, Some(_)) => Err(SettingError::Missing(ID, "the key of SLUICE_S3_SECRET_ACCESS_KEY")),
        }
    }

    /// The queue that the bucket's events arrive in; `None` where the store sends none.
    ///
    /// # Errors
    /// Where it is not set and the store sends events.
    pub fn queue_url(&self) -> Result<Option<String>, SettingError> {
        const NAME: &str = "SLUICE_SQS_QUEUE_URL";
        let url = self.optional(NAME)?;
        if url.is_none() && self.store()?.events {
            return Err(SettingError::Missing(NAME, "the queue that the bucket's events arrive in"));
        }
        Ok(url)
    }

    /// Where clients reach the bucket.
    ///
    /// # Errors
    /// Where a setting is missing or not usable.
    pub fn public_bucket(&self) -> Result<Location, SettingError> {
        let bucket = self.bucket()?;
        let public = self.endpoint("SLUICE_S3_PUBLIC_ENDPOINT")?;
        Ok(Location { endpoint: public.or(bucket.endpoint.clone()), ..bucket })
    }

    /// The address of a service, where one is set.
    ///
    /// # Errors
    /// Where it is not an `http://` or `https://` address.
    pub fn endpoint(&self, name: &'static str) -> Result<Option<String>, SettingError> {
        let endpoint = self.optional(name)?;
        match &endpoint {
            Some(url) if !url.starts_with("http://") && !url.starts_with("https://") => {
                Err(SettingError::Unusable { name, why: format!("'{url}' does not begin with http:// or https://") })
            }
            _ => Ok(endpoint),
        }
    }

    /// The policies.
    ///
    /// # Errors
    /// Where their file can't be read, or a line of it is wrong.
    pub fn policies(&self) -> Result<Policies, SettingError> {
        const NAME: &str = "SLUICE_POLICIES";
        let Some(path) = self.optional(NAME)? else { return Ok(Policies::built_in()) };
        let unusable = |why: String| SettingError::Unusable { name: NAME, why: format!("{path}: {why}") };
        let text = std::fs::read_to_string(&path).map_err(|error| unusable(error.to_string()))?;
        Policies::parse(&text).map_err(|error| unusable(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T: std::fmt::Debug>(read: impl Fn(&Reader) -> Result<T, SettingError>, value: &'static str) -> String {
        let variable = |_: &str| Some(value.to_owned());
        read(&Reader::new(&variable)).expect_err(value).to_string()
    }

    #[test]
    fn what_is_not_set_has_its_default_or_is_asked_for_by_name() {
        let reader = Reader { variable: &|_| None };
        assert_eq!(reader.text("SLUICE_S3_REGION").expect("a default"), "us-east-1");
        assert_eq!(reader.optional("SLUICE_S3_ENDPOINT").expect("may be left out"), None);
        let missing = reader.text("SLUICE_S3_BUCKET").expect_err("must be set").to_string();
        assert_eq!(missing, "SLUICE_S3_BUCKET is not set: it names the bucket");
    }

    #[test]
    fn what_is_set_wrongly_is_named_with_what_is_wrong() {
        let concurrency = refusal(|reader| reader.parsed::<u16>("SLUICE_WORKER_CONCURRENCY"), "many");
        assert!(concurrency.starts_with("SLUICE_WORKER_CONCURRENCY is not usable: 'many'"), "{concurrency}");
        assert!(refusal(|reader| reader.seconds("SLUICE_FILES_WAIT"), "0").contains("at least one second"));
        assert!(refusal(|reader| reader.endpoint("SLUICE_S3_ENDPOINT"), "localhost:4566").contains("http://"));
        assert!(refusal(|reader| reader.policies(), "/nowhere/policies.toml").contains("/nowhere/policies.toml"));
    }

    #[test]
    fn what_a_store_can_do_follows_from_its_name_unless_it_is_set() {
        let read = |settings: &'static [(&str, &str)]| {
            let variable = move |name: &str| settings.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            Reader::new(&variable).store().map_err(|error| error.to_string())
        };
        let aws = read(&[]).expect("the default");
        assert!(!aws.path_style && aws.write_once && aws.sha256 && aws.form_post && aws.events);
        let garage = read(&[("SLUICE_STORE", "garage")]).expect("known");
        assert!(garage.path_style && !garage.write_once && garage.sha256 && garage.form_post && !garage.events);
        let own = read(&[("SLUICE_STORE", "gcs"), ("SLUICE_S3_WRITE_ONCE", "true"), ("SLUICE_S3_PATH_STYLE", "false")]);
        let own = own.expect("known");
        assert!(!own.path_style && own.write_once && !own.sha256);
        let unknown = read(&[("SLUICE_STORE", "azure")]).expect_err("unknown");
        assert_eq!(unknown, "SLUICE_STORE is not usable: 'azure' is none of aws, r2, minio, gcs, garage, localstack");
        let neither = read(&[("SLUICE_S3_SHA256", "perhaps")]).expect_err("neither");
        assert!(neither.starts_with("SLUICE_S3_SHA256 is not usable: 'perhaps'"), "{neither}");
    }

    #[test]
    fn a_queue_must_be_named_where_the_store_sends_events() {
        let of = |store: &'static str| {
            let variable = move |name: &str| (name == "SLUICE_STORE").then(|| store.to_owned());
            Reader::new(&variable).queue_url().map_err(|error| error.to_string())
        };
        assert!(of("aws").expect_err("missing").starts_with("SLUICE_SQS_QUEUE_URL is not set"));
        assert_eq!(of("garage"), Ok(None));
    }

    #[test]
    fn half_a_key_is_no_key() {
        let variable = |name: &str| match name {
            "SLUICE_S3_BUCKET" => Some("bucket".to_owned()),
            "SLUICE_S3_ACCESS_KEY_ID" => Some("key".to_owned()),
            _ => None,
        };
        let refused = Reader::new(&variable).bucket().expect_err("there is no secret").to_string();
        assert!(refused.starts_with("SLUICE_S3_SECRET_ACCESS_KEY is not set"), "{refused}");
    }

    #[test]
    fn every_default_can_be_read() {
        let variable =
            |name: &str| SETTINGS.iter().find(|s| s.name == name && s.default.is_none()).map(|_| "x".to_owned());
        let reader = Reader::new(&variable);
        reader.public_bucket().expect("usable");
        reader.policies().expect("usable");
    }
}
