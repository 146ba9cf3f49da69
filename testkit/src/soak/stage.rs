//! What a soak plays on: the fake, a throw-away database, an API in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sluice_api::auth::NewKey;
use sluice_common::db::{Db, api_keys};
use sluice_common::domain::Tenant;
use sluice_common::settings::Reader;
use tokio::net::TcpListener;
use tokio_postgres::{NoTls, Row};

use super::ledger::Ledger;
use super::tally::Tally;
use crate::database::Database;
use crate::fake_aws::FakeAws;

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
    settings: Vec<(&'static str, String)>,
}

impl Stage {
    pub(super) async fn set(seed: u64) -> Self {
        let (fake, database) = (Arc::new(set_fake().await), Database::create(None).await);
        let settings = settings(&fake, &database);
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
    pub(super) fn settings(&self) -> &[(&'static str, String)] {
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
    api_keys::insert(db, key.hash, &tenant, "a soak", &scopes, None).await.expect("the key is kept");
    key.text
}

async fn start_api(settings: &[(&'static str, String)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let variable = |name: &str| settings.iter().find(|(set, _)| *set == name).map(|(_, value)| value.clone());
    let settings = sluice_api::Settings::read(&Reader::new(&variable)).expect("the settings are valid");
    tokio::spawn(async move {
        sluice_api::serve(settings, listener, std::future::pending()).await.expect("the API serves");
    });
    format!("http://{address}")
}

fn settings(fake: &FakeAws, database: &Database) -> Vec<(&'static str, String)> {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/../localstack/policies.toml");
    vec![
        ("SLUICE_DATABASE_URL", database.url()),
        ("SLUICE_DATABASE_CONNECTIONS", "6".to_owned()),
        ("SLUICE_S3_BUCKET", BUCKET.to_owned()),
        ("SLUICE_S3_ENDPOINT", fake.endpoint().to_owned()),
        ("SLUICE_S3_PATH_STYLE", "true".to_owned()),
        ("SLUICE_SQS_ENDPOINT", fake.endpoint().to_owned()),
        ("SLUICE_SQS_QUEUE_URL", fake.queue_url(QUEUE)),
        ("SLUICE_POLICIES", policies.to_owned()),
        ("SLUICE_FILES_TENANT", "demo".to_owned()),
        ("SLUICE_FILES_WAIT", "2".to_owned()),
        ("SLUICE_RECONCILE_EVERY", RECONCILE_SECONDS.to_owned()),
        ("SLUICE_STRAY_GRACE", GRACE_SECONDS.to_owned()),
        ("SLUICE_WORKER_GRACE", "10".to_owned()),
        ("SLUICE_WORKER_LISTEN", "127.0.0.1:0".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
    ]
}
