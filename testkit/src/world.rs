//! A pipeline of a test's own, from the API to the bucket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sluice_api::auth::NewKey;
use sluice_common::db::api_keys;
use sluice_common::domain::Tenant;
use sluice_common::storage::Location;
use sluice_worker::Times;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_postgres::{NoTls, Row};
use tokio_util::sync::CancellationToken;

use crate::database::Database;
use crate::fake_aws::FakeAws;
use crate::garage;
use crate::localstack::{Localstack, Manners, Route, variable};
use crate::settings::{Places, read, settings};
use crate::{Client, PATIENCE, Postgres};

/// How a world is made.
#[derive(Debug, Clone)]
pub struct Build {
    route: Route,
    on_fake: bool,
    on_garage: bool,
    worker: bool,
    times: Times,
    manners: Manners,
    server: Option<String>,
    settings: Vec<(&'static str, &'static str)>,
}

impl Build {
    /// Events go through an SNS topic.
    pub fn through_sns(self) -> Self {
        Self { route: Route::Sns, ..self }
    }

    /// Events go through EventBridge.
    pub fn through_event_bridge(self) -> Self {
        Self { route: Route::EventBridge, ..self }
    }

    /// Bucket and queue are set up by the script that sets up real ones.
    pub fn provisioned(self) -> Self {
        Self { route: Route::Provisioned, ..self }
    }

    /// Every event is lost.
    pub fn without_events(self) -> Self {
        Self { route: Route::Nowhere, ..self }
    }

    /// Its bucket and its queue are the fake's: see [`World::fake`].
    pub fn on_fake(self) -> Self {
        Self { on_fake: true, ..self }
    }

    /// Its bucket is in the second store. Its workers have no queue, as the store sends no events.
    pub fn on_garage(self) -> Self {
        Self { route: Route::Nowhere, on_garage: true, ..self }
    }

    /// Its workers wait for other times than real ones do.
    pub fn with_times(self, times: Times) -> Self {
        Self { times, ..self }
    }

    /// No worker runs until one is started.
    pub fn without_worker(self) -> Self {
        Self { worker: false, ..self }
    }

    /// A message that was handed out is hidden for so many seconds.
    pub fn hiding_messages_for(mut self, seconds: u32) -> Self {
        self.manners.hidden = seconds;
        self
    }

    /// A message that was handed out so often goes to a dead-letter queue.
    pub fn giving_messages_up_after(mut self, times: u32) -> Self {
        self.manners.most_times = Some(times);
        self
    }

    /// Its database is on this server.
    pub fn on(self, server: &Postgres) -> Self {
        Self { server: Some(server.url()), ..self }
    }

    /// With a setting of its own.
    pub fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.settings.push((name, value));
        self
    }

    /// Starts it.
    pub async fn start(self) -> World {
        let database = Database::create(self.server).await;
        let fake = if self.on_fake { Some(Arc::new(FakeAws::start().await)) } else { None };
        let endpoint = fake.as_ref().map(|fake| fake.endpoint().to_owned());
        let endpoint = endpoint.unwrap_or_else(|| variable("SLUICE_TEST_AWS_ENDPOINT"));
        let store = self.on_garage.then(second_store);
        let localstack = Localstack::create(endpoint, store, self.route, self.manners).await;
        let bucket = localstack.location();
        let dead_letters = localstack.dead_letters_url().to_owned();
        let elsewhere =
            if self.on_garage { on_second_store(&bucket) } else { vec![("SLUICE_SQS_DLQ_URL", dead_letters)] };
        let own = self.settings.iter().copied();
        let own: Vec<_> = own.chain(elsewhere.iter().map(|(name, value)| (*name, value.as_str()))).collect();
        let places = Places {
            database_url: database.url(),
            endpoint: localstack.endpoint(),
            bucket: localstack.bucket(),
            queue_url: localstack.queue_url().to_owned(),
        };
        let mut world = World {
            settings: settings(places, &own),
            api: ([127, 0, 0, 1], 0).into(),
            api_part: None,
            parts: Vec::new(),
            workers: Vec::new(),
            times: self.times,
            strangers: Vec::new(),
            localstack,
            fake,
            database,
        };
        world.db().migrate().await.expect("the database can be migrated");
        world.start_api().await;
        if self.worker {
            world.start_worker().await;
        }
        world
    }
}

