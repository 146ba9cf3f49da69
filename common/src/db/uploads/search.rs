//! Searching the table `uploads` across tenants, at a bounded cost: newest first, and no more than a window at a time.

use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{CLOCK_DIFFERENCE, columns, first_id_at, readable};
use crate::db::{Db, DbError};
use crate::domain::{ReasonCode, Tenant, Upload, UploadId, UploadStatus};

/// How many uploads of each status one search looks at, at the most. The statements say the same: a limit that the planner knows
/// keeps it from sorting the table.
pub const WINDOW: i64 = 10_000;

/// A search whose window is the end of an index. The window is written as a range of the index's rows, and in its order: were
/// the columns compared one by one, the planner would now and then walk all uploads by another index, for one that is rare.
macro_rules! search {
    ($name:expr, $range:literal, $order:literal) => {
        concat!(
            "-- ",
            $name,
            "
        SELECT ",
            columns!(),
            "
        FROM unnest($1::text[]) AS s (status) CROSS JOIN LATERAL (
            SELECT * FROM (
                SELECT * FROM uploads w WHERE ",
            $range,
            "
                ORDER BY ",
            $order,
            " LIMIT 10000
            ) w
            WHERE ($5::text IS NULL OR w.policy = $5)
                AND ($6::timestamptz IS NULL OR w.created_at >= $6) AND ($7::timestamptz IS NULL OR w.created_at < $7)
                AND ($8::text IS NULL OR split_part(lower(w.content_type), ';', 1) LIKE $8 OR w.detected_type LIKE $8)
                AND ($9::text IS NULL OR w.reasons @> jsonb_build_array(jsonb_build_object('code', $9::text)))
                AND ($10::text IS NULL OR w.filename ILIKE $10)
            ORDER BY ",
            $order,
            " LIMIT $11
        ) u
        ORDER BY u.id DESC LIMIT $11"
        )
    };
}

/// How far the same search looked.
macro_rules! window {
    ($name:expr, $range:literal, $order:literal) => {
        concat!(
            "-- ",
            $name,
            "
        SELECT x.looked_at, x.last
        FROM unnest($1::text[]) AS s (status) CROSS JOIN LATERAL (
            SELECT count(*) AS looked_at, (array_agg(id ORDER BY id))[1] AS last FROM (
                SELECT w.id FROM uploads w WHERE ",
            $range,
            "
                ORDER BY ",
            $order,
            " LIMIT 10000
            ) y
        ) x"
        )
    };
}

/// The same for a search and for its window.
macro_rules! both {
    ($search:ident, $window:ident, $name:literal, $range:literal, $order:literal) => {
        const $search: &str = search!(concat!("uploads.search", $name), $range, $order);
        const $window: &str = window!(concat!("uploads.window", $name), $range, $order);
    };
}

both!(ALL, WINDOW_OF_ALL, "", "$2::text IS NULL AND w.id < $3 AND w.id >= $4", "w.id DESC");
both!(
    OF_STATUS,
    WINDOW_OF_STATUS,
    "_of_status",
    "$2::text IS NULL AND (w.status, w.id) < (s.status, $3) AND (w.status, w.id) >= (s.status, $4)",
    "w.status DESC, w.id DESC"
);
both!(
    OF_TENANT,
    WINDOW_OF_TENANT,
    "_of_tenant",
    "(w.tenant, w.id) < ($2::text, $3) AND (w.tenant, w.id) >= ($2, $4)",
    "w.tenant DESC, w.id DESC"
);
both!(
    OF_BOTH,
    WINDOW_OF_BOTH,
    "_of_tenant_and_status",
    "w.tenant = $2 AND (w.status, w.id) < (s.status, $3) AND (w.status, w.id) >= (s.status, $4)",
    "w.status DESC, w.id DESC"
);

/// The statements of a search.
pub const STATEMENTS: &[&str] =
    &[ALL, OF_STATUS, OF_TENANT, OF_BOTH, WINDOW_OF_ALL, WINDOW_OF_STATUS, WINDOW_OF_TENANT, WINDOW_OF_BOTH];

/// Which uploads are searched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Those of this tenant.
    pub tenant: Option<Tenant>,
    /// Those in one of these statuses; in any, if there are none.
    pub statuses: Vec<UploadStatus>,
    /// Those under this policy.
    pub policy: Option<String>,
    /// Those declared or seen to be of this type, or of this group: `image/*`.
    pub media_type: Option<String>,
    /// Those that were rejected for this reason.
    pub reason: Option<ReasonCode>,
    /// Those made at this time or later.
    pub created_from: Option<Timestamp>,
    /// Those made before this time.
    pub created_before: Option<Timestamp>,
    /// This one alone.
    pub only: Option<UploadId>,
    /// Those whose file name contains this.
    pub filename: Option<String>,
}

/// What a search came to.
#[derive(Debug, Clone)]
pub struct Found {
    /// The uploads that fit, newest first.
    pub uploads: Vec<Upload>,
    /// Behind which upload to go on, where there may be more.
    pub next: Option<UploadId>,
    /// How many uploads were looked at, where the search did not end because it had found enough.
    pub looked_at: Option<i64>,
}

