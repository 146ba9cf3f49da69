//! How the AWS SDK is set up: one HTTP client, credentials from wherever the SDK finds them, bounded times.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_types::checksum_config::{RequestChecksumCalculation, ResponseChecksumValidation};

use super::Location;

/// The longest that making a connection may take.
const CONNECT: Duration = Duration::from_secs(3);

/// What every client of the SDK shares.
#[derive(Debug, Clone)]
pub struct SdkClients {
    config: SdkConfig,
}

impl SdkClients {
    /// Reads credentials from the environment, a profile, a web identity, the container or the instance: the SDK's usual
    /// chain.
    pub async fn load(region: &str) -> Self {
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(http)
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            // By default the SDK adds checksums that some stores refuse, and that break presigned requests.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .load()
            .await;
        Self { config }
    }

    /// A configuration for calls that take at most `attempt` each.
    pub fn with_attempt_timeout(&self, attempt: Duration) -> SdkConfig {
        let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(attempt).build();
        self.config
            .to_builder()
            .timeout_config(timeouts)
            // The attempt's own time is the bound; a long poll that waits for its first byte is not stalled.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build()
    }

    /// Where the credentials for this bucket come from.
    pub fn credentials(&self, bucket: &Location) -> SharedCredentialsProvider {
        let usual = || self.config.credentials_provider().expect("the default configuration has a chain of providers");
        bucket.credentials.clone().map_or_else(usual, SharedCredentialsProvider::new)
    }
}
