//! What Sluice's api and worker both need, and nothing more.
//!
//! Dependencies point inward: [`domain`] knows nothing of the outside; [`db`] and [`storage`] speak its types to Postgres and
//! to the bucket; [`settings`], [`telemetry`], [`chain`], [`coalesce`], [`health`], [`shutdown`] and [`table`] serve the two
//! processes.

pub mod chain;
pub mod coalesce;
pub mod db;
pub mod domain;
pub mod health;
pub mod settings;
pub mod shutdown;
pub mod storage;
pub mod table;
pub mod telemetry;
