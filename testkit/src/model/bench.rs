//! What the model is compared with: the real steps on a real Postgres and the fake, and ways to see what is there.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sluice_common::db::Db;
use sluice_common::db::timeline::Cause;
use sluice_common::db::uploads::{self, NewUpload};
use sluice_common::domain::{
    ContentType, Declaration, FileName, ObjectKey, Origin, Policies, Policy, Tenant, TenantLimits, UploadId,
};
use sluice_worker::Settings;
use tokio_postgres::NoTls;

use super::hands::Hands;
use super::known::Seen;
use crate::database::Database;
use crate::fake_aws::FakeAws;
use crate::settings::{Places, read, settings};

/// The bucket; the queue that its events wait in until they are told; the one that the worker takes from.
pub(super) const BUCKET: &str = "model";
pub(super) const STORE: &str = "model-store";
pub(super) const QUEUE: &str = "model-queue";

const EMPTY: &str = "TRUNCATE uploads, timeline, unwanted_objects, dead_events, usage";

/// A database, for one list of operations after the other.
pub struct Bench {
    pub(super) fake: Arc<FakeAws>,
    sql: tokio_postgres::Client,
    db: Db,
    tenant: Tenant,
    policy: Policy,
    database: Database,
    /// How many workers there were.
    workers: AtomicU32,
}

impl Bench {
    /// Makes one on the server that `SLUICE_TEST_DATABASE_URL` names.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn set() -> Self {
        let database = Database::create(None).await;
        let db = Db::new(&database.url(), 2).expect("the URL is valid");
        db.migrate().await.expect("the database can be migrated");
        let (sql, connection) = tokio_postgres::connect(&database.url(), NoTls).await.expect("the server is there");
        tokio::spawn(connection);
        let policy = Policies::built_in().find("images").expect("a built-in policy").clone();
        let tenant = Tenant::parse("acme").expect("a valid name");
        Self { fake: Arc::new(start_fake().await), sql, db, tenant, policy, database, workers: AtomicU32::new(0) }
    }

    /// Makes it as good as new.
    pub(super) async fn clear(&mut self) {
        self.run(EMPTY).await;
        self.fake = Arc::new(start_fake().await);
    }

    /// A worker that is known to Postgres by a name of its own.
    pub(super) async fn worker(&self) -> Hands {
        let name = format!("hands-{}", self.workers.fetch_add(1, Ordering::Relaxed));
        Hands::start(self.settings(&name), name, Arc::clone(&self.fake)).await
    }

    fn settings(&self, name: &str) -> Settings {
        let (endpoint, queue_url) = (self.fake.endpoint(), self.fake.queue_url(QUEUE));
        let url = self.database.url();
        let database_url = format!("{url}{}application_name={name}", if url.contains('?') { '&' } else { '?' });
        let places = Places { database_url, endpoint, bucket: BUCKET, queue_url };
        read(&settings(places, &[]), Settings::read)
    }

    /// Declares a picture. Gives its id and its grant's key.
    pub(super) async fn declare(&self, write_once: bool) -> (UploadId, String) {
        let id = UploadId::generate();
        let key = if write_once { ObjectKey::lasting } else { ObjectKey::incoming };
        let new = NewUpload {
            id,
            tenant: self.tenant.clone(),
            policy: self.policy.name.clone(),
            declared: declaration(),
            metadata: None,
            grant_key: key(&self.policy, &self.tenant, id, ".png"),
            write_once,
            form: None,
            multipart: None,
            origin: Origin::V1,
            reserves: self.policy.reserves(&declaration()),
            finish_within: self.policy.finish_within,
            caller: "model".to_owned(),
            idempotency: None,
        };
        let key = new.grant_key.to_string();
        uploads::insert(&self.db, &TenantLimits::default(), &[new]).await.expect("the upload is recorded");
        (id, key)
    }

    /// For how long an upload may stay without an object, in seconds.
    pub(super) fn finish_within(&self) -> u64 {
        self.policy.finish_within.as_secs()
    }

    pub(super) async fn cancel(&self, id: UploadId) {
        let cause = Cause::Client("model".to_owned());
        uploads::cancel(&self.db, &self.tenant, id, &cause, true).await.expect("the database answers");
    }

    pub(super) async fn hint(&self, id: UploadId) {
        uploads::hint(&self.db, &self.tenant, id).await.expect("the database answers");
    }

    /// Lets time pass, for the database as for the queue.
    pub(super) async fn pass(&self, seconds: u64) {
        self.fake.clock().advance(Duration::from_secs(seconds));
        let back = format!("interval '{seconds} seconds'");
        let uploads = ["created_at", "deadline", "look_at", "decided_at"];
        let moved = uploads.map(|column| format!("{column} = {column} - {back}")).join(", ");
        self.run(&format!("UPDATE uploads SET {moved}; UPDATE unwanted_objects SET due_at = due_at - {back}")).await;
    }

    /// Lets just the time pass after which everything pending is looked at.
    pub(super) async fn make_due(&self) {
        self.run("UPDATE uploads SET look_at = least(look_at, now()) WHERE status = 'pending'").await;
    }

    /// Waits until Postgres has done what a worker asked for that was killed: it reads what was sent before it notices that
    /// nobody is there any more.
    pub(super) async fn has_gone(&self, worker: &str) {
        let connected = format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = '{worker}'");
        let gone = async {
            while self.count(&connected).await > 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(crate::PATIENCE, gone).await.expect("no statement takes that long");
    }

    async fn run(&self, statements: &str) {
        self.sql.batch_execute(statements).await.expect("the statements are valid");
    }

    /// Runs a query that counts.
    pub(super) async fn count(&self, query: &str) -> i64 {
        self.sql.query_one(query, &[]).await.expect("the query is valid").get(0)
    }

    /// All uploads as they are now.
    pub(super) async fn uploads(&self) -> HashMap<UploadId, Seen> {
        let rows = self.sql.query("SELECT id, status, object_key, object_etag, object_size FROM uploads", &[]).await;
        let seen = |row: &tokio_postgres::Row| Seen {
            status: row.get(1),
            object_key: row.get(2),
            etag: row.get(3),
            size: row.get(4),
        };
        rows.expect("the query is valid").iter().map(|row| (UploadId(row.get(0)), seen(row))).collect()
    }
}

fn declaration() -> Declaration {
    Declaration {
        filename: FileName::parse("pixel.png").expect("a valid name"),
        content_type: ContentType::parse("image/png").expect("a valid type"),
        size: None,
        sha256: None,
    }
}

async fn start_fake() -> FakeAws {
    let fake = FakeAws::start().await;
    fake.create_bucket(BUCKET);
    fake.create_queue(STORE, &[]);
    fake.create_queue(QUEUE, &[("VisibilityTimeout", "60")]);
    fake.notify(BUCKET, STORE);
    fake
}
