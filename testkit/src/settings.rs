//! The settings of a pipeline in a test, as the environment would give them.

use sluice_common::settings::Reader;

/// Where the parts of a pipeline meet.
pub(crate) struct Places<'a> {
    pub(crate) database_url: String,
    /// Of S3 as of SQS.
    pub(crate) endpoint: &'a str,
    pub(crate) bucket: &'a str,
    pub(crate) queue_url: String,
}

/// All that the API and a worker need, but for what a test wishes otherwise.
pub(crate) fn settings(places: Places<'_>, own: &[(&str, &str)]) -> Vec<(String, String)> {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/../localstack/policies.toml");
    let common = [
        ("SLUICE_DATABASE_URL", places.database_url.as_str()),
        ("SLUICE_DATABASE_CONNECTIONS", "4"),
        ("SLUICE_S3_BUCKET", places.bucket),
        ("SLUICE_S3_ENDPOINT", places.endpoint),
        ("SLUICE_STORE", "localstack"),
        ("SLUICE_SQS_ENDPOINT", places.endpoint),
        ("SLUICE_SQS_QUEUE_URL", places.queue_url.as_str()),
        ("SLUICE_POLICIES", policies),
        ("SLUICE_FILES_TENANT", "demo"),
    ];
    let rest = common.iter().filter(|(name, _)| own.iter().all(|(wished, _)| wished != name));
    own.iter().chain(rest).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Has a part read them.
pub(crate) fn read<Settings, Error: std::fmt::Debug>(
    settings: &[(String, String)],
    read: impl FnOnce(&Reader<'_>) -> Result<Settings, Error>,
) -> Settings {
    let variable = |name: &str| settings.iter().find(|(set, _)| set == name).map(|(_, value)| value.clone());
    read(&Reader::new(&variable)).expect("the settings are valid")
}
