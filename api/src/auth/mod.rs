//! Who calls, and what they may do.

mod caller;
mod key;
mod known;
mod scope;

pub use caller::{Key, MISSING_SCOPE, MaybeKey, UNAUTHORIZED, unauthorized};
pub use key::NewKey;
pub use known::KnownKeys;
pub use scope::{Read, Scope, Write};

use sluice_common::domain::Tenant;

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whose uploads they reach.
    pub tenant: Tenant,
    /// Their API key's id, for the timeline.
    pub id: String,
}
