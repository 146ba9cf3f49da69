//! Hearing of every single try of a request to the store: the SDK tries again by itself, and says nothing of it.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;

use super::Bucket;

/// What one try came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// The store answered, if only with a no.
    Answered,
    /// The store was too busy, or did not answer in time or at all.
    Refused,
}

impl Bucket {
    /// The same bucket, which tells what each try of its requests came to.
    #[must_use]
    pub fn telling(self, told: impl Fn(Attempt) + Send + Sync + 'static) -> Self {
        let config = self.client.config().to_builder().interceptor(Teller(told)).build();
        Self { client: Client::from_conf(config), ..self }
    }
}

struct Teller<Told>(Told);

impl<Told> std::fmt::Debug for Teller<Told> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Teller")
    }
}

impl<Told: Fn(Attempt) + Send + Sync> Intercept for Teller<Told> {
    fn name(&self) -> &'static str {
        "Teller"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let status = context.response().map(|answer| answer.status().as_u16());
        (self.0)(match status {
            None | Some(429 | 503) => Attempt::Refused,
            Some(_) => Attempt::Answered,
        });
        Ok(())
    }
}
