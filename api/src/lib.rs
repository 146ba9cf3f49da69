//! Sluice's HTTP API: issues grants, records pending uploads, answers what became of them.
//!
//! [`serve`] runs it. A request passes [`request`], is admitted by [`auth`], and reaches an operation of [`uploads`],
//! [`files`] or [`operator`], which works with the [`service`]. Errors become [`problem`]s, and what can be asked is in the [`document`].

mod accepting;
pub mod auth;
mod body;
mod connection;
mod cors;
mod dashboard;
pub mod document;
mod feed;
pub mod files;
mod hand;
mod health;
mod json;
mod maps;
mod metrics;
pub mod operator;
mod pages;
mod paths;
pub mod problem;
mod query;
mod rates;
pub mod request;
mod scalars;
mod server;
pub mod service;
pub mod settings;
mod shape;
mod sorted;
pub mod uploads;
pub mod usage;
mod waiting;

pub use server::{ServeError, serve};
pub use settings::Settings;
