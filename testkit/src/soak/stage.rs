//! What a soak plays on: the fake, a throw-away database, an API in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sluice_api::auth::NewKey;
use sluice_common::db::{Db, api_keys};
use sluice_common::domain::Tenant;
use tokio::net::TcpListener;
use tokio_postgres::{NoTls, Row};

use super::ledger::Ledger;
use super::tally::Tally;
use crate::database::Database;
use crate::fake_aws::FakeAws;
use crate::settings::{Places, read, settings};

/// The bucket, the queue, and the queue for what can't be settled.
pub(super) const BUCKET: &str = "soak";
pub(super) const QUEUE: &str = "soak-events";
pub(super) const DEAD: &str = "soak-events-dead";

/// For how long the queue hides what it handed out. As in production but shorter, so that what a killed worker had in hand
/// comes again often enough.
const VISIBILITY_SECONDS: &str = "20";
/// How often the bucket is gone round, and how old a stray must be: a round under way all the time.
const RECONCILE_SECONDS: &str = "5";
const GRACE_SECONDS: &str = "60";
/// As in production.
const MOST_RECEIVES: u32 = 8;

/// Everything but the workers.
pub(super) struct Stage {
    pub(super) fake: Arc<FakeAws>,
    pub(super) tally: Tally,
    pub(super) ledger: Ledger,
    /// An API key that may do everything.
    pub(super) key: String,
    /// The API's address.
    pub(super) api: String,
    /// While this is so, every request to S3 fails.
    pub(super) s3_is_out: Arc<AtomicBool>,
    database: Database,
    sql: tokio_postgres::Client,
    settings: Vec<(String, String)>,
}

impl Stage {
    pub(super) async fn set(seed: u64) -> Self {
        let (fake, database) = (Arc::new(set_fake().await), Database::create(None).await);
        let settings = settings_of(&fake, &database);
        let db = Db::new(&database.url(), 1).expect("the URL is valid");
        db.migrate().await.expect("the database can be migrated");
        let stage = Self {
            tally: Tally::default(),
            ledger: Ledger::new(seed),
            key: make_key(&db).await,
            api: start_api(&settings).await,
            s3_is_out: Arc::default(),
            sql: connect(&database.url()).await,
            fake,
            database,
            settings,
        };
        stage.script_outage();
        stage
    }

    /// The settings of the workers.
    pub(super) fn settings(&self) -> &[(String, String)] {
        &self.settings
    }

    /// Its database's URL.
    pub(super) fn database_url(&self) -> String {
        self.database.url()
    }

    /// The database's server, and the database's name.
    pub(super) fn database_on_server(&self) -> (String, String) {
        (self.database.admin().to_owned(), self.database.name().to_owned())
    }

    /// Runs a query of the soak's own.
    pub(super) async fn query(&self, query: &str) -> Vec<Row> {
        self.sql.query(query, &[]).await.expect("the query is valid, and nobody kills this connection")
    }

    /// Runs a query that counts.
    pub(super) async fn count(&self, query: &str) -> i64 {
        self.query(query).await[0].get(0)
    }

    /// From now on nothing goes wrong.
    pub(super) fn heal(&self) {
        self.fake.heal();
        self.fake.events().heal();
        self.fake.events().release();
    }

    fn script_outage(&self) {
        let is_out = Arc::clone(&self.s3_is_out);
        self.fake.on_s3().when(move |_| is_out.load(Ordering::Relaxed)).answer(503, "ServiceUnavailable");
    }
}

async fn set_fake() -> FakeAws {
    let fake = FakeAws::start().await;
    fake.create_bucket(BUCKET);
    fake.create_queue(DEAD, &[]);
    let redrive = format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{MOST_RECEIVES}}}"#, fake.queue_arn(DEAD));
    fake.create_queue(QUEUE, &[("VisibilityTimeout", VISIBILITY_SECONDS), ("RedrivePolicy", &redrive)]);
    fake.notify(BUCKET, QUEUE);
    fake
}

/// A connection that is told apart from those that are killed.
pub(super) async fn connect(url: &str) -> tokio_postgres::Client {
    let mut config: tokio_postgres::Config = url.parse().expect("the URL is valid");
    config.application_name("soak");
    let (client, connection) = config.connect(NoTls).await.expect("the test server can be reached");
    tokio::spawn(connection);
    client
}

async fn make_key(db: &Db) -> String {
    let key = NewKey::generate().expect("random bytes");
    let tenant = Tenant::parse("acme").expect("a valid name");
    let scopes = ["uploads:write", "uploads:read"].map(str::to_owned);
    api_keys::insert(db, key.hash, &tenant, "a soak", &scopes, None, false).await.expect("the key is kept");
    key.text
}

async fn start_api(settings: &[(String, String)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let settings = read(settings, sluice_api::Settings::read);
    tokio::spawn(async move {
        sluice_api::serve(settings, listener, std::future::pending()).await.expect("the API serves");
    });
    format!("http://{address}")
}

fn settings_of(fake: &FakeAws, database: &Database) -> Vec<(String, String)> {
    let (endpoint, queue_url) = (fake.endpoint(), fake.queue_url(QUEUE));
    let places = Places { database_url: database.url(), endpoint, bucket: BUCKET, queue_url };
    let grace = super::workers::GRACE.as_secs().to_string();
    let own = [
        ("SLUICE_POLICIES", concat!(env!("CARGO_MANIFEST_DIR"), "/src/soak/policies.toml")),
        ("SLUICE_DATABASE_CONNECTIONS", "6"),
        ("SLUICE_FILES_WAIT", "2"),
        ("SLUICE_RECONCILE_EVERY", RECONCILE_SECONDS),
        ("SLUICE_STRAY_GRACE", GRACE_SECONDS),
        ("SLUICE_WORKER_GRACE", &grace),
        ("SLUICE_WORKER_LISTEN", "127.0.0.1:0"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ];
    settings(places, &own)
}

#[cfg(test)]
mod tests {
    use sluice_worker::Times;

    use super::*;

    /// The number that a file gives a constant.
    fn number(text: &str, constant: &str) -> u64 {
        let line = text.lines().find_map(|line| line.strip_prefix(constant)).expect("the constant is there");
        line.trim_end_matches(';').rsplit(' ').next().and_then(|number| number.parse().ok()).expect("it is a number")
    }

    #[test]
    fn the_queue_that_is_provisioned_is_the_one_that_workers_reckon_with() {
        let queue = include_str!("../../../localstack/provision.py");
        let worker = include_str!("../../../worker/src/deliver.rs");
        let most_receives = number(queue, "MAX_RECEIVES");
        assert_eq!(number(queue, "VISIBILITY_SECONDS"), Times::default().hidden.as_secs());
        assert_eq!(most_receives, u64::from(MOST_RECEIVES), "the soak's queue is like it");
        // A message that nobody can settle is kept as a dead event: that takes one delivery more, and may fail once.
        assert!(number(worker, "pub(crate) const MOST_TIMES: u32") + 2 <= most_receives);
    }
}
