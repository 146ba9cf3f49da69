//! getActivity.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};

use crate::auth::{KeyOrSession, See};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::{Problem, UNAVAILABLE, problems};
use crate::scalars::{PolicyName, TenantName, Time};
use crate::service::Service;
use crate::uploads::ReasonCode;

problems! {
    /// Why there is no activity shown: nothing but what any operation can meet.
    pub enum GetActivityProblem {}
}

/// How far to look back. More may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ActivityRange {
    /// 15 minutes, in 15 points.
    #[oai(rename = "15m")]
    QuarterOfAnHour,
    /// An hour, in 60 points.
    #[oai(rename = "1h")]
    Hour,
    /// 6 hours, in 72 points of 5 minutes.
    #[oai(rename = "6h")]
    QuarterOfADay,
    /// A day, in 96 points of 15 minutes.
    #[oai(rename = "24h")]
    Day,
    /// A week, in 84 points of 2 hours.
    #[oai(rename = "7d")]
    Week,
    /// 30 days, in 120 points of 6 hours.
    #[oai(rename = "30d")]
    Month,
}

/// What happened in a range of time, point by point.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Activity {
    /// The range.
    pub range: ActivityRange,
    /// When the first point begins.
    pub from: Time,
    /// How long each point is, in seconds.
    pub seconds_per_point: i64,
    /// Up to when changes are counted: a few seconds ago.
    pub counted_until: Time,
    /// The points, oldest first, with those in which nothing happened. The last one is not over yet.
    pub points: Vec<ActivityPoint>,
    /// All of them together.
    pub total: ActivityTotal,
    /// For what files were rejected, the commonest first. One upload can have several reasons.
    pub rejections: Vec<RejectionCount>,
}

/// What happened in one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ActivityPoint {
    /// When it begins.
    pub at: Time,
    /// How many uploads were declared.
    pub created: i64,
    /// How many were confirmed.
    pub confirmed: i64,
    /// How many were rejected.
    pub rejected: i64,
    /// How many expired.
    pub expired: i64,
    /// How many were canceled.
    pub canceled: i64,
    /// How many were deleted.
    pub deleted: i64,
    /// How long half of the verdicts came after the store's event at the most, in milliseconds, to within a tenth. Absent
    /// where no event led to a verdict.
    pub latency_p50_ms: Option<i64>,
    /// The same of 95 of 100 verdicts.
    pub latency_p95_ms: Option<i64>,
}

/// What happened in the whole range.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ActivityTotal {
    /// How many uploads were declared.
    pub created: i64,
    /// How many were confirmed.
    pub confirmed: i64,
    /// How many were rejected.
    pub rejected: i64,
    /// How many expired.
    pub expired: i64,
    /// How many were canceled.
    pub canceled: i64,
    /// How many were deleted.
    pub deleted: i64,
    /// How long half of the verdicts came after the store's event at the most, in milliseconds.
    pub latency_p50_ms: Option<i64>,
    /// The same of 95 of 100 verdicts.
    pub latency_p95_ms: Option<i64>,
}

/// How often files were rejected for a reason.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct RejectionCount {
    /// The reason.
    pub code: ReasonCode,
    /// How many files.
    pub count: i64,
}

/// The answer.
#[derive(ApiResponse)]
pub enum ActivityAnswer {
    /// What happened.
    #[oai(status = 200)]
    Activity(Json<Activity>),
}

/// getActivity.
pub struct GetActivity;

#[OpenApi]
impl GetActivity {
    /// See what happened
    ///
    /// How many uploads were declared and what became of them, how long verdicts took, and for what files were rejected: for
    /// charts, in up to 120 points. What happened before the service began to keep these counts is not in them.
    ///
    /// Needs the scope `operator` or `operator:read`.
    #[oai(path = "/v1/operator/activity", method = "get", operation_id = "getActivity", tag = "Tag::Operator")]
    async fn get(
        &self,
        _service: Data<&Arc<Service>>,
        _operator: KeyOrSession<See>,
        /// How far to look back; an hour if not said.
        range: Query<Option<ActivityRange>>,
        /// Only uploads of this tenant.
        tenant: Query<Option<TenantName>>,
        /// Only uploads under this policy.
        policy: Query<Option<PolicyName>>,
    ) -> Result<ActivityAnswer, GetActivityProblem> {
        let _ = (range, tenant, policy);
        Err(Problem::new(UNAVAILABLE).into())
    }
}