/// A pipeline of a test's own. End it with [`World::end`], which checks what must hold.
pub struct World {
    /// Its bucket and its queue: on LocalStack or on the fake, or the bucket on the second store.
    pub localstack: Localstack,
    pub(crate) fake: Option<Arc<FakeAws>>,
    /// Keys of objects that a test put into the bucket beside every upload.
    pub strangers: Vec<String>,
    settings: Vec<(String, String)>,
    api: SocketAddr,
    api_part: Option<(CancellationToken, JoinHandle<()>)>,
    parts: Vec<JoinHandle<()>>,
    pub(crate) workers: Vec<SocketAddr>,
    times: Times,
    database: Database,
}

impl World {
    /// One with everything in it.
    pub async fn start() -> Self {
        Self::build().start().await
    }

    /// One to be made otherwise.
    pub fn build() -> Build {
        let (route, times) = (Route::Direct, Times::default());
        let hidden = times.hidden.as_secs().try_into().expect("a minute");
        let manners = Manners { hidden, most_times: None };
        let (server, settings) = (None, Vec::new());
        Build { route, on_fake: false, on_garage: false, worker: true, times, manners, server, settings }
    }

    /// A client of the tenant `acme`.
    pub async fn client(&self) -> Client {
        self.client_of("acme").await
    }

    /// A client of a tenant, with an API key that may do everything.
    pub async fn client_of(&self, tenant: &str) -> Client {
        let key = self.key(tenant, &["uploads:write", "uploads:read"]).await;
        self.client_with(Some(&key))
    }

    /// A client with this key or with none.
    pub fn client_with(&self, key: Option<&str>) -> Client {
        Client::new(&self.url(), key)
    }

    /// The URL of its API.
    pub fn url(&self) -> String {
        format!("http://{}", self.api)
    }

    /// A new API key.
    pub async fn key(&self, tenant: &str, scopes: &[&str]) -> String {
        self.key_reaching(tenant, scopes, false).await
    }

    /// A new API key which, as an operator's, reaches all tenants.
    pub async fn key_of_all(&self, scopes: &[&str]) -> String {
        self.key_reaching("acme", scopes, true).await
    }

    async fn key_reaching(&self, tenant: &str, scopes: &[&str], all: bool) -> String {
        let key = NewKey::generate().expect("random bytes");
        let tenant = Tenant::parse(tenant).expect("a valid name");
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let kept = api_keys::insert(&self.db(), key.hash, &tenant, "a test", &scopes, None, all).await;
        kept.expect("the key is kept");
        key.text
    }

    /// Its database.
    pub fn db(&self) -> sluice_common::db::Db {
        sluice_common::db::Db::new(&self.database.url(), 2).expect("the URL is valid")
    }

    /// Its database's URL.
    pub fn database_url(&self) -> String {
        self.database.url()
    }

    /// Runs a query of the test's own.
    pub async fn query(&self, query: &str) -> Vec<Row> {
        let (client, connection) = tokio_postgres::connect(&self.database.url(), NoTls).await.expect("connected");
        let driven = tokio::spawn(connection);
        let rows = client.query(query, &[]).await.expect("the query is valid");
        drop(client);
        let _ = driven.await;
        rows
    }

    /// A session that has run these statements. What they hold is held until it is dropped.
    pub async fn session(&self, statements: &str) -> tokio_postgres::Client {
        let (client, connection) = tokio_postgres::connect(&self.database.url(), NoTls).await.expect("connected");
        tokio::spawn(connection);
        client.batch_execute(statements).await.expect("the statements are valid");
        client
    }

    /// Runs a query that counts.
    pub async fn count(&self, query: &str) -> i64 {
        self.query(query).await[0].get(0)
    }

    /// How many sessions of its database wait for a lock.
    pub async fn held_up(&self) -> i64 {
        const WAIT: &str =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        self.count(WAIT).await
    }

