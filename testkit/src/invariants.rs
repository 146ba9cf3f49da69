//! What must hold after every scenario.

use std::collections::{HashMap, HashSet};

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
        "an unwanted object that a pending or confirmed upload owns",
        "SELECT count(*) FROM unwanted_objects o JOIN uploads u ON u.id = o.upload_id
         WHERE CASE WHEN o.multipart_id IS NULL THEN u.status = 'pending' OR (u.status = 'confirmed'
             AND o.object_key = u.object_key AND coalesce(o.version_id = u.object_version_id, true))
             ELSE u.status = 'pending' AND o.multipart_id = u.multipart_id END",
    ),
];

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
        self.stop();
    }

    /// Parts are gathered for pending uploads and for nobody else.
    async fn every_multipart_has_its_upload(&self) {
        let rows = self.query("SELECT multipart_id FROM uploads WHERE status = 'pending' AND multipart_id IS NOT NULL");
        let pending: HashSet<String> = rows.await.iter().map(|row| row.get("multipart_id")).collect();
        for (key, id) in self.localstack.open_multiparts().await {
            assert!(pending.contains(&id), "the parts of {key} are left behind");
        }
    }

    /// The bucket holds what was confirmed, what may still be pending, and nothing else.
    async fn every_object_has_its_upload(&self) {
        let rows = self
            .query(
                "SELECT object_key AS key, true AS must FROM uploads WHERE status = 'confirmed'
                UNION ALL SELECT grant_key, false FROM uploads WHERE status = 'pending'",
            )
            .await;
        let owned: HashMap<String, bool> = rows.iter().map(|row| (row.get("key"), row.get("must"))).collect();
        let objects: HashSet<String> = self.localstack.object_keys().await.into_iter().collect();
        for object in &objects {
            assert!(self.strangers.contains(object) || owned.contains_key(object), "no upload owns {object}");
        }
        for (key, _) in owned.iter().filter(|(_, must)| **must) {
            assert!(objects.contains(key), "the confirmed object {key} is gone");
        }
    }
}
