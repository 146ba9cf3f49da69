//! Tests of the whole pipeline in sentences about its users: a real Postgres, LocalStack with signatures checked, the real
//! API and the real worker.
//!
//! A [`World`] is one pipeline of its own: a throw-away database, bucket and queue. `./dev test` starts the two services that
//! all worlds share and names them in `SLUICE_TEST_DATABASE_URL` and `SLUICE_TEST_AWS_ENDPOINT`. A world can have its bucket in
//! a second store instead, [`Build::on_garage`].

pub mod client;
mod database;
pub mod fake_aws;
mod feed;
pub mod files;
mod form;
mod garage;
pub mod growth;
mod invariants;
mod localstack;
pub mod made;
pub mod model;
mod on_fake;
mod planted;
mod port;
pub mod postgres;
pub mod process;
pub mod proxy;
mod seed;
mod settings;
pub mod soak;
mod upload;
mod world;

pub use client::{Answer, Client};
pub use feed::{Event, Feed};
pub use files::File;
pub use form::TestForm;
pub use localstack::Localstack;
pub use planted::picture_of;
pub use postgres::Postgres;
pub use process::WorkerProcess;
pub use proxy::{Fault, Proxy};
pub use seed::seed;
pub use upload::TestUpload;
pub use world::{Build, World};

/// The longest that anything in a test is waited for: much, as machines are busy; but less than the minute for which a queue
/// hides what it handed out, so that what only comes again by that is missed.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(50);
