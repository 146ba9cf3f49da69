//! The pipeline, one step at a time, compared with a small model of what each step may do.
//!
//! [`check`] carries out a list of operations on the real code, a real Postgres and the fake S3 and SQS. After each of them
//! every change that is seen must be one that the model allows, and what the model demands must have happened. In the end
//! everything comes to rest, and the invariants are checked.

mod bench;
mod hands;
mod known;
mod look;
mod ops;
mod rest;
mod run;

pub use bench::Bench;
pub use ops::{Op, Seam, Side, Step};
pub use run::check;
