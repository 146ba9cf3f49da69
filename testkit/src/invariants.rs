//! What must hold after every scenario.

use std::collections::{HashMap, HashSet};

use aws_sdk_s3::types::Object;
use tokio_postgres::Row;

use crate::World;

/// Each query counts what must not be.
pub(crate) const NEVER: &[(&str, &str)] = &[
    (
        "an upload that left pending more than once",
        "SELECT count(*) FROM (SELECT upload_id FROM timeline WHERE status NOT IN ('pending', 'deleted')
         GROUP BY upload_id HAVING count(*) > 1) AS twice",
    ),
    (
        "an upload whose timeline does not end in its status",
        "SELECT count(*) FROM uploads u WHERE status IS DISTINCT FROM
         (SELECT t.status FROM timeline t WHERE t.upload_id = u.id ORDER BY t.id DESC LIMIT 1)",
    ),
    (
        "a change that no feed of its tenant tells",
        "SELECT count(*) FROM timeline t JOIN uploads u ON u.id = t.upload_id
         WHERE t.tenant IS DISTINCT FROM u.tenant OR t.xid IS NULL",
    ),
    (
        "a tenant whose usage is not what its uploads come to",
        "SELECT count(*) FROM (SELECT tenant,
             count(*) FILTER (WHERE status = 'pending') AS pending_uploads,
             coalesce(sum(reserved_bytes) FILTER (WHERE status = 'pending'), 0) AS reserved_bytes,
             count(*) FILTER (WHERE status = 'confirmed') AS stored_uploads,
             coalesce(sum(object_size) FILTER (WHERE status = 'confirmed'), 0) AS stored_bytes
             FROM uploads GROUP BY tenant) AS c FULL JOIN usage u USING (tenant)
         WHERE coalesce(c.pending_uploads, 0) IS DISTINCT FROM u.pending_uploads
             OR coalesce(c.reserved_bytes, 0) IS DISTINCT FROM u.reserved_bytes
             OR coalesce(c.stored_uploads, 0) IS DISTINCT FROM u.stored_uploads
             OR coalesce(c.stored_bytes, 0) IS DISTINCT FROM u.stored_bytes",
    ),
    (
        "an unwanted object that a pending or confirmed upload owns",
        "SELECT count(*) FROM unwanted_objects o JOIN uploads u ON u.id = o.upload_id
         WHERE CASE WHEN o.multipart_id IS NULL THEN u.status = 'pending' OR (u.status = 'confirmed'
             AND o.object_key = u.object_key AND coalesce(o.version_id = u.object_version_id, true))
             ELSE u.status = 'pending' AND o.multipart_id = u.multipart_id END",
    ),
];

/// Uploads whose time is up.
const OVERDUE: &str = "SELECT count(*) FROM uploads WHERE status = 'pending' AND deadline < now()";

/// Lets just the time pass after which they are looked at.
const MAKE_OVERDUE_DUE: &str = "UPDATE uploads SET look_at = now()
    WHERE status = 'pending' AND deadline < now() AND look_at > now()";

/// Where the objects of pending uploads would be, but of those whose event an operator sees.
const AWAITED: &str = "SELECT grant_key FROM uploads u WHERE status = 'pending'
    AND NOT EXISTS (SELECT FROM dead_events d WHERE position(u.grant_key IN d.body) > 0)";

/// Whoever migrates has one open for a moment; one that was left open stays.
pub(crate) const OPEN_TRANSACTIONS: (&str, &str) = (
    "a transaction left open",
    "SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()",
);