/// Searches uploads made before the one of `after`, until `limit` are found or a window is looked through.
///
/// # Errors
/// Where the database does not answer.
pub async fn search(db: &Db, wanted: &Wanted, after: Option<UploadId>, limit: i64) -> Result<Found, DbError> {
    let has_status = !wanted.statuses.is_empty();
    let (search, window) = match (has_status, wanted.tenant.is_some()) {
        (false, false) => (ALL, WINDOW_OF_ALL),
        (true, false) => (OF_STATUS, WINDOW_OF_STATUS),
        (false, true) => (OF_TENANT, WINDOW_OF_TENANT),
        (true, true) => (OF_BOTH, WINDOW_OF_BOTH),
    };
    let statuses: Vec<&str> =
        if has_status { wanted.statuses.iter().map(|status| status.as_str()).collect() } else { vec![""] };
    let (tenant, (below, from)) = (wanted.tenant.as_ref().map(Tenant::as_str), wanted.range(after));
    let (media_type, filename) = (wanted.media_type.as_deref().map(type_pattern), wanted.filename.as_deref());
    let filename = filename.map(|part| format!("%{}%", escaped(part)));
    let reason = wanted.reason.map(ReasonCode::as_str);
    let (places, one_more): ([&(dyn ToSql + Sync); 4], _) = ([&statuses, &tenant, &below, &from], limit + 1);
    let filters: [&(dyn ToSql + Sync); 7] =
        [&wanted.policy, &wanted.created_from, &wanted.created_before, &media_type, &reason, &filename, &one_more];
    let rows = db.rows("search uploads", search, &[&places[..], &filters].concat()).await?;
    let is_full = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    let mut uploads: Vec<Upload> = rows.iter().filter_map(readable).collect();
    let last = is_full.then(|| UploadId(rows[rows.len() - 2].get("id")));
    // One status' window may have ended before that: with few that fit, or with fewer than are asked for.
    if is_full && (statuses.len() == 1 || (!wanted.tries_each() && limit < WINDOW)) {
        uploads.retain(|upload| last.is_none_or(|last| upload.id >= last));
        return Ok(Found { uploads, next: last, looked_at: None });
    }
    // Of each status all are here that its window has.
    if !wanted.tries_each() && rows.len() < usize::try_from(WINDOW).unwrap_or(usize::MAX) {
        return Ok(Found { uploads, next: None, looked_at: i64::try_from(rows.len()).ok() });
    }
    let windows = db.rows("see how far a search looked", window, &places).await?;
    let looked_at = |row: &Row| row.get::<_, i64>("looked_at");
    // Where one status' window ends first, uploads of the others behind it are left for the next page.
    let ends =
        windows.iter().filter(|row| looked_at(row) >= WINDOW).filter_map(|row| row.get::<_, Option<Uuid>>("last"));
    let next = ends.max().map(UploadId).max(last);
    uploads.retain(|upload| next.is_none_or(|next| upload.id >= next));
    Ok(Found { uploads, next, looked_at: Some(windows.iter().map(looked_at).sum()) })
}

impl Wanted {
    /// Whether something is tried on each upload that no index finds: a time, too, as ids say it only roughly.
    fn tries_each(&self) -> bool {
        let Self { policy, media_type, reason, filename, created_from, created_before, .. } = self;
        let is_of_a_time = created_from.is_some() || created_before.is_some();
        is_of_a_time || policy.is_some() || media_type.is_some() || reason.is_some() || filename.is_some()
    }

    /// Between which ids: below the first and not below the second.
    fn range(&self, after: Option<UploadId>) -> (Uuid, Uuid) {
        let until = self.created_before.map_or(Uuid::max(), |time| first_id_at(time, CLOCK_DIFFERENCE));
        let below = after.map_or(until, |after| until.min(after.0));
        let from = self.created_from.map_or(Uuid::nil(), |time| first_id_at(time, -CLOCK_DIFFERENCE));
        match self.only {
            Some(only) => (below.min(Uuid::from_u128(only.0.as_u128().saturating_add(1))), from.max(only.0)),
            None => (below, from),
        }
    }
}

fn type_pattern(name: &str) -> String {
    let name = name.to_lowercase();
    name.strip_suffix("/*").map_or_else(|| escaped(&name), |group| format!("{}/%", escaped(group)))
}

/// The text itself, where a pattern is expected.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_searched_is_taken_as_it_is_written() {
        assert_eq!(escaped(r"100%_\"), r"100\%\_\\");
        assert_eq!(type_pattern("Image/*"), "image/%");
        assert_eq!(type_pattern("image/x_y"), r"image/x\_y");
    }

    #[test]
    fn the_statements_look_at_one_window() {
        for statement in STATEMENTS {
            assert!(statement.contains(&format!("LIMIT {WINDOW}")), "{statement}");
        }
    }

    #[test]
    fn one_upload_is_a_range_of_one() {
        let id = UploadId::generate();
        let only = Wanted { only: Some(id), ..Wanted::default() };
        assert_eq!(only.range(None), (Uuid::from_u128(id.0.as_u128() + 1), id.0));
        assert_eq!(only.range(Some(id)).0, id.0);
    }
}
