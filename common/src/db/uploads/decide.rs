//! Recording what became of pending uploads, with all that follows from it.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::sources;
use crate::db::timeline::Cause;
use crate::db::usage::count_ended;
use crate::db::{Db, DbError};
use crate::domain::{MediaType, Reason, StoredObject, UploadId, UploadStatus};

/// The statements that record verdicts.
pub const STATEMENTS: &[&str] = &[DECIDE];

/// A promoted upload's object lies elsewhere than its grant wrote, a rejected one's is of no use, and one that must not be
/// looked at is not kept either: each leaves an unwanted object behind. What was to come in parts, and did not become the
/// confirmed object, leaves its parts behind.
///
/// What was reserved is free again, and what is confirmed counts as stored. Uploads are locked in the order of ids, and then
/// the rows of `usage` in the order of tenants, as they are when one is recorded. An upload that reserved nothing was never
/// counted: a process of an older version recorded it.
///
/// What is given comes out of a subquery of its own (`OFFSET 0`), so that the planner can't count it and make a new plan for each
/// batch, as for [`super::insert()`].
const DECIDE: &str = concat!("-- uploads.decide
    WITH verdict AS (
        SELECT v.* FROM (
            SELECT $1::uuid[] AS ids, $2::text[] AS statuses, $3::text[] AS keys, $4::bigint[] AS sizes, $5::text[] AS etags,
                $6::text[] AS versions, $7::text[] AS types, $8::jsonb[] AS reason_lists, $9::text[] AS unwanted,
                $10::text[] AS causes, $11::text[] AS cause_ids, $12::integer[] AS took, $13::boolean[] AS unreads,
                $15::timestamptz[] AS happened OFFSET 0
        ) AS given, unnest(
            ids, statuses, keys, sizes, etags, versions, types, reason_lists, unwanted, causes, cause_ids, took, unreads, happened
        ) AS v (id, status, object_key, object_size, object_etag, object_version_id, detected_type, reasons,
            unwanted_version_id, cause, cause_id, took_ms, unread, happened_at)
    ), held AS (
        -- Locked in the order of ids, so that two batches never wait for each other.
        -- Its deadline may have moved since a sweep found it overdue.
        SELECT u.id FROM uploads u JOIN verdict v USING (id)
        WHERE u.status = ANY ($14) AND (v.status <> 'expired' OR u.deadline <= now())
        ORDER BY u.id FOR UPDATE OF u
    ), changed AS (
        UPDATE uploads u
        SET status = v.status, decided_at = now(), object_key = v.object_key, object_size = v.object_size,
            object_etag = v.object_etag, object_version_id = v.object_version_id, detected_type = v.detected_type,
            reasons = v.reasons
        FROM held JOIN verdict v USING (id)
        WHERE u.id = held.id
        RETURNING u.id, u.tenant, u.status, u.grant_key, u.object_key, u.object_size, u.multipart_id, u.reserved_bytes,
            v.unwanted_version_id, v.cause, v.cause_id, v.took_ms, v.unread,
            CASE WHEN v.happened_at IS NOT NULL
                THEN least(greatest(extract(epoch FROM now() - v.happened_at) * 1000, 0), 2147483647)::integer
            END AS waited_ms
    ), ended AS (
        SELECT tenant, count(reserved_bytes) AS pending_uploads, coalesce(sum(reserved_bytes), 0)::bigint AS reserved_bytes,
            count(*) FILTER (WHERE status = 'confirmed') AS stored_uploads,
            coalesce(sum(object_size) FILTER (WHERE status = 'confirmed'), 0)::bigint AS stored_bytes
        FROM changed GROUP BY tenant
    ", count_ended!(), "
    ), noted AS (
        INSERT INTO timeline (upload_id, tenant, status, cause, cause_id, took_ms, waited_ms)
        SELECT id, tenant, status, cause, cause_id, took_ms, waited_ms FROM changed
    ), unwanted AS (
        INSERT INTO unwanted_objects (object_key, version_id, upload_id, multipart_id)
        SELECT grant_key, unwanted_version_id, id, NULL FROM changed
        WHERE status = 'rejected' OR (status = 'confirmed' AND object_key <> grant_key) OR unread
        UNION ALL SELECT grant_key, NULL, id, multipart_id FROM changed
        WHERE multipart_id IS NOT NULL AND status <> 'confirmed'
    )
    SELECT array_agg(id) AS ids, pg_notify('sluice_decided', string_agg(id::text, ',')) FROM changed HAVING count(*) > 0");

/// What became of a pending upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The object was accepted and lies here.
    Confirmed(StoredObject),
    /// The object was refused.
    Rejected(StoredObject, Vec<Reason>),
    /// There was no object in time.
    Expired,
    /// Time is up, and nobody survives a look at what is there. It goes unread.
    ExpiredUnread,
}