impl World {
    /// Waits until nothing is left to do, and checks what must hold then.
    pub async fn end(mut self) {
        if self.workers.is_empty() {
            self.start_worker().await;
        }
        if let Some(fake) = &self.fake {
            fake.heal();
        }
        self.until("the queue is empty", async || {
            self.let_time_pass();
            self.localstack.messages().await == 0
        })
        .await;
        self.until("nothing is pending past its deadline", async || {
            self.query(MAKE_OVERDUE_DUE).await;
            self.count(OVERDUE).await == 0
        })
        .await;
        self.until("nothing is pending whose message was deleted", async || {
            self.let_time_pass();
            self.pending_and_there().await.is_empty()
        })
        .await;
        self.until("no unwanted object is left", async || {
            self.count("SELECT count(*) FROM unwanted_objects").await == 0
        })
        .await;
        self.until("no transaction is open", async || self.count(OPEN_TRANSACTIONS.1).await == 0).await;
        for (what, query) in NEVER {
            assert_eq!(self.count(query).await, 0, "{what}");
        }
        self.every_object_has_its_upload().await;
        self.every_multipart_has_its_upload().await;
        self.stop().await;
    }

    /// Parts are gathered for pending uploads and for nobody else.
    async fn every_multipart_has_its_upload(&self) {
        let rows = self.query("SELECT multipart_id FROM uploads WHERE status = 'pending' AND multipart_id IS NOT NULL");
        let pending: HashSet<String> = rows.await.iter().map(|row| row.get("multipart_id")).collect();
        for (key, id) in self.localstack.open_multiparts().await {
            assert!(pending.contains(&id), "the parts of {key} are left behind");
        }
    }

    /// Pending uploads whose objects are there. Every event has come by now, but for those that never do: somebody deleted a
    /// message and settled nothing.
    async fn pending_and_there(&self) -> Vec<String> {
        if !self.localstack.tells_of_objects() || self.localstack.dead_letters().await > 0 {
            return Vec::new();
        }
        let never: Vec<String> = self.fake.as_ref().map(|fake| fake.events().lost()).unwrap_or_default();
        let is_held = self.fake.as_ref().is_some_and(|fake| fake.events().held() > 0);
        let awaited: Vec<String> = self.query(AWAITED).await.iter().map(|row| row.get(0)).collect();
        if awaited.is_empty() || is_held {
            return Vec::new();
        }
        let objects = self.localstack.object_keys().await;
        objects.into_iter().filter(|key| awaited.contains(key) && !never.contains(key)).collect()
    }

    /// The bucket holds what was confirmed, just as it was recorded; what may still be pending; and nothing else.
    async fn every_object_has_its_upload(&self) {
        let pending = self.query("SELECT grant_key FROM uploads WHERE status = 'pending'").await;
        let mut owned: HashMap<String, Option<State>> = pending.iter().map(|row| (row.get(0), None)).collect();
        for row in self.query(CONFIRMED).await {
            owned.insert(row.get("key"), Some(State::of(&row)));
        }
        let objects = self.localstack.objects().await;
        let mut there: HashMap<String, State> = objects.iter().filter_map(State::listed).collect();
        for key in there.keys().filter(|key| !self.strangers.contains(key)) {
            assert!(owned.contains_key(key), "no upload owns {key}");
        }
        for (key, confirmed) in owned {
            let Some(confirmed) = confirmed.filter(|_| !self.strangers.contains(&key)) else { continue };
            let object = match &confirmed.version_id {
                Some(version_id) => self.localstack.version(&key, version_id).await,
                None => there.remove(&key),
            };
            assert_eq!(object, Some(confirmed), "the confirmed object {key} is not the one that was recorded");
        }
    }
}

const CONFIRMED: &str = "SELECT object_key AS key, object_etag, object_size, object_version_id
    FROM uploads WHERE status = 'confirmed'";

/// One state of an object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) etag: String,
    pub(crate) size: i64,
    pub(crate) version_id: Option<String>,
}

impl State {
    /// The one that a verdict recorded.
    fn of(row: &Row) -> Self {
        let (etag, size) = (row.get("object_etag"), row.get("object_size"));
        Self { etag, size, version_id: row.get("object_version_id") }
    }

    /// The one that a list of the bucket shows, under its key.
    fn listed(object: &Object) -> Option<(String, Self)> {
        let (etag, size) = (object.e_tag.clone()?, object.size?);
        Some((object.key.clone()?, Self { etag, size, version_id: None }))
    }
}
