//! What Sluice's api and worker both need, and nothing more.
//!
//! Dependencies point inward: [`domain`] knows nothing of the outside; [`db`], [`storage`] and [`queue`] speak its types to
//! Postgres, to the bucket and to SQS, and [`envelope`] reads what the store's events say; [`settings`], [`telemetry`],
//! [`chain`], [`coalesce`], [`health`], [`shutdown`] and [`table`] serve the two processes.

pub mod chain;
pub mod coalesce;
pub mod db;
pub mod domain;
pub mod envelope;
pub mod health;
pub mod queue;
pub mod settings;
pub mod shutdown;
pub mod storage;
pub mod table;
pub mod telemetry;
