//! Who calls, and what they may do.

mod admit;
mod credential;
mod extract;
mod identity;
mod key;
mod known;
mod moment;
mod operator;
mod refusal;
mod same_site;
mod scope;
mod session;
mod stay;
mod token;
mod used;

pub use admit::{MISSING_SCOPE, with_challenge};
pub use extract::{FilesKey, Key, KeyOrSession, KeyOrToken, MaybeKey, OPERATOR_SESSION, OperatorKey};
pub use identity::{Identity, IdentitySettings};
pub use key::NewKey;
pub use known::KnownKeys;
pub use operator::Operator;
pub use refusal::{Refusal, UNAUTHORIZED};
pub use same_site::CROSS_SITE;
pub use scope::{Act, Read, Scope, See, Write};
pub use session::{NewSession, Sessions, idle_seconds};
pub use stay::Stay;
pub use token::{NewToken, Tokens};

use sluice_common::domain::{Tenant, UploadId};

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whose uploads they reach.
    pub tenant: Tenant,
    /// Their API key's id, or what their token is called: for the timeline.
    pub id: String,
    /// How long they stay let in.
    pub stay: Stay,
}

/// Who reaches all uploads of their tenant, or holds an upload's token, which reaches one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    caller: Caller,
    only: Option<UploadId>,
}

impl Holder {
    fn of_caller(caller: Caller) -> Self {
        Self { caller, only: None }
    }

    fn of_token(caller: Caller, upload: UploadId) -> Self {
        Self { caller, only: Some(upload) }
    }

    fn tenant(&self) -> &Tenant {
        &self.caller.tenant
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
