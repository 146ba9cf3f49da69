//! A whole Sluice to measure: a database of its own, the API and a worker as processes, a bucket and a queue.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::{Connection, request};
use crate::load::{Load, Loaded, Requests};
use crate::process::Program;
use crate::stage::{PATIENCE, Stage, connect, free_address};

/// Whose uploads are made: of what lies behind in `growth`, half are this tenant's.
const TENANT: &str = "tenant-01";
/// How many uploads are declared with one call.
pub const BATCH: usize = 100;

/// A Sluice.
pub struct Pipeline {
    /// The name of its database, its bucket and its queue.
    pub name: String,
    /// Its database's URL.
    pub database: String,
    /// The API.
    pub api: Program,
    /// Where the API listens.
    pub address: SocketAddr,
    /// The header's value of who may do everything.
    pub authorization: String,
    settings: Vec<(String, String)>,
}

impl Pipeline {
    /// Makes one, with the API but without a worker.
    pub async fn start(stage: &Stage, name: &str) -> Self {
        let database = stage.create_database(name).await;
        stage.fake.create_bucket(name);
        stage.fake.create_queue(name, &[("VisibilityTimeout", "60")]);
        stage.fake.notify(name, name);
        let settings = settings(stage, name, &database);
        run(stage, "sluice-api", &["migrate"], &settings);
        let key = ["keys", "create", "--tenant", TENANT, "--name", "bench", "--all-tenants", "--scopes"];
        let key = run(stage, "sluice-api", &[&key[..], &["uploads:write,uploads:read,operator"]].concat(), &settings);
        // The round through the bucket is measured by nobody.
        let calm = "UPDATE reconcile SET due_at = now() + interval '1 day'";
        connect(&database).await.batch_execute(calm).await.expect("the statement is valid");
        let (api, address, _) = start_api(stage, &settings).await;
        let authorization = format!("Bearer {}", key.trim());
        Self { name: name.to_owned(), database, api, address, authorization, settings }
    }

    /// Starts another API on its database; says how long it took until it was ready.
    pub async fn another_api(&self, stage: &Stage) -> (Program, Duration) {
        let (program, _, time) = start_api(stage, &self.settings).await;
        (program, time)
    }

    /// Starts a worker and waits until it is ready.
    pub async fn start_worker(&self, stage: &Stage) -> Program {
        // A message that is nothing, so that its first poll is answered at once.
        stage.fake.send_message(&self.name, r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#);
        self.start_idle_worker(stage).await.0
    }

    /// Starts a worker whose queue is empty; says how long it took until it was ready.
    pub async fn start_idle_worker(&self, stage: &Stage) -> (Program, Duration) {
        let (program, _, time) = start(stage, "sluice-worker", "SLUICE_WORKER_LISTEN", &self.settings).await;
        (program, time)
    }

    /// The bytes of a request to its API.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
        let headers = [headers, &[("authorization", &self.authorization)]].concat();
        request(method, path, &headers, body)
    }

    /// A connection to its API.
    pub async fn connection(&self) -> Connection {
        Connection::open(self.address).await.expect("the API listens")
    }

    /// Sends a load to its API.
    pub async fn load(&self, connections: usize, time: Duration, status: u16, requests: Requests) -> Loaded {
        Load { address: self.address, connections, time, status, requests }.send().await
    }

    /// Declares uploads of this size. Gives their ids and where their objects go.
    pub async fn declare(&self, count: usize, size: usize) -> Vec<Declared> {
        let mut connection = self.connection().await;
        let mut declared = Vec::with_capacity(count);
        while declared.len() < count {
            let uploads = vec![declaration(size); BATCH.min(count - declared.len())];
            let batch = self.request("POST", "/v1/uploads/batch", &[], &json!({"uploads": uploads}).to_string());
            let answer = connection.call(&batch, 200).await;
            let results = answer["results"].as_array().expect("a list of results");
            declared.extend(results.iter().map(|result| Declared::of(&self.name, &result["upload"])));
        }
        declared
    }
}

/// An upload that was declared.
pub struct Declared {
    /// Its id.
    pub id: String,
    /// Where its object goes.
    pub key: String,
}

impl Declared {
    fn of(bucket: &str, upload: &Value) -> Self {
        let (id, url) = (&upload["id"], &upload["grant"]["url"]);
        let key = url.as_str().and_then(|url| url.split('?').next()?.split_once(&format!("/{bucket}/")));
        let (_, key) = key.unwrap_or_else(|| panic!("no grant in {upload}"));
        Self { id: id.as_str().expect("every upload has an id").to_owned(), key: key.to_owned() }
    }
}

/// What is declared.
pub fn declaration(size: usize) -> Value {
    json!({"filename": "photo.png", "content_type": "image/png", "size": size})
}

async fn start_api(stage: &Stage, settings: &[(String, String)]) -> (Program, SocketAddr, Duration) {
    start(stage, "sluice-api", "SLUICE_API_LISTEN", settings).await
}

/// Starts one of the two and waits until it is ready.
async fn start(
    stage: &Stage,
    program: &str,
    listen: &str,
    settings: &[(String, String)],
) -> (Program, SocketAddr, Duration) {
    let address = free_address();
    let listens = (listen.to_owned(), address.to_string());
    let variables: Vec<_> = settings.iter().cloned().chain([listens]).collect();
    let began = Instant::now();
    let mut running = stage.start(program, &[], &variables);
    let ask = request("GET", "/readyz", &[], "");
    loop {
        if let Ok(mut connection) = Connection::open(address).await
            && connection.exchange(&ask).await.is_ok_and(|status| status == 200)
        {
            return (running, address, began.elapsed());
        }
        assert!(
            running.runs() && began.elapsed() < PATIENCE,
            "{program} does not become ready; its log is in {}",
            stage.logs.display()
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Runs a program to its end. Gives what it printed.
fn run(stage: &Stage, program: &str, arguments: &[&str], settings: &[(String, String)]) -> String {
    let mut command = Command::new(stage.programs.join(program));
    command.args(arguments).envs(settings.iter().map(|(name, value)| (name, value)));
    let output = command.output().unwrap_or_else(|error| panic!("could not start {program}: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints text")
}

/// As in production, but for where things are.
fn settings(stage: &Stage, name: &str, database: &str) -> Vec<(String, String)> {
    let (endpoint, queue) = (stage.fake.endpoint(), stage.fake.queue_url(name));
    let settings = [
        ("SLUICE_DATABASE_URL", database),
        ("SLUICE_S3_BUCKET", name),
        ("SLUICE_S3_ENDPOINT", endpoint),
        ("SLUICE_STORE", "localstack"),
        ("SLUICE_SQS_ENDPOINT", endpoint),
        ("SLUICE_SQS_QUEUE_URL", &queue),
        ("SLUICE_UPLOAD_TOKEN_KEYS", "bench:a-secret-for-nothing-but-measuring-tokens"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}
