//! Who calls, and what they may do.

mod admit;
mod extract;
mod key;
mod known;
mod operator;
mod same_site;
mod scope;
mod session;
mod token;

pub use admit::{MISSING_SCOPE, UNAUTHORIZED, unauthorized, with_challenge};
pub use extract::{Key, KeyOrSession, KeyOrToken, MaybeKey, OPERATOR_SESSION, OperatorKey};
pub use key::NewKey;
pub use known::KnownKeys;
pub use operator::Operator;
pub use same_site::CROSS_SITE;
pub use scope::{Act, Read, Scope, See, Write};
pub use session::{NewSession, Sessions, idle_seconds};
pub use token::{NewToken, Tokens};

use sluice_common::domain::{Tenant, UploadId};

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whose uploads they reach.
    pub tenant: Tenant,
    /// Their API key's id, or the name of what signed their token: for the timeline.
    pub id: String,
}

/// Who holds an API key, which reaches all uploads of its tenant, or a token, which reaches one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    caller: Caller,
    only: Option<UploadId>,
}

impl Holder {
    fn of_key(caller: Caller) -> Self {
        Self { caller, only: None }
    }

    fn of_token(caller: Caller, upload: UploadId) -> Self {
        Self { caller, only: Some(upload) }
    }

    /// Whether they may delete what was confirmed: whoever just sends a file may not.
    pub fn may_delete(&self) -> bool {
        self.only.is_none()
    }

    /// The caller, and the one upload that they reach if they don't reach all.
    pub fn caller(self) -> (Caller, Option<UploadId>) {
        (self.caller, self.only)
    }

    /// The caller and the upload, if there can be such an upload and they reach it.
    pub fn reaching(&self, id: Option<UploadId>) -> Option<(Caller, UploadId)> {
        let id = id?;
        let reached = self.only.is_none_or(|only| only == id);
        reached.then(|| (self.caller.clone(), id))
    }
}
