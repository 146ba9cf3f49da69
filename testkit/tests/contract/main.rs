//! What Sluice relies on in S3 and SQS, claim by claim, of the fake and of LocalStack alike.
//!
//! The fake is trusted in other tests because it passes here. Where the two differ from each other, or both from Amazon's own,
//! the case says so and asserts only what all of them do. LocalStack is the one named in `SLUICE_TEST_AWS_ENDPOINT`.

mod events;
mod grants;
mod messages;
mod multipart;
mod objects;
mod target;
mod versions;

use std::time::Duration;

const KEY: &str = "incoming/a.png";
const LIFETIME: Duration = Duration::from_mins(10);

/// Runs each case against both.
macro_rules! both_keep {
    ($($case:ident)*) => {
        mod the_fake {
            $(#[tokio::test]
            async fn $case() {
                super::$case(&crate::target::Target::fake().await).await;
            })*
        }
        mod localstack {
            $(#[tokio::test]
            async fn $case() {
                super::$case(&crate::target::Target::localstack().await).await;
            })*
        }
    };
}
use both_keep;
