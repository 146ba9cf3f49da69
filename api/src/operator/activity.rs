//! getActivity.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;

use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use sluice_common::db::counting::{self, Counted, Points};
use sluice_common::db::{Db, DbError};
use sluice_common::domain;

use super::latency::Waits;
use super::reach::whose;

use crate::auth::{KeyOrSession, See};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::problems;
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
#[oai(skip_serializing_if_is_none, example)]
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
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<See>,
        /// How far to look back; an hour if not said.
        range: Query<Option<ActivityRange>>,
        /// Only uploads of this tenant.
        tenant: Query<Option<TenantName>>,
        /// Only uploads under this policy.
        policy: Query<Option<PolicyName>>,
    ) -> Result<ActivityAnswer, GetActivityProblem> {
        let range = range.0.unwrap_or(ActivityRange::Hour);
        let wished = tenant.0.map(|TenantName(name)| name);
        let policy = policy.0.map(|PolicyName(name)| name);
        let whose = whose(&operator.0, wished.as_deref());
        let found = match &whose {
            Some(tenant) => counting::activity(&service.db, tenant.as_ref(), policy.as_deref(), range.points()).await?,
            // Another tenant's: nothing that this operator sees.
            None => nothing(&service.db, range.points()).await?,
        };
        Ok(ActivityAnswer::Activity(Json(shown(range, &found))))
    }
}

/// The same as if nothing had happened.
async fn nothing(db: &Db, points: Points) -> Result<counting::Activity, DbError> {
    // No policy has an empty name.
    counting::activity(db, None, Some(""), points).await
}

impl ActivityRange {
    /// The points that it is shown in, made of the coarsest counts that will do.
    fn points(self) -> Points {
        let (kept_seconds, seconds, count) = match self {
            Self::QuarterOfAnHour => (60, 60, 15),
            Self::Hour => (60, 60, 60),
            Self::QuarterOfADay => (60, 300, 72),
            Self::Day => (900, 900, 96),
            Self::Week => (7200, 7200, 84),
            Self::Month => (7200, 21_600, 120),
        };
        Points { kept_seconds, seconds, count }
    }
}

/// What is summed up of one point, or of all.
#[derive(Debug, Clone, Default)]
struct Sum {
    changes: [i64; domain::UploadStatus::ALL.len()],
    waits: Waits,
}

impl Sum {
    fn add(&mut self, counted: Counted, count: i64) {
        match counted {
            Counted::Status(status) => self.changes[place(status)] += count,
            Counted::Wait(step) => self.waits.add(step, count),
            Counted::Reason(_) => {}
        }
    }

    fn to(&self, status: domain::UploadStatus) -> i64 {
        self.changes[place(status)]
    }
}

fn place(status: domain::UploadStatus) -> usize {
    domain::UploadStatus::ALL.iter().position(|one| *one == status).expect("all are there")
}

/// The activity with all its points.
pub fn shown(range: ActivityRange, found: &counting::Activity) -> Activity {
    use domain::UploadStatus::{Canceled, Confirmed, Deleted, Expired, Pending, Rejected};
    let Points { seconds, count, .. } = range.points();
    let (mut all, mut by_point) = (Sum::default(), vec![Sum::default(); usize::try_from(count).unwrap_or(0)]);
    let mut reasons = BTreeMap::<&str, (domain::ReasonCode, i64)>::new();
    for (at, counted, count) in &found.counts {
        all.add(*counted, *count);
        let nth = at.duration_since(found.began).as_secs() / i64::from(seconds);
        if let Some(point) = usize::try_from(nth).ok().and_then(|nth| by_point.get_mut(nth)) {
            point.add(*counted, *count);
        }
        if let Counted::Reason(code) = counted {
            reasons.entry(code.as_str()).or_insert((*code, 0)).1 += count;
        }
    }
    let mut rejections: Vec<_> =
        reasons.into_values().map(|(code, count)| RejectionCount { code: code.into(), count }).collect();
    rejections.sort_by_key(|rejection| std::cmp::Reverse(rejection.count));
    let points = by_point.iter().zip(0..).map(|(sum, nth)| ActivityPoint {
        at: Time(found.began + SignedDuration::from_secs(i64::from(seconds) * nth)),
        created: sum.to(Pending),
        confirmed: sum.to(Confirmed),
        rejected: sum.to(Rejected),
        expired: sum.to(Expired),
        canceled: sum.to(Canceled),
        deleted: sum.to(Deleted),
        latency_p50_ms: sum.waits.percentile(50),
        latency_p95_ms: sum.waits.percentile(95),
    });
    Activity {
        range,
        from: Time(found.began),
        seconds_per_point: seconds.into(),
        counted_until: Time(found.until),
        points: points.collect(),
        total: ActivityTotal {
            created: all.to(Pending),
            confirmed: all.to(Confirmed),
            rejected: all.to(Rejected),
            expired: all.to(Expired),
            canceled: all.to(Canceled),
            deleted: all.to(Deleted),
            latency_p50_ms: all.waits.percentile(50),
            latency_p95_ms: all.waits.percentile(95),
        },
        rejections,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGES: [ActivityRange; 6] = [
        ActivityRange::QuarterOfAnHour,
        ActivityRange::Hour,
        ActivityRange::QuarterOfADay,
        ActivityRange::Day,
        ActivityRange::Week,
        ActivityRange::Month,
    ];

    #[test]
    fn every_range_is_shown_in_few_points_of_counts_that_are_kept_for_as_long() {
        for range in RANGES {
            let Points { kept_seconds, seconds, count } = range.points();
            let days = counting::LENGTHS.iter().find(|(length, _)| *length == kept_seconds).expect("it is kept").1;
            assert!(count <= 120 && seconds % kept_seconds == 0 && seconds * count <= days * 86_400, "{range:?}");
        }
    }

    #[test]
    fn what_happened_is_in_its_point_and_in_the_total() {
        let began: jiff::Timestamp = "2026-11-24T12:00:00Z".parse().expect("valid");
        let at = |minutes| began + SignedDuration::from_mins(minutes);
        let counts = vec![
            (at(0), Counted::Status(domain::UploadStatus::Pending), 5),
            (at(14), Counted::Status(domain::UploadStatus::Rejected), 2),
            (at(14), Counted::Reason(domain::ReasonCode::Empty), 1),
            (at(14), Counted::Reason(domain::ReasonCode::TypeMismatch), 2),
            (at(14), Counted::Wait(60), 2),
        ];
        let shown = shown(ActivityRange::QuarterOfAnHour, &counting::Activity { began, until: at(15), counts });
        assert_eq!((shown.points.len(), shown.points[0].created, shown.points[14].rejected), (15, 5, 2));
        assert_eq!((shown.total.created, shown.total.rejected), (5, 2));
        assert_eq!(shown.points[14].latency_p50_ms, shown.total.latency_p95_ms);
        assert_eq!(shown.points[0].latency_p50_ms, None);
        assert_eq!(shown.rejections.iter().map(|rejection| rejection.count).collect::<Vec<_>>(), [2, 1]);
    }
}
