//! The second store: Garage, which `./dev test` starts beside LocalStack. It is no relation of Amazon's, checks every
//! signature, knows no `If-None-Match` on a PUT, keeps no versions and sends no events.

use aws_credential_types::Credentials;

use crate::localstack::variable;

/// Its region: a signature for another one is refused.
pub(crate) const REGION: &str = "garage";

/// Its address.
pub(crate) fn endpoint() -> String {
    variable("SLUICE_TEST_GARAGE_ENDPOINT")
}

/// The key that may make buckets there.
pub(crate) fn credentials() -> Credentials {
    let (id, secret) = (variable("SLUICE_TEST_GARAGE_KEY_ID"), variable("SLUICE_TEST_GARAGE_SECRET"));
    Credentials::new(id, secret, None, None, "the test's environment")
}
