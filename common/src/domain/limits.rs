//! What one tenant may use, and what it uses.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use super::{ByteCount, Tenant};

/// The most that any limit of bytes may say, and what counts where none is set: 1 EiB. So no sum of bytes is too large for the
/// database.
pub const MOST_BYTES: i64 = 1 << 60;

/// What a tenant may use. What is not set has no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// The most uploads that are pending at a time.
    pub pending_uploads: Option<i64>,
    /// The most bytes that pending uploads may come to.
    pub reserved_bytes: Option<ByteCount>,
    /// The most bytes of confirmed uploads, and of pending ones, which could all be confirmed.
    pub stored_bytes: Option<ByteCount>,
    /// The most requests.
    pub rate: Option<Rate>,
}

/// How many requests may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// In each second, in the long run.
    pub per_second: NonZeroU32,
    /// At once, after a while without any.
    pub burst: NonZeroU32,
}

/// What each tenant may use.
#[derive(Debug, Clone, Default)]
pub struct TenantLimits {
    everybody: Limits,
    own: BTreeMap<Tenant, Limits>,
}

impl TenantLimits {
    /// These for everybody but those who have their own.
    pub fn new(everybody: Limits, own: BTreeMap<Tenant, Limits>) -> Self {
        Self { everybody, own }
    }

    /// What this tenant may use.
    pub fn of(&self, tenant: &Tenant) -> Limits {
        self.own.get(tenant).copied().unwrap_or(self.everybody)
    }
}

/// What a tenant uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Uploads that are pending.
    pub pending_uploads: i64,
    /// The bytes that they may come to.
    pub reserved_bytes: i64,
    /// Uploads that are confirmed.
    pub stored_uploads: i64,
    /// The bytes of their objects.
    pub stored_bytes: i64,
}

/// The limits that keep an upload from being recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// [`Limits::pending_uploads`].
    PendingUploads,
    /// [`Limits::reserved_bytes`].
    ReservedBytes,
    /// [`Limits::stored_bytes`].
    StoredBytes,
}

impl Quota {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PendingUploads, Self::ReservedBytes, Self::StoredBytes];

    /// The name, as it is told.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PendingUploads => "pending_uploads",
            Self::ReservedBytes => "reserved_bytes",
            Self::StoredBytes => "stored_bytes",
        }
    }

    /// The limit of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quota| quota.as_str() == name)
    }
}

/// An upload that would be more than its tenant may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverQuota {
    /// The limit.
    pub quota: Quota,
    /// What the tenant may use.
    pub limits: Limits,
    /// What it used just then, without this upload.
    pub usage: Usage,
    /// What this upload would have reserved.
    pub asked: ByteCount,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_without_limits_of_its_own_has_those_of_everybody() {
        let tenant = |name| Tenant::parse(name).expect("valid");
        let of = |pending| Limits { pending_uploads: Some(pending), ..Limits::default() };
        let limits = TenantLimits::new(of(1), [(tenant("acme"), of(2))].into());
        assert_eq!((limits.of(&tenant("acme")), limits.of(&tenant("other"))), (of(2), of(1)));
        assert_eq!(TenantLimits::default().of(&tenant("acme")), Limits::default());
    }

    #[test]
    fn every_quota_is_found_under_its_own_name() {
        for quota in Quota::ALL {
            assert_eq!(Quota::parse(quota.as_str()), Some(quota));
        }
    }
}
