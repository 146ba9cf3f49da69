//! getUsage.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use sluice_common::db::usage;
use sluice_common::domain::{self, ByteCount, Limits};

use crate::auth::{Key, Read};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::problems;
use crate::service::Service;

problems! {
    /// Why usage is not shown.
    pub enum GetUsageProblem {}
}

/// What your tenant uses, each beside its limit.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct Usage {
    /// Uploads that are pending.
    pub pending_uploads: Amount,
    /// The bytes that pending uploads may come to: each counts with its declared size, or with the most that its policy takes.
    pub reserved_bytes: Amount,
    /// Uploads that are confirmed and not deleted.
    pub stored_uploads: Amount,
    /// The bytes of confirmed uploads. What is reserved counts towards the limit, too.
    pub stored_bytes: Amount,
    /// How many requests you may send; absent, as many as you like.
    pub requests: Option<RequestRate>,
}

/// How much is used of something.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Amount {
    /// How much is used now.
    pub used: i64,
    /// How much may be used; absent where there is no limit.
    pub limit: Option<i64>,
}

/// How many requests may be sent to one process of the service.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct RequestRate {
    /// In each second, in the long run.
    pub per_second: i64,
    /// At once, after a while without any.
    pub burst: i64,
}

/// The answer.
#[derive(ApiResponse)]
pub enum UsageAnswer {
    /// What is used now.
    #[oai(status = 200)]
    Usage(Json<Usage>),
}

/// getUsage.
pub struct GetUsage;

#[OpenApi]
impl GetUsage {
    /// Read what is used
    ///
    /// What your tenant's uploads use now, each beside its limit. An upload that would be more than a limit is refused with
    /// `quota_exceeded`; requests that come too fast are refused with `rate_limited`.
    ///
    /// Needs the scope `uploads:read`.
    #[oai(path = "/v1/usage", method = "get", operation_id = "getUsage", tag = "Tag::Usage")]
    async fn get(&self, service: Data<&Arc<Service>>, key: Key<Read>) -> Result<UsageAnswer, GetUsageProblem> {
        let tenant = &key.0.tenant;
        let used = usage::find(&service.db, tenant).await?;
        Ok(UsageAnswer::Usage(Json(Usage::new(used, service.policies.limits_of(tenant)))))
    }
}

impl Usage {
    fn new(used: domain::Usage, limits: Limits) -> Self {
        let amount = |used, limit| Amount { used, limit };
        let rate = |rate: domain::Rate| RequestRate {
            per_second: rate.per_second.get().into(),
            burst: rate.burst.get().into(),
        };
        Self {
            pending_uploads: amount(used.pending_uploads, limits.pending_uploads),
            reserved_bytes: amount(used.reserved_bytes, limits.reserved_bytes.map(ByteCount::get)),
            stored_uploads: amount(used.stored_uploads, None),
            stored_bytes: amount(used.stored_bytes, limits.stored_bytes.map(ByteCount::get)),
            requests: limits.rate.map(rate),
        }
    }
}

impl Example for Usage {
    fn example() -> Self {
        let amount = |used, limit| Amount { used, limit };
        Self {
            pending_uploads: amount(3, Some(1000)),
            reserved_bytes: amount(1_044_480, None),
            stored_uploads: amount(1284, None),
            stored_bytes: amount(447_134_720, Some(107_374_182_400)),
            requests: Some(RequestRate { per_second: 50, burst: 100 }),
        }
    }
}