impl Outcome {
    /// The status it leads to.
    pub fn status(&self) -> UploadStatus {
        match self {
            Self::Confirmed(_) => UploadStatus::Confirmed,
            Self::Rejected(..) => UploadStatus::Rejected,
            Self::Expired | Self::ExpiredUnread => UploadStatus::Expired,
        }
    }

    fn object(&self) -> Option<&StoredObject> {
        match self {
            Self::Confirmed(object) | Self::Rejected(object, _) => Some(object),
            Self::Expired | Self::ExpiredUnread => None,
        }
    }

    fn reasons(&self) -> Option<Value> {
        match self {
            Self::Rejected(_, reasons) => Some(
                reasons.iter().map(|reason| json!({"code": reason.code.as_str(), "detail": reason.detail})).collect(),
            ),
            Self::Confirmed(_) | Self::Expired | Self::ExpiredUnread => None,
        }
    }
}

/// A decision to record.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The upload.
    pub id: UploadId,
    /// What became of it.
    pub outcome: Outcome,
    /// The version under the grant's key that becomes unwanted, where the bucket keeps versions.
    pub unwanted_version: Option<String>,
    /// Why it was decided now.
    pub cause: Cause,
    /// How long the look and the decision took.
    pub took: Duration,
}

/// Records decisions. Says of each, in order, whether it changed the upload: of several decisions about one upload, here or
/// elsewhere, exactly one does.
///
/// # Errors
/// Where the database does not answer; then none is recorded, or it is unknown whether they are.
pub async fn decide(db: &Db, decisions: &[Decision]) -> Result<Vec<bool>, DbError> {
    let mut first_of = HashMap::new();
    for (place, decision) in decisions.iter().enumerate() {
        first_of.entry(decision.id).or_insert(place);
    }
    let is_first = |place: usize, decision: &Decision| first_of.get(&decision.id) == Some(&place);
    let distinct: Vec<&Decision> = decisions
        .iter()
        .enumerate()
        .filter(|(place, decision)| is_first(*place, decision))
        .map(|(_, decision)| decision)
        .collect();
    macro_rules! column {
        ($of:expr) => {
            &distinct.iter().map($of).collect::<Vec<_>>()
        };
    }
    macro_rules! object_column {
        ($of:expr) => {
            &distinct.iter().map(|decision| decision.outcome.object().and_then($of)).collect::<Vec<_>>()
        };
    }
    let rows = db
        .rows(
            "record verdicts",
            DECIDE,
            &[
                column!(|decision| decision.id.0),
                column!(|decision| decision.outcome.status().as_str()),
                object_column!(|object| Some(object.key.as_str())),
                object_column!(|object| Some(object.size.get())),
                object_column!(|object| Some(object.etag.as_str())),
                object_column!(|object| object.version_id.as_deref()),
                object_column!(|object| object.detected_type.as_ref().map(MediaType::as_str)),
                column!(|decision| decision.outcome.reasons()),
                column!(|decision| decision.unwanted_version.as_deref()),
                column!(|decision| decision.cause.as_str()),
                column!(|decision| decision.cause.id()),
                column!(|decision| i32::try_from(decision.took.as_millis()).unwrap_or(i32::MAX)),
                column!(|decision| decision.outcome == Outcome::ExpiredUnread),
                // The outcomes have the same sources; a test says so.
                &sources(UploadStatus::Confirmed),
                column!(|decision| decision.cause.happened_at()),
            ],
        )
        .await?;
    let changed: Vec<Uuid> = rows.first().map(|row| row.get("ids")).unwrap_or_default();
    Ok(decisions
        .iter()
        .enumerate()
        .map(|(place, decision)| is_first(place, decision) && changed.contains(&decision.id.0))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_can_be_recorded_by_the_same_statement() {
        for status in [UploadStatus::Confirmed, UploadStatus::Rejected, UploadStatus::Expired] {
            assert_eq!(status.reachable_from(), UploadStatus::Confirmed.reachable_from());
        }
    }
}
