//! The problems that any operation can meet, whatever it does.

use std::error::Error;
use std::sync::Arc;

use http::HeaderValue;
use sluice_common::coalesce::BatchError;
use sluice_common::db::DbError;
use sluice_common::queue::QueueError;
use sluice_common::storage::{SignError, StoreError};

use super::{Kind, Problem};

/// A bug of ours.
pub const INTERNAL_ERROR: Kind = Kind {
    status: 500,
    code: "internal_error",
    meaning: "Something is wrong on our side. It was logged under this request's id.",
};

/// Something we need is away for a while.
pub const UNAVAILABLE: Kind = Kind {
    status: 503,
    code: "unavailable",
    meaning: "The service can't do this right now. Try again after the time in `Retry-After`.",
};

/// How long a client should wait before it tries again, in seconds: about as long as a database takes to fail over to a
/// pooled connection, and short enough for somebody who watches a progress bar.
pub const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// What can go wrong with any operation.
pub trait Failure {
    /// The problem that the client is told.
    fn into_problem(self) -> Problem;
}

/// A problem for which the client can do nothing but wait.
pub fn unavailable(cause: Arc<dyn Error + Send + Sync>) -> Problem {
    Problem::new(UNAVAILABLE).caused_by(cause)
}

/// A problem for which the client can do nothing.
pub fn internal(cause: Arc<dyn Error + Send + Sync>) -> Problem {
    Problem::new(INTERNAL_ERROR).caused_by(cause)
}

impl Failure for Problem {
    fn into_problem(self) -> Problem {
        self
    }
}

impl Failure for Arc<DbError> {
    fn into_problem(self) -> Problem {
        match *self {
            DbError::Unavailable { .. } => unavailable(self),
            DbError::Broken { .. } => internal(self),
        }
    }
}

impl Failure for DbError {
    fn into_problem(self) -> Problem {
        Arc::new(self).into_problem()
    }
}

impl Failure for BatchError<DbError> {
    fn into_problem(self) -> Problem {
        match self {
            Self::Failed(error) => error.into_problem(),
            Self::Gone => unavailable(Arc::new(self)),
        }
    }
}

impl Failure for QueueError {
    fn into_problem(self) -> Problem {
        unavailable(Arc::new(self))
    }
}

impl Failure for StoreError {
    fn into_problem(self) -> Problem {
        unavailable(Arc::new(self))
    }
}

impl Failure for SignError {
    fn into_problem(self) -> Problem {
        match self {
            Self::Credentials(_) => unavailable(Arc::new(self)),
            Self::Broken(_) => internal(Arc::new(self)),
        }
    }
}