    /// Lets this much time pass for every upload: the database is the only clock, so all its times move back.
    pub async fn pass(&self, time: Duration) {
        let back = format!("interval '{} seconds'", time.as_secs());
        let moved =
            ["created_at", "deadline", "look_at"].map(|column| format!("{column} = {column} - {back}")).join(", ");
        self.query(&format!("UPDATE uploads SET {moved} WHERE status = 'pending'")).await;
        self.query(&format!(
            "UPDATE uploads SET created_at = created_at - {back}, deadline = deadline - {back},
            decided_at = decided_at - {back} WHERE status <> 'pending'"
        ))
        .await;
        self.query(&format!("UPDATE unwanted_objects SET due_at = due_at - {back}")).await;
        self.query(&format!("UPDATE idempotency_keys SET created_at = created_at - {back}")).await;
    }

    /// Waits until something is so.
    pub async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let waiting = async {
            while !is_so().await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("waited in vain until {what}"));
    }

    async fn start_api(&mut self) {
        let listener = TcpListener::bind(self.api).await.expect("a port is free");
        self.api = listener.local_addr().expect("it is bound");
        let settings = read(&self.settings, sluice_api::Settings::read);
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let serving = tokio::spawn(async move {
            sluice_api::serve(settings, listener, stopped).await.expect("the API serves");
        });
        self.api_part = Some((stop, serving));
    }

    /// Stops the API as a signal would, waits until it has ended, and starts it anew at the same address.
    pub async fn restart_api(&mut self) {
        let (stop, serving) = self.api_part.take().expect("the API runs");
        stop.cancel();
        serving.await.expect("it ends");
        self.start_api().await;
    }

    /// Starts another API, which remembers nothing. Clients that are made from then on call it.
    pub async fn start_another_api(&mut self) {
        self.api.set_port(0);
        self.start_api().await;
    }

    /// Starts a worker, or another one.
    pub async fn start_worker(&mut self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        self.workers.push(listener.local_addr().expect("it is bound"));
        let settings = read(&self.settings, sluice_worker::Settings::read);
        let settings = sluice_worker::Settings { times: self.times.clone(), ..settings };
        self.parts.push(tokio::spawn(async move {
            sluice_worker::run(settings, listener, CancellationToken::new()).await.expect("the worker works");
        }));
    }

    /// Ends the worker that was started last, at once, as if it were killed.
    pub async fn kill_worker(&mut self) {
        let killed = self.parts.pop().expect("there is one");
        self.workers.pop();
        killed.abort();
        let _ = killed.await;
    }

    /// The settings of its parts, for a part that is to run as a process.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Ends it at once: how parts stop by themselves is tested where they run as processes.
    pub(crate) async fn stop(self) {
        for part in self.parts.iter().chain(self.api_part.iter().map(|(_, serving)| serving)) {
            assert!(!part.is_finished(), "a part of the world ended by itself");
            part.abort();
        }
        self.database.end().await;
    }
}

/// Where the second store is, for a bucket that is still to be named.
fn second_store() -> Location {
    Location {
        bucket: String::new(),
        region: garage::REGION.to_owned(),
        endpoint: Some(garage::endpoint()),
        path_style: true,
        credentials: Some(garage::credentials()),
    }
}

/// What is set otherwise where the bucket is on the second store, which sends no events.
fn on_second_store(bucket: &Location) -> Vec<(&'static str, String)> {
    let credentials = bucket.credentials.as_ref().expect("the second store has keys of its own");
    vec![
        ("SLUICE_STORE", "garage".to_owned()),
        ("SLUICE_S3_REGION", bucket.region.clone()),
        ("SLUICE_S3_ENDPOINT", bucket.endpoint.clone().expect("it is not Amazon's")),
        ("SLUICE_S3_ACCESS_KEY_ID", credentials.access_key_id().to_owned()),
        ("SLUICE_S3_SECRET_ACCESS_KEY", credentials.secret_access_key().to_owned()),
        ("SLUICE_SQS_QUEUE_URL", String::new()),
        ("SLUICE_SQS_DLQ_URL", String::new()),
    ]
}
